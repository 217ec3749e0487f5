//! The history of tokens: what was done, and what cannot be taken back any more.

use super::{Spot, Work};
use crate::instance::{MAX_VISITS, Role, Visit, VisitKind};
use crate::process::{NodeIx, What};

impl Work<'_> {
    /// Writes down that something was done; returns its number.
    pub(crate) fn add_visit(&mut self, visit: Visit) -> u64 {
        self.instance.last_visit += 1;
        let no = self.instance.last_visit;
        let visits = &mut self.instance.visits;
        if visits.len() >= MAX_VISITS {
            // The start is never forgotten: everything comes from it.
            let oldest = visits.iter().position(|it| it.kind != VisitKind::Start);
            visits.remove(oldest.unwrap_or_default());
        }
        visits.push(Visit { no, ..visit });
        no
    }

    /// An element is left: where the history of its tokens ends from now on.
    pub(crate) fn visited(&mut self, id: u64, spot: &Spot) -> u64 {
        let waits = self.take_acted(id);
        let kind = match spot.node().what {
            What::User(_) | What::Receive { .. } if !waits.is_empty() => VisitKind::Task,
            What::Start { .. } if self.is_whole(spot.parent) => VisitKind::Start,
            What::Scope { .. } | What::Call(_) => VisitKind::Container { of: id },
            _ => return spot.at,
        };
        if !waits.is_empty() {
            self.act(spot.parent);
        }
        let (node, run, scope, parent) = (spot.ix, spot.run, spot.parent, spot.at);
        self.add_visit(Visit { node, run, scope, parent, waits, ..Visit::of(kind) })
    }

    /// An iteration is over: what it did belongs to the repeated activity.
    pub(crate) fn iterated(&mut self, id: u64, spot: &Spot) {
        self.act(spot.parent);
        let mut waits = self.take_acted(id);
        if let Some(body) = self.instance.find_mut(spot.parent) {
            body.acted.append(&mut waits);
        }
        if matches!(spot.node().what, What::Scope { .. } | What::Call(_)) {
            let (node, run, scope) = (spot.ix, spot.run, spot.parent);
            let kind = VisitKind::Container { of: id };
            self.add_visit(Visit { node, run, scope, ..Visit::of(kind) });
        }
    }

    /// An element is interrupted: where the history of the token that goes on ends.
    pub(crate) fn interrupted(&mut self, id: u64, spot: &Spot) -> u64 {
        let at = self.give_up_way_back(id).unwrap_or(spot.at);
        let waits = self.take_acted(id);
        let holds = matches!(spot.node().what, What::Scope { .. } | What::Call(_));
        if waits.is_empty() && !holds {
            return at;
        }
        let (node, run, scope) = (spot.ix, spot.run, spot.parent);
        let kind = VisitKind::Container { of: id };
        self.add_visit(Visit { node, run, scope, parent: at, waits, ..Visit::of(kind) })
    }

    pub(super) fn take_acted(&mut self, id: u64) -> Vec<u64> {
        self.instance.find_mut(id).map(|it| std::mem::take(&mut it.acted)).unwrap_or_default()
    }

    /// A task of an element is done.
    pub(crate) fn done_by(&mut self, id: u64, wait: u64) {
        if let Some(activation) = self.instance.find_mut(id) {
            activation.acted.push(wait);
        }
    }

    /// An element did what cannot be taken back: nor can what led to it, further out as well.
    pub(crate) fn act(&mut self, id: u64) {
        let mut id = id;
        while let Some((at, parent)) = self.instance.find(id).map(|it| (it.at, it.parent)) {
            self.act_at(at);
            id = parent;
        }
    }

    /// The same for a token of which only its history is left.
    pub(crate) fn act_at(&mut self, at: u64) {
        if let Some(visit) = self.instance.visit_mut(at) {
            visit.acted = true;
        }
    }

    /// The visit that everything in a scope comes from, where there is one.
    pub(crate) fn first_visit(&self, scope: u64) -> u64 {
        let start = self.instance.visits.iter().find(|it| it.kind == VisitKind::Start);
        start.filter(|it| it.scope == scope).map_or(0, |it| it.no)
    }

    /// Where the history of something that undoes ends: where that of its compensation does, or
    /// of what that is inside of.
    pub(crate) fn at_of_undoing(&self, holder: u64, scope: u64) -> u64 {
        let mut from = self.instance.find(holder);
        while let Some(it) = from {
            if it.parent == scope {
                return it.at;
            }
            from = self.instance.find(it.parent);
        }
        0
    }

    /// What a complex gateway swallowed after it had fired, so that it can be given back.
    pub(crate) fn remember_swallowed(&mut self, scope: u64, node: NodeIx, mut it: Vec<(u32, u64)>) {
        let mut visits = self.instance.visits.iter_mut().rev();
        let last = visits.find(|it| it.scope == scope && it.node == node && it.is_join());
        if let Some(VisitKind::Join { swallowed, .. }) = last.map(|it| &mut it.kind) {
            swallowed.append(&mut it);
        }
    }

    fn is_whole(&self, scope: u64) -> bool {
        self.instance.find(scope).is_some_and(|it| it.role == Role::Root && it.run == 0)
    }
}
