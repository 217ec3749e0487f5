//! Delivers what is due, every second and at once when something new was written; enterprises side
//! by side, so that the backlog of one holds up nobody else.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use shared::fault::chain;
use shared::id::Tenant;
use tokio_util::sync::CancellationToken;

use crate::usecase::Ctx;
use crate::usecase::deliver_due::{deliver_due, list_tenants_due};

/// Enterprises served at the same time.
const MOST_TENANTS: usize = 16;

/// How long an enterprise rests after its round failed.
const REST: Duration = Duration::from_secs(5);

/// Runs until `stop`; rounds under way are brought to their end.
pub(super) async fn run(ctx: &Ctx, stop: &CancellationToken) {
    let mut timer = tokio::time::interval(Duration::from_secs(1));
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut busy: HashSet<Tenant> = HashSet::new();
    let mut rounds = FuturesUnordered::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(tenant) = rounds.next(), if !rounds.is_empty() => {
                busy.remove(&tenant);
                continue;
            }
            _ = timer.tick() => {}
            () = ctx.wake.notified() => {}
        }
        let due = match list_tenants_due(ctx).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(cause = chain(&error), "what is due could not be read");
                continue;
            }
        };
        for tenant in due {
            if busy.len() < MOST_TENANTS && busy.insert(tenant.clone()) {
                rounds.push(Box::pin(serve(ctx, tenant, stop)));
            }
        }
    }
    while rounds.next().await.is_some() {}
}

async fn serve(ctx: &Ctx, tenant: Tenant, stop: &CancellationToken) -> Tenant {
    if let Err(error) = deliver_due(ctx, &tenant, stop).await {
        tracing::warn!(%tenant, cause = chain(&error), "delivering was interrupted, will be tried again");
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(REST) => {}
        }
    }
    tenant
}
