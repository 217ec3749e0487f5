//! Gives an application a new secret; the old one stays good for a while.

use serde_json::json;
use shared::contract::access::ApplicationChanged;
use shared::id::{AppId, Tenant};
use shared::outbox;

use super::{Ctx, by_admin};
use crate::domain::application::Secret;
use crate::error::Error;
use crate::store::{applications, audit, seal};

/// The new secret, in the clear, for the only time.
pub(crate) async fn rotate_secret(
    ctx: &Ctx,
    tenant: &Tenant,
    app: &AppId,
    overlap_hours: i64,
) -> Result<Secret, Error> {
    let fresh = Secret::stored(seal::random_secret());
    ctx.db
        .transaction(async |tx| {
            let application = applications::load(tx, &ctx.sealer, tenant, app).await?;
            let rotated = application.rotate(fresh.clone(), overlap_hours, ctx.clock.now())?;
            applications::save(tx, &ctx.sealer, &rotated).await?;
            let detail = json!({"app": app.as_str(), "overlapHours": overlap_hours});
            audit::save_all(tx, by_admin(tenant, "rotate_secret", detail)).await?;
            let changed =
                ApplicationChanged { tenant: tenant.to_string(), app: Some(app.to_string()) };
            outbox::announce(tx, &changed).await?;
            Ok::<_, Error>(())
        })
        .await?;
    Ok(fresh)
}
