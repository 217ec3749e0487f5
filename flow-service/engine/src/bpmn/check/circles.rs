//! Circles that a run could never leave: nothing on them waits and nothing decides.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use super::scope::Scope;
use crate::bpmn::model::{EventDefinition, Kind, Node, Task};

pub(super) fn check(scope: &Scope<'_>, report: &mut Report) {
    let catches = link_catches(scope);
    let steps = scope
        .body
        .nodes
        .iter()
        .filter(|node| passes(scope, node))
        .map(|node| (node.id.as_str(), certain_steps(scope, node, &catches)))
        .collect::<BTreeMap<_, _>>();
    for id in on_circles(&steps) {
        if let Some(node) = scope.node(id) {
            let message = "这个元素在一个没有等待也没有条件的循环中，流程将永远不会结束";
            report.add(node, "ENDLESS_LOOP", message);
        }
    }
}

fn link_catches<'a>(scope: &Scope<'a>) -> BTreeMap<&'a str, &'a str> {
    let mut found = BTreeMap::new();
    for node in &scope.body.nodes {
        let Kind::Catch { events } = &node.kind else { continue };
        if let [EventDefinition::Link(Some(name))] = events.definitions.as_slice() {
            found.insert(name.as_str(), node.id.as_str());
        }
    }
    found
}

/// Whether a token that enters the node leaves it in the same step, whatever the variables.
fn passes(scope: &Scope<'_>, node: &Node) -> bool {
    if node.looping.is_some() || node.start_quantity != 1 {
        return false;
    }
    match &node.kind {
        Kind::Task(Task::Abstract | Task::Manual | Task::Script { .. }) => true,
        Kind::Exclusive | Kind::Inclusive => true,
        // A join in a circle waits for a token that does not come; that is not endless.
        Kind::Parallel => scope.incoming(node).len() == 1,
        Kind::Throw { events } => !events.definitions.iter().any(|event| {
            matches!(event, EventDefinition::Compensate { .. } | EventDefinition::Escalation(_))
        }),
        Kind::Catch { events } => {
            matches!(events.definitions.as_slice(), [EventDefinition::Link(_)])
        }
        Kind::Start { .. }
        | Kind::End { .. }
        | Kind::Boundary { .. }
        | Kind::Task(_)
        | Kind::Complex { .. }
        | Kind::EventBased { .. }
        | Kind::SubProcess { .. }
        | Kind::Call { .. } => false,
    }
}

/// Where a token surely goes next.
fn certain_steps<'a>(
    scope: &Scope<'a>,
    node: &'a Node,
    catches: &BTreeMap<&'a str, &'a str>,
) -> Vec<&'a str> {
    if let Kind::Throw { events } = &node.kind
        && let [EventDefinition::Link(Some(name))] = events.definitions.as_slice()
    {
        return catches.get(name.as_str()).copied().into_iter().collect();
    }
    let outgoing = scope.outgoing(node);
    let decides = matches!(node.kind, Kind::Exclusive | Kind::Inclusive) && outgoing.len() > 1;
    let certain = outgoing.iter().filter(|flow| {
        let default = node.default_flow.as_ref() == Some(&flow.id);
        !decides && !default && flow.condition.is_none()
    });
    certain.map(|flow| flow.target.as_str()).collect()
}

/// Nodes left after taking away, again and again, those that lead to none that is left, and those
/// that none that is left leads to. What lies between two circles stays, which does no harm: a
/// token there is on its way to an endless one.
fn on_circles<'a>(steps: &BTreeMap<&'a str, Vec<&'a str>>) -> BTreeSet<&'a str> {
    let mut backwards = BTreeMap::<&str, Vec<&str>>::new();
    for (from, targets) in steps {
        for to in targets.iter().filter(|to| steps.contains_key(*to)) {
            backwards.entry(to).or_default().push(from);
        }
    }
    let forwards = peel(steps, &backwards);
    let kept = |edges: &BTreeMap<&'a str, Vec<&'a str>>| {
        let inner = edges.iter().filter(|(from, _)| forwards.contains(*from));
        inner
            .map(|(from, to)| {
                (*from, to.iter().copied().filter(|to| forwards.contains(to)).collect::<Vec<_>>())
            })
            .collect::<BTreeMap<_, _>>()
    };
    let (steps, mut backwards) = (kept(steps), kept(&backwards));
    for node in &forwards {
        backwards.entry(node).or_default();
    }
    peel(&backwards, &steps)
}

/// What stays of a graph when nodes without a step to another are taken away until none is left.
fn peel<'a>(
    steps: &BTreeMap<&'a str, Vec<&'a str>>,
    backwards: &BTreeMap<&'a str, Vec<&'a str>>,
) -> BTreeSet<&'a str> {
    let mut left = steps
        .iter()
        .map(|(from, to)| (*from, to.iter().filter(|to| steps.contains_key(*to)).count()))
        .collect::<BTreeMap<_, _>>();
    let mut ends = left.iter().filter(|(_, to)| **to == 0).map(|(at, _)| *at).collect::<Vec<_>>();
    while let Some(end) = ends.pop() {
        left.remove(end);
        for before in backwards.get(end).into_iter().flatten() {
            if let Some(count) = left.get_mut(before) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    ends.push(before);
                }
            }
        }
    }
    left.into_keys().collect()
}
