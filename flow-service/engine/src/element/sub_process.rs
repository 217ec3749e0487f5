//! Scopes: processes and sub-processes of every flavour, and event sub-processes inside them.

use crate::instance::{Resume, Role, State};
use crate::lifecycle::Phase;
use crate::process::{Flavour, NodeIx, Scope, ScopeIx, What};
use crate::trail::Happened;
use crate::value::Variables;
use crate::work::{Spot, Work};

impl Work<'_> {
    /// A sub-process begins.
    pub(super) fn begin_scope(&mut self, id: u64, spot: &Spot, body: ScopeIx) {
        let scope = spot.process.graph.scope(body);
        self.open_scope(id, scope);
        let What::Scope { flavour: Flavour::AdHoc { sequential: true, .. }, .. } = spot.node().what
        else {
            return self.send_starts(id, scope);
        };
        let Some(activation) = self.instance.find_mut(id) else { return };
        activation.more_mut().later = scope.starts.iter().rev().copied().collect();
        self.later_close(id);
    }

    /// Declares what belongs to a scope and waits for what its event sub-processes wait for.
    pub(super) fn open_scope(&mut self, id: u64, scope: &Scope) {
        if !scope.locals.is_empty() {
            self.declare(id, &scope.locals);
        }
        self.listen(id, scope);
    }

    /// Waits for what the event sub-processes of a scope wait for.
    pub(crate) fn listen(&mut self, id: u64, scope: &Scope) {
        let Some(spot) = self.spot(id).filter(|_| !scope.reactions.is_empty()) else { return };
        for &(_, start) in &scope.reactions {
            if let What::Start { awaits, .. } = &spot.process.graph.node(start).what {
                self.arm(id, start, awaits);
            }
        }
    }

    /// Tokens at the starts of a scope; without any it closes at once.
    pub(super) fn send_starts(&mut self, id: u64, scope: &Scope) {
        for &start in &scope.starts {
            self.send_token(start, id, None, 0);
        }
        if scope.starts.is_empty() {
            self.later_close(id);
        }
    }

    /// No token is left in a scope: it is done.
    pub(crate) fn close(&mut self, id: u64) {
        let Some(activation) = self.instance.find_mut(id) else { return };
        if activation.live > 0 || activation.phase != Phase::Active {
            return;
        }
        let (role, run, parent) = (activation.role, activation.run, activation.parent);
        if let Some(next) = activation.more.as_mut().and_then(|more| more.later.pop()) {
            return self.send_token(next, id, None, 0);
        }
        match role {
            Role::Root if run == 0 => self.end(State::Completed, None),
            Role::Root => self.finish_call(id),
            Role::Single | Role::Iteration => self.complete(id),
            Role::Undoing => {
                let holder = activation.more.as_ref().and_then(|more| more.holder);
                self.close_waits(id);
                self.remove(id);
                self.end_token(parent);
                if let Some(holder) = holder {
                    self.later_undo(holder);
                }
            }
            Role::Body | Role::Held => {}
        }
    }

    /// An event sub-process is triggered in a scope.
    pub(crate) fn react(
        &mut self,
        scope: u64,
        start: NodeIx,
        interrupting: bool,
        given: Variables,
    ) {
        let Some(outer) = self.spot(scope) else { return };
        let reactions = &outer.process.graph.inside(outer.ix).reactions;
        let Some(&(sub, _)) = reactions.iter().find(|(_, it)| *it == start) else { return };
        if interrupting {
            self.cancel_inside(scope);
            self.close_waits_if(|wait| {
                wait.owner == scope && reactions.iter().any(|(_, it)| *it == wait.node)
            });
            if let Some(scope) = self.instance.find_mut(scope) {
                scope.more_mut().interrupted = true;
            }
        }
        self.set(scope, given);
        self.add_token(scope);
        let at = self.first_visit(scope);
        let id = self.spawn(sub, scope, outer.run, Role::Single, at);
        self.act(id);
        let Some(spot) = self.spot(id) else { return };
        self.phase(id, Phase::Active);
        self.record(&spot, Happened::Started);
        let What::Scope { body, .. } = spot.node().what else { return };
        self.open_scope(id, spot.process.graph.scope(body));
        self.add_token(id);
        let begun = self.spawn(start, id, outer.run, Role::Single, 0);
        self.happen(begun);
    }

    /// An event that has happened is completed.
    pub(crate) fn happen(&mut self, id: u64) {
        self.phase(id, Phase::Active);
        self.complete(id);
    }

    /// After an element of an ad-hoc sub-process: whether that is enough.
    pub(super) fn look_at_ad_hoc(&mut self, scope: u64) {
        let Some(spot) = self.spot(scope) else { return };
        let What::Scope { flavour: Flavour::AdHoc { completion, cancel_remaining, .. }, .. } =
            &spot.node().what
        else {
            return;
        };
        let Some(completion) = completion else { return };
        match self.holds(scope, completion) {
            Ok(false) => {}
            Ok(true) if *cancel_remaining => {
                self.cancel_inside(scope);
                self.add_token(scope);
            }
            Ok(true) => {
                if let Some(more) = self.instance.find_mut(scope).and_then(|it| it.more.as_mut()) {
                    more.later.clear();
                }
            }
            Err(reason) => self.incident(scope, Resume::Round, reason),
        }
    }
}
