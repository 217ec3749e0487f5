//! What our own engine says of one step of an order: everything that became true at once.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::approval_log::{ApprovalLog, HandleResult, Operated, What};
use super::attachment::Attachment;
use super::own::Why;
use super::status::{OrderResult, TaskResult};

/// One step; the steps of an order are numbered from 1 without a gap.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) seq: i64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) head: Head,
    pub(crate) opened: Vec<Opening>,
    pub(crate) closed: Vec<Closing>,
    pub(crate) operations: Vec<Operation>,
    /// People who are informed.
    pub(crate) copies: Vec<String>,
    /// Tasks whose decision counts no longer.
    pub(crate) voided: Vec<String>,
    /// (task, person) who may take a decision back after the step: all of them.
    pub(crate) take_back: BTreeSet<(String, String)>,
    /// What the initiator may do after the step.
    pub(crate) initiator_actions: Vec<String>,
    /// How the order ended.
    pub(crate) ended: Option<OrderResult>,
}

/// What every step says of its order.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) flow: String,
    pub(crate) flow_name: String,
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
    /// What its people may do with it.
    pub(crate) actions: Vec<String>,
    pub(crate) why: Vec<Why>,
}

/// What somebody did with a task or the order beside deciding it.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// Absent where the order as a whole was meant.
    pub(crate) task: Option<String>,
    pub(crate) name: String,
    pub(crate) action: String,
    /// Empty = the house itself.
    pub(crate) user: String,
    pub(crate) on_behalf_of: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) people: Vec<String>,
    pub(crate) attachments: Vec<Attachment>,
    /// Of an urge: which one it is of this task.
    pub(crate) count: Option<i32>,
}

/// A task that waits no longer, unless a later step opens it again.
#[derive(Clone, Debug)]
pub(crate) struct Closing {
    pub(crate) task: String,
    pub(crate) name: String,
    pub(crate) result: TaskResult,
    /// Absent where the flow took the task away.
    pub(crate) handler: Option<String>,
    pub(crate) on_behalf_of: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) attachments: Vec<Attachment>,
}

/// Lines of operations that one step may have: their numbers keep steps apart.
const MOST_LINES: i64 = 10_000;

impl Step {
    /// The lines it adds to the order's history: one for each task that a person handled, and one
    /// for each operation.
    pub(crate) fn lines(&self) -> Vec<ApprovalLog> {
        let handled = self.closed.iter().filter_map(|closing| {
            Some(ApprovalLog {
                task: closing.task.clone(),
                task_name: Some(closing.name.clone()),
                handler: closing.handler.clone()?,
                what: What::Handled(match closing.result {
                    TaskResult::New | TaskResult::Accept | TaskResult::Pass => {
                        HandleResult::Approved
                    }
                    TaskResult::Reject => HandleResult::Rejected,
                    TaskResult::Rebut => HandleResult::Rebutted,
                    TaskResult::Revoke => HandleResult::Revoked,
                }),
                comment: closing.comment.clone(),
                handled_at: self.at,
                on_behalf_of: closing.on_behalf_of.clone(),
                attachments: closing.attachments.clone(),
            })
        });
        let operated = self.operations.iter().zip(1..MOST_LINES).map(|(operation, place)| {
            let no = self.seq * MOST_LINES + place;
            let (action, people) = (operation.action.clone(), operation.people.clone());
            ApprovalLog {
                task: operation.task.clone().unwrap_or_default(),
                task_name: Some(operation.name.clone()),
                handler: operation.user.clone(),
                what: What::Operated(Operated { no, action, people }),
                comment: operation.comment.clone(),
                handled_at: self.at,
                on_behalf_of: operation.on_behalf_of.clone(),
                attachments: operation.attachments.clone(),
            }
        });
        handled.chain(operated).collect()
    }
}
