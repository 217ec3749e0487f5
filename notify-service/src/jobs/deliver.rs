//! Delivers what is due, every second and at once when something new was written; enterprises side
//! by side, so that the backlog of one holds up nobody else.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use shared::fault::chain;
use shared::id::Tenant;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::usecase::Ctx;
use crate::usecase::deliver_due::{deliver_due, list_tenants_due};

/// Enterprises served at the same time.
const MOST_TENANTS: usize = 16;

/// How long an enterprise rests after its round failed.
const REST: Duration = Duration::from_secs(5);

/// Runs until `stop`; rounds under way are brought to their end.
///
/// Each round is a task of its own: one that is not looked at for a moment must not sit on a
/// connection that this loop waits for.
pub(super) async fn run(ctx: Arc<Ctx>, stop: CancellationToken) {
    let mut timer = tokio::time::interval(Duration::from_secs(1));
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut busy: HashSet<Tenant> = HashSet::new();
    let mut rounds = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = rounds.join_next() => {
                match ended {
                    Ok(tenant) => {
                        busy.remove(&tenant);
                    }
                    Err(error) => {
                        tracing::error!(cause = %error, "a round of deliveries broke off");
                        busy.clear();
                    }
                }
                // What came while the round was ending found its enterprise busy: look once more.
            }
            _ = timer.tick() => {}
            () = ctx.wake.notified() => {}
        }
        let due = match list_tenants_due(&ctx).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(cause = chain(&error), "what is due could not be read");
                continue;
            }
        };
        for tenant in due {
            if busy.len() < MOST_TENANTS && busy.insert(tenant.clone()) {
                rounds.spawn(serve(ctx.clone(), tenant, stop.clone()));
            }
        }
    }
    while rounds.join_next().await.is_some() {}
}

async fn serve(ctx: Arc<Ctx>, tenant: Tenant, stop: CancellationToken) -> Tenant {
    if let Err(error) = deliver_due(&ctx, &tenant, &stop).await {
        tracing::warn!(%tenant, cause = chain(&error), "delivering was interrupted, will be tried again");
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(REST) => {}
        }
    }
    tenant
}
