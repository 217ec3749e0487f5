//! Gateways, and the default flows of gateways and activities.

use super::Report;
use super::events::is_awaitable;
use super::scope::Scope;
use crate::bpmn::model::{Kind, Node, Task};

pub(super) fn check(scope: &Scope<'_>, node: &Node, report: &mut Report) {
    default_flow(scope, node, report);
    match &node.kind {
        Kind::Exclusive => decision(scope, node, report),
        Kind::Complex { activation: None } if scope.incoming(node).len() > 1 => {
            let message = "汇聚的复杂网关没有激活条件（activationCondition）";
            report.add(node, "MISSING_CONDITION", message);
        }
        Kind::EventBased { instantiate, parallel } => {
            event_based(scope, node, (*instantiate, *parallel), report);
        }
        _ => {}
    }
}

fn default_flow(scope: &Scope<'_>, node: &Node, report: &mut Report) {
    let Some(default) = &node.default_flow else { return };
    if !scope.outgoing(node).iter().any(|flow| flow.id == *default) {
        let message = format!("默认流 {default} 不是从这个元素流出的顺序流");
        report.add(node, "UNKNOWN_REFERENCE", message);
    }
}

fn decision(scope: &Scope<'_>, node: &Node, report: &mut Report) {
    let outgoing = scope.outgoing(node);
    if outgoing.len() < 2 {
        return;
    }
    for flow in outgoing {
        let default = node.default_flow.as_ref() == Some(&flow.id);
        if flow.condition.is_none() && !default {
            let message = format!("从排他网关 {} 流出的顺序流没有条件，也不是默认流", node.id);
            report.add(*flow, "MISSING_CONDITION", message);
        }
    }
}

fn event_based(
    scope: &Scope<'_>,
    node: &Node,
    (instantiate, parallel): (bool, bool),
    report: &mut Report,
) {
    if instantiate && !scope.incoming(node).is_empty() {
        report.add(node, "FLOW_NOT_ALLOWED", "启动流程的事件网关不能有流入的顺序流");
    }
    if parallel && !instantiate {
        let message = "并行的事件网关（eventGatewayType）只能用来启动流程（instantiate）";
        report.add(node, "BAD_VALUE", message);
    }
    let outgoing = scope.outgoing(node);
    if outgoing.len() < 2 {
        report.add(node, "TOO_FEW_FLOWS", "事件网关至少要有两条流出的顺序流");
    }
    let targets = outgoing.iter().filter_map(|flow| scope.node(&flow.target)).collect::<Vec<_>>();
    for target in &targets {
        alternative(scope, target, report);
    }
    let receives = targets.iter().any(|target| is_receive(target));
    let messages = targets.iter().any(|target| super::events::awaits_message(target));
    if receives && messages {
        report.add(node, "BAD_EVENT", "事件网关之后不能同时有接收任务和消息事件");
    }
}

/// What may stand behind an event-based gateway.
fn alternative(scope: &Scope<'_>, target: &Node, report: &mut Report) {
    let fits = match &target.kind {
        Kind::Catch { events } => events.definitions.iter().all(is_awaitable),
        _ => is_receive(target),
    };
    if !fits {
        let message = "事件网关之后只能是接收任务或消息、信号、定时、条件的中间捕获事件";
        report.add(target, "BAD_EVENT", message);
    }
    if scope.incoming(target).len() > 1 {
        report.add(target, "FLOW_NOT_ALLOWED", "事件网关之后的事件不能有其他流入的顺序流");
    }
    if is_receive(target) && scope.has_boundary(target) {
        report.add(target, "BAD_EVENT", "事件网关之后的接收任务不能有边界事件");
    }
}

fn is_receive(node: &Node) -> bool {
    matches!(node.kind, Kind::Task(Task::Receive { .. }))
}
