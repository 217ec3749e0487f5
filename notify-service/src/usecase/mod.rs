//! What notify-service can be asked to do: one file per verb.

pub(crate) mod call_dingtalk;
pub(crate) mod count_deliveries;
pub(crate) mod create_todo;
pub(crate) mod deliver_due;
pub(crate) mod finish_todo;
pub(crate) mod list_deliveries;
pub(crate) mod notify_tasks;
pub(crate) mod poll_results;
pub(crate) mod push_work;
pub(crate) mod recheck_waiting;
pub(crate) mod record_outcomes;
pub(crate) mod replay_deliveries;
pub(crate) mod resolve_person;
pub(crate) mod show_delivery;
pub(crate) mod sweep;
pub(crate) mod update_people;
pub(crate) mod warn_person;

use std::time::Duration;

use shared::db::Database;
use tokio::sync::Notify;

use crate::ports::dingtalk::Dingtalk;
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
}
