//! Tasks: each says how it is done. A receive task without a message waits until it is completed.

use super::Report;
use crate::bpmn::model::{Dialect, Node, Task};
use crate::bpmn::script;

/// The most lines of a script; what is longer belongs elsewhere.
const MAX_LINES: usize = 200;

pub(super) fn check(node: &Node, task: &Task, report: &mut Report) {
    match task {
        Task::Script { format, script } => script_task(node, format.as_deref(), script, report),
        Task::Service if !has_implementation(node) => {
            let message = "服务任务没有调用地址（aiflow:address）或表达式（expression）";
            report.add(node, "MISSING_IMPLEMENTATION", message);
        }
        Task::BusinessRule if !has_implementation(node) => {
            report.add(node, "UNSUPPORTED_TASK", "不支持以决策表执行的业务规则任务");
        }
        Task::Send { message: None } if !has_implementation(node) => {
            report.add(node, "MISSING_REFERENCE", "发送任务没有指明消息");
        }
        Task::Receive { message: None, instantiate: true } => {
            report.add(node, "MISSING_REFERENCE", "启动流程的接收任务没有指明消息");
        }
        Task::Abstract
        | Task::User
        | Task::Manual
        | Task::Global
        | Task::Service
        | Task::BusinessRule
        | Task::Send { .. }
        | Task::Receive { .. } => {}
    }
    if let Some(address) = address(node)
        && !address.starts_with('/')
        && !address.contains("${")
        && !address.starts_with('=')
    {
        report.add(node, "BAD_VALUE", "aiflow:address 必须以 / 开头");
    }
}

/// Whether a task is a call of the ERP or an expression that is evaluated inside.
pub(super) fn has_implementation(node: &Node) -> bool {
    let expression = node.attributes.iter().any(|attribute| {
        !matches!(attribute.dialect, Dialect::Zeebe | Dialect::Other)
            && attribute.name == "expression"
    });
    expression || address(node).is_some()
}

fn address(node: &Node) -> Option<&str> {
    let own = |dialect| dialect == Dialect::Aiflow;
    let mut attributes = node.attributes.iter();
    let found = attributes.find(|it| own(it.dialect) && it.name == "address")?;
    Some(found.value.as_str())
}

/// Languages that are not ours. Any other word for the format is a label: the text itself must read
/// as our expressions.
const FOREIGN: [&str; 12] = [
    "javascript",
    "ecmascript",
    "js",
    "groovy",
    "python",
    "jython",
    "ruby",
    "java",
    "kotlin",
    "lua",
    "php",
    "shell",
];

fn script_task(node: &Node, format: Option<&str>, script: &str, report: &mut Report) {
    let format = format.unwrap_or_default().to_ascii_lowercase();
    if FOREIGN.iter().any(|foreign| format.contains(foreign)) {
        report.add(node, "UNSUPPORTED_LANGUAGE", format!("不支持的脚本语言 {format}"));
    }
    if script::lines(script).nth(MAX_LINES).is_some() {
        report.add(node, "SCRIPT_TOO_LONG", format!("脚本超过 {MAX_LINES} 行"));
    }
    let zeebe =
        |it: &crate::bpmn::model::Extension| it.dialect == Dialect::Zeebe && it.name == "script";
    if script.is_empty() && !node.extensions.iter().any(zeebe) {
        report.add(node, "MISSING_IMPLEMENTATION", "脚本任务没有脚本");
    }
}
