//! What holds for every activity: token quantities, and extensions that would have to be executed.

use super::Report;
use super::scope::Scope;
use super::tasks::has_implementation;
use crate::bpmn::model::{Dialect, Kind, Node, Task};

/// Extensions of vendors that make their engines do something, which this engine does not.
const ACTIVE_EXTENSIONS: [&str; 9] = [
    "calledDecision",
    "connector",
    "executionListener",
    "executionListeners",
    "inputOutput",
    "ioMapping",
    "taskDefinition",
    "taskListener",
    "taskListeners",
];
/// The same, written as attributes.
const ACTIVE_ATTRIBUTES: [&str; 4] = ["class", "decisionRef", "delegateExpression", "topic"];

pub(super) fn check(scope: &Scope<'_>, node: &Node, report: &mut Report) {
    for (name, quantity) in
        [("startQuantity", node.start_quantity), ("completionQuantity", node.completion_quantity)]
    {
        if quantity < 1 {
            report.add(node, "BAD_VALUE", format!("{name} 不能小于 1，现在是 {quantity}"));
        }
    }
    vendor_behaviour(node, report);
    if let Kind::Task(Task::Receive { instantiate: true, .. }) = node.kind
        && !scope.incoming(node).is_empty()
    {
        report.add(node, "FLOW_NOT_ALLOWED", "启动流程的接收任务不能有流入的顺序流");
    }
}

/// What is done by an address or an expression is judged by that instead.
fn vendor_behaviour(node: &Node, report: &mut Report) {
    let service = matches!(node.kind, Kind::Task(Task::Service)) || has_implementation(node);
    for extension in &node.extensions {
        let name = extension.name.as_str();
        let implementation = service && ["connector", "taskDefinition"].contains(&name);
        if is_vendor(extension.dialect) && ACTIVE_EXTENSIONS.contains(&name) && !implementation {
            report.add(node, "UNSUPPORTED_EXTENSION", format!("不支持的扩展元素 {name}"));
        }
    }
    for attribute in &node.attributes {
        let name = attribute.name.as_str();
        if is_vendor(attribute.dialect) && ACTIVE_ATTRIBUTES.contains(&name) && !service {
            report.add(node, "UNSUPPORTED_EXTENSION", format!("不支持的扩展属性 {name}"));
        }
    }
}

fn is_vendor(dialect: Dialect) -> bool {
    !matches!(dialect, Dialect::Aiflow | Dialect::Other)
}
