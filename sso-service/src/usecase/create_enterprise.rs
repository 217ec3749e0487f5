//! Creates an enterprise, names it anew, or switches it on or off.

use serde_json::json;
use shared::contract::access::ApplicationChanged;
use shared::id::Tenant;
use shared::outbox;

use super::{Ctx, by_admin};
use crate::error::Error;
use crate::store::{audit, enterprises};

/// Creating twice gives the name and changes nothing else.
pub(crate) async fn create_enterprise(ctx: &Ctx, tenant: &Tenant, name: &str) -> Result<(), Error> {
    ctx.db
        .transaction(async |tx| {
            enterprises::save(tx, tenant, name).await?;
            audit::save_all(tx, by_admin(tenant, "create_enterprise", json!({"name": name})))
                .await?;
            Ok(())
        })
        .await
}

/// A disabled enterprise's applications are refused at once.
pub(crate) async fn enable_enterprise(
    ctx: &Ctx,
    tenant: &Tenant,
    enabled: bool,
) -> Result<(), Error> {
    ctx.db
        .transaction(async |tx| {
            if enterprises::enable(tx, tenant, enabled).await? == 0 {
                return Err(Error::UnknownEnterprise(tenant.to_string()));
            }
            audit::save_all(tx, by_admin(tenant, "enable_enterprise", json!({"enabled": enabled})))
                .await?;
            outbox::announce(tx, &ApplicationChanged { tenant: tenant.to_string(), app: None })
                .await?;
            Ok(())
        })
        .await
}
