//! The time of tasks has run out: their drawing says what happens.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use shared::fault::chain;

use super::Ctx;
use super::find_people::find_above;
use super::move_order::{Job, move_order};
use super::work_errands::finish_step;
use crate::domain::approval::Pick;
use crate::domain::policy::OnTimeout;
use crate::domain::run::{Act, Refusal};
use crate::domain::stand_in;
use crate::error::Error;
use crate::store::timeouts::{self, Due};

/// Timeouts in hand at the same time.
const AT_ONCE: i64 = 200;

/// Fires what is due; gives how many it took in hand.
pub(crate) async fn fire_timeouts(ctx: &Arc<Ctx>) -> Result<usize, Error> {
    let conn = ctx.db.connection().await?;
    let due = timeouts::claim(&conn, AT_ONCE).await?;
    drop(conn);
    let count = due.len();
    join_all(due.into_iter().map(|due| fire(ctx, due))).await;
    Ok(count)
}

async fn fire(ctx: &Ctx, due: Due) {
    let Due { order, wait, .. } = due;
    match run_out(ctx, &due).await {
        Ok(()) => tracing::info!(order, wait, "the time of a task has run out"),
        Err(
            Error::Order(Refusal::NothingWaits | Refusal::Over | Refusal::Repeated)
            | Error::UnknownOrder(_),
        ) => {
            let removed = async {
                let conn = ctx.db.connection().await?;
                Ok::<(), Error>(timeouts::delete(&conn, order, wait).await?)
            };
            if let Err(error) = removed.await {
                tracing::warn!(cause = chain(&error), "a timeout that nothing waits for stays");
            }
        }
        Err(error) => tracing::warn!(
            order,
            cause = chain(&error),
            "a timeout could not be fired, will be tried again"
        ),
    }
}

async fn run_out(ctx: &Ctx, due: &Due) -> Result<(), Error> {
    let to = find_superiors(ctx, due).await?;
    let act = Act::RunOut { wait: due.wait, to };
    let done = move_order(ctx, Job::act(&due.tenant, due.order, act)).await?;
    finish_step(ctx, &due.tenant, done).await;
    Ok(())
}

/// Who gets the task instead of each who has it, where the drawing wants that.
async fn find_superiors(ctx: &Ctx, due: &Due) -> Result<BTreeMap<String, Pick>, Error> {
    let Some(place) = due.place.as_ref().filter(|_| !due.people.is_empty()) else {
        return Ok(BTreeMap::new());
    };
    let conn = ctx.db.connection().await?;
    let compiled = ctx.definitions.load(&conn, &due.tenant, &place.flow, place.version).await?;
    drop(conn);
    let spec = compiled.specs.get(&place.process).and_then(|specs| specs.get(&place.node));
    let timeout = spec.and_then(|spec| spec.timeout.as_ref());
    if timeout.is_none_or(|timeout| timeout.action != OnTimeout::Superior) {
        return Ok(BTreeMap::new());
    }
    let known = find_above(ctx, &due.tenant, &due.people, Vec::new()).await?;
    let pair = |code: &String| Some((code.clone(), stand_in::superior(&known, code)?));
    Ok(due.people.iter().filter_map(pair).collect())
}
