//! A snapshot of an ERP's order (E 4.3).

use std::sync::Arc;

use shared::id::{AppId, Tenant};

use super::Ctx;
use super::resolve_flow::resolve_flow;
use super::warn_unknown::warn_unknown;
use super::write_orders::{Change, Job};
use crate::domain::order::{Absorbed, Verdict};
use crate::domain::snapshot::{OrderKey, Snapshot};
use crate::domain::status::Source;
use crate::error::Error;

/// What became of the snapshot; the warnings are all that the caller should know.
pub(crate) async fn sync_task(
    ctx: &Ctx,
    tenant: &Tenant,
    app: &AppId,
    snapshot: Snapshot,
) -> Result<Absorbed, Error> {
    let flows = resolve_flow(ctx, tenant, app, &snapshot).await?;
    let key = OrderKey {
        tenant: tenant.clone(),
        app: app.clone(),
        number: snapshot.number,
        source: Source::ThirdParty,
    };
    let snapshot = Arc::new(snapshot);
    let change = Change::Snapshot { snapshot: snapshot.clone(), flows };
    let mut absorbed = ctx.writes.submit(Job::new(key, change)).await??;
    if absorbed.verdict == Verdict::Applied {
        if absorbed.order.flow.is_none() {
            absorbed.warnings.push(
                "未能确定订单所属流程（无 flowCode，且应用没有或有多个已上线的三方流程）"
                    .to_owned(),
            );
        }
        absorbed.warnings.extend(warn_unknown(ctx, tenant, &snapshot).await);
    }
    Ok(absorbed)
}
