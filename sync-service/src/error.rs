//! What can go wrong in sync-service, and its code.

use shared::code::Code;
use shared::db;
use shared::fault::{Fault, FieldError};

/// Everything that can stop a use case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("用户 {0} 不存在")]
    UnknownUser(String),
    #[error("钉钉用户 {0} 已绑定其他用户")]
    LinkTaken(String),
    #[error("组织架构以钉钉为准，不接受 ERP 写入")]
    OtherSource,
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
            Error::UnknownUser(_) => Code::UnknownReference,
            Error::LinkTaken(_) => Code::Duplicate,
            Error::OtherSource => Code::WrongState,
            Error::Database(error) => error.code(),
        }
    }

    fn details(&self) -> Vec<FieldError> {
        match self {
            Error::UnknownUser(_) => {
                vec![FieldError::reference("customUserCode", self.to_string())]
            }
            Error::LinkTaken(_) => vec![FieldError::reference("linkUserCode", self.to_string())],
            Error::OtherSource | Error::Database(_) => Vec::new(),
        }
    }
}
