//! What can go wrong in notify-service, and its code.

use shared::code::Code;
use shared::db;
use shared::fault::{Fault, FieldError};
use shared::http::client;

use crate::domain::{delivery, push};

/// Everything that can stop a use case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("推送记录 {0} 不存在")]
    UnknownDelivery(i64),
    #[error(transparent)]
    Delivery(#[from] delivery::Refusal),
    #[error("推送记录 {0} 不存在")]
    UnknownPush(i64),
    #[error(transparent)]
    Push(#[from] push::Refusal),
    #[error("应用 {0} 不存在")]
    UnknownApplication(String),
    #[error("应用 {0} 没有配置 ERP 地址")]
    UnknownEndpoint(String),
    #[error(
        "不允许向内网、回环、链路本地或元数据地址推送；如确需推送，请在 erp.allowed_networks 中放行"
    )]
    NotAdmitted,
    #[error("单点登录服务没有给出钉钉访问信息")]
    Sso(#[source] client::Error),
    #[error("单点登录服务没有给出应用密钥")]
    Secret(#[source] std::sync::Arc<client::Error>),
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
            Error::UnknownDelivery(_)
            | Error::UnknownPush(_)
            | Error::UnknownApplication(_)
            | Error::UnknownEndpoint(_) => Code::UnknownReference,
            Error::NotAdmitted => Code::InvalidParameter,
            Error::Delivery(_) | Error::Push(_) => Code::WrongState,
            Error::Sso(_) | Error::Secret(_) => Code::Unavailable,
            Error::Database(error) => error.code(),
        }
    }

    fn details(&self) -> Vec<FieldError> {
        match self {
            Error::UnknownDelivery(_) | Error::UnknownPush(_) => {
                vec![FieldError::reference("id", self.to_string())]
            }
            Error::UnknownApplication(_) | Error::UnknownEndpoint(_) => {
                vec![FieldError::reference("appId", self.to_string())]
            }
            Error::NotAdmitted => vec![FieldError::malformed("baseUrl", self.to_string())],
            Error::Delivery(_)
            | Error::Push(_)
            | Error::Sso(_)
            | Error::Secret(_)
            | Error::Database(_) => Vec::new(),
        }
    }
}
