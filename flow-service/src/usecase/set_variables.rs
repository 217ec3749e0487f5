//! Sets variables of an order; conditions look again.

use flow_engine::value::Variables;
use shared::id::Tenant;

use super::Ctx;
use super::move_order::{Job, move_order};
use super::work_errands::finish_step;
use crate::domain::run::Act;
use crate::error::Error;

/// Those of its root scope.
pub(crate) async fn set_variables(
    ctx: &Ctx,
    tenant: &Tenant,
    order: i64,
    variables: Variables,
) -> Result<(), Error> {
    let done = move_order(ctx, Job::act(tenant, order, Act::Set { variables })).await?;
    finish_step(ctx, tenant, done).await;
    Ok(())
}
