//! Tasks: each says how it is done. A receive task without a message waits until it is completed.

use super::Report;
use crate::bpmn::model::{Dialect, Node, Task};

pub(super) fn check(node: &Node, task: &Task, report: &mut Report) {
    match task {
        Task::Service => service(node, report),
        Task::Script { format, script } => script_task(node, format.as_deref(), script, report),
        Task::BusinessRule => {
            report.add(node, "UNSUPPORTED_TASK", "不支持业务规则任务");
        }
        Task::Send { message: None } => {
            report.add(node, "MISSING_REFERENCE", "发送任务没有指明消息");
        }
        Task::Receive { message: None, instantiate: true } => {
            report.add(node, "MISSING_REFERENCE", "启动流程的接收任务没有指明消息");
        }
        Task::Abstract
        | Task::User
        | Task::Manual
        | Task::Global
        | Task::Send { .. }
        | Task::Receive { .. } => {}
    }
}

/// A call of the ERP or an expression that is evaluated inside.
fn service(node: &Node, report: &mut Report) {
    let address = node
        .attributes
        .iter()
        .find(|attribute| attribute.dialect == Dialect::Aiflow && attribute.name == "address");
    let expression = node.attributes.iter().any(|attribute| {
        !matches!(attribute.dialect, Dialect::Zeebe | Dialect::Other)
            && attribute.name == "expression"
    });
    match address {
        Some(address) if !address.value.starts_with('/') => {
            let message = "服务任务的 aiflow:address 必须以 / 开头";
            report.add(node, "BAD_VALUE", message);
        }
        None if !expression => {
            let message = "服务任务没有调用地址（aiflow:address）或表达式（expression）";
            report.add(node, "MISSING_IMPLEMENTATION", message);
        }
        Some(_) | None => {}
    }
}

fn script_task(node: &Node, format: Option<&str>, script: &str, report: &mut Report) {
    let format = format.unwrap_or_default().to_ascii_lowercase();
    let known = ["aiflow", "feel", "juel"].iter().any(|known| format.contains(known));
    if !known && !format.is_empty() {
        report.add(node, "UNSUPPORTED_LANGUAGE", format!("不支持的脚本语言 {format}"));
    }
    if script.is_empty() {
        report.add(node, "MISSING_IMPLEMENTATION", "脚本任务没有脚本");
    }
}
