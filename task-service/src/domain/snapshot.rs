//! What an ERP says about one of its orders at one moment.

use chrono::{DateTime, Utc};
use shared::id::{AppId, FlowCode, Tenant};

use super::status::{NodeType, OrderResult, Source, Status, TaskResult};

/// Whose order it is: numbers of ERPs are the application's own, ours are the engine's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct OrderKey {
    pub(crate) tenant: Tenant,
    pub(crate) app: AppId,
    /// The order's number where it runs (JSON `orderId`).
    pub(crate) number: i64,
    pub(crate) source: Source,
}

/// A snapshot of an order (E 4.3).
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) number: i64,
    pub(crate) flow: Option<FlowCode>,
    pub(crate) title: Option<String>,
    pub(crate) status: Status,
    pub(crate) result: OrderResult,
    pub(crate) initiator: String,
    pub(crate) version: Option<i64>,
    pub(crate) parent_number: Option<i64>,
    pub(crate) parent_task: Option<String>,
    pub(crate) business_key: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) copies: Vec<CopySnapshot>,
    pub(crate) tasks: Vec<TaskSnapshot>,
    /// Tasks that are absent are closed (`syncMode: REPLACE`), not left alone.
    pub(crate) replace: bool,
}

/// Who got a copy, and when.
#[derive(Clone, Debug)]
pub(crate) struct CopySnapshot {
    pub(crate) user: String,
    pub(crate) at: DateTime<Utc>,
}

/// One task of a snapshot.
#[derive(Clone, Debug)]
pub(crate) struct TaskSnapshot {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) assignees: Vec<String>,
    pub(crate) status: Status,
    pub(crate) result: TaskResult,
    pub(crate) deadline: Option<DateTime<Utc>>,
    pub(crate) node_type: NodeType,
    pub(crate) handled_at: Option<DateTime<Utc>>,
    pub(crate) show_pc: bool,
    pub(crate) show_mobile: bool,
}
