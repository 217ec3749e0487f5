//! Removes what has outlived its purpose: old inbox rows, deliveries and pushes that ended three
//! months ago. Says where a fact of an order has been missing for long.

use std::sync::Arc;

use super::Ctx;
use crate::error::Error;
use crate::store::{budget, deliveries, lines, notices, pushes};

/// Days for which an ended delivery and its attempts are kept.
const KEPT_DAYS: i32 = 90;

/// Minutes after which a fact that others wait for counts as missing, and how many are named.
const GAP_MINUTES: i64 = 10;
const MOST_GAPS: i64 = 20;

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
        let told = pushes::delete_old(&conn, KEPT_DAYS, BATCH).await?;
        let over = lines::delete_old(&conn, i64::from(KEPT_DAYS), BATCH).await?;
        removed += ended + told;
        if ended == 0 && silent == 0 && told == 0 && over == 0 {
            break;
        }
    }
    for gap in lines::list_gaps(&conn, GAP_MINUTES, MOST_GAPS).await? {
        let (tenant, order, seq) = (gap.tenant, gap.order_id, gap.next_seq);
        tracing::error!(
            tenant,
            order,
            seq,
            "a fact of an order is missing; its ERP is told nothing more until it comes"
        );
    }
    tracing::debug!(heard, deliveries = removed, "swept");
    Ok(())
}
