//! Stores how an enterprise's people sign in, and switches it on or off.

use serde_json::json;
use shared::id::Tenant;

use super::{Ctx, by_admin};
use crate::domain::application::Secret;
use crate::domain::provider::{Dialect, Endpoint, Provider};
use crate::error::Error;
use crate::store::{audit, enterprises, providers};

/// What is asked.
pub(crate) struct SetProvider {
    pub(crate) authorize_url: Endpoint,
    pub(crate) token_url: Endpoint,
    pub(crate) userinfo_url: Endpoint,
    pub(crate) client_id: String,
    /// Absent = the one that is stored.
    pub(crate) client_secret: Option<Secret>,
    pub(crate) scope: String,
    pub(crate) dialect: Dialect,
    pub(crate) pkce: bool,
    pub(crate) bind_by_email: bool,
    pub(crate) auto_create: bool,
}

/// Replaces what was there and switches it on; attempts under way go on with the new one.
pub(crate) async fn set_provider(
    ctx: &Ctx,
    tenant: &Tenant,
    request: SetProvider,
) -> Result<(), Error> {
    ctx.db
        .transaction(async |tx| {
            if !enterprises::exists(tx, tenant).await? {
                return Err(Error::UnknownEnterprise(tenant.to_string()));
            }
            let stored = providers::show(tx, &ctx.sealer, tenant).await?;
            let client_secret = request
                .client_secret
                .or(stored.map(|stored| stored.client_secret))
                .ok_or(Error::SecretMissing)?;
            let provider = Provider {
                tenant: tenant.clone(),
                authorize_url: request.authorize_url,
                token_url: request.token_url,
                userinfo_url: request.userinfo_url,
                client_id: request.client_id,
                client_secret,
                scope: request.scope,
                dialect: request.dialect,
                pkce: request.pkce,
                bind_by_email: request.bind_by_email,
                auto_create: request.auto_create,
                enabled: true,
            };
            providers::save(tx, &ctx.sealer, &provider).await?;
            let detail = json!({"clientId": provider.client_id, "authorizeUrl": provider.authorize_url.as_str(),
                "dialect": provider.dialect.as_str(), "pkce": provider.pkce,
                "bindByEmail": provider.bind_by_email, "autoCreate": provider.auto_create});
            audit::save_all(tx, by_admin(tenant, "set_provider", detail)).await?;
            Ok(())
        })
        .await
}

/// Switched off, nobody signs in any more; whoever is signed in stays so.
pub(crate) async fn enable_provider(
    ctx: &Ctx,
    tenant: &Tenant,
    enabled: bool,
) -> Result<(), Error> {
    ctx.db
        .transaction(async |tx| {
            if providers::enable(tx, tenant, enabled).await? == 0 {
                return Err(Error::UnknownProvider(tenant.to_string()));
            }
            let detail = json!({"enabled": enabled});
            audit::save_all(tx, by_admin(tenant, "enable_provider", detail)).await?;
            Ok(())
        })
        .await
}
