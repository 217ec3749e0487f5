//! What became of people's attempts to sign in.

use shared::id::Tenant;

use super::Ctx;
use crate::error::Error;
use crate::store::audit;
pub(crate) use crate::store::audit::LoginRow;

/// Those that came to nothing.
const PROBLEMS: [&str; 2] = ["login.refused", "login.ambiguous"];

/// All of them.
const ALL: [&str; 4] = ["login.finished", "login.created", "login.refused", "login.ambiguous"];

/// The newest attempts that somebody should look at.
pub(crate) async fn list_problems(
    ctx: &Ctx,
    tenant: &Tenant,
    limit: i32,
) -> Result<Vec<LoginRow>, Error> {
    let conn = ctx.db.connection().await?;
    Ok(audit::list_logins(&conn, tenant, &PROBLEMS, limit).await?)
}

/// The newest attempts.
pub(crate) async fn list_logins(
    ctx: &Ctx,
    tenant: &Tenant,
    limit: i32,
) -> Result<Vec<LoginRow>, Error> {
    let conn = ctx.db.connection().await?;
    Ok(audit::list_logins(&conn, tenant, &ALL, limit).await?)
}
