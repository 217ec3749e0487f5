//! Carries messages and signals from one order to others: written down by the step that threw them,
//! carried out at once after its commit, and by the job where that did not come about.

use std::sync::Arc;

use futures_util::future::join_all;
use shared::contract::order::OrderAdvanced;
use shared::fault::{Fault, chain};
use shared::id::Tenant;
use uuid::Uuid;

use super::Ctx;
use super::move_order::{Cause, Done, Job, move_order};
use super::send_message::{Message, deliver_message};
use super::start_order::{Fired, start_at_point};
use crate::domain::run::{Act, Refusal};
use crate::error::Error;
use crate::store::errands::{self, Errand, Task};
use crate::store::orders;

/// Errands in hand at the same time.
const AT_ONCE: i64 = 200;

/// How often what was thrown may throw again before the job goes on with it.
const ROUNDS_AT_ONCE: usize = 20;

/// How long a chain of errands may grow: two flows that start each other would go on for ever.
const MOST_DEPTH: i32 = 50;

/// Carries out what a step left, and tells the lists what became true, before the caller is answered.
pub(super) async fn finish_step(ctx: &Ctx, tenant: &Tenant, done: Done) {
    let mut facts = done.facts;
    facts.extend(work_errands(ctx, done.errands).await);
    tell_tasks(ctx, tenant, &facts).await;
}

async fn tell_tasks(ctx: &Ctx, tenant: &Tenant, facts: &[OrderAdvanced]) {
    if facts.is_empty() {
        return;
    }
    if let Some(Err(error)) = ctx.tasks.tell(tenant, facts).await {
        tracing::warn!(
            cause = chain(&error),
            "task-service was not told at once; the events tell it"
        );
    }
}

/// Gives what became true of all the orders that moved. What fails is left to the job.
pub(super) async fn work_errands(ctx: &Ctx, ids: Vec<Uuid>) -> Vec<OrderAdvanced> {
    let mut facts = Vec::new();
    let mut open = ids;
    for _ in 0..ROUNDS_AT_ONCE {
        if open.is_empty() {
            break;
        }
        match work(ctx, Some(std::mem::take(&mut open))).await {
            Ok((_, done)) => {
                for one in done {
                    facts.extend(one.facts);
                    open.extend(one.errands);
                }
            }
            Err(error) => {
                tracing::warn!(cause = chain(&error), "errands are left to the job");
                break;
            }
        }
    }
    facts
}

/// Carries out what is due; gives how many errands it took in hand.
pub(crate) async fn work_due_errands(ctx: &Arc<Ctx>) -> Result<usize, Error> {
    let (count, done) = work(ctx, None).await?;
    // What these leave is carried out by whoever made the step, which is us.
    work_errands(ctx, done.into_iter().flat_map(|done| done.errands).collect()).await;
    Ok(count)
}

async fn work(ctx: &Ctx, ids: Option<Vec<Uuid>>) -> Result<(usize, Vec<Done>), Error> {
    let conn = ctx.db.connection().await?;
    let claimed = errands::claim(&conn, ids, AT_ONCE).await?;
    drop(conn);
    let count = claimed.len();
    let outcomes = join_all(claimed.into_iter().map(|errand| carry_out(ctx, errand))).await;
    Ok((count, outcomes.into_iter().flatten().collect()))
}

/// What an errand came to; a failure puts it off.
async fn carry_out(ctx: &Ctx, errand: Errand) -> Option<Done> {
    let outcome = try_errand(ctx, &errand).await;
    let over = match &outcome {
        // A start that was made before has not removed it.
        Ok(done) => done.as_ref().is_none_or(|done| done.is_repeat),
        // Whoever waited does so no longer, or somebody else was faster.
        Err(Error::Order(_) | Error::UnknownOrder(_) | Error::CarriedOut) => true,
        Err(_) => false,
    };
    let settled = match &outcome {
        _ if over => remove(ctx, errand.id).await,
        Err(error) => put_off(ctx, errand.id, error).await,
        Ok(_) => Ok(()),
    };
    if let Err(error) = settled {
        tracing::warn!(cause = chain(&error), "an errand could not be updated, its lease ends");
    }
    match outcome {
        Ok(done) => done,
        Err(_) if over => None,
        Err(error) => {
            tracing::warn!(
                errand = %errand.id,
                code = error.code().name(),
                cause = chain(&error),
                "an errand failed, will be tried again"
            );
            None
        }
    }
}

async fn remove(ctx: &Ctx, id: Uuid) -> Result<(), Error> {
    let conn = ctx.db.connection().await?;
    Ok(errands::delete(&conn, id).await?)
}

async fn put_off(ctx: &Ctx, id: Uuid, error: &Error) -> Result<(), Error> {
    let conn = ctx.db.connection().await?;
    Ok(errands::put_off(&conn, id, &chain(error)).await?)
}

/// `None` = there is nothing left to do for it.
async fn try_errand(ctx: &Ctx, errand: &Errand) -> Result<Option<Done>, Error> {
    if errand.depth > MOST_DEPTH {
        tracing::error!(name = errand.name, tenant = %errand.tenant, "flows call each other without end; a message or signal was dropped");
        return Ok(None);
    }
    let cause = Cause { errand: Some(errand.id), heard: None };
    let (name, variables) = (errand.name.clone(), errand.variables.clone());
    match errand.task {
        Task::Message => {
            let conn = ctx.db.connection().await?;
            let origin = match errand.origin {
                Some(order) => orders::show(&conn, &errand.tenant, order).await?,
                None => None,
            };
            drop(conn);
            let (business_key, initiator) =
                origin.map(|head| (head.business_key, head.initiator)).unwrap_or_default();
            let message = Message {
                name,
                business_key: Some(business_key).filter(|key| !key.is_empty()),
                only_that_key: false,
                initiator,
                variables,
            };
            deliver_message(ctx, &errand.tenant, message, cause, &errand.id.to_string()).await
        }
        Task::Signal => {
            let conn = ctx.db.connection().await?;
            let more = errands::fan_out(&conn, errand.id).await?;
            Ok(Some(Done { errands: more, ..Done::default() }))
        }
        Task::SignalTo(order) => {
            let act = Act::Signal { name, variables };
            let job = Job::act(&errand.tenant, order, act).because_of(cause);
            match move_order(ctx, job).await {
                Ok(done) => Ok(Some(done)),
                Err(Error::Order(Refusal::NothingWaits | Refusal::Over)) => Ok(None),
                Err(error) => Err(error),
            }
        }
        Task::Start(point) => {
            let conn = ctx.db.connection().await?;
            let point = errands::find_point(&conn, &errand.tenant, None, Some(point)).await?;
            let origin = match errand.origin {
                Some(order) => orders::show(&conn, &errand.tenant, order).await?,
                None => None,
            };
            drop(conn);
            let Some(point) = point else { return Ok(None) };
            let (business_key, initiator) =
                origin.map(|head| (head.business_key, head.initiator)).unwrap_or_default();
            let fired = Fired {
                point: point.id,
                flow: point.flow,
                version: point.version,
                process: point.process,
                node: point.node,
                cause: errand.id.to_string(),
                business_key,
                initiator,
                variables,
                next: None,
            };
            start_at_point(ctx, &errand.tenant, fired, cause).await.map(Some)
        }
    }
}

/// Sends out a signal that was written down, and tells the lists; gives how many it was for.
pub(super) async fn send_out(ctx: &Ctx, tenant: &Tenant, id: Uuid) -> Result<usize, Error> {
    let (_, fanned) = work(ctx, Some(vec![id])).await?;
    let targets: Vec<Uuid> = fanned.into_iter().flat_map(|done| done.errands).collect();
    let count = targets.len();
    let facts = work_errands(ctx, targets).await;
    tell_tasks(ctx, tenant, &facts).await;
    Ok(count)
}
