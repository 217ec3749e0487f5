//! How an enterprise's people sign in.

use shared::id::Tenant;

use super::Ctx;
use crate::domain::provider::Provider;
use crate::error::Error;
use crate::store::providers;

/// The provider; its secret is nobody's to see.
pub(crate) async fn show_provider(ctx: &Ctx, tenant: &Tenant) -> Result<Provider, Error> {
    let conn = ctx.db.connection().await?;
    let provider = providers::show(&conn, &ctx.sealer, tenant).await?;
    provider.ok_or_else(|| Error::UnknownProvider(tenant.to_string()))
}
