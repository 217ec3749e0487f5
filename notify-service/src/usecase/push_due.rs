//! Sends what is due at one endpoint, a few at a time, until nothing is.

use std::sync::Arc;

use shared::fault::chain;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Ctx, record_push, send_push};
use crate::error::Error;
use crate::store::endpoints::{self, EndpointKey};
use crate::store::push_claims::{self, Held, Wish};

/// Calls at a time to an endpoint of which nothing is known yet, and to one that only fails.
const FIRST: usize = 4;
const FEWEST: usize = 2;

/// The endpoints that have something to send and may be called.
pub(crate) async fn list_endpoints_due(ctx: &Ctx) -> Result<Vec<EndpointKey>, Error> {
    let conn = ctx.db.connection().await?;
    Ok(endpoints::list_due(&conn).await?)
}

/// Claims, calls and records; no call is made inside a transaction. `more` says that something may
/// have become due meanwhile: a slow call keeps its own place busy and no other.
///
/// Each call is a task of its own: one that is not looked at for a moment must not sit on a
/// connection that this loop waits for.
pub(crate) async fn push_due(
    ctx: &Arc<Ctx>,
    key: &EndpointKey,
    more: Arc<Notify>,
    stop: CancellationToken,
) -> Result<(), Error> {
    let mut calls = JoinSet::new();
    let mut window = FIRST.min(ctx.push.calls);
    let outcome = loop {
        let room = window.saturating_sub(calls.len());
        if room > 0 && !stop.is_cancelled() {
            let lease = shared::id::new_id();
            match claim(ctx, key, lease, room).await {
                Ok(held) => held.into_iter().for_each(|held| {
                    calls.spawn(push_one(ctx.clone(), key.clone(), lease, held));
                }),
                Err(error) => break Err(error),
            }
        }
        if calls.is_empty() {
            break Ok(());
        }
        tokio::select! {
            Some(ended) = calls.join_next() => {
                let mut ended = Some(ended);
                while let Some(one) = ended {
                    window = opened(window, one.unwrap_or(false)).min(ctx.push.calls);
                    ended = calls.try_join_next();
                }
            }
            () = more.notified() => {}
        }
    };
    calls.join_all().await;
    outcome?;
    let conn = ctx.db.connection().await?;
    Ok(endpoints::end_drain(&conn, key).await?)
}

/// One more for each call that worked, half of it after one that did not: an ERP gets as much as it
/// takes, and a hostile one little.
fn opened(window: usize, has_worked: bool) -> usize {
    if has_worked { window + 1 } else { (window / 2).max(FEWEST) }
}

async fn claim(ctx: &Ctx, key: &EndpointKey, lease: Uuid, room: usize) -> Result<Vec<Held>, Error> {
    let most = i32::try_from(room).unwrap_or(i32::MAX);
    let wish = Wish { lease, most, probe_secs: ctx.push.probe_secs };
    let conn = ctx.db.connection().await?;
    Ok(push_claims::claim(&conn, key, &wish).await?)
}

/// Whether the ERP did what it is there for.
async fn push_one(ctx: Arc<Ctx>, key: EndpointKey, lease: Uuid, held: Held) -> bool {
    let began = tokio::time::Instant::now();
    let verdict = send_push::send_push(&ctx, &key, &held).await;
    let took = began.elapsed();
    if let Err(error) = record_push::record_push(&ctx, &key, lease, &held, &verdict, took).await {
        // The lease ends by itself; the repeat carries the same webhook-id.
        tracing::warn!(tenant = %key.0, app = %key.1, push = held.known.id, cause = chain(&error), "what came of a push could not be recorded");
    }
    !verdict.is_failure()
}
