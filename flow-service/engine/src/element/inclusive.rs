//! Inclusive joins: they wait while a token can still arrive by a flow that has brought none.

use crate::instance::Role;
use crate::process::{Graph, NodeIx, Throw, What};
use crate::work::Work;

/// A gateway with tokens that wait for others.
struct Waiting {
    scope: u64,
    node: NodeIx,
    /// By which flows tokens have come.
    positions: Vec<u32>,
    /// A complex gateway that has fired: it only swallows.
    swallows: bool,
}

/// Where a token is that may still move.
struct Token {
    node: NodeIx,
    /// It waits at an inclusive join itself.
    at_join: bool,
}

impl Work<'_> {
    /// Lets the first join go on at which no more tokens can arrive.
    pub(crate) fn join_what_can_join(&mut self) -> bool {
        let waiting = self.waiting_joins();
        if waiting.is_empty() {
            return false;
        }
        // Joins that wait for nothing but each other would wait for ever: they are looked at
        // without each other's tokens.
        let ready = waiting.iter().find(|it| !self.more_can_come(it, true));
        let Some(ready) =
            ready.or_else(|| waiting.iter().find(|it| !self.more_can_come(it, false)))
        else {
            return false;
        };
        let (scope, node) = (ready.scope, ready.node);
        if ready.swallows {
            self.reset(scope, node)
        } else {
            self.join(scope, node)
        }
        true
    }

    fn waiting_joins(&self) -> Vec<Waiting> {
        let mut waiting = Vec::new();
        for activation in &self.instance.activations {
            let Some(more) = &activation.more else { continue };
            if more.parked.is_empty() && more.fired.is_empty() {
                continue;
            }
            let Some(run) = self.instance.run(activation.run) else { continue };
            let mut nodes: Vec<NodeIx> = more.parked.iter().map(|it| it.node).collect();
            nodes.extend(more.fired.iter().map(|(node, _)| *node));
            nodes.sort_unstable();
            nodes.dedup();
            for node in nodes {
                let fired = more.fired.iter().find(|(it, _)| *it == node);
                let joins = match &run.process.graph.node(node).what {
                    What::Inclusive | What::Complex { activation: None } => true,
                    What::Complex { activation: Some(_) } => fired.is_some(),
                    _ => false,
                };
                if !joins {
                    continue;
                }
                let mut positions = self.positions(activation.id, node);
                positions.extend(fired.iter().flat_map(|(_, positions)| positions));
                let swallows = fired.is_some();
                waiting.push(Waiting { scope: activation.id, node, positions, swallows });
            }
        }
        waiting
    }

    /// Whether a token can still arrive by a flow that has brought none, and not by one that has.
    fn more_can_come(&self, join: &Waiting, all_tokens: bool) -> bool {
        let Some(scope) = self.instance.find(join.scope) else { return false };
        let Some(run) = self.instance.run(scope.run) else { return false };
        let graph = &run.process.graph;
        let incoming = &graph.node(join.node).incoming;
        let flows = |has_token: bool| {
            let wanted = move |ix: &usize| join.positions.contains(&(*ix as u32)) == has_token;
            (0..incoming.len()).filter(wanted).filter_map(|ix| incoming.get(ix)).copied()
        };
        let empty = upstream(graph, join.node, flows(false).map(|flow| graph.flow(flow).source));
        let full = upstream(graph, join.node, flows(true).map(|flow| graph.flow(flow).source));
        let reaches = |set: &[bool], node: NodeIx| set.get(node as usize).copied().unwrap_or(false);
        self.tokens(join).iter().filter(|token| all_tokens || !token.at_join).any(|token| {
            token.node == join.node || (reaches(&empty, token.node) && !reaches(&full, token.node))
        })
    }

    /// Every token of the scope but those that wait at the join itself.
    fn tokens(&self, join: &Waiting) -> Vec<Token> {
        let inside = self.instance.activations.iter().filter(|it| it.parent == join.scope);
        let undoes = |more: &crate::instance::More| more.holder.is_some();
        let moving = inside.filter(|it| !it.more.as_deref().is_some_and(undoes));
        let moving = moving.filter(|it| it.role != Role::Undoing && it.role != Role::Root);
        // What comes straight back stands for where it comes back to.
        let place = |it: &crate::instance::Activation| {
            let back = it.more.as_ref().and_then(|more| more.back.first());
            back.map_or(it.node, |back| back.node)
        };
        let mut tokens: Vec<Token> =
            moving.map(|it| Token { node: place(it), at_join: false }).collect();
        let Some(scope) = self.instance.find(join.scope) else { return tokens };
        let Some(run) = self.instance.run(scope.run) else { return tokens };
        let parked = scope.more.iter().flat_map(|more| &more.parked).map(|it| it.node);
        for node in parked.filter(|&node| node != join.node) {
            let at_join = matches!(run.process.graph.node(node).what, What::Inclusive);
            tokens.push(Token { node, at_join });
        }
        tokens
    }

    /// A complex gateway that has fired has seen everything that can come: it begins anew.
    fn reset(&mut self, scope: u64, node: NodeIx) {
        let mut swallowed = Vec::new();
        while let Some(token) = self.take_parked(scope, |it| it.node == node) {
            self.act_at(token.1);
            swallowed.push(token);
        }
        self.remember_swallowed(scope, node, swallowed);
        // One token is brought and ended, so that a scope left empty closes.
        self.add_token(scope);
        self.end_token(scope);
        if let Some(more) = self.instance.find_mut(scope).and_then(|it| it.more.as_mut()) {
            more.fired.retain(|(it, _)| *it != node);
        }
    }
}

/// From which nodes a token can get to one of these nodes without passing the join.
fn upstream(graph: &Graph, join: NodeIx, ends: impl Iterator<Item = NodeIx>) -> Vec<bool> {
    let mut reached = vec![false; graph.nodes.len()];
    let mut open: Vec<NodeIx> = ends.collect();
    while let Some(node) = open.pop() {
        let Some(seen) = reached.get_mut(node as usize) else { continue };
        if *seen || node == join {
            continue;
        }
        *seen = true;
        let drawn = graph.node(node);
        open.extend(drawn.incoming.iter().map(|&flow| graph.flow(flow).source));
        if let What::Boundary { host, .. } = drawn.what {
            open.push(host);
        }
        if let What::Pass = drawn.what {
            open.extend(throwers_of(graph, node));
        }
    }
    reached
}

/// The throwing links that lead to a catching one.
fn throwers_of(graph: &Graph, link: NodeIx) -> impl Iterator<Item = NodeIx> {
    let leads = move |(_, node): &(NodeIx, &crate::process::Node)| match &node.what {
        What::Throw(throws) => throws.iter().any(|it| matches!(it, Throw::Link(to) if *to == link)),
        _ => false,
    };
    (0..).zip(&graph.nodes).filter(leads).map(|(ix, _)| ix)
}
