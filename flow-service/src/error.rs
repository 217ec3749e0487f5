//! What can go wrong in flow-service, and its code.

use flow_engine::bpmn::Finding;
use shared::code::Code;
use shared::db;
use shared::fault::{DrawingPlace, Fault, FieldError};
use shared::http::client;
use uuid::Uuid;

use crate::domain::absence;
use crate::domain::approval;
use crate::domain::form::Mistake;
use crate::domain::run;
use crate::domain::version;

/// Everything that can stop a use case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("引用的用户或部门不存在：{}", names(.0))]
    UnknownPeople(Vec<FieldError>),
    #[error("流程 {0} 不存在")]
    UnknownFlow(String),
    #[error("引用的流程不存在：{}", names(.0))]
    UnknownFlows(Vec<FieldError>),
    #[error("流程 {flow} 没有版本 {version}")]
    UnknownVersion { flow: String, version: i32 },
    #[error("流程编码 {0} 已被其他应用或流程占用")]
    FlowTaken(String),
    #[error("流程 {0} 不是三方流程")]
    NotThirdParty(String),
    #[error("流程 {0} 是三方流程，由业务系统执行")]
    NotNative(String),
    #[error("流程 {flow} 的最新版本是 {newest}，已被他人修改")]
    VersionMoved { flow: String, newest: i32 },
    #[error("流程图有 {} 处错误：{}", .0.len(), first_message(.0))]
    BadDrawing(Vec<Finding>),
    #[error("定时启动的时间无法确定：{0}")]
    Timer(String),
    #[error("表单编码 {0} 已被占用")]
    FormTaken(String),
    #[error("表单 {0} 不存在")]
    UnknownForm(String),
    #[error("表单 {0} 正被已上线的流程使用，不能删除")]
    FormInUse(String),
    #[error("表单数据有误：{}", listed(.field, .mistakes))]
    BadForm { field: &'static str, mistakes: Vec<Mistake> },
    #[error(transparent)]
    Order(#[from] run::Refusal),
    #[error("流程 {0} 不存在或未上线")]
    NotOnline(String),
    #[error("流程 {flow} 中没有可执行的流程 {process}")]
    UnknownProcess { flow: String, process: String },
    #[error("流程 {0} 的调用层次过深或过多")]
    CallsTooDeep(String),
    #[error("订单 {0} 不存在")]
    UnknownOrder(i64),
    #[error("任务 {0} 不存在")]
    UnknownTask(String),
    #[error("该订单由订单 {0} 调用，请撤销该订单")]
    CalledOrder(i64),
    #[error("用户 {code} 不存在")]
    UnknownPerson { field: &'static str, code: String },
    #[error("用户 {code} 已停用")]
    DisabledPerson { field: &'static str, code: String },
    #[error("外出记录 {0} 不存在")]
    UnknownAbsence(Uuid),
    #[error(transparent)]
    Absence(#[from] absence::Refusal),
    #[error("异常 {order}-{wait} 不存在或已解决")]
    UnknownIncident { order: i64, wait: u64 },
    #[error("原因仍未消除：{0}")]
    StillStuck(String),
    #[error("nothing has changed")]
    NothingChanged,
    #[error("the errand was carried out by somebody else")]
    CarriedOut,
    #[error("nobody can be asked about people")]
    NobodyToAsk,
    #[error("订单正被频繁修改，请稍后重试")]
    Crowded,
    #[error("an order's snapshot cannot be restored")]
    Snapshot(#[source] flow_engine::Refusal),
    #[error(transparent)]
    Stopped(#[from] db::group::Stopped),
    #[error("the compiler of drawings has stopped")]
    Compiler(#[source] anyhow::Error),
    #[error(transparent)]
    Version(#[from] version::Refusal),
    #[error("sync-service did not answer")]
    Directory(#[source] client::Error),
    #[error(transparent)]
    Database(#[from] db::Error),
}

fn of_approval(refusal: &approval::Refusal) -> Code {
    use approval::Refusal as No;
    match refusal {
        No::NotYours(_) | No::NotAdded(_) => Code::NotPermitted,
        No::Over | No::Waits | No::NotClaimable | No::WrongMode | No::TooLate => Code::WrongState,
        No::AlreadyThere(_) | No::TooDeep | No::TooMany | No::Oneself => Code::InvalidParameter,
    }
}

fn names(details: &[FieldError]) -> String {
    details.iter().map(|detail| detail.message.as_str()).collect::<Vec<_>>().join("；")
}

fn first_message(findings: &[Finding]) -> &str {
    findings.first().map(|finding| finding.message.as_str()).unwrap_or_default()
}

/// A finding in the words of the contract.
fn fault(finding: &Finding) -> FieldError {
    let Finding { element_id, line, code, message } = finding.clone();
    FieldError::malformed("bpmnXml", message).at(DrawingPlace { element_id, line, code })
}

fn listed(field: &str, mistakes: &[Mistake]) -> String {
    let place = |mistake: &Mistake| path(field, &mistake.place);
    mistakes
        .iter()
        .map(|mistake| format!("{} {}", place(mistake), mistake.message))
        .collect::<Vec<_>>()
        .join("；")
}

fn path(field: &str, place: &str) -> String {
    if place.is_empty() { field.to_owned() } else { format!("{field}.{place}") }
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
            Error::UnknownForm(_)
            | Error::NotOnline(_)
            | Error::UnknownProcess { .. }
            | Error::UnknownOrder(_)
            | Error::UnknownTask(_)
            | Error::UnknownPerson { .. }
            | Error::UnknownFlows(_)
            | Error::UnknownAbsence(_)
            | Error::UnknownIncident { .. } => Code::UnknownReference,
            Error::Absence(refusal) => match refusal {
                absence::Refusal::Oneself | absence::Refusal::Reversed | absence::Refusal::Past => {
                    Code::InvalidParameter
                }
                absence::Refusal::Overlaps(_) | absence::Refusal::Cycle(_) => Code::WrongState,
            },
            Error::Order(refusal) => match refusal {
                run::Refusal::NotAssigned(_) | run::Refusal::NotStarter => Code::NotPermitted,
                run::Refusal::Approval(refusal) => of_approval(refusal),
                run::Refusal::NotAllowed(_) | run::Refusal::OtherApplication => Code::NotPermitted,
                run::Refusal::NotATarget => Code::InvalidParameter,
                run::Refusal::NoWayBack
                | run::Refusal::TooLate
                | run::Refusal::NobodyFound(_)
                | run::Refusal::Repeated => Code::WrongState,
                run::Refusal::Engine(_) => Code::Internal,
                run::Refusal::NothingWaits
                | run::Refusal::Over
                | run::Refusal::EndedOtherwise
                | run::Refusal::NoSuchStart
                | run::Refusal::NothingToCall(_) => Code::WrongState,
            },
            Error::CallsTooDeep(_)
            | Error::CalledOrder(_)
            | Error::DisabledPerson { .. }
            | Error::StillStuck(_)
            | Error::NothingChanged => Code::WrongState,
            Error::Crowded | Error::Stopped(_) | Error::NobodyToAsk => Code::Unavailable,
            Error::CarriedOut | Error::Snapshot(_) => Code::Internal,
            Error::FlowTaken(_) | Error::FormTaken(_) => Code::Duplicate,
            Error::NotThirdParty(_) | Error::NotNative(_) | Error::FormInUse(_) => Code::WrongState,
            Error::VersionMoved { .. } => Code::VersionConflict,
            Error::BadDrawing(_) | Error::Timer(_) | Error::BadForm { .. } => {
                Code::InvalidParameter
            }
            Error::Version(_) | Error::Compiler(_) => Code::Internal,
            Error::Directory(_) => Code::Unavailable,
            Error::Database(error) => error.code(),
        }
    }

    fn details(&self) -> Vec<FieldError> {
        match self {
            Error::UnknownPeople(details) | Error::UnknownFlows(details) => details.clone(),
            Error::UnknownFlow(_)
            | Error::FlowTaken(_)
            | Error::NotThirdParty(_)
            | Error::NotNative(_) => {
                vec![FieldError::reference("flowCode", self.to_string())]
            }
            Error::UnknownVersion { .. } | Error::VersionMoved { .. } => {
                vec![FieldError::reference("flowVersion", self.to_string())]
            }
            Error::UnknownForm(_) | Error::FormTaken(_) | Error::FormInUse(_) => {
                vec![FieldError::reference("formCode", self.to_string())]
            }
            Error::BadForm { field, mistakes } => mistakes
                .iter()
                .map(|mistake| {
                    FieldError::malformed(path(field, &mistake.place), mistake.message.clone())
                })
                .collect(),
            Error::NotOnline(_) | Error::CallsTooDeep(_) => {
                vec![FieldError::reference("flowCode", self.to_string())]
            }
            Error::UnknownProcess { .. } => {
                vec![FieldError::reference("processId", self.to_string())]
            }
            Error::UnknownOrder(_) | Error::CalledOrder(_) => {
                vec![FieldError::reference("orderId", self.to_string())]
            }
            Error::UnknownTask(_) => vec![FieldError::reference("taskId", self.to_string())],
            Error::UnknownIncident { .. } => {
                vec![FieldError::reference("incidentId", self.to_string())]
            }
            Error::UnknownPerson { field, .. } | Error::DisabledPerson { field, .. } => {
                vec![FieldError::reference(*field, self.to_string())]
            }
            Error::UnknownAbsence(_) => {
                vec![FieldError::reference("absenceId", self.to_string())]
            }
            Error::Absence(refusal) => {
                let field = match refusal {
                    absence::Refusal::Oneself | absence::Refusal::Cycle(_) => "agent",
                    absence::Refusal::Reversed | absence::Refusal::Past => "to",
                    absence::Refusal::Overlaps(_) => "from",
                };
                vec![FieldError::malformed(field, self.to_string())]
            }
            Error::BadDrawing(findings) => findings.iter().map(fault).collect(),
            Error::Order(_)
            | Error::StillStuck(_)
            | Error::NothingChanged
            | Error::CarriedOut
            | Error::NobodyToAsk
            | Error::Crowded
            | Error::Snapshot(_)
            | Error::Stopped(_)
            | Error::Timer(_)
            | Error::Compiler(_)
            | Error::Version(_)
            | Error::Directory(_)
            | Error::Database(_) => Vec::new(),
        }
    }
}
