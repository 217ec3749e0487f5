//! A page of people.

use shared::id::Tenant;

use super::Ctx;
use crate::domain::user::User;
use crate::error::Error;
use crate::store::users;
pub(crate) use crate::store::users::PageOf;

/// The page and how many there are in all.
pub(crate) async fn list_users(
    ctx: &Ctx,
    tenant: &Tenant,
    wanted: PageOf,
) -> Result<(Vec<User>, i64), Error> {
    let conn = ctx.db.connection().await?;
    Ok(users::list(&conn, tenant, wanted).await?)
}
