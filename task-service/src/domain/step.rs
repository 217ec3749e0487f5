//! What our own engine says of one step of an order: everything that became true at once.

use chrono::{DateTime, Utc};

use super::approval_log::{ApprovalLog, HandleResult};
use super::status::{OrderResult, TaskResult};

/// One step; the steps of an order are numbered from 1 without a gap.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) seq: i64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) head: Head,
    /// The first step.
    pub(crate) starts: bool,
    pub(crate) opened: Vec<Opening>,
    pub(crate) closed: Vec<Closing>,
    /// How the order ended; nothing follows.
    pub(crate) ended: Option<OrderResult>,
}

/// What every step says of its order.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) flow: String,
    pub(crate) business_key: String,
    pub(crate) title: String,
    pub(crate) initiator: String,
    /// The order that called this one.
    pub(crate) parent_number: Option<i64>,
}

/// A task that waits for people now.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    pub(crate) task: String,
    pub(crate) name: String,
    pub(crate) people: Vec<String>,
    pub(crate) deadline: Option<DateTime<Utc>>,
}

/// A task that waits no longer, for ever.
#[derive(Clone, Debug)]
pub(crate) struct Closing {
    pub(crate) task: String,
    pub(crate) name: String,
    pub(crate) result: TaskResult,
    /// Absent where the flow took the task away.
    pub(crate) handler: Option<String>,
    pub(crate) comment: Option<String>,
}

impl Step {
    /// Whether people see anything of it. Whether a step counts must not depend on what was heard
    /// before it, so this looks at nothing but the step.
    pub(crate) fn is_visible(&self) -> bool {
        self.starts || !self.opened.is_empty() || !self.closed.is_empty() || self.ended.is_some()
    }

    /// The lines it adds to the order's history: one for each task that a person handled.
    pub(crate) fn lines(&self) -> Vec<ApprovalLog> {
        let line = |closing: &Closing| {
            Some(ApprovalLog {
                task: closing.task.clone(),
                task_name: Some(closing.name.clone()),
                handler: closing.handler.clone()?,
                result: match closing.result {
                    TaskResult::New | TaskResult::Accept | TaskResult::Pass => {
                        HandleResult::Approved
                    }
                    TaskResult::Reject => HandleResult::Rejected,
                    TaskResult::Rebut => HandleResult::Rebutted,
                    TaskResult::Revoke => HandleResult::Revoked,
                },
                comment: closing.comment.clone(),
                handled_at: self.at,
            })
        };
        self.closed.iter().filter_map(line).collect()
    }
}
