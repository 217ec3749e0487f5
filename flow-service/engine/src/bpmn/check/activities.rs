//! What holds for every activity: token quantities, and extensions that would have to be executed.

use super::Report;
use super::scope::Scope;
use crate::bpmn::model::{Dialect, Kind, Node, Task};

/// Extensions of vendors that make their engines do something, which this engine does not.
const ACTIVE_EXTENSIONS: [&str; 10] = [
    "calledDecision",
    "connector",
    "executionListener",
    "executionListeners",
    "inputOutput",
    "ioMapping",
    "script",
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

/// A service task is judged by its address or expression instead.
fn vendor_behaviour(node: &Node, report: &mut Report) {
    let service = matches!(node.kind, Kind::Task(Task::Service));
    let implementation = |name: &str| service && (name == "taskDefinition" || name == "connector");
    for extension in &node.extensions {
        let name = extension.name.as_str();
        let active = ACTIVE_EXTENSIONS.contains(&name) && !implementation(name);
        if is_vendor(extension.dialect) && active {
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
