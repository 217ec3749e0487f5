//! Sends what is due at one endpoint, a few at a time, until nothing is.

use std::sync::Arc;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use shared::fault::chain;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Ctx, record_push, send_push};
use crate::error::Error;
use crate::store::endpoints::{self, EndpointKey};
use crate::store::push_claims::{self, Held, Wish};

/// The endpoints that have something to send and may be called.
pub(crate) async fn list_endpoints_due(ctx: &Ctx) -> Result<Vec<EndpointKey>, Error> {
    let conn = ctx.db.connection().await?;
    Ok(endpoints::list_due(&conn).await?)
}

/// Claims, calls and records; no call is made inside a transaction. `more` says that something may
/// have become due meanwhile: a slow call keeps its own place busy and no other.
pub(crate) async fn push_due(
    ctx: &Ctx,
    key: &EndpointKey,
    more: Arc<Notify>,
    stop: CancellationToken,
) -> Result<(), Error> {
    let mut calls = FuturesUnordered::new();
    loop {
        let room = ctx.push.calls - calls.len();
        if room > 0 && !stop.is_cancelled() {
            match claim(ctx, key, room).await {
                Ok(held) => calls.extend(held.into_iter().map(|held| push_one(ctx, key, held))),
                Err(error) if calls.is_empty() => return Err(error),
                // Those under way are brought to their end first.
                Err(error) => {
                    tracing::warn!(cause = chain(&error), "nothing more could be claimed")
                }
            }
        }
        if calls.is_empty() {
            break;
        }
        tokio::select! {
            _ = calls.next() => while calls.next().now_or_never().flatten().is_some() {},
            () = more.notified() => {}
        }
    }
    let conn = ctx.db.connection().await?;
    Ok(endpoints::end_drain(&conn, key).await?)
}

async fn claim(
    ctx: &Ctx,
    key: &EndpointKey,
    room: usize,
) -> Result<Vec<(uuid::Uuid, Held)>, Error> {
    let lease = shared::id::new_id();
    let most = i32::try_from(room).unwrap_or(i32::MAX);
    let wish = Wish { lease, most, probe_secs: ctx.push.probe_secs };
    let conn = ctx.db.connection().await?;
    let held = push_claims::claim(&conn, key, &wish).await?;
    Ok(held.into_iter().map(|held| (lease, held)).collect())
}

async fn push_one(ctx: &Ctx, key: &EndpointKey, (lease, held): (uuid::Uuid, Held)) {
    let began = tokio::time::Instant::now();
    let verdict = send_push::send_push(ctx, key, &held).await;
    let took = began.elapsed();
    if let Err(error) = record_push::record_push(ctx, key, lease, &held, &verdict, took).await {
        // The lease ends by itself; the repeat carries the same webhook-id.
        tracing::warn!(tenant = %key.0, app = %key.1, push = held.known.id, cause = chain(&error), "what came of a push could not be recorded");
    }
}
