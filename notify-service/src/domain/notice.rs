//! What is said about a task: the words are fixed once, so that a repeat is the same to the byte.

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
}

impl NodeType {
    pub(crate) fn of(word: &str) -> Self {
        if matches!(word, "handle" | "audit") { NodeType::Action } else { NodeType::Reading }
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
    /// The initiator's name, or code while nobody knows the name.
    pub(crate) initiator: String,
    pub(crate) business_key: String,
    pub(crate) due_at: Option<DateTime<Utc>>,
}
