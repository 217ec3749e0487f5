//! Something is stuck, and is tried again: by an operator, or because somebody came.

use std::sync::Arc;

use shared::fault::chain;
use shared::id::Tenant;

use super::Ctx;
use super::move_order::{Job, What, move_order};
use super::work_errands::finish_step;
use crate::domain::run::Pins;
use crate::error::Error;
use crate::store::incidents::{self, Stuck};
use crate::store::runs;

/// Tasks looked at again at once.
const AT_ONCE: i64 = 200;

/// Tries one again; what is stuck for the same reason stays so.
pub(crate) async fn retry_incident(ctx: &Ctx, order: i64, wait: u64) -> Result<(), Error> {
    let conn = ctx.db.connection().await?;
    let stuck = incidents::find(&conn, None, order, wait).await?;
    drop(conn);
    let stuck = stuck.ok_or(Error::UnknownIncident { order, wait })?;
    let tenant = Tenant::stored(stuck.tenant.clone());
    let job = match stuck.kind.as_str() {
        "people" => Job::new(&tenant, What::Reassign(stuck.root, wait)),
        _ => {
            let versions = versions(ctx, &tenant, &stuck).await?;
            Job::new(&tenant, What::Retry(stuck.root, wait, versions))
        }
    };
    match move_order(ctx, job).await {
        Ok(done) => {
            tracing::info!(order, wait, "incident retried");
            finish_step(ctx, &tenant, done).await;
            Ok(())
        }
        Err(Error::NothingChanged) => Err(Error::StillStuck(stuck.reason)),
        Err(error) => Err(error),
    }
}

/// What the order runs on, and whatever it calls that has come online since it started.
async fn versions(ctx: &Ctx, tenant: &Tenant, stuck: &Stuck) -> Result<Arc<Pins>, Error> {
    let conn = ctx.db.connection().await?;
    let read = runs::list(&conn, &[(tenant, stuck.root)]).await?.remove(&stuck.root);
    let read = read.ok_or(Error::UnknownOrder(stuck.root))?;
    Ok(Arc::new(ctx.definitions.repin(&conn, tenant, read.pins).await?))
}

/// Tasks that wait for these people look for them again.
pub(super) async fn reassign_waiting(ctx: &Ctx, people: &[(String, String)]) -> Result<(), Error> {
    if people.is_empty() {
        return Ok(());
    }
    reassign(ctx, people).await
}

/// Tasks that wait for anybody look again: a department may have got members, sync-service may have
/// come back.
pub(crate) async fn recheck_people(ctx: Arc<Ctx>) -> Result<(), Error> {
    reassign(&ctx, &[]).await
}

async fn reassign(ctx: &Ctx, people: &[(String, String)]) -> Result<(), Error> {
    let conn = ctx.db.connection().await?;
    let waiting = incidents::list_waiting(&conn, people, AT_ONCE).await?;
    drop(conn);
    for (tenant, order, wait) in waiting {
        let tenant = Tenant::stored(tenant);
        match move_order(ctx, Job::new(&tenant, What::Reassign(order, wait))).await {
            Ok(done) => finish_step(ctx, &tenant, done).await,
            Err(Error::NothingChanged | Error::Order(_) | Error::UnknownOrder(_)) => {}
            Err(error) => {
                tracing::warn!(order, cause = chain(&error), "a stuck task could not be looked at");
            }
        }
    }
    Ok(())
}
