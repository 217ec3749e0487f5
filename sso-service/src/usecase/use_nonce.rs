//! Remembers a nonce for all gateways.

use shared::id::{AppId, Tenant};

use super::Ctx;
use crate::error::Error;
use crate::store::nonces;

/// `false` when it was seen within the last 600 s.
pub(crate) async fn use_nonce(
    ctx: &Ctx,
    tenant: &Tenant,
    app: &AppId,
    nonce: &str,
) -> Result<bool, Error> {
    let conn = ctx.db.connection().await?;
    Ok(nonces::save(&conn, tenant, app, nonce).await?)
}
