//! Turns an application and its switches on or off.

use serde_json::json;
use shared::contract::access::ApplicationChanged;
use shared::id::{AppId, Tenant};
use shared::outbox;

use super::{Ctx, by_admin};
use crate::domain::application::Switches;
use crate::error::Error;
use crate::store::{applications, audit};

/// What is asked; absent = as it is.
#[derive(Debug, Default)]
pub(crate) struct ChangeApplication {
    pub(crate) enabled: Option<bool>,
    pub(crate) accept_v0: Option<bool>,
    pub(crate) require_timestamp: Option<bool>,
    pub(crate) any_order: Option<bool>,
}

/// Gateways drop their copy as soon as they hear of it.
pub(crate) async fn change_application(
    ctx: &Ctx,
    tenant: &Tenant,
    app: &AppId,
    request: ChangeApplication,
) -> Result<(), Error> {
    ctx.db
        .transaction(async |tx| {
            let mut application = applications::load(tx, &ctx.sealer, tenant, app).await?;
            let old = application.switches;
            application.enabled = request.enabled.unwrap_or(application.enabled);
            application.switches = Switches {
                accept_v0: request.accept_v0.unwrap_or(old.accept_v0),
                require_timestamp: request.require_timestamp.unwrap_or(old.require_timestamp),
                any_order: request.any_order.unwrap_or(old.any_order),
            };
            applications::save(tx, &ctx.sealer, &application).await?;
            let detail = json!({"app": app.as_str(), "enabled": application.enabled,
                "acceptV0": application.switches.accept_v0,
                "requireTimestamp": application.switches.require_timestamp,
                "anyOrder": application.switches.any_order});
            audit::save_all(tx, by_admin(tenant, "change_application", detail)).await?;
            let changed =
                ApplicationChanged { tenant: tenant.to_string(), app: Some(app.to_string()) };
            outbox::announce(tx, &changed).await?;
            Ok(())
        })
        .await
}
