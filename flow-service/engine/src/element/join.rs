//! Joins: tokens that wait in their scope until enough have come.

use crate::instance::{Parked, Role, Visit, VisitKind};
use crate::process::{Node, NodeIx, Process, What};
use crate::work::Work;

/// Whether a token that reaches a node may have to wait for others.
pub(super) fn waits_for_more(node: &Node) -> bool {
    match node.what {
        What::Parallel | What::Inclusive | What::Complex { .. } => node.incoming.len() > 1,
        _ => node.start_quantity > 1,
    }
}

impl Work<'_> {
    /// A token arrives where it may have to wait.
    pub(super) fn arrive(&mut self, process: &Process, scope: u64, token: Parked) {
        let Some(activation) = self.instance.find_mut(scope) else { return };
        activation.more_mut().parked.push(token);
        self.join_if_complete(process, token.node, scope);
    }

    /// Joins the tokens that wait at a node if they are enough.
    fn join_if_complete(&mut self, process: &Process, node: NodeIx, scope: u64) {
        let drawn = process.graph.node(node);
        match drawn.what {
            What::Parallel => {
                if self.positions(scope, node).len() == drawn.incoming.len() {
                    self.join(scope, node);
                }
            }
            // Looked at when everything has come to rest.
            What::Inclusive => {}
            What::Complex { .. } => self.arrive_at_complex(process, node, scope),
            _ => {
                let wanted = drawn.start_quantity as usize;
                if self.parked(scope, node) >= wanted {
                    self.join_count(scope, node, wanted);
                }
            }
        }
    }

    /// Looks at joins of a scope again, after tokens have come back to them.
    pub(crate) fn look_at_joins(&mut self, scope: u64, nodes: &[NodeIx]) {
        let Some(process) = self.spot(scope).map(|it| it.process) else { return };
        for &node in nodes {
            self.join_if_complete(&process, node, scope);
        }
    }

    /// How many tokens wait at a node.
    pub(super) fn parked(&self, scope: u64, node: NodeIx) -> usize {
        let more = self.instance.find(scope).and_then(|it| it.more.as_ref());
        more.map_or(0, |more| more.parked.iter().filter(|it| it.node == node).count())
    }

    /// By which incoming flows tokens wait at a node, each once.
    pub(super) fn positions(&self, scope: u64, node: NodeIx) -> Vec<u32> {
        let more = self.instance.find(scope).and_then(|it| it.more.as_ref());
        let Some(more) = more else { return Vec::new() };
        let mut positions: Vec<u32> =
            more.parked.iter().filter(|it| it.node == node).map(|it| it.position).collect();
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    /// One token of every flow that has one becomes one token in the node.
    pub(super) fn join(&mut self, scope: u64, node: NodeIx) {
        let mut side = Vec::new();
        for position in self.positions(scope, node) {
            side.extend(self.take_parked(scope, |it| it.node == node && it.position == position));
        }
        self.go_in(scope, node, side);
    }

    /// So many tokens become one in the node.
    fn join_count(&mut self, scope: u64, node: NodeIx, count: usize) {
        let mut side = Vec::new();
        for _ in 0..count {
            side.extend(self.take_parked(scope, |it| it.node == node));
        }
        self.go_in(scope, node, side);
    }

    fn go_in(&mut self, scope: u64, node: NodeIx, side: Vec<(u32, u64)>) {
        let Some(activation) = self.instance.find_mut(scope) else { return };
        activation.live += 1;
        let run = activation.run;
        if let Some(process) = self.instance.run(run).map(|it| it.process.clone()) {
            let repeated = process.graph.node(node).repeat.is_some();
            let role = if repeated { Role::Body } else { Role::Single };
            let kind = VisitKind::Join { side, swallowed: Vec::new() };
            let at = self.add_visit(Visit { node, run, scope, ..Visit::of(kind) });
            let id = self.spawn(node, scope, run, role, at);
            self.activate_spawned(id);
        }
    }

    /// Takes one waiting token out.
    pub(super) fn take_parked(
        &mut self,
        scope: u64,
        which: impl Fn(&Parked) -> bool,
    ) -> Option<(u32, u64)> {
        let activation = self.instance.find_mut(scope)?;
        let more = activation.more.as_mut()?;
        let ix = more.parked.iter().position(which)?;
        let taken = more.parked.remove(ix);
        activation.live = activation.live.saturating_sub(1);
        Some((taken.position, taken.at))
    }

    /// A token arrives at a complex gateway: it fires when its condition holds, then swallows what
    /// still comes until no more can.
    fn arrive_at_complex(&mut self, process: &Process, node: NodeIx, scope: u64) {
        let What::Complex { activation: Some(condition) } = &process.graph.node(node).what else {
            return;
        };
        let more = self.instance.find(scope).and_then(|it| it.more.as_ref());
        if more.is_some_and(|more| more.fired.iter().any(|(it, _)| *it == node)) {
            return;
        }
        let count = crate::value::Value::Number((self.parked(scope, node) as u64).into());
        match self.holds_with(scope, condition, ("activationCount", &count)) {
            Ok(false) => {}
            Ok(true) => {
                let positions = self.positions(scope, node);
                if let Some(activation) = self.instance.find_mut(scope) {
                    activation.more_mut().fired.push((node, positions));
                }
                self.join(scope, node);
            }
            Err(reason) => self.hold_complex(scope, node, reason),
        }
    }

    /// A complex gateway cannot say whether it fires: the token is held before it.
    fn hold_complex(&mut self, scope: u64, node: NodeIx, reason: String) {
        let Some(activation) = self.instance.find_mut(scope) else { return };
        let run = activation.run;
        let parked = &mut activation.more_mut().parked;
        let Some(ix) = parked.iter().rposition(|it| it.node == node) else { return };
        let Parked { position, at, .. } = parked.remove(ix);
        let flow = self
            .instance
            .run(run)
            .and_then(|it| it.process.graph.node(node).incoming.get(position as usize).copied());
        let id = self.spawn(node, scope, run, Role::Held, at);
        self.incident(id, crate::instance::Resume::Enter(flow), reason);
    }
}
