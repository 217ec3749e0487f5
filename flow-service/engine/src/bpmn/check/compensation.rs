//! Compensation: what is undone exists, and how is said.

use super::scope::Scope;
use super::{Report, is_activity};
use crate::bpmn::model::{EventDefinition, Events, Kind, Node};

pub(super) fn check(scope: &Scope<'_>, node: &Node, report: &mut Report) {
    match &node.kind {
        Kind::Boundary { events, .. } if compensates(events) => handler(scope, node, report),
        _ => {}
    }
}

fn compensates(events: &Events) -> bool {
    events.definitions.iter().any(|event| matches!(event, EventDefinition::Compensate { .. }))
}

/// An association leads from the boundary event to an activity of the same scope.
fn handler(scope: &Scope<'_>, node: &Node, report: &mut Report) {
    let mut targets =
        scope.body.compensations.iter().filter(|(event, _)| *event == node.id).map(|(_, to)| to);
    let Some(target) = targets.next() else {
        report.add(node, "MISSING_REFERENCE", "补偿边界事件没有关联到补偿活动");
        return;
    };
    match scope.node(target) {
        Some(activity) if is_activity(activity) && activity.for_compensation => {}
        Some(_) => {
            let message = format!("{target} 不是补偿活动（isForCompensation）");
            report.add(node, "BAD_REFERENCE", message);
        }
        None => {
            let message = format!("补偿活动 {target} 不在同一层");
            report.add(node, "UNKNOWN_REFERENCE", message);
        }
    }
}
