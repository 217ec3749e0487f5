//! One order of the house in memory: its instance and what its effects said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use flow_engine::{Effect, Instance, State, Subscription};

/// One order.
pub(super) struct Order {
    pub(super) process: String,
    /// Absent only while a command is carried out.
    pub(super) instance: Option<Instance>,
    pub(super) tasks: BTreeMap<u64, (Arc<str>, u64)>,
    pub(super) timers: BTreeMap<u64, DateTime<Utc>>,
    pub(super) calls: BTreeSet<u64>,
    pub(super) incidents: BTreeMap<u64, String>,
    pub(super) runs: BTreeMap<u32, (String, State)>,
    subscriptions: BTreeMap<u64, (Subscription, u64)>,
}

impl Order {
    pub(super) fn new(process: &str) -> Order {
        Order {
            process: process.to_owned(),
            instance: Some(Instance::new(process)),
            tasks: BTreeMap::new(),
            timers: BTreeMap::new(),
            calls: BTreeSet::new(),
            incidents: BTreeMap::new(),
            runs: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
        }
    }

    pub(super) fn state(&self) -> State {
        self.instance.as_ref().map_or(State::Fresh, Instance::state)
    }

    /// The oldest wait for a message: its number, and since when.
    pub(super) fn message_wait(&self, name: &str) -> Option<(u64, u64)> {
        let waits = self.subscriptions.iter().filter_map(|(wait, (what, since))| {
            (*what == Subscription::Message(name.to_owned())).then_some((*wait, *since))
        });
        waits.min_by_key(|(_, since)| *since)
    }

    pub(super) fn awaits_signal(&self, name: &str) -> bool {
        let wanted = Subscription::Signal(name.to_owned());
        self.subscriptions.values().any(|(what, _)| *what == wanted)
    }

    /// Does what an effect says; messages and signals have been taken out before.
    pub(super) fn apply(&mut self, effect: Effect, seq: u64) {
        match effect {
            Effect::OpenTask(task) => {
                self.tasks.insert(task.wait, (task.node, seq));
            }
            Effect::CloseTask { wait, .. } => {
                self.tasks.remove(&wait);
            }
            Effect::SetTimer { wait, due } => {
                self.timers.insert(wait, due);
            }
            Effect::ClearTimer { wait } => {
                self.timers.remove(&wait);
            }
            Effect::Subscribe { wait, what } => {
                self.subscriptions.insert(wait, (what, seq));
            }
            Effect::Unsubscribe { wait } => {
                self.subscriptions.remove(&wait);
            }
            Effect::CallService(call) => {
                self.calls.insert(call.wait);
            }
            Effect::DropCall { wait } => {
                self.calls.remove(&wait);
            }
            Effect::RunOpened { run, process, .. } => {
                self.runs.insert(run, (process.to_string(), State::Running));
            }
            Effect::RunClosed { run, state, .. } => {
                if let Some((_, current)) = self.runs.get_mut(&run) {
                    *current = state;
                }
            }
            Effect::Incident { wait, node, reason, .. } => {
                self.incidents.insert(wait, format!("{node}: {reason}"));
            }
            Effect::IncidentOver { wait } => {
                self.incidents.remove(&wait);
            }
            Effect::Publish { .. } | Effect::Broadcast { .. } | Effect::Finish { .. } => {}
        }
    }
}
