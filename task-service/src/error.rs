//! What can go wrong in task-service, and its code.

use shared::code::Code;
use shared::db;
use shared::fault::{Fault, FieldError};
use shared::http::client;

use crate::domain::{approval_log, decision, order};

/// Everything that can stop a use case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Order(#[from] order::Refusal),
    #[error(transparent)]
    ApprovalLog(#[from] approval_log::Refusal),
    #[error(transparent)]
    Decision(#[from] decision::Refusal),
    /// flow-service refused; its own words.
    #[error("{message}")]
    Flow { code: Code, message: String, details: Vec<FieldError> },
    /// flow-service did not answer.
    #[error("flow-service is away")]
    FlowAway(#[source] client::Error),
    /// What flow-service tells does not make sense.
    #[error("the fact {0} cannot be understood: {1}")]
    Unreadable(String, &'static str),
    #[error("流程 {0} 不存在或未上线")]
    UnknownFlow(String),
    #[error("订单 {0} 不存在")]
    UnknownOrder(i64),
    #[error("任务 {0} 不存在")]
    UnknownTask(String),
    #[error("没有权限查看订单 {0}")]
    NotYours(i64),
    #[error("多个应用都有订单 {0}，请用 appId 指明")]
    AmbiguousOrder(i64),
    #[error("订单正被频繁修改，请稍后重试")]
    Crowded,
    #[error(transparent)]
    Stopped(#[from] db::group::Stopped),
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Error::Database(error.into())
    }
}

impl Fault for Error {
    fn code(&self) -> Code {
        match self {
            Error::ApprovalLog(approval_log::Refusal::OurOwn) => Code::NotPermitted,
            Error::Order(_)
            | Error::ApprovalLog(_)
            | Error::AmbiguousOrder(_)
            | Error::Unreadable(..) => Code::InvalidParameter,
            Error::Decision(refusal) => match refusal {
                decision::Refusal::ThirdParty
                | decision::Refusal::OtherApplication
                | decision::Refusal::NotAssignee(_) => Code::NotPermitted,
                decision::Refusal::Over => Code::WrongState,
            },
            Error::Flow { code, .. } => *code,
            Error::UnknownFlow(_) | Error::UnknownOrder(_) | Error::UnknownTask(_) => {
                Code::UnknownReference
            }
            Error::NotYours(_) => Code::NotPermitted,
            Error::FlowAway(_) | Error::Crowded | Error::Stopped(_) => Code::Unavailable,
            Error::Database(error) => error.code(),
        }
    }

    fn details(&self) -> Vec<FieldError> {
        let named = |field: &str| vec![FieldError::reference(field, self.to_string())];
        match self {
            Error::Order(refusal) => {
                vec![FieldError::malformed(refusal.field(), refusal.to_string())]
            }
            Error::ApprovalLog(refusal) => {
                vec![FieldError::malformed(refusal.field(), refusal.to_string())]
            }
            Error::UnknownFlow(_) => named("flowCode"),
            Error::UnknownOrder(_) => named("orderId"),
            Error::UnknownTask(_) => named("taskId"),
            Error::AmbiguousOrder(_) => named("appId"),
            Error::Flow { details, .. } => details.clone(),
            Error::Decision(_)
            | Error::FlowAway(_)
            | Error::Unreadable(..)
            | Error::NotYours(_)
            | Error::Crowded
            | Error::Stopped(_)
            | Error::Database(_) => Vec::new(),
        }
    }
}
