//! For whom a task is, as its drawing says: rules in our own namespace and in the dialects of others,
//! what must be looked up for them, and whom they choose.

mod parse;
mod resolve;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use flow_engine::expr::Expression;
use flow_engine::value::Variables;

use super::approval::{Mode, Pick};
use super::people::{People, Wanted};
use super::policy::{OnReject, Policy, Timeout};
pub(crate) use parse::{parse_defaults, parse_task};

/// What a user task says of its approval.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TaskSpec {
    pub(crate) mode: Mode,
    pub(crate) rules: Vec<Rule>,
    /// Whoever these find is no approver.
    pub(crate) excluded: Vec<Rule>,
    /// Whoever these find is told when the task is passed.
    pub(crate) copy_to: Vec<Rule>,
    pub(crate) on_reject: OnReject,
    pub(crate) policy: Policy,
    pub(crate) timeout: Option<Timeout>,
    /// Absent = all.
    pub(crate) operations: Option<Vec<String>>,
}

/// What a process says for all of its tasks.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Defaults {
    pub(crate) policy: Policy,
    pub(crate) timeout: Option<Timeout>,
}

/// One way to find people.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rule {
    Users(Vec<String>),
    /// The active people of departments, by id or code.
    Departments(Vec<String>),
    Role(String),
    /// Whoever leads the department `level - 1` above that of the starter, or above the one in a
    /// form field.
    DepartmentLeader {
        level: u32,
        field: Option<String>,
    },
    /// The starter's superior of this level.
    Superior {
        level: u32,
    },
    /// The starter's superiors, nearest first.
    Superiors {
        up_to: Option<u32>,
        title: Option<String>,
    },
    Starter,
    /// Whom the starter chose.
    StarterChoice,
    /// Whom the previous approver chose.
    PreviousChoice,
    /// The people in a form field.
    Field(String),
    Expression(Expression),
    /// `candidateGroups`: departments.
    GroupsOf(Expression),
}

/// Something wrong with what a drawing says of an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// What choosing depends on beside the organisation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) starter: &'a str,
    /// The flow's manager.
    pub(crate) manager: Option<&'a str>,
    /// What the task's element sees.
    pub(crate) variables: &'a Variables,
    /// Whom the starter, or the previous approver, chose for this task.
    pub(crate) chosen: &'a [String],
    pub(crate) now: DateTime<Utc>,
}

/// Whom a task is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// In the order of the rules, each person once.
    pub(crate) picks: Vec<Pick>,
    /// The task is decided without anybody; then there are no picks.
    pub(crate) auto: Option<Auto>,
    /// Why somebody is missing: an incident. Without picks the task waits until it is solved.
    pub(crate) trouble: Option<String>,
    /// The people whose coming may end the trouble.
    pub(crate) missing: Vec<String>,
}

/// A task decided by its rules, with the reason in Chinese.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Auto {
    Skip(String),
    Refuse(String),
}

/// What must be looked up before [`choose`] can say its last word; empty = nothing. Ask again after
/// looking into our own copy: what is then still wanted only sync-service knows.
pub(crate) fn wanted(spec: &TaskSpec, asked: &Asked<'_>, known: &People) -> Wanted {
    resolve::choose(spec, asked, known).1
}

/// Whom the task is for.
pub(crate) fn choose(spec: &TaskSpec, asked: &Asked<'_>, known: &People) -> Choice {
    resolve::choose(spec, asked, known).0
}

/// What must be looked up before [`copies`] can say its last word.
pub(crate) fn wanted_copies(spec: &TaskSpec, asked: &Asked<'_>, known: &People) -> Wanted {
    resolve::copies(spec, asked, known).1
}

/// Whom to tell when the task is passed, each once: whoever can be found and is active.
pub(crate) fn copies(spec: &TaskSpec, asked: &Asked<'_>, known: &People) -> Vec<String> {
    resolve::copies(spec, asked, known).0
}

impl TaskSpec {
    /// Whether the drawing lets people do this with the task. Deciding it cannot be forbidden.
    pub(crate) fn allows(&self, operation: &str) -> bool {
        let named = |names: &Vec<String>| names.iter().any(|name| name == operation);
        let decides = matches!(operation, "pass" | "reject" | "accept");
        decides || self.operations.as_ref().is_none_or(named)
    }
}

impl Rule {
    /// The rule in one sentence, for whoever asks why a task is theirs.
    pub(crate) fn sentence(&self) -> Cow<'static, str> {
        match self {
            Rule::Users(_) => "指定人员".into(),
            Rule::Departments(names) => format!("部门 {} 的成员", names.join("、")).into(),
            Rule::Role(name) => format!("角色 {name}").into(),
            Rule::DepartmentLeader { level, field: None } => {
                format!("发起人的第{level}级部门主管").into()
            }
            Rule::DepartmentLeader { level, field: Some(field) } => {
                format!("表单 {field} 中部门的第{level}级主管").into()
            }
            Rule::Superior { level } => format!("发起人的第{level}级上级").into(),
            Rule::Superiors { up_to: None, title: None } => "发起人的各级上级".into(),
            Rule::Superiors { up_to: Some(level), title: None } => {
                format!("发起人的上级，到第{level}级为止").into()
            }
            Rule::Superiors { up_to: None, title: Some(title) } => {
                format!("发起人的上级，到{title}为止").into()
            }
            Rule::Superiors { up_to: Some(level), title: Some(title) } => {
                format!("发起人的上级，到{title}或第{level}级为止").into()
            }
            Rule::Starter => "发起人本人".into(),
            Rule::StarterChoice => "发起人选择的人员".into(),
            Rule::PreviousChoice => "上一审批人选择的人员".into(),
            Rule::Field(name) => format!("表单 {name} 中的人员").into(),
            Rule::Expression(_) => "流程图指定的人员".into(),
            Rule::GroupsOf(_) => "流程图指定的部门的成员".into(),
        }
    }
}

impl Fault {
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self { code: "BAD_VALUE", message: message.into() }
    }

    pub(super) fn missing(message: impl Into<String>) -> Self {
        Self { code: "MISSING_REFERENCE", message: message.into() }
    }

    pub(super) fn unknown(message: impl Into<String>) -> Self {
        Self { code: "UNSUPPORTED_EXTENSION", message: message.into() }
    }
}
