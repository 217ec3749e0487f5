//! Pushes to ERPs what is due, every second and at once when something new was written; each
//! endpoint by a task of its own, so that a slow one holds up nobody else.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use shared::fault::chain;
use shared::id::{AppId, Tenant};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::usecase::Ctx;
use crate::usecase::push_due::{list_endpoints_due, push_due};

/// Endpoints served at the same time. A task that waits for an ERP costs a few kilobytes and no
/// connection of the database.
const MOST_ENDPOINTS: usize = 1_000;

/// How long an endpoint rests after its worker failed.
const REST: Duration = Duration::from_secs(5);

/// Runs until `stop`; calls under way are brought to their end.
pub(super) async fn run(ctx: Arc<Ctx>, stop: CancellationToken) {
    let mut timer = tokio::time::interval(Duration::from_secs(1));
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut busy: HashMap<(Tenant, AppId), Arc<Notify>> = HashMap::new();
    let mut workers = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = workers.join_next() => {
                match ended {
                    Ok(key) => {
                        busy.remove(&key);
                    }
                    Err(error) => {
                        tracing::error!(cause = %error, "a worker of pushes broke off");
                        busy.clear();
                    }
                }
                // What came while the worker was ending found its endpoint busy: look once more.
            }
            _ = timer.tick() => {}
            () = ctx.wake_erp.notified() => {}
        }
        let due = match list_endpoints_due(&ctx).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(cause = chain(&error), "which pushes are due could not be read");
                continue;
            }
        };
        for key in due {
            if let Some(more) = busy.get(&key) {
                more.notify_one();
            } else if busy.len() < MOST_ENDPOINTS {
                let more = Arc::new(Notify::new());
                busy.insert(key.clone(), more.clone());
                workers.spawn(serve(ctx.clone(), key, more, stop.clone()));
            }
        }
    }
    while workers.join_next().await.is_some() {}
}

async fn serve(
    ctx: Arc<Ctx>,
    key: (Tenant, AppId),
    more: Arc<Notify>,
    stop: CancellationToken,
) -> (Tenant, AppId) {
    if let Err(error) = push_due(&ctx, &key, more, stop.clone()).await {
        tracing::warn!(tenant = %key.0, app = %key.1, cause = chain(&error), "pushing was interrupted, will be tried again");
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(REST) => {}
        }
    }
    key
}
