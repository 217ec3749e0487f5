//! Link events: each throw goes to the one catch of its name in the same scope.

use std::collections::BTreeMap;

use super::Report;
use super::scope::Scope;
use crate::bpmn::model::{EventDefinition, Events, Kind, Node};

pub(super) fn check(scope: &Scope<'_>, report: &mut Report) {
    let mut throws = BTreeMap::<&str, Vec<&Node>>::new();
    let mut catches = BTreeMap::<&str, Vec<&Node>>::new();
    for node in &scope.body.nodes {
        match &node.kind {
            Kind::Throw { events } => gather(&mut throws, node, events),
            Kind::Catch { events } => gather(&mut catches, node, events),
            _ => {}
        }
    }
    for (name, nodes) in &throws {
        for node in nodes.iter().filter(|_| !catches.contains_key(name)) {
            report.add(*node, "UNKNOWN_REFERENCE", format!("同一层没有名为 {name} 的链接捕获事件"));
        }
    }
    for (name, nodes) in &catches {
        for node in nodes.iter().filter(|_| !throws.contains_key(name)) {
            report.add(*node, "UNKNOWN_REFERENCE", format!("同一层没有名为 {name} 的链接抛出事件"));
        }
        for node in nodes.iter().skip(1) {
            report.add(*node, "DUPLICATE_LINK", format!("名为 {name} 的链接捕获事件不止一个"));
        }
    }
    sides(scope, &throws, &catches, report);
}

fn gather<'a>(by_name: &mut BTreeMap<&'a str, Vec<&'a Node>>, node: &'a Node, events: &'a Events) {
    for event in &events.definitions {
        if let EventDefinition::Link(Some(name)) = event {
            by_name.entry(name).or_default().push(node);
        }
    }
}

/// A link replaces the flow on its other side.
fn sides(
    scope: &Scope<'_>,
    throws: &BTreeMap<&str, Vec<&Node>>,
    catches: &BTreeMap<&str, Vec<&Node>>,
    report: &mut Report,
) {
    for node in throws.values().flatten().filter(|node| !scope.outgoing(node).is_empty()) {
        report.add(*node, "FLOW_NOT_ALLOWED", "链接抛出事件不能有流出的顺序流");
    }
    for node in catches.values().flatten().filter(|node| !scope.incoming(node).is_empty()) {
        report.add(*node, "FLOW_NOT_ALLOWED", "链接捕获事件不能有流入的顺序流");
    }
}
