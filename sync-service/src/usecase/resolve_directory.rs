//! Tells another service which people and departments are not there.

use shared::contract::directory::{Resolve, Unknown};
use shared::id::Tenant;

use super::Ctx;
use crate::error::Error;
use crate::store::{departments, users};

/// What of `wanted` names nothing.
pub(crate) async fn resolve_directory(
    ctx: &Ctx,
    tenant: &Tenant,
    wanted: Resolve,
) -> Result<Unknown, Error> {
    let conn = ctx.db.connection().await?;
    Ok(Unknown {
        users: users::list_unknown(&conn, tenant, wanted.users).await?,
        departments: departments::list_unknown(&conn, tenant, wanted.departments).await?,
    })
}
