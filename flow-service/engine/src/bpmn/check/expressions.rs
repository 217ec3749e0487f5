//! Every expression of a drawing can be read, and every time that is not an expression is one.

use super::{Located, Report};
use crate::bpmn::model::{
    Attribute, Behavior, Dialect, EventDefinition, Extension, Flavour, Kind, Loop, Node,
    SequenceFlow, Task, Timer,
};
use crate::bpmn::script;
use crate::expr::{Expression, Fault};
use crate::time::{Cycle, Period, instant};

/// Attributes that may contain expressions.
const TEMPLATES: [&str; 6] =
    ["address", "assignee", "candidateGroups", "candidateUsers", "dueDate", "formKey"];
/// Attributes of zeebe's elements that may.
const ZEEBE_TEMPLATES: [&str; 6] =
    ["assignee", "candidateGroups", "candidateUsers", "dueDate", "formId", "formKey"];

pub(super) fn check_flow(flow: &SequenceFlow, report: &mut Report) {
    let condition = flow.condition.as_deref().filter(|text| !text.is_empty());
    formula(flow, "条件", condition, report);
}

pub(super) fn check(node: &Node, report: &mut Report) {
    kind(node, report);
    if let Some(looping) = &node.looping {
        repetition(node, looping, report);
    }
    for attribute in node.attributes.iter().filter(|it| it.dialect != Dialect::Other) {
        vendor_attribute(node, attribute, report);
    }
    for extension in node.extensions.iter().filter(|it| it.dialect != Dialect::Other) {
        vendor_element(node, extension, report);
    }
}

fn kind(node: &Node, report: &mut Report) {
    for event in node.kind.events().iter().flat_map(|events| &events.definitions) {
        match event {
            EventDefinition::Conditional(text) => formula(node, "条件", text.as_deref(), report),
            EventDefinition::Timer(timer) => time(node, timer, report),
            _ => {}
        }
    }
    match &node.kind {
        Kind::Complex { activation } => formula(node, "激活条件", activation.as_deref(), report),
        Kind::SubProcess { flavour: Flavour::AdHoc { completion, .. }, .. } => {
            formula(node, "完成条件", completion.as_deref(), report);
        }
        Kind::Task(Task::Script { script, .. }) => {
            for (_, text) in script::lines(script) {
                formula(node, "脚本", Some(text), report);
            }
        }
        _ => {}
    }
}

fn repetition(node: &Node, looping: &Loop, report: &mut Report) {
    match looping {
        Loop::Standard { condition, .. } => {
            formula(node, "循环条件", condition.as_deref(), report);
        }
        Loop::Multi { cardinality, collection, output_element, completion, behavior, .. } => {
            formula(node, "多实例数量", cardinality.as_deref(), report);
            formula(node, "多实例集合", collection.as_deref(), report);
            formula(node, "多实例结果", output_element.as_deref(), report);
            formula(node, "完成条件", completion.as_deref(), report);
            if let Behavior::Complex(rules) = behavior {
                for (condition, _) in rules {
                    formula(node, "多实例条件", Some(condition), report);
                }
            }
        }
    }
}

fn vendor_attribute(node: &Node, attribute: &Attribute, report: &mut Report) {
    let name = attribute.name.as_str();
    if TEMPLATES.contains(&name) {
        template(node, name, &attribute.value, report);
    }
    if name == "expression" {
        formula(node, name, Some(&attribute.value), report);
    }
}

fn vendor_element(node: &Node, extension: &Extension, report: &mut Report) {
    match extension.name.as_str() {
        "assignmentDefinition" | "formDefinition" | "taskSchedule" => {
            for (name, value) in &extension.attributes {
                if ZEEBE_TEMPLATES.contains(&name.as_str()) {
                    template(node, name, value, report);
                }
            }
        }
        "call" => extension.children.iter().for_each(|line| call_line(node, line, report)),
        "in" | "out" => formula(node, "变量映射", value(extension, "sourceExpression"), report),
        "script" => formula(node, "脚本", value(extension, "expression"), report),
        _ => {}
    }
}

/// A line of `aiflow:call`.
fn call_line(node: &Node, line: &Extension, report: &mut Report) {
    let (needed, what) = match line.name.as_str() {
        "input" => ("name", "输入"),
        "output" => ("variable", "输出"),
        "error" => ("code", "错误"),
        other => {
            let message = format!("aiflow:call 中不认识的元素 {other}");
            report.add(node, "UNSUPPORTED_EXTENSION", message);
            return;
        }
    };
    if value(line, needed).is_none_or(str::is_empty) {
        let message = format!("aiflow:call 的{what}没有 {needed}");
        report.add(node, "MISSING_REFERENCE", message);
    }
    if line.name == "error" {
        formula(node, "错误条件", Some(value(line, "when").unwrap_or_default()), report);
    } else {
        template(node, what, &line.text, report);
    }
}

fn value<'a>(extension: &'a Extension, name: &str) -> Option<&'a str> {
    extension.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn formula(at: &dyn Located, what: &str, text: Option<&str>, report: &mut Report) {
    if let Some(Err(fault)) = text.map(Expression::formula) {
        unreadable(at, what, &fault, report);
    }
}

fn template(at: &dyn Located, what: &str, text: &str, report: &mut Report) {
    if let Err(fault) = Expression::template(text) {
        unreadable(at, what, &fault, report);
    }
}

fn unreadable(at: &dyn Located, what: &str, fault: &Fault, report: &mut Report) {
    let place = fault.at + 1;
    let message = format!("{what}的表达式有误：{fault}（第 {place} 个字符）");
    report.add(at, "BAD_EXPRESSION", message);
}

/// A time is an expression, or what its element says.
fn time(node: &Node, timer: &Timer, report: &mut Report) {
    let (text, judged) = match timer {
        Timer::Date(text) => (text, instant(text).map(drop)),
        Timer::Duration(text) => (text, Period::parse(text).map(drop)),
        Timer::Cycle(text) => (text, Cycle::parse(text).map(drop)),
        Timer::Unclear => return,
    };
    if text.starts_with('=') || text.contains("${") || text.contains("#{") {
        template(node, "定时", text, report);
    } else if let Err(fault) = judged {
        report.add(node, "BAD_TIMER", format!("定时时间有误：{fault}"));
    }
}
