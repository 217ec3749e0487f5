//! One line of an order's approval history, as its ERP tells it.

use chrono::{DateTime, Utc};

/// What a person did (E 5.3, with the task results as aliases).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandleResult {
    Approved,
    Rejected,
    Transferred,
    Rebutted,
    Revoked,
}

impl HandleResult {
    /// Every accepted word.
    pub(crate) const WORDS: &'static [(&'static str, HandleResult)] = &[
        ("APPROVED", HandleResult::Approved),
        ("REJECTED", HandleResult::Rejected),
        ("TRANSFERRED", HandleResult::Transferred),
        ("pass", HandleResult::Approved),
        ("reject", HandleResult::Rejected),
        ("rebut", HandleResult::Rebutted),
        ("revoke", HandleResult::Revoked),
    ];

    /// The word that is stored and shown.
    pub(crate) fn word(self) -> &'static str {
        match self {
            HandleResult::Approved => "APPROVED",
            HandleResult::Rejected => "REJECTED",
            HandleResult::Transferred => "TRANSFERRED",
            HandleResult::Rebutted => "REBUTTED",
            HandleResult::Revoked => "REVOKED",
        }
    }
}

/// A line of history; (order, task, handler, time) names it.
#[derive(Clone, Debug)]
pub(crate) struct ApprovalLog {
    pub(crate) task: String,
    pub(crate) task_name: Option<String>,
    pub(crate) handler: String,
    pub(crate) result: HandleResult,
    pub(crate) comment: Option<String>,
    pub(crate) handled_at: DateTime<Utc>,
}
