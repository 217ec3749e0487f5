//! When somebody is away, and for whom they act.

use chrono::{DateTime, Utc};
use shared::id::{Tenant, UserCode};

use super::Ctx;
use crate::error::Error;
use crate::store::absences;
pub(crate) use crate::store::absences::Stored;

/// Absences of one kind that are shown.
const MOST: i64 = 100;

/// A person's absences.
pub(crate) struct Absences {
    /// The latest first, also those that are over or cancelled.
    pub(crate) own: Vec<Stored>,
    /// Those in which they act for others, as far as they are not over.
    pub(crate) acting: Vec<Stored>,
    pub(crate) now: DateTime<Utc>,
}

/// The newest hundred of each.
pub(crate) async fn list_absences(
    ctx: &Ctx,
    tenant: &Tenant,
    user: &UserCode,
) -> Result<Absences, Error> {
    let now = ctx.clock.now();
    let conn = ctx.db.connection().await?;
    let own = absences::list_of(&conn, tenant, user.as_str(), MOST).await?;
    let acting = absences::list_by_agent(&conn, tenant, user.as_str(), now, MOST).await?;
    Ok(Absences { own, acting, now })
}
