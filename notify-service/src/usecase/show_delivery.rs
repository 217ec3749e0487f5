//! One delivery with its attempts.

use super::Ctx;
use crate::error::Error;
use crate::store::attempts;
pub(crate) use crate::store::attempts::AttemptRow;
use crate::store::deliveries::{self, ListedRow};

/// The delivery and its attempts, newest first.
pub(crate) async fn show_delivery(
    ctx: &Ctx,
    id: i64,
) -> Result<(ListedRow, Vec<AttemptRow>), Error> {
    let conn = ctx.db.connection().await?;
    let delivery = deliveries::show(&conn, id).await?.ok_or(Error::UnknownDelivery(id))?;
    let attempts = attempts::list(&conn, id).await?;
    Ok((delivery, attempts))
}
