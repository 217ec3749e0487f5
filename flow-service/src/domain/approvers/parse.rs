//! From a drawing's attributes and extension elements to a [`TaskSpec`], and all that is wrong with
//! them. What is wrong is left out, so that there always is one.

use std::collections::BTreeSet;

use flow_engine::NodeInfo;
use flow_engine::bpmn::model::{Dialect, Extension};
use flow_engine::expr::Expression;

use super::{Defaults, Fault, Rule, TaskSpec};
use crate::domain::approval::Mode;
use crate::domain::policy::{OnReject, Timeout};

/// Our attributes of a user task.
pub(super) const ATTRIBUTES: [&str; 9] = [
    "assignee",
    "candidateUsers",
    "candidateGroups",
    "dueDate",
    "formKey",
    "mode",
    "ratio",
    "onReject",
    "operations",
];

/// What a drawing may switch off; `pass` and `reject` are always there.
pub(super) const OPERATIONS: [&str; 14] = [
    "pass",
    "reject",
    "rebut",
    "transfer",
    "delegate",
    "add_sign",
    "remove_sign",
    "claim",
    "release",
    "take_back",
    "recall",
    "copy",
    "urge",
    "comment",
];

/// Names in one list at most.
const MOST_NAMES: usize = 200;

/// The highest level of departments or superiors.
const MOST_LEVELS: u32 = 50;

/// What a process says for all of its tasks.
pub(crate) fn parse_defaults(process: &NodeInfo) -> (Defaults, Vec<Fault>) {
    let (mut defaults, mut faults) = (Defaults::default(), Vec::new());
    for element in ours(&process.extensions) {
        match element.name.as_str() {
            "policy" => defaults.policy.read(element, &mut faults),
            "timeout" => defaults.timeout = Timeout::read(element, &mut faults),
            "approvers" | "copyTo" => {
                faults.push(Fault::unknown(format!("aiflow:{} 只能写在用户任务中", element.name)))
            }
            // Whatever else stands there says nothing of approvals.
            _ => {}
        }
    }
    repeated(&process.extensions, &mut faults);
    (defaults, faults)
}

/// What a user task says.
pub(crate) fn parse_task(task: &NodeInfo, defaults: &Defaults) -> (TaskSpec, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut spec = TaskSpec {
        mode: mode(task, &mut faults),
        rules: dialects(task),
        excluded: Vec::new(),
        copy_to: Vec::new(),
        on_reject: OnReject::End,
        policy: defaults.policy.clone(),
        timeout: defaults.timeout.clone(),
        operations: operations(task, &mut faults),
    };
    if let Some(text) = own(task, "onReject") {
        match OnReject::parse(text.trim()) {
            Some(on_reject) => spec.on_reject = on_reject,
            None => faults
                .push(Fault::bad("onReject 应为 end、continue、starter、previous 或 node:节点ID")),
        }
    }
    for attribute in task.attributes.iter().filter(|it| it.dialect == Dialect::Aiflow) {
        if !ATTRIBUTES.contains(&attribute.name.as_str()) {
            let name = &attribute.name;
            faults.push(Fault::unknown(format!("用户任务中不认识的属性 aiflow:{name}")));
        }
    }
    for element in ours(&task.extensions) {
        match element.name.as_str() {
            "approvers" => {
                let mut reader = Rules { place: "aiflow:approvers", faults: &mut faults };
                reader.known(element, &[]);
                let (excluding, choosing): (Vec<_>, Vec<_>) =
                    element.children.iter().partition(|child| child.name == "exclude");
                spec.rules.extend(reader.rules(choosing.into_iter()));
                for exclude in excluding {
                    reader.known(exclude, &[]);
                    spec.excluded.extend(reader.rules(exclude.children.iter()));
                }
                if element.children.iter().all(|child| child.name == "exclude") {
                    faults.push(Fault::missing("aiflow:approvers 中没有规则"));
                }
            }
            "copyTo" => {
                let mut reader = Rules { place: "aiflow:copyTo", faults: &mut faults };
                reader.known(element, &[]);
                spec.copy_to.extend(reader.rules(element.children.iter()));
            }
            "policy" => spec.policy.read(element, &mut faults),
            "timeout" => spec.timeout = Timeout::read(element, &mut faults),
            other => {
                faults.push(Fault::unknown(format!("用户任务中不认识的元素 aiflow:{other}")));
            }
        }
    }
    repeated(&task.extensions, &mut faults);
    (spec, faults)
}

fn ours(extensions: &[Extension]) -> impl Iterator<Item = &Extension> {
    extensions.iter().filter(|element| element.dialect == Dialect::Aiflow)
}

/// Two of one kind contradict each other.
fn repeated(extensions: &[Extension], faults: &mut Vec<Fault>) {
    for name in ["approvers", "policy", "timeout", "copyTo"] {
        if ours(extensions).filter(|element| element.name == name).count() > 1 {
            faults.push(Fault::bad(format!("aiflow:{name} 只能有一个")));
        }
    }
}

/// Our own attribute.
fn own<'a>(task: &'a NodeInfo, name: &str) -> Option<&'a str> {
    let found =
        task.attributes.iter().find(|it| it.dialect == Dialect::Aiflow && it.name == name)?;
    Some(found.value.as_str())
}

fn mode(task: &NodeInfo, faults: &mut Vec<Fault>) -> Mode {
    let ratio = own(task, "ratio").map(|text| text.trim().parse::<u8>().ok());
    let percent = ratio.flatten().filter(|percent| (1..=100).contains(percent));
    let is_vote = own(task, "mode").map(str::trim) == Some("vote");
    match ratio {
        Some(_) if percent.is_none() => faults.push(Fault::bad("ratio 应为 1 到 100 的整数")),
        Some(_) if !is_vote => faults.push(Fault::bad("ratio 只用于 mode=\"vote\"")),
        None if is_vote => faults.push(Fault::missing("mode=\"vote\" 没有 ratio")),
        Some(_) | None => {}
    }
    match own(task, "mode").map_or("any", str::trim) {
        "any" => Mode::Any,
        "all" => Mode::All,
        "sequence" => Mode::Sequence,
        "vote" => Mode::Vote { percent: percent.unwrap_or(100) },
        _ => {
            faults.push(Fault::bad("mode 应为 any、all、sequence、vote 之一"));
            Mode::Any
        }
    }
}

fn operations(task: &NodeInfo, faults: &mut Vec<Fault>) -> Option<Vec<String>> {
    let named = names(own(task, "operations")?);
    for name in &named {
        if !OPERATIONS.contains(&name.as_str()) {
            faults.push(Fault::bad(format!("operations 中不认识的操作 {name}")));
        }
    }
    let mut all = vec!["pass".to_owned(), "reject".to_owned()];
    all.extend(named.into_iter().filter(|name| name != "pass" && name != "reject"));
    Some(all)
}

/// What other engines' attributes, and ours of the same names, say. The engine's check reads the
/// same texts and reports what is wrong with them.
fn dialects(task: &NodeInfo) -> Vec<Rule> {
    let known = |dialect: Dialect| dialect != Dialect::Other;
    let written = |name: &str| {
        let own = task.attributes.iter().find(|it| known(it.dialect) && it.name == name);
        let zeebe = || {
            let elements = task.extensions.iter().filter(|it| known(it.dialect));
            let mut lines = elements.filter(|it| it.name == "assignmentDefinition");
            lines.find_map(|it| attribute(it, name))
        };
        let text = own.map(|own| own.value.as_str()).or_else(zeebe)?;
        Expression::template(text).ok()
    };
    let users = ["assignee", "candidateUsers"].into_iter().filter_map(written);
    let groups = written("candidateGroups").map(Rule::GroupsOf);
    users.map(Rule::Expression).chain(groups).collect()
}

fn attribute<'a>(element: &'a Extension, name: &str) -> Option<&'a str> {
    element.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Names between commas, each once.
pub(super) fn names(text: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let parts = text.split([',', '，']).map(str::trim);
    parts.filter(|part| !part.is_empty() && seen.insert(*part)).map(str::to_owned).collect()
}

/// Reads the rules inside an element.
struct Rules<'a> {
    place: &'static str,
    faults: &'a mut Vec<Fault>,
}

impl Rules<'_> {
    fn rules<'b>(&mut self, children: impl Iterator<Item = &'b Extension>) -> Vec<Rule> {
        children.filter_map(|child| self.rule(child)).collect()
    }

    fn rule(&mut self, element: &Extension) -> Option<Rule> {
        if element.dialect != Dialect::Aiflow {
            self.refuse_element(element);
            return None;
        }
        match element.name.as_str() {
            "users" => {
                self.known(element, &["codes"]);
                self.list(element, "codes").map(Rule::Users)
            }
            "departments" => {
                self.known(element, &["codes"]);
                self.list(element, "codes").map(Rule::Departments)
            }
            "role" => {
                self.known(element, &["name"]);
                self.text(element, "name").map(Rule::Role)
            }
            "departmentLeader" => {
                self.known(element, &["level", "field"]);
                let field = attribute(element, "field").map(|_| self.text(element, "field"));
                let level = self.level(element, "level")?.unwrap_or(1);
                match field {
                    Some(None) => None,
                    Some(Some(field)) => Some(Rule::DepartmentLeader { level, field: Some(field) }),
                    None => Some(Rule::DepartmentLeader { level, field: None }),
                }
            }
            "superior" => {
                self.known(element, &["level"]);
                let level = self.level(element, "level")?.unwrap_or(1);
                Some(Rule::Superior { level })
            }
            "superiors" => {
                self.known(element, &["upTo", "title"]);
                let up_to = self.level(element, "upTo")?;
                let title = attribute(element, "title").map(|_| self.text(element, "title"));
                match title {
                    Some(None) => None,
                    Some(Some(title)) => Some(Rule::Superiors { up_to, title: Some(title) }),
                    None => Some(Rule::Superiors { up_to, title: None }),
                }
            }
            "starter" => self.bare(element, Rule::Starter),
            "starterChoice" => self.bare(element, Rule::StarterChoice),
            "previousChoice" => self.bare(element, Rule::PreviousChoice),
            "field" => {
                self.known(element, &["name"]);
                self.text(element, "name").map(Rule::Field)
            }
            "expression" => {
                self.known(element, &[]);
                if element.text.is_empty() {
                    self.faults.push(Fault::missing("aiflow:expression 是空的"));
                    return None;
                }
                match Expression::template(&element.text) {
                    Ok(expression) => Some(Rule::Expression(expression)),
                    Err(fault) => {
                        let message = format!("aiflow:expression：{fault}");
                        self.faults.push(Fault { code: "BAD_EXPRESSION", message });
                        None
                    }
                }
            }
            _ => {
                self.refuse_element(element);
                None
            }
        }
    }

    fn bare(&mut self, element: &Extension, rule: Rule) -> Option<Rule> {
        self.known(element, &[]);
        Some(rule)
    }

    fn refuse_element(&mut self, element: &Extension) {
        let message = format!("{} 中不认识的元素 {}", self.place, element.name);
        self.faults.push(Fault::unknown(message));
    }

    /// Names every attribute that is not among these.
    fn known(&mut self, element: &Extension, names: &[&str]) {
        for (name, _) in &element.attributes {
            if !names.contains(&name.as_str()) {
                let message = format!("aiflow:{} 中不认识的属性 {name}", element.name);
                self.faults.push(Fault::unknown(message));
            }
        }
    }

    fn text(&mut self, element: &Extension, name: &str) -> Option<String> {
        let found = attribute(element, name).map(str::trim).filter(|text| !text.is_empty());
        if found.is_none() {
            self.faults.push(Fault::missing(format!("aiflow:{} 没有 {name}", element.name)));
        }
        found.map(str::to_owned)
    }

    fn list(&mut self, element: &Extension, name: &str) -> Option<Vec<String>> {
        let found = names(&self.text(element, name)?);
        if found.is_empty() {
            self.faults.push(Fault::missing(format!("aiflow:{} 没有 {name}", element.name)));
        }
        if found.len() > MOST_NAMES {
            let message = format!("aiflow:{} 最多写 {MOST_NAMES} 个", element.name);
            self.faults.push(Fault::bad(message));
        }
        (1..=MOST_NAMES).contains(&found.len()).then_some(found)
    }

    /// `None` = it is wrong; `Some(None)` = it is not there.
    fn level(&mut self, element: &Extension, name: &str) -> Option<Option<u32>> {
        let Some(text) = attribute(element, name) else { return Some(None) };
        match text.trim().parse() {
            Ok(level) if (1..=MOST_LEVELS).contains(&level) => Some(Some(level)),
            _ => {
                let element = &element.name;
                let message = format!("aiflow:{element} 的 {name} 应为 1 到 {MOST_LEVELS} 的整数");
                self.faults.push(Fault::bad(message));
                None
            }
        }
    }
}
