//! What ERPs were told, and what not.

use shared::id::Tenant;

use super::Ctx;
use crate::error::Error;
use crate::store::pushes;
pub(crate) use crate::store::pushes::{CountRow, ListedRow, PageOf};

/// The page and how many there are in all.
pub(crate) async fn list_pushes(ctx: &Ctx, wanted: PageOf) -> Result<(Vec<ListedRow>, i64), Error> {
    let conn = ctx.db.connection().await?;
    Ok(pushes::list(&conn, &wanted).await?)
}

/// Counts by state, of one enterprise or of all.
pub(crate) async fn count_pushes(
    ctx: &Ctx,
    tenant: Option<Tenant>,
) -> Result<Vec<CountRow>, Error> {
    let conn = ctx.db.connection().await?;
    Ok(pushes::count(&conn, tenant.as_ref()).await?)
}
