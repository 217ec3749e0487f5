//! Ends an order before its time.

use shared::id::{Tenant, UserCode};

use super::Ctx;
use super::find_people::check_person;
use super::move_order::{Job, move_order};
use super::work_errands::finish_step;
use crate::domain::order::State;
use crate::domain::run::{Act, Refusal};
use crate::error::Error;
use crate::store::orders;

/// What is asked.
pub(crate) struct CancelOrder {
    pub(crate) order: i64,
    pub(crate) user: UserCode,
    pub(crate) reason: String,
}

/// Cancelling what was cancelled is a success; its history stays. `only_own` lets nobody but the
/// starter do it.
pub(crate) async fn cancel_order(
    ctx: &Ctx,
    tenant: &Tenant,
    request: CancelOrder,
    only_own: bool,
) -> Result<(), Error> {
    check_person(ctx, tenant, "userCode", request.user.as_str()).await?;
    let CancelOrder { order, user, reason } = request;
    let conn = ctx.db.connection().await?;
    let head = orders::show(&conn, tenant, order).await?.ok_or(Error::UnknownOrder(order))?;
    drop(conn);
    if only_own && head.initiator != user.as_str() {
        return Err(Error::UnknownOrder(order));
    }
    if head.parent.is_some() {
        return Err(Error::CalledOrder(head.root));
    }
    let act = Act::Cancel { user: user.into_string(), reason };
    match move_order(ctx, Job::act(tenant, order, act)).await {
        Ok(done) => {
            tracing::info!(order, "order cancelled");
            finish_step(ctx, tenant, done).await;
            Ok(())
        }
        Err(Error::Order(Refusal::Over)) => {
            let conn = ctx.db.connection().await?;
            let head = orders::show(&conn, tenant, order).await?;
            match head.map(|head| head.state) {
                Some(State::Cancelled) => Ok(()),
                _ => Err(Error::Order(Refusal::EndedOtherwise)),
            }
        }
        Err(error) => Err(error),
    }
}
