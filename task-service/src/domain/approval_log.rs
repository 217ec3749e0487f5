//! One line of an order's approval history, as its ERP or our own engine tells it.

use chrono::{DateTime, TimeDelta, Utc};

use super::attachment::Attachment;
use super::status::Source;

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

/// A line of history; (order, task, handler, time) names it, of an operation its number, too.
#[derive(Clone, Debug)]
pub(crate) struct ApprovalLog {
    /// Empty where the order as a whole was meant.
    pub(crate) task: String,
    pub(crate) task_name: Option<String>,
    /// Empty = the house itself.
    pub(crate) handler: String,
    pub(crate) what: What,
    pub(crate) comment: Option<String>,
    pub(crate) handled_at: DateTime<Utc>,
    /// For whom the handler stood in.
    pub(crate) on_behalf_of: Option<String>,
    pub(crate) attachments: Vec<Attachment>,
}

/// What was done.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A task was decided.
    Handled(HandleResult),
    /// Something else was done with it.
    Operated(Operated),
}

impl What {
    /// The word that is stored and shown.
    pub(crate) fn word(&self) -> &str {
        match self {
            What::Handled(result) => result.word(),
            What::Operated(operated) => &operated.action,
        }
    }
}

/// What somebody did with a task beside deciding it.
#[derive(Clone, Debug)]
pub(crate) struct Operated {
    /// The same whenever the step is heard, and another one for every operation of the order.
    pub(crate) no: i64,
    pub(crate) action: String,
    /// To whom or whom it was about.
    pub(crate) people: Vec<String>,
}

/// How far ahead of us a line may claim to be: clocks differ, but not by days.
const MAX_AHEAD_HOURS: i64 = 24;

/// Why lines cannot be added.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("本系统流程的审批日志由本系统记录，不能由 ERP 写入")]
    OurOwn,
    #[error("businessKey 与订单不一致")]
    OtherBusinessKey,
    #[error("handleTime 超前当前时间 24 小时以上")]
    FromTheFuture(usize),
}

impl Refusal {
    /// The field that is wrong.
    pub(crate) fn field(&self) -> String {
        match self {
            Refusal::OurOwn => "orderId".to_owned(),
            Refusal::OtherBusinessKey => "businessKey".to_owned(),
            Refusal::FromTheFuture(index) => format!("logs[{index}].handleTime"),
        }
    }
}

/// The lines must belong to the order and to the past. `stored` = the business keys of the orders of
/// that number; while the ERP's own has not come, there may be one of ours, which is meant then.
pub(crate) fn check(
    logs: &[ApprovalLog],
    business_key: &str,
    stored: &[(Source, String)],
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let of = |wanted| stored.iter().find(|(source, _)| *source == wanted).map(|(_, key)| key);
    match (of(Source::ThirdParty), of(Source::Native)) {
        (Some(theirs), _) if theirs != business_key => return Err(Refusal::OtherBusinessKey),
        (None, Some(_)) => return Err(Refusal::OurOwn),
        (Some(_), _) | (None, None) => {}
    }
    let latest = now + TimeDelta::hours(MAX_AHEAD_HOURS);
    match logs.iter().position(|log| log.handled_at > latest) {
        Some(index) => Err(Refusal::FromTheFuture(index)),
        None => Ok(()),
    }
}
