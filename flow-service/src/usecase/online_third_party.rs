//! Puts a version of a third-party flow online (E 4.2).

use shared::id::{AppId, FlowCode, Tenant};
use shared::outbox;

use super::Ctx;
use crate::domain::version::Onlined;
use crate::error::Error;
use crate::events::facts;
use crate::store::{flows, third_party};

/// What is asked; no version = the newest.
pub(crate) struct OnlineThirdParty {
    pub(crate) code: FlowCode,
    pub(crate) version: Option<i32>,
    pub(crate) update_desc: Option<String>,
}

/// Repeating it changes nothing and announces nothing.
pub(crate) async fn online_third_party(
    ctx: &Ctx,
    tenant: &Tenant,
    app: &AppId,
    request: OnlineThirdParty,
) -> Result<(), Error> {
    ctx.db
        .transaction(async |tx| {
            let flow = third_party::load(tx, tenant, app, &request.code).await?;
            let target = flow.version(request.version)?.ok_or_else(|| Error::UnknownVersion {
                flow: request.code.to_string(),
                version: request.version.unwrap_or_default(),
            })?;
            if let Onlined::Changed(changed) =
                flow.online(target, request.update_desc.clone(), ctx.clock.now())
                && let Some(online) = changed.first()
            {
                let revision = flows::save_online(tx, tenant, &request.code, online).await?;
                outbox::announce(
                    tx,
                    &facts::flow_published(tenant, app, &request.code, online, revision),
                )
                .await?;
            }
            Ok(())
        })
        .await
}
