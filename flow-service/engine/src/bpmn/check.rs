//! Everything about a drawing that cannot be executed or that the standard forbids, all at once.
//!
//! One file for each theme; every rule looks at one [`Scope`] and reports to one [`Report`].

mod activities;
mod calls;
mod circles;
mod compensation;
mod events;
mod expressions;
mod flows;
mod gateways;
mod links;
mod loops;
mod scope;
mod starts;
mod tasks;
#[cfg(test)]
mod tests;

use super::Finding;
use super::model::{Definitions, Flavour, Kind, Node, Process, SequenceFlow};
use scope::{File, Scope};

/// The longest id of an element; ids become columns and parts of task ids.
const MAX_ID: usize = 255;
/// The longest name of an element.
const MAX_NAME: usize = 500;
/// The longest text of a finding.
const MAX_TEXT: usize = 600;

/// What is wrong with a drawing, in document order; empty = it can be executed.
pub fn check(definitions: &Definitions) -> Vec<Finding> {
    let mut report = Report { findings: definitions.defects.clone() };
    let file = File::new(definitions);
    if !definitions.processes.iter().any(|process| process.executable && !process.global) {
        report.text("NO_PROCESS", "文件中没有可执行的流程");
    }
    for process in definitions.processes.iter().filter(|process| process.executable) {
        report.findings.extend_from_slice(&process.defects);
        names(process, process.name.as_deref(), &mut report);
        let before = report.findings.len();
        visit(&Scope::of_process(process), &file, &mut report);
        if process.sketch {
            let found = report.findings.split_off(before);
            report.findings.extend(found.into_iter().filter(|one| one.code != events::NO_TIME));
        }
    }
    calls::circles(definitions, &mut report);
    report.findings.sort_by_key(|finding| finding.line);
    report.findings.iter_mut().for_each(shorten);
    report.findings
}

/// Ids and names from the text may be of any length; answers are not.
fn shorten(finding: &mut Finding) {
    for text in [&mut finding.element_id, &mut finding.message] {
        if let Some((end, _)) = text.char_indices().nth(MAX_TEXT) {
            text.truncate(end);
        }
    }
}

/// Applies every rule to a scope and those inside it, which are as many as elements may be nested.
fn visit<'a>(scope: &Scope<'a>, file: &File<'a>, report: &mut Report) {
    starts::check(scope, report);
    links::check(scope, report);
    circles::check(scope, report);
    for flow in &scope.body.flows {
        names(flow, flow.name.as_deref(), report);
        flows::check(scope, file, flow, report);
        expressions::check_flow(flow, report);
    }
    for node in &scope.body.nodes {
        names(node, node.name.as_deref(), report);
        events::check(scope, file, node, report);
        gateways::check(scope, node, report);
        activities::check(scope, node, report);
        loops::check(node, report);
        compensation::check(scope, node, report);
        calls::check(file, node, report);
        expressions::check(node, report);
        if let Kind::Task(task) = &node.kind {
            tasks::check(node, task, report);
        }
        if let Kind::SubProcess { flavour, body } = &node.kind {
            visit(&scope.inner(node, flavour, body), file, report);
        }
    }
}

fn names(at: &dyn Located, name: Option<&str>, report: &mut Report) {
    if at.id().chars().count() > MAX_ID {
        report.add(at, "ID_TOO_LONG", format!("标识超过 {MAX_ID} 个字符"));
    }
    if name.is_some_and(|name| name.chars().count() > MAX_NAME) {
        report.add(at, "NAME_TOO_LONG", format!("名称超过 {MAX_NAME} 个字符"));
    }
}

/// Gathers findings.
struct Report {
    findings: Vec<Finding>,
}

impl Report {
    fn add(&mut self, at: &dyn Located, code: &'static str, message: impl Into<String>) {
        let (element_id, line, message) = (at.id().to_owned(), at.line(), message.into());
        self.findings.push(Finding { element_id, line, code, message });
    }

    /// A fault of the text as a whole.
    fn text(&mut self, code: &'static str, message: &str) {
        let message = message.to_owned();
        self.findings.push(Finding { element_id: String::new(), line: 1, code, message });
    }
}

/// What has an id and a place in the text.
trait Located {
    fn id(&self) -> &str;
    fn line(&self) -> u32;
}

impl Located for Node {
    fn id(&self) -> &str {
        &self.id
    }
    fn line(&self) -> u32 {
        self.line
    }
}

impl Located for SequenceFlow {
    fn id(&self) -> &str {
        &self.id
    }
    fn line(&self) -> u32 {
        self.line
    }
}

impl Located for Process {
    fn id(&self) -> &str {
        &self.id
    }
    fn line(&self) -> u32 {
        self.line
    }
}

/// Whether a node is an activity: what events can be attached to.
fn is_activity(node: &Node) -> bool {
    matches!(node.kind, Kind::Task(_) | Kind::SubProcess { .. } | Kind::Call { .. })
}

/// Whether a node is an event sub-process.
fn is_event_sub_process(node: &Node) -> bool {
    matches!(node.kind, Kind::SubProcess { flavour: Flavour::Event, .. })
}
