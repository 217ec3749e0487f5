//! Looks again at what waits for a person who is known by now; a safety net for two processes that
//! heard of task and person at the same moment.

use std::sync::Arc;

use super::Ctx;
use crate::error::Error;
use crate::store::deliveries;

/// People looked at in one go.
const MOST: i64 = 500;

/// Safe to run at any time, by any number of processes.
pub(crate) async fn recheck_waiting(ctx: Arc<Ctx>) -> Result<(), Error> {
    let moved = ctx
        .db
        .transaction(async |tx| {
            let overlooked = deliveries::list_overlooked(tx, MOST).await?;
            let tenants: Vec<&str> = overlooked.iter().map(|(tenant, _)| tenant.as_str()).collect();
            let codes: Vec<&str> = overlooked.iter().map(|(_, code)| code.as_str()).collect();
            let woken = deliveries::wake_people(tx, tenants.clone(), codes.clone()).await?;
            Ok::<usize, Error>(woken + deliveries::skip_disabled(tx, tenants, codes).await?)
        })
        .await?;
    if moved > 0 {
        tracing::info!(deliveries = moved, "overlooked deliveries moved on");
        ctx.wake.notify_one();
    }
    Ok(())
}
