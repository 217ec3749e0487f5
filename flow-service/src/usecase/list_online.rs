//! Tells another service which flows of an application are online.

use shared::contract::flow::FlowPublished;
use shared::id::{AppId, Tenant};

use super::Ctx;
use crate::error::Error;
use crate::store::third_party;

/// In the words of the event that announced each.
pub(crate) async fn list_online(
    ctx: &Ctx,
    tenant: &Tenant,
    app: &AppId,
) -> Result<Vec<FlowPublished>, Error> {
    let conn = ctx.db.connection().await?;
    Ok(third_party::list_online(&conn, tenant, app).await?)
}
