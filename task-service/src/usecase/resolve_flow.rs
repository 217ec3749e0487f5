//! Finds the flow a snapshot belongs to: the one it names, else the application's only one.

use std::sync::Arc;

use shared::id::{AppId, Tenant};

use super::Ctx;
use crate::domain::link::Flow;
use crate::domain::snapshot::Snapshot;
use crate::error::Error;
use crate::store::flows;

/// A named flow that is not online is UNKNOWN_REFERENCE; nothing named and not exactly one online =
/// unresolved.
pub(crate) async fn resolve_flow(
    ctx: &Ctx,
    tenant: &Tenant,
    app: &AppId,
    snapshot: &Snapshot,
) -> Result<Option<Flow>, Error> {
    let place = (tenant.clone(), app.clone());
    if let Some(known) = ctx.known_flows.get(&place).await
        && let Some(found) = pick(&known, snapshot)
    {
        return Ok(Some(found.clone()));
    }
    // What flow-service put online a moment ago may still be on its way as an event: ask.
    let fresh = Arc::new(load(ctx, tenant, app, snapshot).await?);
    let found = pick(&fresh, snapshot).cloned();
    ctx.known_flows.insert(place, fresh).await;
    match (&snapshot.flow, found) {
        (Some(code), None) => Err(Error::UnknownFlow(code.to_string())),
        (_, found) => Ok(found),
    }
}

fn pick<'a>(flows: &'a [Flow], snapshot: &Snapshot) -> Option<&'a Flow> {
    match (&snapshot.flow, flows) {
        (Some(code), flows) => flows.iter().find(|flow| flow.code == code.as_str()),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

/// Our copy; where it does not help, flow-service's word, which becomes our copy.
async fn load(
    ctx: &Ctx,
    tenant: &Tenant,
    app: &AppId,
    snapshot: &Snapshot,
) -> Result<Vec<Flow>, Error> {
    let mut conn = ctx.db.connection().await?;
    let copied = flows::list(&mut conn, tenant, app).await?;
    let several_unnamed = snapshot.flow.is_none() && copied.len() > 1;
    if several_unnamed || pick(&copied, snapshot).is_some() {
        return Ok(copied);
    }
    drop(conn);
    match ctx.flows.list_online(tenant, app).await {
        Ok(online) if online.is_empty() => Ok(copied),
        Ok(online) => {
            let mut conn = ctx.db.connection().await?;
            flows::save_all(&mut conn, &online).await?;
            Ok(flows::list(&mut conn, tenant, app).await?)
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
