//! What can go wrong in notify-service, and its code.

use shared::code::Code;
use shared::db;
use shared::fault::{Fault, FieldError};
use shared::http::client;

use crate::domain::delivery;

/// Everything that can stop a use case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("推送记录 {0} 不存在")]
    UnknownDelivery(i64),
    #[error(transparent)]
    Delivery(#[from] delivery::Refusal),
    #[error("单点登录服务没有给出钉钉访问信息")]
    Sso(#[source] client::Error),
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
            Error::UnknownDelivery(_) => Code::UnknownReference,
            Error::Delivery(_) => Code::WrongState,
            Error::Sso(_) => Code::Unavailable,
            Error::Database(error) => error.code(),
        }
    }

    fn details(&self) -> Vec<FieldError> {
        match self {
            Error::UnknownDelivery(_) => vec![FieldError::reference("id", self.to_string())],
            Error::Delivery(_) | Error::Sso(_) | Error::Database(_) => Vec::new(),
        }
    }
}
