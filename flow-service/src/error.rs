//! What can go wrong in flow-service, and its code.

use shared::code::Code;
use shared::db;
use shared::fault::{Fault, FieldError};
use shared::http::client;

use crate::domain::version;

/// Everything that can stop a use case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("引用的用户或部门不存在：{}", names(.0))]
    UnknownPeople(Vec<FieldError>),
    #[error("流程 {0} 不存在")]
    UnknownFlow(String),
    #[error("流程 {flow} 没有版本 {version}")]
    UnknownVersion { flow: String, version: i32 },
    #[error("流程编码 {0} 已被其他应用或流程占用")]
    FlowTaken(String),
    #[error("流程 {0} 不是三方流程")]
    NotThirdParty(String),
    #[error(transparent)]
    Version(#[from] version::Refusal),
    #[error("sync-service did not answer")]
    Directory(#[source] client::Error),
    #[error(transparent)]
    Database(#[from] db::Error),
}

fn names(details: &[FieldError]) -> String {
    details.iter().map(|detail| detail.message.as_str()).collect::<Vec<_>>().join("；")
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Error::Database(error.into())
    }
}

impl Fault for Error {
    fn code(&self) -> Code {
        match self {
            Error::UnknownPeople(_) | Error::UnknownFlow(_) | Error::UnknownVersion { .. } => {
                Code::UnknownReference
            }
            Error::FlowTaken(_) => Code::Duplicate,
            Error::NotThirdParty(_) => Code::WrongState,
            Error::Version(_) => Code::Internal,
            Error::Directory(_) => Code::Unavailable,
            Error::Database(error) => error.code(),
        }
    }

    fn details(&self) -> Vec<FieldError> {
        match self {
            Error::UnknownPeople(details) => details.clone(),
            Error::UnknownFlow(_) | Error::FlowTaken(_) | Error::NotThirdParty(_) => {
                vec![FieldError::reference("flowCode", self.to_string())]
            }
            Error::UnknownVersion { .. } => {
                vec![FieldError::reference("flowVersion", self.to_string())]
            }
            Error::Version(_) | Error::Directory(_) | Error::Database(_) => Vec::new(),
        }
    }
}
