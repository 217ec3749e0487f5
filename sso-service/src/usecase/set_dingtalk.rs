//! Stores an enterprise's DingTalk application.

use serde_json::json;
use shared::id::Tenant;

use super::{Ctx, by_admin};
use crate::error::Error;
use crate::store::dingtalk;
pub(crate) use crate::store::dingtalk::DingtalkApp;
use crate::store::{audit, enterprises};

/// Replaces what was there; the next push fetches a token of the new application.
pub(crate) async fn set_dingtalk(
    ctx: &Ctx,
    tenant: &Tenant,
    app: DingtalkApp,
) -> Result<(), Error> {
    ctx.db
        .transaction(async |tx| {
            if !enterprises::exists(tx, tenant).await? {
                return Err(Error::UnknownEnterprise(tenant.to_string()));
            }
            dingtalk::save(tx, &ctx.sealer, tenant, &app).await?;
            let detail =
                json!({"appKey": app.app_key, "agentId": app.agent_id, "corpId": app.corp_id});
            audit::save_all(tx, by_admin(tenant, "set_dingtalk", detail)).await?;
            Ok(())
        })
        .await
}
