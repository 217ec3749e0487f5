//! A person has read a task or a copy.

use shared::id::Tenant;

use super::Ctx;
use crate::error::Error;
use crate::store::cards;
pub(crate) use crate::store::cards::ReadMark;

/// Marking twice changes nothing; a task the person does not have is unknown.
pub(crate) async fn mark_read(ctx: &Ctx, tenant: &Tenant, mark: ReadMark<'_>) -> Result<(), Error> {
    let missing = match (mark.task, mark.number) {
        (Some(task), _) => Error::UnknownTask(task.to_owned()),
        (None, number) => Error::UnknownOrder(number.unwrap_or_default()),
    };
    let conn = ctx.db.connection().await?;
    if cards::mark_read(&conn, tenant, mark).await? == 0 { Err(missing) } else { Ok(()) }
}
