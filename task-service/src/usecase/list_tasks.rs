//! The pages' lists: to-do, done, copies, initiated.

use shared::id::Tenant;

use super::Ctx;
use crate::domain::worklist::{List, PageOf, Row};
use crate::error::Error;
use crate::store::cards;

/// One page and how many rows there are in all.
pub(crate) async fn list_tasks(
    ctx: &Ctx,
    tenant: &Tenant,
    list: List,
    wanted: PageOf,
) -> Result<(Vec<Row>, i64), Error> {
    let conn = ctx.lists.connection().await?;
    Ok(cards::list(&conn, tenant, list, &wanted, &ctx.public_url).await?)
}
