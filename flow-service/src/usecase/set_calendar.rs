//! Sets when people of an enterprise work; deadlines that run keep the time they were given.

use shared::id::Tenant;

use super::Ctx;
use crate::domain::calendar::Calendar;
use crate::error::Error;
use crate::store::calendars;

pub(crate) async fn set_calendar(
    ctx: &Ctx,
    tenant: &Tenant,
    calendar: Calendar,
) -> Result<(), Error> {
    let conn = ctx.db.connection().await?;
    calendars::save(&conn, tenant, &calendar).await?;
    tracing::info!(%tenant, "calendar set");
    Ok(())
}
