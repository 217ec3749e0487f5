//! Forgets whom sign-ins were bound to a person by mobile or e-mail.

use serde_json::json;
use shared::id::{Tenant, UserCode};

use super::{Ctx, by_admin};
use crate::error::Error;
use crate::store::{audit, bindings};

/// How many were forgotten; the next sign-in decides anew.
pub(crate) async fn forget_binding(
    ctx: &Ctx,
    tenant: &Tenant,
    user: &UserCode,
) -> Result<usize, Error> {
    ctx.db
        .transaction(async |tx| {
            let forgotten = bindings::delete_of(tx, tenant, user).await?;
            let detail = json!({"user": user.as_str(), "bindings": forgotten});
            audit::save_all(tx, by_admin(tenant, "forget_binding", detail)).await?;
            Ok(forgotten)
        })
        .await
}
