//! The numbers on a person's tabs.

use shared::id::Tenant;

use super::Ctx;
use crate::domain::worklist::Summary;
use crate::error::Error;
use crate::store::cards;

/// Counted now, never remembered: the numbers agree with the lists.
pub(crate) async fn summarize(ctx: &Ctx, tenant: &Tenant, user: &str) -> Result<Summary, Error> {
    let conn = ctx.lists.connection().await?;
    Ok(cards::summarize(&conn, tenant, user).await?)
}
