//! When people of an enterprise work: what was set, else the usual.

use shared::id::Tenant;

use super::Ctx;
use crate::domain::calendar::Calendar;
use crate::error::Error;
use crate::store::calendars;

pub(crate) async fn show_calendar(ctx: &Ctx, tenant: &Tenant) -> Result<Calendar, Error> {
    let conn = ctx.db.connection().await?;
    Ok(calendars::find(&conn, tenant).await?.unwrap_or_default())
}
