//! Due timers move their orders on; due starts start theirs.

use std::sync::Arc;

use futures_util::future::join_all;
use shared::fault::chain;

use super::Ctx;
use super::move_order::{Cause, Job, move_order};
use super::start_order::{Fired, start_at_point};
use super::work_errands::work_errands;
use crate::domain::run::{Act, Refusal};
use crate::error::Error;
use crate::store::timers::{self, Due, DueStart};

/// Timers in hand at the same time.
const AT_ONCE: i64 = 500;

/// Fires what is due; gives how many timers it took in hand.
pub(crate) async fn fire_timers(ctx: &Arc<Ctx>) -> Result<usize, Error> {
    let conn = ctx.db.connection().await?;
    let due = timers::claim(&conn, AT_ONCE).await?;
    let starts = timers::claim_starts(&conn, AT_ONCE).await?;
    drop(conn);
    let count = due.len() + starts.len();
    join_all(due.into_iter().map(|timer| fire(ctx, timer))).await;
    join_all(starts.into_iter().map(|start| begin(ctx, start))).await;
    Ok(count)
}

async fn fire(ctx: &Ctx, timer: Due) {
    let job = Job::act(&timer.tenant, timer.order, Act::Fire { wait: timer.wait });
    match move_order(ctx, job).await {
        Ok(done) => drop(work_errands(ctx, done.errands).await),
        Err(Error::Order(Refusal::NothingWaits | Refusal::Over) | Error::UnknownOrder(_)) => {
            let removed = async {
                let conn = ctx.db.connection().await?;
                Ok::<(), Error>(timers::delete(&conn, timer.order, timer.wait).await?)
            };
            if let Err(error) = removed.await {
                tracing::warn!(cause = chain(&error), "a timer that nothing waits for stays");
            }
        }
        Err(error) => tracing::warn!(
            order = timer.order,
            cause = chain(&error),
            "a timer could not be fired, will be tried again"
        ),
    }
}

async fn begin(ctx: &Ctx, start: DueStart) {
    let fired = start.fired + 1;
    let round = u32::try_from(fired).unwrap_or(u32::MAX);
    let next = start.timer.as_ref().and_then(|timer| timer.due(start.set_at, round).ok().flatten());
    let order = Fired {
        point: start.id,
        flow: start.flow,
        version: start.version,
        process: start.process,
        node: start.node,
        cause: fired.to_string(),
        business_key: String::new(),
        initiator: String::new(),
        variables: Default::default(),
        next: Some((fired, next)),
    };
    match start_at_point(ctx, &start.tenant, order, Cause::default()).await {
        Ok(done) => drop(work_errands(ctx, done.errands).await),
        Err(error) => tracing::warn!(
            cause = chain(&error),
            "a flow could not be started by its timer, will be tried again"
        ),
    }
}
