//! Somebody is back, or does not go.

use shared::id::{Tenant, UserCode};
use uuid::Uuid;

use super::Ctx;
use crate::error::Error;
use crate::store::absences;

/// Tasks that the agent has stay with them. `false` = it was cancelled, or over, before.
pub(crate) async fn cancel_absence(
    ctx: &Ctx,
    tenant: &Tenant,
    user: &UserCode,
    id: Uuid,
) -> Result<bool, Error> {
    let conn = ctx.db.connection().await?;
    let found = absences::find(&conn, tenant, id).await?;
    if found.is_none_or(|found| found.absence.user != user.as_str()) {
        return Err(Error::UnknownAbsence(id));
    }
    let is_applied = absences::cancel(&conn, tenant, id, ctx.clock.now()).await?;
    drop(conn);
    ctx.known.forget_absences(tenant).await;
    if is_applied {
        tracing::info!(user = %user, "absence cancelled");
    }
    Ok(is_applied)
}
