//! Call activities: what they name, and that the calls of one file do not go round in circles.

use std::collections::BTreeMap;

use super::Report;
use super::scope::File;
use crate::bpmn::model::{Body, Definitions, Kind, Node};

pub(super) fn check(file: &File<'_>, node: &Node, report: &mut Report) {
    let Kind::Call { called } = &node.kind else { return };
    let Some(called) = called else {
        report.add(node, "MISSING_REFERENCE", "调用活动没有指明被调用的流程（calledElement）");
        return;
    };
    if called.starts_with('=') || called.contains("${") || called.contains("#{") {
        report.add(node, "UNSUPPORTED_CALL", "被调用的流程不能是表达式");
    }
    let Some(process) = file.processes.get(called.as_str()) else { return };
    if !process.executable {
        let message = format!("被调用的流程 {called} 不可执行（isExecutable）");
        report.add(node, "BAD_REFERENCE", message);
    }
    let starts = process.body.nodes.iter().filter(|node| matches!(node.kind, Kind::Start { .. }));
    if starts.clone().next().is_some() && !starts.clone().any(is_plain_start) {
        let message = format!("被调用的流程 {called} 没有无触发的开始事件");
        report.add(node, "BAD_REFERENCE", message);
    }
}

fn is_plain_start(node: &Node) -> bool {
    matches!(&node.kind, Kind::Start { events, .. } if events.definitions.is_empty())
}

/// A process that calls itself, directly or through others of the file, would never end.
pub(super) fn circles(definitions: &Definitions, report: &mut Report) {
    let mut calls = BTreeMap::<&str, Vec<(&str, &Node)>>::new();
    for process in definitions.processes.iter().filter(|process| process.executable) {
        gather(&process.body, calls.entry(&process.id).or_default());
    }
    for (caller, called) in &calls {
        for (name, node) in called {
            if reaches(&calls, name, caller) {
                let message = format!("流程 {caller} 通过调用活动直接或间接地调用自己");
                report.add(*node, "CALL_CIRCLE", message);
            }
        }
    }
}

fn gather<'a>(body: &'a Body, calls: &mut Vec<(&'a str, &'a Node)>) {
    for node in &body.nodes {
        match &node.kind {
            Kind::Call { called: Some(called) } => calls.push((called, node)),
            Kind::SubProcess { body, .. } => gather(body, calls),
            _ => {}
        }
    }
}

fn reaches(calls: &BTreeMap<&str, Vec<(&str, &Node)>>, from: &str, to: &str) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        if seen.insert(at) {
            open.extend(calls.get(at).into_iter().flatten().map(|(name, _)| *name));
        }
    }
    false
}
