//! Going back: where a task can be sent back to, and what that takes away.
//!
//! Every token knows the visit its history ends with, and every visit those before it, inside one
//! scope. To go back to a visit is to undo whatever came from it: tokens that do are taken away
//! with everything inside them, and joins that do give back the tokens that do not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::instance::{Activation, Instance, Role, Visit, VisitKind, What};
use crate::process::What as Does;

/// A place that a task can be sent back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTarget {
    /// The number to go back to it by.
    pub visit: u64,
    /// In which run.
    pub run: u32,
    /// The element.
    pub node: Arc<str>,
    /// Its name; the id where it has none.
    pub name: Arc<str>,
    /// It is the start event of the order.
    pub is_start: bool,
    /// It is in the scope of the task that asks, so that there is a way straight back.
    pub same_scope: bool,
    /// Open tasks that would be taken away, the asking one too, ascending. With a way straight
    /// back it is the asking one alone.
    pub cancels: Vec<u64>,
    /// Tasks that are done and would count no longer, the target's own too, ascending. With a way
    /// straight back it is the target's own, and what is done of a repeated task that asks.
    pub voids: Vec<u64>,
}

/// What going back to a visit takes away.
#[derive(Debug)]
pub(crate) struct Undo {
    /// The activation in which it happens.
    pub(crate) scope: u64,
    /// Everything in it goes, whatever its history.
    pub(crate) whole: bool,
    /// Elements of the scope whose tokens go, ascending.
    pub(crate) tokens: Vec<u64>,
    /// These and everything inside them, ascending.
    inside: Vec<u64>,
    /// Visits of the scope that are undone, ascending.
    undone: Vec<u64>,
    /// These and those that happened inside what is undone, ascending.
    pub(crate) forgotten: Vec<u64>,
}

impl Undo {
    /// Whether a token with this history goes.
    pub(crate) fn takes(&self, at: u64) -> bool {
        self.whole || self.undone.binary_search(&at).is_ok()
    }
}

impl Instance {
    /// Where an open task can be sent back to, newest first, each element once.
    pub fn return_targets(&self, wait: u64) -> Vec<ReturnTarget> {
        let Some(asking) = self.asking(wait) else { return Vec::new() };
        let mut newest: BTreeMap<_, &Visit> = BTreeMap::new();
        let mut around = Some(asking);
        while let Some(token) = around {
            let outer = self.find(token.parent);
            let cancelling = outer.and_then(|it| it.more.as_ref()).is_some_and(|it| it.cancelling);
            if undoes(token) || cancelling {
                break;
            }
            for visit in self.before(token).into_iter().filter(|it| it.kind == VisitKind::Task) {
                let known = newest.entry((visit.run, visit.node)).or_insert(visit);
                *known = if visit.no > known.no { visit } else { known };
            }
            around = self.token_around(token);
        }
        let again = asking.more.as_ref().and_then(|it| it.back.last()).map(|back| back.visit);
        let start = self.visits.iter().find(|it| it.kind == VisitKind::Start);
        let mut visits: Vec<&Visit> = newest.into_values().chain(start).collect();
        visits.retain(|it| Some(it.no) != again);
        visits.sort_unstable_by_key(|it| std::cmp::Reverse(it.no));
        visits.iter().filter_map(|visit| self.target(visit, asking)).collect()
    }

    fn target(&self, visit: &Visit, asking: &Activation) -> Option<ReturnTarget> {
        let undo = self.undo(visit)?;
        // What is being compensated is not broken off half way.
        if !undo.whole
            && undo.inside.iter().any(|&id| self.find(id).is_some_and(|it| self.is_undoing(it)))
        {
            return None;
        }
        let node = self.run(visit.run)?.process.graph.node(visit.node);
        let open = self.waits.iter().filter(|wait| is_task(&wait.what));
        let cancels = open.filter(|wait| undo.inside.binary_search(&wait.owner).is_ok());
        let forgotten = undo.forgotten.iter().filter_map(|&no| self.visit(no));
        let mut voids: Vec<u64> = forgotten.flat_map(|it| it.waits.iter().copied()).collect();
        let running = undo.inside.iter().filter_map(|&id| self.find(id));
        voids.extend(running.flat_map(|it| it.acted.iter().copied()));
        voids.sort_unstable();
        Some(ReturnTarget {
            visit: visit.no,
            run: visit.run,
            node: node.id.clone(),
            name: node.name.clone(),
            is_start: visit.kind == VisitKind::Start,
            same_scope: visit.scope == asking.parent && !undoes(asking),
            cancels: cancels.map(|wait| wait.number).collect(),
            voids,
        })
    }

    /// Whether the completion of a task can be taken back: nobody has acted since.
    pub fn can_take_back(&self, wait: u64) -> bool {
        self.taken_back(wait).is_some()
    }

    /// The visit that taking back a completion goes back to.
    pub(crate) fn taken_back(&self, wait: u64) -> Option<&Visit> {
        // Iterations were done by several, and what was done again has gone on already.
        let visit = self.visits.iter().find(|it| it.waits == [wait])?;
        let undo =
            self.undo(visit).filter(|_| !matches!(visit.kind, VisitKind::Container { .. }))?;
        let mut undone =
            self.visits.iter().filter(|it| undo.forgotten.binary_search(&it.no).is_ok());
        let quiet = undone.all(|it| !it.acted && (it.no == visit.no || it.is_join()));
        let scope = self.find(undo.scope)?;
        let parked = scope.more.iter().flat_map(|it| &it.parked).any(|it| undo.takes(it.at));
        let goes_on = parked || !undo.tokens.is_empty();
        let waits =
            undo.inside.iter().all(|&id| self.find(id).is_some_and(|it| self.only_waits(it)));
        (quiet && goes_on && waits).then_some(visit)
    }

    /// Whether an element waits for a person or a message and nothing else has happened to it.
    fn only_waits(&self, it: &Activation) -> bool {
        let sent_back = it.more.as_ref().is_some_and(|more| !more.back.is_empty());
        if sent_back || self.is_undoing(it) || !it.acted.is_empty() {
            return false;
        }
        let mut own = self.waits.iter().filter(|wait| wait.owner == it.id && wait.node == it.node);
        let does = self.run(it.run).map(|run| &run.process.graph.node(it.node).what);
        match (it.role, does) {
            (Role::Body, _) | (_, Some(Does::Scope { .. })) => own.next().is_none(),
            _ => own.next().is_some_and(|wait| is_task(&wait.what)),
        }
    }

    /// What going back to a visit takes away; `None` where its scope is over.
    pub(crate) fn undo(&self, visit: &Visit) -> Option<Undo> {
        let scope = self.find(visit.scope)?.id;
        let whole = visit.kind == VisitKind::Start;
        let mut undone = vec![visit.no];
        for later in self.visits.iter().filter(|it| it.no > visit.no && it.scope == scope) {
            if later.parents().any(|it| undone.binary_search(&it).is_ok()) {
                undone.push(later.no);
            }
        }
        let inside = self.activations.iter().filter(|it| it.parent == scope);
        let goes = |it: &&Activation| whole || undone.binary_search(&it.at).is_ok();
        let tokens: Vec<u64> = inside.filter(goes).map(|it| it.id).collect();
        let inside = self.inside(&tokens);
        let mut scopes: BTreeSet<u64> = inside.iter().copied().collect();
        let mut forgotten = Vec::new();
        // Whatever happened inside a scope stands before the end of the scope.
        for it in self.visits.iter().rev() {
            if whole || undone.binary_search(&it.no).is_ok() || scopes.contains(&it.scope) {
                forgotten.push(it.no);
                if let VisitKind::Container { of } = it.kind {
                    scopes.insert(of);
                }
            }
        }
        forgotten.reverse();
        Some(Undo { scope, whole, tokens, inside, undone, forgotten })
    }

    /// These activations and everything inside them, ascending.
    pub(crate) fn inside(&self, tops: &[u64]) -> Vec<u64> {
        let mut inside: Vec<u64> = Vec::new();
        for it in &self.activations {
            if tops.binary_search(&it.id).is_ok() || inside.binary_search(&it.parent).is_ok() {
                inside.push(it.id);
            }
        }
        inside
    }

    /// The token of an open task: of all iterations together if it is repeated.
    pub(crate) fn asking(&self, wait: u64) -> Option<&Activation> {
        let wait = self.wait(wait).filter(|wait| is_task(&wait.what))?;
        let owner = self.find(wait.owner).filter(|it| it.node == wait.node)?;
        if owner.role == Role::Iteration { self.find(owner.parent) } else { Some(owner) }
    }

    /// The token of the scope that a token is in.
    fn token_around(&self, token: &Activation) -> Option<&Activation> {
        let mut around = self.find(token.parent)?;
        while matches!(around.role, Role::Root | Role::Iteration) {
            around = self.find(around.parent)?;
        }
        Some(around)
    }

    /// What led to a token in its scope.
    fn before(&self, token: &Activation) -> Vec<&Visit> {
        let again = token.more.as_ref().and_then(|it| it.back.last());
        let from = again.map_or(token.at, |it| self.visit(it.visit).map_or(0, |it| it.parent));
        let mut open = BTreeSet::from([from]);
        let mut found = Vec::new();
        while let Some(no) = open.pop_last() {
            let Some(visit) = self.visit(no) else { continue };
            open.extend(visit.parents());
            found.push(visit);
        }
        found
    }

    /// Whether an element takes part in a compensation.
    fn is_undoing(&self, it: &Activation) -> bool {
        let throws = |run: &crate::instance::Run| {
            matches!(run.process.graph.node(it.node).what, Does::Throw(_))
        };
        let cancelling = it.more.as_ref().is_some_and(|more| more.cancelling);
        undoes(it) || cancelling || self.run(it.run).is_some_and(throws)
    }
}

/// Whether a token is one of a compensation.
fn undoes(token: &Activation) -> bool {
    let holder = token.more.as_ref().is_some_and(|more| more.holder.is_some());
    holder || token.role == Role::Undoing
}

fn is_task(what: &What) -> bool {
    matches!(what, What::User | What::Receive(_))
}
