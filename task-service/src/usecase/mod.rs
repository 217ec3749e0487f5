//! What task-service can be asked to do: one file per verb.

pub(crate) mod accept_task;
pub(crate) mod check_orders;
pub(crate) mod follow_order;
pub(crate) mod list_tasks;
pub(crate) mod mark_read;
pub(crate) mod operate_task;
pub(crate) mod record_approval_log;
pub(crate) mod resolve_flow;
pub(crate) mod show_order;
pub(crate) mod store_copies;
pub(crate) mod summarize;
pub(crate) mod sweep;
pub(crate) mod sync_task;
pub(crate) mod warn_unknown;
pub(crate) mod write_orders;

use std::sync::Arc;

use moka::future::Cache;
use shared::clock::Clock;
use shared::db::Database;
use shared::id::{AppId, Tenant};

use self::write_orders::Writes;
use crate::domain::link::Flow;
use crate::ports::directory::Directory;
use crate::ports::flow::Flows;

/// What every use case may use.
pub(crate) struct Ctx {
    pub(crate) db: Database,
    /// For what people look at all the time: planned once a connection.
    pub(crate) lists: Database,
    pub(crate) clock: Clock,
    pub(crate) directory: Directory,
    pub(crate) flows: Flows,
    /// Where people reach aiflow.
    pub(crate) public_url: String,
    /// Changes of orders that share a commit.
    pub(crate) writes: Writes,
    /// The online flows of an application, for a few seconds.
    pub(crate) known_flows: Cache<(Tenant, AppId), Arc<Vec<Flow>>>,
    /// People known to exist; only who exists is remembered.
    pub(crate) known_people: Cache<(Tenant, String), ()>,
}
