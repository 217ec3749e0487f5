//! What notify-service can be asked to do: one file per verb.

pub(crate) mod call_dingtalk;
pub(crate) mod count_deliveries;
pub(crate) mod create_todo;
pub(crate) mod deliver_due;
pub(crate) mod finish_todo;
pub(crate) mod list_deliveries;
pub(crate) mod list_endpoints;
pub(crate) mod list_pushes;
pub(crate) mod notify_tasks;
pub(crate) mod pause_endpoint;
pub(crate) mod poll_results;
pub(crate) mod push_due;
pub(crate) mod push_work;
pub(crate) mod recheck_waiting;
pub(crate) mod record_outcomes;
pub(crate) mod record_push;
pub(crate) mod replay_deliveries;
pub(crate) mod replay_pushes;
pub(crate) mod resolve_person;
pub(crate) mod resume_endpoint;
pub(crate) mod send_push;
pub(crate) mod set_endpoint;
pub(crate) mod show_delivery;
pub(crate) mod show_push;
pub(crate) mod skip_push;
pub(crate) mod sweep;
pub(crate) mod tell_erp;
pub(crate) mod tell_people;
pub(crate) mod update_people;
pub(crate) mod warn_person;

use std::time::Duration;

use shared::db::Database;
use tokio::sync::Notify;

use crate::ports::credentials::Credentials;
use crate::ports::dingtalk::Dingtalk;
use crate::ports::erp::Erp;
use crate::ports::sso::Sso;

/// The consumer's name in the inbox.
const CONSUMER: &str = "notify";

/// What every use case may use.
pub(crate) struct Ctx {
    pub(crate) db: Database,
    pub(crate) sso: Sso,
    pub(crate) dingtalk: Dingtalk,
    /// The time between two calls of one enterprise to one API.
    pub(crate) pace: Duration,
    /// Told when something new may be due.
    pub(crate) wake: Notify,
    /// Where people reach aiflow.
    pub(crate) public_url: String,
    pub(crate) erp: Erp,
    pub(crate) credentials: Credentials,
    pub(crate) push: PushLimits,
    /// Told when a push may be due.
    pub(crate) wake_erp: Notify,
}

/// How pushes go out.
pub(crate) struct PushLimits {
    /// Calls to one endpoint at the same time, of this process.
    pub(crate) calls: usize,
    /// The time between two pushes of a backlog, over all processes.
    pub(crate) pace: Duration,
    /// How long an endpoint that is down is left alone.
    pub(crate) probe_secs: i64,
}
