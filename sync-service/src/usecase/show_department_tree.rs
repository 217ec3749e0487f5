//! The departments of an enterprise.

use shared::id::Tenant;

use super::Ctx;
use crate::domain::department::Department;
use crate::error::Error;
use crate::store::departments;

/// All departments, flat, in the order people see them.
pub(crate) async fn show_department_tree(
    ctx: &Ctx,
    tenant: &Tenant,
) -> Result<Vec<Department>, Error> {
    let conn = ctx.db.connection().await?;
    Ok(departments::list(&conn, tenant).await?)
}
