//! Sequence flows: where they may begin and end, and which have conditions.

use super::scope::{File, Scope};
use super::{Report, is_event_sub_process};
use crate::bpmn::model::{Kind, Node, SequenceFlow};

pub(super) fn check(scope: &Scope<'_>, file: &File<'_>, flow: &SequenceFlow, report: &mut Report) {
    let source = end(scope, file, flow, (&flow.source, "sourceRef", "起点"), report);
    let target = end(scope, file, flow, (&flow.target, "targetRef", "终点"), report);
    if flow.condition.as_deref() == Some("") {
        report.add(flow, "MISSING_CONDITION", "顺序流的条件为空");
    }
    if let Some(source) = source {
        leaves(source, flow, report);
    }
    if let Some(target) = target {
        enters(target, flow, report);
    }
}

fn end<'a>(
    scope: &Scope<'a>,
    file: &File<'_>,
    flow: &SequenceFlow,
    (id, attribute, end): (&str, &str, &str),
    report: &mut Report,
) -> Option<&'a Node> {
    let found = scope.node(id);
    if id.is_empty() {
        report.add(flow, "MISSING_REFERENCE", format!("顺序流没有{end}（{attribute}）"));
    } else if found.is_none() && file.nodes.contains_key(id) {
        let message = format!("顺序流的{end} {id} 在另一层：不能穿越流程或子流程的边界");
        report.add(flow, "FLOW_CROSSES_SCOPE", message);
    } else if found.is_none() {
        report.add(flow, "UNKNOWN_REFERENCE", format!("顺序流的{end} {id} 不存在"));
    }
    found
}

fn leaves(source: &Node, flow: &SequenceFlow, report: &mut Report) {
    let id = &source.id;
    if matches!(source.kind, Kind::End { .. }) {
        report.add(flow, "FLOW_NOT_ALLOWED", format!("结束事件 {id} 不能有流出的顺序流"));
    }
    apart(source, flow, report);
    if matches!(source.kind, Kind::EventBased { .. }) && flow.condition.is_some() {
        let message = format!("从事件网关 {id} 流出的顺序流不能有条件");
        report.add(flow, "CONDITION_NOT_ALLOWED", message);
    }
}

fn enters(target: &Node, flow: &SequenceFlow, report: &mut Report) {
    let id = &target.id;
    if matches!(target.kind, Kind::Start { .. }) {
        report.add(flow, "FLOW_NOT_ALLOWED", format!("开始事件 {id} 不能有流入的顺序流"));
    }
    if matches!(target.kind, Kind::Boundary { .. }) {
        report.add(flow, "FLOW_NOT_ALLOWED", format!("边界事件 {id} 不能有流入的顺序流"));
    }
    apart(target, flow, report);
}

/// Event sub-processes and compensation handlers stand apart from the normal flow.
fn apart(node: &Node, flow: &SequenceFlow, report: &mut Report) {
    let id = &node.id;
    if is_event_sub_process(node) {
        report.add(flow, "FLOW_NOT_ALLOWED", format!("事件子流程 {id} 不能有顺序流"));
    }
    if node.for_compensation {
        report.add(flow, "FLOW_NOT_ALLOWED", format!("补偿活动 {id} 不能有顺序流"));
    }
}
