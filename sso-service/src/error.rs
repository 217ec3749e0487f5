//! What can go wrong in sso-service, and its code.

use shared::code::Code;
use shared::db;
use shared::fault::Fault;

use crate::domain::application;

/// Everything that can stop a use case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Application(#[from] application::Refusal),
    #[error("企业 {0} 不存在")]
    UnknownEnterprise(String),
    #[error("应用 {0} 不存在")]
    UnknownApplication(String),
    #[error("应用 {0} 已存在")]
    ApplicationExists(String),
    #[error("钉钉令牌获取失败")]
    Dingtalk(#[source] shared::dingtalk::Trouble),
    #[error("a stored secret cannot be opened; seal.key is not the one it was sealed with")]
    Unsealable,
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
            Error::Application(_) => Code::InvalidParameter,
            Error::UnknownEnterprise(_) | Error::UnknownApplication(_) => Code::UnknownReference,
            Error::ApplicationExists(_) => Code::Duplicate,
            Error::Dingtalk(_) => Code::UpstreamFailed,
            Error::Unsealable => Code::Internal,
            Error::Database(error) => error.code(),
        }
    }
}
