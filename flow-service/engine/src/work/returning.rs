//! Going back: what was done after a visit is undone, and the visit's element begins again.

use super::{Job, Spot, Work};
use crate::effect::{Effect, OpenTask, TaskKind};
use crate::instance::{Back, Parked, Role, Visit, VisitKind, What as Waited};
use crate::lifecycle::Phase;
use crate::process::{NodeIx, What};
use crate::returning::Undo;
use crate::trail::Happened;

impl Work<'_> {
    /// A task is sent back, and whatever came from there is undone.
    pub(crate) fn return_to(&mut self, visit: u64) {
        if let Some(visit) = self.instance.visit(visit).cloned() {
            self.go_back(&visit);
        }
    }

    /// The completion of a task is taken back.
    pub(crate) fn take_back(&mut self, wait: u64) {
        if let Some(visit) = self.instance.taken_back(wait).cloned() {
            self.go_back(&visit);
        }
    }

    fn go_back(&mut self, visit: &Visit) {
        let Some(undo) = self.instance.undo(visit) else { return };
        self.add_token(visit.scope);
        let joins = self.withdraw(&undo);
        let role = self.role_of(visit);
        let id = self.spawn(visit.node, visit.scope, visit.run, role, visit.parent);
        self.begin_again(id);
        self.look_at_joins(visit.scope, &joins);
    }

    /// A task is sent back, and comes straight to where it was when it is done again.
    pub(crate) fn return_and_come_back(&mut self, wait: u64, visit: u64) {
        let Some(visit) = self.instance.visit(visit).cloned() else { return };
        let Some(asking) = self.instance.asking(wait) else { return };
        let (asking, node, at) = (asking.id, asking.node, asking.at);
        let mut back = take_ways_back(self, asking);
        back.push(Back { node, visit: visit.no });
        self.act(asking);
        self.cancel(asking);
        let role = self.role_of(&visit);
        let id = self.spawn(visit.node, visit.scope, visit.run, role, at);
        if let Some(again) = self.instance.find_mut(id) {
            again.more_mut().back = back;
        }
        self.begin_again(id);
    }

    /// A task that was sent back is done again and goes straight to where it came from.
    pub(crate) fn leave_straight_back(&mut self, id: u64, spot: &Spot) {
        self.tell_completed(id, spot);
        self.remember(id, spot);
        let mut waits = self.take_acted(id);
        let mut back = take_ways_back(self, id);
        let Some(Back { node, visit }) = back.pop() else { return };
        self.act(spot.parent);
        if let Some(visit) = self.instance.visit_mut(visit) {
            visit.waits.append(&mut waits);
        }
        let repeated = spot.process.graph.node(node).repeat.is_some();
        let role = if repeated { Role::Body } else { Role::Single };
        self.add_token(spot.parent);
        let next = self.spawn(node, spot.parent, spot.run, role, spot.at);
        if !back.is_empty()
            && let Some(next) = self.instance.find_mut(next)
        {
            next.more_mut().back = back;
        }
        self.finish(id, spot);
        self.begin_again(next);
    }

    /// A task that is done again goes another way than straight back: then it was sent back for
    /// good. Where its history ends now.
    pub(crate) fn give_up_way_back(&mut self, id: u64) -> Option<u64> {
        let back = take_ways_back(self, id).pop()?;
        let visit = self.instance.visit(back.visit).cloned()?;
        self.instance.find_mut(id)?.at = visit.parent;
        if visit.kind != VisitKind::Start {
            let undo = self.instance.undo(&visit)?;
            let joins = self.withdraw(&undo);
            self.look_at_joins(visit.scope, &joins);
        }
        Some(visit.parent)
    }

    /// Takes away what came from a visit, and gives back what joins took from elsewhere. Returns
    /// these joins. The scope has a token that stays.
    fn withdraw(&mut self, undo: &Undo) -> Vec<NodeIx> {
        for &token in &undo.tokens {
            self.cancel(token);
            self.less(undo.scope, 1);
        }
        self.drop_tokens_on_their_way(undo);
        let joins = self.unjoin(undo);
        self.instance.visits.retain(|it| undo.forgotten.binary_search(&it.no).is_err());
        if undo.whole {
            self.listen_again(undo.scope);
        }
        joins
    }

    fn drop_tokens_on_their_way(&mut self, undo: &Undo) {
        let before = self.queue.len();
        self.queue.retain(|job| match job {
            Job::Enter { scope, at, .. } => *scope != undo.scope || !undo.takes(*at),
            Job::Close { .. } | Job::Round { .. } | Job::Undo { .. } => true,
        });
        self.less(undo.scope, before - self.queue.len());
    }

    /// Joins that are undone give their tokens back to the flows they came by.
    fn unjoin(&mut self, undo: &Undo) -> Vec<NodeIx> {
        let mut joins = Vec::new();
        let mut back = Vec::new();
        let mut fires_again = Vec::new();
        for visit in self.instance.visits.iter().filter(|it| it.scope == undo.scope) {
            let VisitKind::Join { side, swallowed } = &visit.kind else { continue };
            let kept = side.iter().chain(swallowed).filter(|(_, at)| !undo.takes(*at));
            if undo.takes(visit.no) {
                joins.push(visit.node);
                let node = visit.node;
                back.extend(kept.map(|&(position, at)| Parked { node, position, at }));
            } else if swallowed.iter().any(|(_, at)| undo.takes(*at)) {
                fires_again.push((visit.node, kept.map(|(position, _)| *position).collect()));
            }
        }
        joins.sort_unstable();
        joins.dedup();
        let newest_undone = |node: NodeIx| {
            let mut visits = self.instance.visits.iter().rev();
            let newest =
                visits.find(|it| it.scope == undo.scope && it.node == node && it.is_join());
            newest.is_some_and(|it| undo.takes(it.no))
        };
        let unfired: Vec<NodeIx> = joins.iter().copied().filter(|&it| newest_undone(it)).collect();
        let Some(scope) = self.instance.find_mut(undo.scope) else { return joins };
        let Some(more) = &mut scope.more else { return joins };
        let before = more.parked.len();
        more.parked.retain(|it| !undo.takes(it.at));
        let (gone, came) = (before - more.parked.len(), back.len());
        more.parked.append(&mut back);
        more.fired.retain(|(node, _)| !undo.whole && !unfired.contains(node));
        for (node, positions) in fires_again {
            if !more.fired.iter().any(|(it, _)| *it == node) && !joins.contains(&node) {
                more.fired.push((node, positions));
            }
        }
        scope.live += came as u32;
        self.less(undo.scope, gone);
        joins
    }

    /// The event sub-processes of a scope that one of them had taken over are listened to again.
    fn listen_again(&mut self, scope: u64) {
        let Some(spot) = self.spot(scope) else { return };
        let Some(more) = self.instance.find_mut(scope).and_then(|it| it.more.as_mut()) else {
            return;
        };
        if std::mem::take(&mut more.interrupted) {
            self.listen(scope, spot.process.graph.inside(spot.ix));
        }
    }

    /// Tokens of a scope that went, while others stay.
    fn less(&mut self, scope: u64, tokens: usize) {
        if let Some(scope) = self.instance.find_mut(scope) {
            scope.live = scope.live.saturating_sub(tokens as u32);
        }
    }

    fn role_of(&self, visit: &Visit) -> Role {
        let run = self.instance.run(visit.run);
        let repeat = run.and_then(|run| run.process.graph.node(visit.node).repeat.as_ref());
        if repeat.is_some() { Role::Body } else { Role::Single }
    }

    /// An element begins again; the start event waits for whoever started the order.
    fn begin_again(&mut self, id: u64) {
        let Some(spot) = self.spot(id) else { return };
        if !matches!(spot.node().what, What::Start { .. }) {
            return self.activate_spawned(id);
        }
        self.phase(id, Phase::Active);
        self.record(&spot, Happened::Started);
        let wait = self.open_wait(id, spot.ix, 0, Waited::User);
        let open = crate::element::opened(&spot, TaskKind::Resubmit);
        self.effects.push(Effect::OpenTask(OpenTask { wait, ..open }));
    }
}

fn take_ways_back(work: &mut Work<'_>, id: u64) -> Vec<Back> {
    let more = work.instance.find_mut(id).and_then(|it| it.more.as_mut());
    more.map(|more| std::mem::take(&mut more.back)).unwrap_or_default()
}
