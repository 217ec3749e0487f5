//! What is stuck in an enterprise.

use shared::id::Tenant;

use super::Ctx;
use crate::error::Error;
use crate::store::incidents;
pub(crate) use crate::store::incidents::Stuck;

/// One page, oldest first, and how many there are.
pub(crate) async fn list_incidents(
    ctx: &Ctx,
    tenant: &Tenant,
    order: Option<i64>,
    page: i32,
    size: i32,
) -> Result<(Vec<Stuck>, i64), Error> {
    let conn = ctx.db.connection().await?;
    Ok(incidents::list(&conn, tenant, order, page, size).await?)
}
