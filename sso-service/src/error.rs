//! What can go wrong in sso-service, and its code.

use shared::code::Code;
use shared::db;
use shared::fault::Fault;
use shared::http::client;
use shared::session::Unsigned;

use crate::domain::{application, provider};

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
    #[error("企业 {0} 未配置单点登录")]
    UnknownProvider(String),
    #[error("首次设置需要提供 clientSecret")]
    SecretMissing,
    #[error("该企业未配置钉钉应用，不能使用钉钉登录")]
    NoDingtalk,
    #[error("未登录，或登录已失效")]
    SessionInvalid,
    #[error("刷新令牌无效、已过期或已被使用")]
    InvalidGrant,
    #[error("a stored provider cannot be read")]
    Provider(#[from] provider::Refusal),
    #[error("sync-service did not say who it is")]
    Directory(#[source] client::Error),
    #[error(transparent)]
    Unsigned(#[from] Unsigned),
    #[error("there is no key to sign with")]
    NoKey,
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
            Error::UnknownEnterprise(_)
            | Error::UnknownApplication(_)
            | Error::UnknownProvider(_) => Code::UnknownReference,
            Error::SecretMissing => Code::InvalidParameter,
            Error::NoDingtalk => Code::NotSupported,
            Error::SessionInvalid => Code::SessionInvalid,
            Error::InvalidGrant => Code::InvalidGrant,
            Error::Directory(_) | Error::NoKey => Code::Unavailable,
            Error::Provider(_) | Error::Unsigned(_) => Code::Internal,
            Error::ApplicationExists(_) => Code::Duplicate,
            Error::Dingtalk(_) => Code::UpstreamFailed,
            Error::Unsealable => Code::Internal,
            Error::Database(error) => error.code(),
        }
    }
}
