//! What is said about a task, about what somebody did with it, or about a stolen session: the words
//! are fixed once, so that a repeat is the same to the byte.

use chrono::{DateTime, Utc};

/// A task of an order of an application of an enterprise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TaskKey {
    pub(crate) tenant: String,
    pub(crate) app: String,
    pub(crate) order: i64,
    pub(crate) task: String,
}

/// What a task wants of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeType {
    /// To be worked on or decided: also a to-do.
    Action,
    /// To be read.
    Reading,
    /// No task at all: a person is warned.
    Warning,
    /// Somebody did something that a person is to know of.
    Told(Told),
}

/// What somebody did, or the house by a rule of the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Urged the person.
    Urge,
    /// Nobody did: the task has waited too long.
    Remind,
    /// Informed the person of an order.
    Copy,
    /// Named the person in a comment.
    Mention,
    /// Said what the person had asked them to say.
    Returned,
}

impl Told {
    /// Every stored word.
    const WORDS: &'static [(&'static str, Told)] = &[
        ("urge", Told::Urge),
        ("remind", Told::Remind),
        ("copy", Told::Copy),
        ("mention", Told::Mention),
        ("returned", Told::Returned),
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Told::Urge => "urge",
            Told::Remind => "remind",
            Told::Copy => "copy",
            Told::Mention => "mention",
            Told::Returned => "returned",
        }
    }
}

/// The stored word for [`NodeType::Warning`]; of tasks there are `handle`, `audit` and `notify`.
const WARNING: &str = "warning";

/// What never closes: nobody waits for an answer to it.
pub(crate) const NEVER_CLOSED: [&str; 6] =
    [WARNING, "urge", "remind", "copy", "mention", "returned"];

impl NodeType {
    pub(crate) fn of(word: &str) -> Self {
        match word {
            "handle" | "audit" => NodeType::Action,
            WARNING => NodeType::Warning,
            word => match Told::WORDS.iter().find(|(known, _)| *known == word) {
                Some((_, told)) => NodeType::Told(*told),
                None => NodeType::Reading,
            },
        }
    }
}

/// The words about a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) key: TaskKey,
    /// The order's title.
    pub(crate) title: String,
    pub(crate) task_name: String,
    pub(crate) node_type: String,
    /// Who started the order, or did what is told: the name, or the code while nobody knows the name.
    pub(crate) initiator: String,
    pub(crate) business_key: String,
    pub(crate) due_at: Option<DateTime<Utc>>,
    /// What is said beside the task's own words.
    pub(crate) note: String,
}

impl Notice {
    /// The warning about a session, after which it is named: so it is said once, and two are never
    /// the same text.
    pub(crate) fn of_stolen_session(tenant: String, session: String, at: &str) -> Self {
        Self {
            key: TaskKey { tenant, app: String::new(), order: 0, task: session },
            title: format!(
                "您的登录凭证疑似被他人使用，相关会话已全部退出（{at}）。请重新登录；如非本人操作，请修改登录密码并联系管理员。"
            ),
            task_name: "登录安全提醒".to_owned(),
            node_type: WARNING.to_owned(),
            initiator: String::new(),
            business_key: String::new(),
            due_at: None,
            note: String::new(),
        }
    }
}
