//! Removes what has outlived its purpose: old inbox rows, deliveries that ended three months ago.

use std::sync::Arc;

use super::Ctx;
use crate::error::Error;
use crate::store::{budget, deliveries, notices};

/// Days for which an ended delivery and its attempts are kept.
const KEPT_DAYS: i32 = 90;

/// Rows removed by one statement, and statements of one sweep.
const BATCH: i64 = 1_000;
const MOST_BATCHES: usize = 100;

/// Safe to run at any time, by any number of processes.
pub(crate) async fn sweep(ctx: Arc<Ctx>) -> Result<(), Error> {
    let heard = shared::inbox::forget_old(&ctx.db).await?;
    let conn = ctx.db.connection().await?;
    budget::delete_old(&conn).await?;
    let mut removed = 0;
    for _ in 0..MOST_BATCHES {
        let ended = deliveries::delete_old(&conn, KEPT_DAYS, BATCH).await?;
        let silent = notices::delete_old(&conn, KEPT_DAYS, BATCH).await?;
        removed += ended;
        if ended == 0 && silent == 0 {
            break;
        }
    }
    tracing::debug!(heard, deliveries = removed, "swept");
    Ok(())
}
