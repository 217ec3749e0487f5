//! One order and everything it called: tokens, scopes, variables, what it waits for.

mod activation;
mod visit;
mod wait;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::command::Refusal;
use crate::process::{Library, NodeIx, Process};
use crate::snapshot::Snapshot;
use crate::value::Variables;

pub(crate) use activation::*;
pub(crate) use visit::*;
pub(crate) use wait::*;

/// How an instance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not started yet.
    Fresh,
    /// Something waits.
    Running,
    /// Everything is done.
    Completed,
    /// An error left it that nobody caught.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// One run of a process with everything it called.
///
/// Activations and waits are kept in order of their rising numbers: what is inside something else
/// always stands behind it.
#[derive(Clone, Debug)]
pub struct Instance {
    pub(crate) key: Arc<str>,
    pub(crate) state: State,
    /// The root's variables before the start and after the end.
    pub(crate) variables: Variables,
    pub(crate) runs: Vec<Option<Run>>,
    pub(crate) activations: Vec<Activation>,
    pub(crate) waits: Vec<Wait>,
    /// What was done, in order of rising numbers.
    pub(crate) visits: Vec<Visit>,
    pub(crate) last_activation: u64,
    pub(crate) last_wait: u64,
    pub(crate) last_visit: u64,
}

/// One process that runs inside the instance.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) key: Arc<str>,
    pub(crate) process: Arc<Process>,
    /// An error is on its way out of it.
    pub(crate) failed: bool,
    /// The end event reached last.
    pub(crate) ended_by: Option<NodeIx>,
}

/// One thing that an instance waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting<'a> {
    /// Its number.
    pub wait: u64,
    /// In which run.
    pub run: u32,
    /// The element.
    pub node: &'a str,
    /// Its name; the id where it has none.
    pub name: &'a str,
    /// For what.
    pub what: WaitsFor<'a>,
}

/// What can be waited for.
#[derive(Clone, Debug, PartialEq)]
pub enum WaitsFor<'a> {
    /// A person who completes a user task.
    User,
    /// A message or a completion of a receive task; the message's name if it has one.
    Receive(Option<&'a str>),
    /// The answer of a service.
    Service,
    /// A moment.
    Timer(DateTime<Utc>),
    /// A message of this name.
    Message(&'a str),
    /// A signal of this name.
    Signal(&'a str),
    /// A condition that has to become true.
    Condition,
    /// Somebody who retries; the reason.
    Incident(&'a str),
}

impl Instance {
    /// A fresh one of the process that the library has under this key.
    pub fn new(process_key: &str) -> Self {
        Self {
            key: process_key.into(),
            state: State::Fresh,
            variables: Variables::new(),
            runs: Vec::new(),
            activations: Vec::new(),
            waits: Vec::new(),
            visits: Vec::new(),
            last_activation: 0,
            last_wait: 0,
            last_visit: 0,
        }
    }

    /// How it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// The variables of the root scope; of an ended instance those it ended with.
    pub fn variables(&self) -> &Variables {
        self.activations.first().map_or(&self.variables, |root| &root.variables)
    }

    /// Everything it waits for, oldest first.
    pub fn waits(&self) -> impl Iterator<Item = Waiting<'_>> {
        self.waits.iter().filter_map(|wait| {
            let owner = self.find(wait.owner)?;
            let node = self.run(owner.run)?.process.graph.node(wait.node);
            let what = wait.what.shown();
            Some(Waiting {
                wait: wait.number,
                run: owner.run,
                node: &node.id,
                name: &node.name,
                what,
            })
        })
    }

    /// The variables that the element of a wait sees; empty where nothing waits under this number.
    pub fn visible(&self, wait: u64) -> Variables {
        self.wait(wait).map(|wait| self.visible_from(wait.owner)).unwrap_or_default()
    }

    /// Everything an activation sees.
    pub(crate) fn visible_from(&self, from: u64) -> Variables {
        let mut visible = Variables::new();
        let mut at = from;
        while let Some(activation) = self.find(at) {
            for (name, value) in &activation.variables {
                if !visible.contains_key(name) {
                    visible.insert(name.clone(), value.clone());
                }
            }
            if activation.role == Role::Root {
                break;
            }
            at = activation.parent;
        }
        visible
    }

    /// What is needed to go on with it later.
    pub fn snapshot(&self) -> Snapshot {
        crate::snapshot::take(self)
    }

    /// The instance that a snapshot was taken of.
    pub fn restore(snapshot: Snapshot, library: &Library) -> Result<Self, Refusal> {
        crate::snapshot::restore(snapshot, library)
    }

    pub(crate) fn run(&self, run: u32) -> Option<&Run> {
        self.runs.get(run as usize)?.as_ref()
    }

    pub(crate) fn find(&self, id: u64) -> Option<&Activation> {
        let ix = self.activations.binary_search_by_key(&id, |it| it.id).ok()?;
        self.activations.get(ix)
    }

    pub(crate) fn find_mut(&mut self, id: u64) -> Option<&mut Activation> {
        let ix = self.activations.binary_search_by_key(&id, |it| it.id).ok()?;
        self.activations.get_mut(ix)
    }

    pub(crate) fn visit(&self, no: u64) -> Option<&Visit> {
        let ix = self.visits.binary_search_by_key(&no, |it| it.no).ok()?;
        self.visits.get(ix)
    }

    pub(crate) fn visit_mut(&mut self, no: u64) -> Option<&mut Visit> {
        let ix = self.visits.binary_search_by_key(&no, |it| it.no).ok()?;
        self.visits.get_mut(ix)
    }

    pub(crate) fn wait(&self, number: u64) -> Option<&Wait> {
        let ix = self.waits.binary_search_by_key(&number, |it| it.number).ok()?;
        self.waits.get(ix)
    }

    pub(crate) fn wait_mut(&mut self, number: u64) -> Option<&mut Wait> {
        let ix = self.waits.binary_search_by_key(&number, |it| it.number).ok()?;
        self.waits.get_mut(ix)
    }
}
