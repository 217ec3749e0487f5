//! Events that wait: arming them, and what happens when one of them is triggered.

use crate::instance::{Resume, What as Waited};
use crate::process::{Await, Awaits, NodeIx, What};
use crate::value::Variables;
use crate::work::Work;

impl Work<'_> {
    /// Waits for everything an event waits for.
    pub(super) fn arm(&mut self, owner: u64, node: NodeIx, awaits: &Awaits) {
        for (definition, awaited) in (0..).zip(&awaits.of) {
            self.arm_one(owner, node, definition, awaited);
        }
    }

    fn arm_one(&mut self, owner: u64, node: NodeIx, definition: u32, awaited: &Await) {
        let what = match awaited {
            Await::Message(name) => Waited::Message(name.clone()),
            Await::Signal(name) => Waited::Signal(name.clone()),
            Await::Condition(_) => Waited::Condition(false),
            Await::Timer(rule) => match self.clock(owner, rule) {
                Ok(clock) => Waited::Timer(clock),
                Err(reason) => {
                    return self.incident_of(owner, node, definition, Resume::Arm, reason);
                }
            },
            Await::Error(_) | Await::Escalation(_) | Await::Compensation | Await::Cancel => return,
        };
        self.open_wait(owner, node, definition, what);
    }

    /// Waits again for one thing that could not be waited for.
    pub(crate) fn arm_again(&mut self, owner: u64, node: NodeIx, definition: u32) {
        let Some(spot) = self.spot(owner) else { return };
        let awaits = awaits(&spot.process.graph.node(node).what);
        let awaited = awaits.and_then(|awaits| awaits.of.get(definition as usize));
        if let Some(awaited) = awaited {
            self.arm_one(owner, node, definition, awaited);
        }
    }

    /// Something that was waited for has happened.
    pub(crate) fn trigger(&mut self, number: u64, given: Variables) {
        let Some(wait) = self.instance.wait(number) else { return };
        let (owner, node) = (wait.owner, wait.node);
        let Some(spot) = self.spot(owner) else { return };
        match &spot.process.graph.node(node).what {
            What::Boundary { awaits, interrupting, .. } => {
                if self.is_complete(number, awaits, *interrupting) {
                    self.fire_boundary(owner, node, *interrupting, given);
                } else {
                    self.set(spot.parent, given);
                }
            }
            What::Start { awaits, interrupting } => {
                if self.is_complete(number, awaits, *interrupting) {
                    self.react(owner, node, *interrupting, given);
                } else {
                    self.set(owner, given);
                }
            }
            What::Catch(awaits) if node != spot.ix => {
                let complete = self.is_complete(number, awaits, true);
                self.set(owner, given);
                if complete {
                    self.choose(owner, node);
                }
            }
            What::Catch(awaits) => {
                let complete = self.is_complete(number, awaits, true);
                self.set(owner, given);
                if complete {
                    self.act(owner);
                    self.complete(owner);
                }
            }
            What::Receive { .. } => {
                self.close_wait(number, true);
                self.set(owner, given);
                if node == spot.ix {
                    self.done_by(owner, number);
                    self.complete(owner);
                } else {
                    self.choose(owner, node);
                }
            }
            _ => {}
        }
    }

    /// Ends a wait that got what it waited for, unless it goes on waiting, and says whether the
    /// event has all it needs.
    fn is_complete(&mut self, number: u64, awaits: &Awaits, once: bool) -> bool {
        let Some(wait) = self.instance.wait(number) else { return false };
        let (owner, node) = (wait.owner, wait.node);
        if !awaits.all {
            if once || !self.goes_on(number) {
                self.close_wait(number, true);
            }
            return true;
        }
        self.close_wait(number, true);
        let complete = !self.waits_for(owner, node);
        if complete && !once {
            self.arm(owner, node, awaits);
        }
        complete
    }

    /// Looks again at everything that waits for a condition: it is triggered when it begins to
    /// hold.
    pub(crate) fn look_at_conditions(&mut self) {
        let conditional = |it: &&crate::instance::Wait| matches!(it.what, Waited::Condition(_));
        let waiting = self.instance.waits.iter().filter(conditional);
        let waiting: Vec<u64> = waiting.map(|it| it.number).collect();
        for number in waiting {
            self.look_at_condition(number);
        }
    }

    fn look_at_condition(&mut self, number: u64) {
        let Some(wait) = self.instance.wait(number) else { return };
        let Waited::Condition(held) = wait.what else { return };
        let (owner, node, definition) = (wait.owner, wait.node, wait.definition);
        let Some(spot) = self.spot(owner) else { return };
        let awaits = awaits(&spot.process.graph.node(node).what);
        let awaited = awaits.and_then(|awaits| awaits.of.get(definition as usize));
        let Some(Await::Condition(condition)) = awaited else { return };
        match self.holds(owner, condition) {
            Ok(holds) => {
                if let Some(wait) = self.instance.wait_mut(number) {
                    wait.what = Waited::Condition(holds);
                }
                if holds && !held {
                    self.trigger(number, Variables::new());
                }
            }
            Err(reason) => {
                self.close_wait(number, false);
                self.incident_of(owner, node, definition, Resume::Arm, reason);
            }
        }
    }
}

/// What a node waits for, if it is an event.
fn awaits(what: &What) -> Option<&Awaits> {
    match what {
        What::Start { awaits, .. } | What::Catch(awaits) | What::Boundary { awaits, .. } => {
            Some(awaits)
        }
        _ => None,
    }
}
