//! Where a task can be sent back to.

use shared::id::{Tenant, UserCode};

use super::Ctx;
use crate::domain::order::parse_wire_id;
use crate::domain::run::Refusal;
pub(crate) use crate::domain::run::{Cancelled, Preview, Voided};
use crate::error::Error;
use crate::store::{orders, runs};

/// Nearest first. To a person, a task that is not theirs is a missing one.
pub(crate) async fn list_return_targets(
    ctx: &Ctx,
    tenant: &Tenant,
    viewer: Option<&UserCode>,
    task: &str,
) -> Result<Vec<Preview>, Error> {
    let unknown = || Error::UnknownTask(task.to_owned());
    let (order, wait, row) = parse_wire_id(task).ok_or_else(unknown)?;
    let conn = ctx.db.connection().await?;
    let stored = orders::show_task(&conn, tenant, order, wait, row).await?;
    let stored = stored.filter(|stored| stored.is_for_people).ok_or_else(unknown)?;
    let is_theirs =
        viewer.is_none_or(|user| stored.assignees.iter().any(|code| code == user.as_str()));
    if !is_theirs {
        return Err(unknown());
    }
    let read = runs::list(&conn, &[(tenant, order)]).await?.remove(&order).ok_or_else(unknown)?;
    let versions = ctx.definitions.versions(&conn, tenant, &read.pins).await?;
    let run = read.restore(&versions.library).map_err(Error::Snapshot)?;
    let is_open = |row| run.task(wait).and_then(|task| task.row(row)).is_some_and(|it| it.is_open);
    if !is_open(row) {
        return Err(Refusal::NothingWaits.into());
    }
    Ok(run.return_previews(&versions, wait))
}
