//! What was delivered to whom, and what was not.

use super::Ctx;
use crate::error::Error;
use crate::store::deliveries;
pub(crate) use crate::store::deliveries::{ListedRow, PageOf};

/// The page and how many there are in all.
pub(crate) async fn list_deliveries(
    ctx: &Ctx,
    wanted: PageOf,
) -> Result<(Vec<ListedRow>, i64), Error> {
    let conn = ctx.db.connection().await?;
    Ok(deliveries::list(&conn, &wanted).await?)
}
