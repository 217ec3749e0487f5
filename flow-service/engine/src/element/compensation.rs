//! Compensation: what was completed is undone, the last first; transactions that are cancelled.

use crate::instance::{Done, Role};
use crate::lifecycle::Phase;
use crate::process::{Await, Flavour, NodeIx, What};
use crate::value::Variables;
use crate::work::{Spot, Work};

impl Work<'_> {
    /// A throwing event undoes one activity, or everything around it.
    pub(super) fn compensate(&mut self, id: u64, activity: Option<NodeIx>) {
        let Some(spot) = self.spot(id) else { return };
        let mut plan = Vec::new();
        let mut scope = spot.parent;
        while let Some(outer) = self.spot(scope) {
            plan.splice(0..0, self.take_plan(scope, activity));
            let goes_on = match activity {
                Some(_) => plan.is_empty() && outer.role != Role::Root,
                None => is_reaction(&outer),
            };
            if !goes_on {
                break;
            }
            scope = outer.parent;
        }
        if let Some(activation) = self.instance.find_mut(id) {
            activation.more_mut().plan = plan;
        }
        self.later_undo(id);
    }

    /// Takes what is to be undone of a scope, oldest first.
    fn take_plan(&mut self, scope: u64, activity: Option<NodeIx>) -> Vec<(u64, Done)> {
        let done = match self.instance.find_mut(scope).and_then(|it| it.more.as_mut()) {
            Some(more) => std::mem::take(&mut more.done),
            None => return Vec::new(),
        };
        let wanted = |it: &Done| activity.is_none_or(|activity| activity == it.node);
        let (taken, left): (Vec<Done>, Vec<Done>) = done.into_iter().partition(wanted);
        if let Some(more) = self.instance.find_mut(scope).and_then(|it| it.more.as_mut()) {
            more.done = left;
        }
        taken.into_iter().map(|done| (scope, done)).collect()
    }

    /// A compensation goes on to what it undoes next, or is done.
    pub(crate) fn undo_next(&mut self, holder: u64) {
        let Some(activation) = self.instance.find_mut(holder) else { return };
        match activation.more_mut().plan.pop() {
            Some((scope, done)) => self.undo(holder, scope, done),
            None => self.undone(holder),
        }
    }

    fn undo(&mut self, holder: u64, scope: u64, done: Done) {
        let Some(outer) = self.spot(scope) else { return self.later_undo(holder) };
        let drawn = outer.process.graph.node(done.node);
        let at = self.at_of_undoing(holder, scope);
        self.add_token(scope);
        match (drawn.handler, done.memory) {
            (Some(handler), _) => {
                let repeated = outer.process.graph.node(handler).repeat.is_some();
                let role = if repeated { Role::Body } else { Role::Single };
                let id = self.spawn(handler, scope, outer.run, role, at);
                if let Some(activation) = self.instance.find_mut(id) {
                    activation.more_mut().holder = Some(holder);
                }
                self.activate_spawned(id);
            }
            (None, Some(memory)) => {
                let id = self.spawn(done.node, scope, outer.run, Role::Undoing, at);
                if let Some(activation) = self.instance.find_mut(id) {
                    activation.phase = Phase::Active;
                    activation.variables = memory.variables;
                    let more = activation.more_mut();
                    more.holder = Some(holder);
                    more.done = memory.done;
                }
                self.undo_inside(id);
            }
            (None, None) => {
                self.end_token(scope);
                self.later_undo(holder);
            }
        }
    }

    /// A sub-process that came back undoes itself: by its own event sub-process, else everything
    /// in it.
    fn undo_inside(&mut self, id: u64) {
        let Some(spot) = self.spot(id) else { return };
        match self.compensation_start(&spot) {
            Some(start) => self.react(id, start, false, Variables::new()),
            None => {
                // Keeps it open until the last is undone.
                self.add_token(id);
                let plan = self.take_plan(id, None);
                if let Some(activation) = self.instance.find_mut(id) {
                    activation.more_mut().plan = plan;
                }
                self.later_undo(id);
            }
        }
    }

    /// Everything is undone.
    fn undone(&mut self, holder: u64) {
        let Some(activation) = self.instance.find(holder) else { return };
        if activation.role == Role::Undoing {
            return self.end_token(holder);
        }
        if activation.more.as_ref().is_some_and(|more| more.cancelling) {
            return self.leave_cancelled(holder);
        }
        self.complete(holder);
    }

    /// The start of the event sub-process that compensates a sub-process.
    pub(super) fn compensation_start(&self, spot: &Spot) -> Option<NodeIx> {
        let graph = &spot.process.graph;
        let mut starts = graph.inside(spot.ix).reactions.iter().map(|(_, start)| *start);
        starts.find(|&start| match &graph.node(start).what {
            What::Start { awaits, .. } => {
                awaits.of.iter().any(|awaited| matches!(awaited, Await::Compensation))
            }
            _ => false,
        })
    }

    /// A transaction is cancelled: nothing in it goes on, and what was completed is undone.
    pub(super) fn cancel_transaction(&mut self, from: u64) {
        let mut at = from;
        let transaction = loop {
            let Some(spot) = self.spot(at) else { return };
            let is_transaction =
                matches!(spot.node().what, What::Scope { flavour: Flavour::Transaction, .. });
            if is_transaction && matches!(spot.role, Role::Single | Role::Iteration) {
                break at;
            }
            at = spot.parent;
        };
        self.cancel_inside(transaction);
        self.add_token(transaction);
        let plan = self.take_plan(transaction, None);
        if let Some(activation) = self.instance.find_mut(transaction) {
            let more = activation.more_mut();
            more.cancelling = true;
            more.plan = plan;
        }
        self.later_undo(transaction);
    }

    /// A cancelled transaction is left by the cancel event on its border.
    fn leave_cancelled(&mut self, transaction: u64) {
        let Some(mut spot) = self.spot(transaction) else { return };
        let mut host = transaction;
        if spot.role == Role::Iteration {
            host = spot.parent;
            let Some(body) = self.spot(host) else { return };
            spot = body;
        }
        let graph = &spot.process.graph;
        let event =
            spot.node().boundaries.iter().copied().find(|&event| match &graph.node(event).what {
                What::Boundary { awaits, .. } => {
                    awaits.of.iter().any(|awaited| matches!(awaited, Await::Cancel))
                }
                _ => false,
            });
        match event {
            Some(event) => self.fire_boundary(host, event, true, Variables::new()),
            None => {
                self.cancel(host);
                self.end_token(spot.parent);
            }
        }
    }
}

/// Whether a scope is an event sub-process.
fn is_reaction(spot: &Spot) -> bool {
    matches!(spot.node().what, What::Scope { flavour: Flavour::Event, .. })
}
