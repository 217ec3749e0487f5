//! Tells the gateway what it needs to check an application's signature.

use shared::contract::access::Credential;
use shared::id::{AppId, Tenant};

use super::Ctx;
use crate::domain::application::Secret;
use crate::error::Error;
use crate::store::applications;

/// Nothing for an application that does not exist.
pub(crate) async fn show_credential(
    ctx: &Ctx,
    tenant: &Tenant,
    app: &AppId,
) -> Result<Option<Credential>, Error> {
    let conn = ctx.db.connection().await?;
    let application = applications::show(&conn, &ctx.sealer, tenant, app).await?;
    Ok(application.map(|application| Credential {
        enabled: application.enabled,
        accept_v0: application.switches.accept_v0,
        require_timestamp: application.switches.require_timestamp,
        any_order: application.switches.any_order,
        previous_secret: application
            .previous_at(ctx.clock.now())
            .map(Secret::expose)
            .map(str::to_owned),
        secret: application.secret.expose().to_owned(),
    }))
}
