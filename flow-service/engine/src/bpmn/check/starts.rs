//! Where a process or sub-process begins.

use super::scope::{Owner, Scope};
use super::{Report, is_activity, is_event_sub_process};
use crate::bpmn::model::{EventDefinition, Flavour, Kind, Node, Task};

pub(super) fn check(scope: &Scope<'_>, report: &mut Report) {
    let starts = scope.body.nodes.iter().filter(|node| is_start(node)).collect::<Vec<_>>();
    let at = scope.owner.located();
    match scope.owner {
        Owner::Process(_) => {
            if !begins(scope, &starts) {
                report.add(at, "NO_START", "流程没有开始事件");
            }
            several_plain(&starts, report);
        }
        Owner::Sub(_, Flavour::Event) => {
            if starts.len() != 1 {
                report.add(at, "NO_START", "事件子流程必须有且只有一个开始事件");
            }
        }
        Owner::Sub(_, Flavour::Embedded | Flavour::Transaction) => {
            if !begins(scope, &starts) {
                report.add(at, "NO_START", "子流程没有开始事件");
            }
            several_plain(&starts, report);
        }
        Owner::Sub(_, Flavour::AdHoc { .. }) => ad_hoc(scope, &starts, report),
    }
}

fn is_start(node: &Node) -> bool {
    matches!(node.kind, Kind::Start { .. })
}

/// Without a start event, what no flow enters begins; but where there is an end event, there must
/// be a start event.
fn begins(scope: &Scope<'_>, starts: &[&Node]) -> bool {
    let mut nodes = scope.body.nodes.iter();
    if !starts.is_empty() || nodes.any(instantiates) {
        return true;
    }
    let mut nodes = scope.body.nodes.iter();
    !nodes.any(|node| matches!(node.kind, Kind::End { .. }))
        && scope.body.nodes.iter().any(|node| begins_by_itself(scope, node))
}

fn begins_by_itself(scope: &Scope<'_>, node: &Node) -> bool {
    let apart = node.for_compensation || is_event_sub_process(node);
    let target = match &node.kind {
        Kind::Boundary { .. } => true,
        Kind::Catch { events } => {
            events.definitions.iter().any(|event| matches!(event, EventDefinition::Link(_)))
        }
        _ => false,
    };
    !apart && !target && scope.incoming(node).is_empty()
}

fn several_plain(starts: &[&Node], report: &mut Report) {
    let plain = |node: &&&Node| matches!(&node.kind, Kind::Start { events, .. } if events.definitions.is_empty());
    for node in starts.iter().filter(plain).skip(1) {
        report.add(*node, "SEVERAL_STARTS", "同一层只能有一个无触发的开始事件");
    }
}

/// Gateways and receive tasks may start a process, too.
fn instantiates(node: &Node) -> bool {
    matches!(
        node.kind,
        Kind::EventBased { instantiate: true, .. }
            | Kind::Task(Task::Receive { instantiate: true, .. })
    )
}

fn ad_hoc(scope: &Scope<'_>, starts: &[&Node], report: &mut Report) {
    if !scope.body.nodes.iter().any(is_activity) {
        report.add(scope.owner.located(), "NO_ACTIVITY", "即席子流程至少要有一个活动");
    }
    for start in starts {
        report.add(*start, "BAD_EVENT", "即席子流程中不能有开始事件");
    }
    for node in scope.body.nodes.iter().filter(|node| matches!(node.kind, Kind::End { .. })) {
        report.add(node, "BAD_EVENT", "即席子流程中不能有结束事件");
    }
}
