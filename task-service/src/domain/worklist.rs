//! To-do, done, copies, initiated: what a list is asked for and what a row of it says.

use chrono::{DateTime, Utc};

use super::own::Why;
use super::status::Source;

/// Hours before its deadline at which a task counts as soon overdue.
pub(crate) const SOON_HOURS: i32 = 24;

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Todo,
    Done,
    Copies,
    Initiated,
}

/// Where a list is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Terminal {
    Pc,
    Mobile,
}

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Newest,
    Oldest,
    Deadline,
}

/// What a page is asked for.
#[derive(Clone, Debug)]
pub(crate) struct PageOf {
    pub(crate) user: String,
    pub(crate) keyword: Option<String>,
    pub(crate) flow: Option<String>,
    pub(crate) terminal: Option<Terminal>,
    pub(crate) sort: Sort,
    pub(crate) page: i32,
    pub(crate) size: i32,
}

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) source: Source,
    pub(crate) app: String,
    pub(crate) number: i64,
    pub(crate) task: String,
    pub(crate) task_name: String,
    pub(crate) title: String,
    pub(crate) business_key: String,
    pub(crate) flow: Option<String>,
    pub(crate) flow_name: Option<String>,
    pub(crate) initiator: String,
    pub(crate) initiator_name: Option<String>,
    pub(crate) arrived_at: DateTime<Utc>,
    pub(crate) handled_at: Option<DateTime<Utc>>,
    pub(crate) deadline: Option<DateTime<Utc>>,
    pub(crate) urged_count: i32,
    pub(crate) is_read: bool,
    pub(crate) result: String,
    pub(crate) url: String,
    /// What the person may do, of an order of our own engine.
    pub(crate) actions: Vec<String>,
    /// Why the task is for them, where the flow says so.
    pub(crate) why: Option<Why>,
}

/// The numbers on the tabs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) all_todo: i64,
    pub(crate) overdue: i64,
    pub(crate) soon_overdue: i64,
    pub(crate) urged: i64,
    pub(crate) unread_copies: i64,
}
