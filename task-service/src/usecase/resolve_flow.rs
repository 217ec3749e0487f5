//! Finds the flow a snapshot belongs to: the one it names, else the application's only one.

use std::sync::Arc;

use shared::id::{AppId, Tenant};

use super::Ctx;
use crate::domain::link::Flow;
use crate::domain::snapshot::Snapshot;
use crate::error::Error;
use crate::store::flows;

/// The application's flows, in which the one of the snapshot is found. A named flow that is not
/// online is UNKNOWN_REFERENCE.
pub(crate) async fn resolve_flow(
    ctx: &Ctx,
    tenant: &Tenant,
    app: &AppId,
    snapshot: &Snapshot,
) -> Result<Arc<Vec<Flow>>, Error> {
    let place = (tenant.clone(), app.clone());
    if let Some(known) = ctx.known_flows.get(&place).await
        && suffices(&known, snapshot)
    {
        return Ok(known);
    }
    // What flow-service put online a moment ago may still be on its way as an event: ask.
    let fresh = Arc::new(load(ctx, tenant, app, snapshot).await?);
    ctx.known_flows.insert(place, fresh.clone()).await;
    match &snapshot.flow {
        Some(code) if !suffices(&fresh, snapshot) => Err(Error::UnknownFlow(code.to_string())),
        Some(_) | None => Ok(fresh),
    }
}

/// Whether asking further could add anything.
fn suffices(flows: &[Flow], snapshot: &Snapshot) -> bool {
    match &snapshot.flow {
        Some(code) => flows.iter().any(|flow| flow.code == code.as_str()),
        None => !flows.is_empty(),
    }
}

/// Our copy; where it does not help, flow-service's word, which becomes our copy.
async fn load(
    ctx: &Ctx,
    tenant: &Tenant,
    app: &AppId,
    snapshot: &Snapshot,
) -> Result<Vec<Flow>, Error> {
    let conn = ctx.db.connection().await?;
    let copied = flows::list(&conn, tenant, app).await?;
    // Which flow is the only one, our copy cannot know: another may be on its way as an event.
    if snapshot.flow.is_some() && suffices(&copied, snapshot) {
        return Ok(copied);
    }
    drop(conn);
    match ctx.flows.list_online(tenant, app).await {
        Ok(online) if online.is_empty() => Ok(copied),
        Ok(online) => {
            let conn = ctx.db.connection().await?;
            flows::save_all(&conn, &online).await?;
            Ok(flows::list(&conn, tenant, app).await?)
        }
        Err(error) => {
            tracing::warn!(
                cause = shared::fault::chain(&error),
                "flow-service did not answer; the copy has to do"
            );
            Ok(copied)
        }
    }
}
