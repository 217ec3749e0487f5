//! One push with its attempts.

use super::Ctx;
use crate::error::Error;
use crate::store::pushes;
pub(crate) use crate::store::pushes::{AttemptRow, ListedRow};

/// The push and its attempts, newest first.
pub(crate) async fn show_push(ctx: &Ctx, id: i64) -> Result<(ListedRow, Vec<AttemptRow>), Error> {
    let conn = ctx.db.connection().await?;
    let push = pushes::show(&conn, id).await?.ok_or(Error::UnknownPush(id))?;
    let attempts = pushes::list_attempts(&conn, id).await?;
    Ok((push, attempts))
}
