//! Events: which triggers fit where, and whether each says what it throws or waits for.

use super::scope::{File, Owner, Scope};
use super::{Report, is_activity, is_event_sub_process};
use crate::bpmn::model::{EventDefinition, Events, Flavour, Kind, Node, Timer};

pub(super) fn check(scope: &Scope<'_>, file: &File<'_>, node: &Node, report: &mut Report) {
    match &node.kind {
        Kind::Start { events, interrupting } => start(scope, node, events, *interrupting, report),
        Kind::End { events } => {
            thrown(node, events, report);
            only(node, events, "结束事件", is_result, report);
            let cancels = events.definitions.contains(&EventDefinition::Cancel);
            if cancels && !scope.in_transaction {
                report.add(node, "BAD_EVENT", "取消结束事件只能在事务子流程中使用");
            }
        }
        Kind::Throw { events } => {
            thrown(node, events, report);
            only(node, events, "中间抛出事件", is_throwable, report);
        }
        Kind::Catch { events } => {
            caught(node, events, report);
            needs_trigger(node, events, report);
            let fits = |event: &_| is_awaitable(event) || matches!(event, EventDefinition::Link(_));
            only(node, events, "中间捕获事件", fits, report);
        }
        Kind::Boundary { events, attached_to, interrupting } => {
            boundary(scope, node, events, *interrupting, report);
            host(scope, file, node, attached_to, report);
        }
        _ => {}
    }
}

fn start(scope: &Scope<'_>, node: &Node, events: &Events, interrupting: bool, report: &mut Report) {
    caught(node, events, report);
    match scope.owner {
        Owner::Process(_) => {
            only(node, events, "流程的开始事件", is_awaitable, report);
            if events.parallel && events.definitions.len() > 1 {
                report.add(node, "UNSUPPORTED_EVENT", "不支持并行多重的开始事件");
            }
        }
        Owner::Sub(_, Flavour::Event) => {
            needs_trigger(node, events, report);
            let fits = |event: &_| is_awaitable(event) || is_raised(event) || undoes(event);
            only(node, events, "事件子流程的开始事件", fits, report);
            if !interrupting {
                let always =
                    |event: &&_| undoes(event) || matches!(event, EventDefinition::Error(_));
                refuse(node, events, always, "非中断的开始事件", report);
            }
        }
        Owner::Sub(_, _) => only(node, events, "子流程的开始事件", |_| false, report),
    }
}

fn boundary(
    scope: &Scope<'_>,
    node: &Node,
    events: &Events,
    interrupting: bool,
    report: &mut Report,
) {
    caught(node, events, report);
    needs_trigger(node, events, report);
    let fits = |event: &_| {
        is_awaitable(event)
            || is_raised(event)
            || undoes(event)
            || *event == EventDefinition::Cancel
    };
    only(node, events, "边界事件", fits, report);
    if !interrupting {
        let always = |event: &&EventDefinition| {
            matches!(event, EventDefinition::Error(_) | EventDefinition::Cancel) || undoes(event)
        };
        refuse(node, events, always, "非中断的边界事件", report);
    }
    let compensates = events.definitions.iter().any(undoes);
    if !compensates && scope.outgoing(node).is_empty() {
        report.add(node, "TOO_FEW_FLOWS", "边界事件没有流出的顺序流");
    }
    if compensates && !scope.outgoing(node).is_empty() {
        report.add(
            node,
            "FLOW_NOT_ALLOWED",
            "补偿边界事件不能有流出的顺序流，应以关联指向补偿活动",
        );
    }
}

fn host(scope: &Scope<'_>, file: &File<'_>, node: &Node, id: &str, report: &mut Report) {
    let Some(host) = scope.node(id) else {
        let place = if file.nodes.contains_key(id) { "不在同一层" } else { "不存在" };
        let message = format!("边界事件所附的活动 {id} {place}");
        report.add(node, "UNKNOWN_REFERENCE", message);
        return;
    };
    if !is_activity(host) || is_event_sub_process(host) {
        report.add(node, "BAD_EVENT", format!("边界事件不能附在 {id} 上：它不是活动"));
    }
    let Kind::Boundary { events, .. } = &node.kind else { return };
    let transaction = matches!(host.kind, Kind::SubProcess { flavour: Flavour::Transaction, .. });
    if events.definitions.contains(&EventDefinition::Cancel) && !transaction {
        report.add(node, "BAD_EVENT", "取消边界事件只能附在事务子流程上");
    }
}

fn needs_trigger(node: &Node, events: &Events, report: &mut Report) {
    if events.definitions.is_empty() {
        report.add(node, "MISSING_EVENT", "事件没有定义触发方式");
    }
}

fn only(
    node: &Node,
    events: &Events,
    place: &str,
    fits: impl Fn(&EventDefinition) -> bool,
    report: &mut Report,
) {
    refuse(node, events, |event| !fits(event), place, report);
}

fn refuse(
    node: &Node,
    events: &Events,
    wrong: impl FnMut(&&EventDefinition) -> bool,
    place: &str,
    report: &mut Report,
) {
    for event in events.definitions.iter().filter(wrong) {
        report.add(node, "BAD_EVENT", format!("{place}不能是{}事件", word(event)));
    }
}

/// Each event definition names what is thrown; an error without a code is for those who catch all.
fn thrown(node: &Node, events: &Events, report: &mut Report) {
    for event in &events.definitions {
        match event {
            EventDefinition::Escalation(None) => missing(node, "升级", report),
            _ => named(node, event, report),
        }
    }
}

/// Each event definition says what is waited for; errors and escalations may be any.
fn caught(node: &Node, events: &Events, report: &mut Report) {
    for event in &events.definitions {
        named(node, event, report);
    }
}

/// A timer without a time, or with several.
pub(super) const NO_TIME: &str = "NO_TIME";

fn named(node: &Node, event: &EventDefinition, report: &mut Report) {
    match event {
        EventDefinition::Message(None) => missing(node, "消息", report),
        EventDefinition::Signal(None) => missing(node, "信号", report),
        EventDefinition::Link(None) => missing(node, "链接名", report),
        EventDefinition::Conditional(None) => missing(node, "条件", report),
        EventDefinition::Timer(Timer::Unclear) => {
            let message = "定时事件必须有且只有一个 timeDate、timeDuration 或 timeCycle";
            report.add(node, NO_TIME, message);
        }
        _ => {}
    }
}

fn missing(node: &Node, what: &str, report: &mut Report) {
    report.add(node, "MISSING_REFERENCE", format!("事件没有指明{what}"));
}

/// What the world or time brings about.
pub(super) fn is_awaitable(event: &EventDefinition) -> bool {
    matches!(
        event,
        EventDefinition::Message(_)
            | EventDefinition::Signal(_)
            | EventDefinition::Timer(_)
            | EventDefinition::Conditional(_)
    )
}

/// Whether a node is a catch event that waits for a message.
pub(super) fn awaits_message(node: &Node) -> bool {
    let Kind::Catch { events } = &node.kind else { return false };
    events.definitions.iter().any(|event| matches!(event, EventDefinition::Message(_)))
}

fn is_raised(event: &EventDefinition) -> bool {
    matches!(event, EventDefinition::Error(_) | EventDefinition::Escalation(_))
}

fn undoes(event: &EventDefinition) -> bool {
    matches!(event, EventDefinition::Compensate { .. })
}

fn is_throwable(event: &EventDefinition) -> bool {
    matches!(
        event,
        EventDefinition::Message(_)
            | EventDefinition::Signal(_)
            | EventDefinition::Escalation(_)
            | EventDefinition::Compensate { .. }
            | EventDefinition::Link(_)
    )
}

fn is_result(event: &EventDefinition) -> bool {
    match event {
        EventDefinition::Error(_) | EventDefinition::Cancel | EventDefinition::Terminate => true,
        EventDefinition::Link(_) => false,
        other => is_throwable(other),
    }
}

fn word(event: &EventDefinition) -> &'static str {
    match event {
        EventDefinition::Message(_) => "消息",
        EventDefinition::Signal(_) => "信号",
        EventDefinition::Timer(_) => "定时",
        EventDefinition::Conditional(_) => "条件",
        EventDefinition::Error(_) => "错误",
        EventDefinition::Escalation(_) => "升级",
        EventDefinition::Terminate => "终止",
        EventDefinition::Cancel => "取消",
        EventDefinition::Compensate { .. } => "补偿",
        EventDefinition::Link(_) => "链接",
    }
}
