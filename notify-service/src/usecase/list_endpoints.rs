//! Where ERPs are pushed to, and how they fare.

use shared::id::Tenant;

use super::Ctx;
use crate::error::Error;
use crate::store::endpoints;
pub(crate) use crate::store::endpoints::EndpointRow;

/// Of one enterprise, or of all.
pub(crate) async fn list_endpoints(
    ctx: &Ctx,
    tenant: Option<Tenant>,
) -> Result<Vec<EndpointRow>, Error> {
    let conn = ctx.db.connection().await?;
    Ok(endpoints::list(&conn, tenant.as_ref()).await?)
}
