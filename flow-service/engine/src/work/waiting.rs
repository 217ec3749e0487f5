//! Waits: opened and closed in pairs, each with the effect that tells the world.

use super::Work;
use crate::effect::{Effect, Subscription};
use crate::instance::{Resume, Wait, What};
use crate::process::NodeIx;

impl Work<'_> {
    /// Begins to wait and says so where the world has to know; tasks and calls are told by
    /// whoever opens them. Returns the wait's number.
    pub(crate) fn open_wait(
        &mut self,
        owner: u64,
        node: NodeIx,
        definition: u32,
        what: What,
    ) -> u64 {
        self.instance.last_wait += 1;
        let number = self.instance.last_wait;
        match &what {
            What::Timer(clock) => {
                self.effects.push(Effect::SetTimer { wait: number, due: clock.due });
            }
            What::Message(name) | What::Receive(Some(name)) => {
                let what = Subscription::Message(name.to_string());
                self.effects.push(Effect::Subscribe { wait: number, what });
            }
            What::Signal(name) => {
                let what = Subscription::Signal(name.to_string());
                self.effects.push(Effect::Subscribe { wait: number, what });
            }
            What::Condition(_) => self.changed = true,
            What::User | What::Receive(None) | What::Service | What::Incident { .. } => {}
        }
        self.instance.waits.push(Wait { number, owner, node, definition, what });
        number
    }

    /// Something is stuck until somebody retries.
    pub(crate) fn incident_of(
        &mut self,
        owner: u64,
        node: NodeIx,
        definition: u32,
        resume: Resume,
        reason: String,
    ) {
        let Some(spot) = self.spot(owner) else { return };
        let what = What::Incident { reason: reason.clone(), resume };
        let wait = self.open_wait(owner, node, definition, what);
        let node = spot.process.graph.node(node).id.clone();
        self.effects.push(Effect::Incident { wait, run: spot.run, node, reason });
    }

    /// Ends one wait; `completed` is whether it got what it waited for.
    pub(crate) fn close_wait(&mut self, number: u64, completed: bool) -> Option<Wait> {
        let ix = self.instance.waits.binary_search_by_key(&number, |it| it.number).ok()?;
        let wait = self.instance.waits.remove(ix);
        tell_closed(&mut self.effects, &wait, completed);
        Some(wait)
    }

    /// Ends every wait of an owner that is left.
    pub(crate) fn close_waits(&mut self, owner: u64) {
        self.close_waits_if(|wait| wait.owner == owner);
    }

    /// Ends every wait of which this is true.
    pub(crate) fn close_waits_if(&mut self, ends: impl Fn(&Wait) -> bool) {
        let effects = &mut self.effects;
        self.instance.waits.retain(|wait| {
            let ends = ends(wait);
            if ends {
                tell_closed(effects, wait, false);
            }
            !ends
        });
    }

    /// Whether an owner still waits for something of a node.
    pub(crate) fn waits_for(&self, owner: u64, node: NodeIx) -> bool {
        self.instance.waits.iter().any(|wait| wait.owner == owner && wait.node == node)
    }
}

fn tell_closed(effects: &mut Vec<Effect>, wait: &Wait, completed: bool) {
    let number = wait.number;
    match &wait.what {
        What::User | What::Receive(None) => {
            effects.push(Effect::CloseTask { wait: number, completed });
        }
        What::Receive(Some(_)) => {
            effects.push(Effect::CloseTask { wait: number, completed });
            effects.push(Effect::Unsubscribe { wait: number });
        }
        What::Service if completed => {}
        What::Service => effects.push(Effect::DropCall { wait: number }),
        What::Timer(_) => effects.push(Effect::ClearTimer { wait: number }),
        What::Message(_) | What::Signal(_) => effects.push(Effect::Unsubscribe { wait: number }),
        What::Condition(_) => {}
        What::Incident { .. } => effects.push(Effect::IncidentOver { wait: number }),
    }
}
