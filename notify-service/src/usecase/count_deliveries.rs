//! How many deliveries stand where, so that a test or a person sees when it is quiet.

use shared::id::Tenant;

use super::Ctx;
use crate::error::Error;
use crate::store::deliveries::{self, CountRow};

/// Counts by state, of one enterprise or of all.
pub(crate) async fn count_deliveries(
    ctx: &Ctx,
    tenant: Option<Tenant>,
) -> Result<Vec<CountRow>, Error> {
    let conn = ctx.db.connection().await?;
    Ok(deliveries::count(&conn, tenant.as_ref()).await?)
}
