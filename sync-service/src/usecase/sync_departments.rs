//! A delivery of departments (E 2.1).

use shared::id::Tenant;
use shared::outbox;

use super::{Ctx, lock_for_erp};
use crate::domain::batch::{Batch, Row};
use crate::domain::department::{Department, Proposal, Tree};
use crate::error::Error;
use crate::events::facts;
use crate::store::{departments, users};

/// Judges row by row under the enterprise's lock; what fits is stored, what does not is reported.
pub(crate) async fn sync_departments(
    ctx: &Ctx,
    tenant: &Tenant,
    rows: Vec<Row<Proposal>>,
    any_order: bool,
) -> Result<Batch<Department>, Error> {
    ctx.db
        .transaction(async |tx| {
            let directory = lock_for_erp(tx, tenant).await?;
            let tree = Tree::new(departments::list(tx, tenant).await?);
            let mut batch = tree.absorb(rows, any_order);
            departments::save_all(tx, tenant, directory.revision, &batch.changed).await?;
            let events = facts::departments_changed(tenant, directory.revision, &batch.changed);
            outbox::announce_all(tx, &events).await?;
            let closed: Vec<String> = batch
                .changed
                .iter()
                .filter(|department| !department.active)
                .map(|d| d.id.clone())
                .collect();
            if !closed.is_empty() {
                let manned = users::list_manned(tx, tenant, closed).await?;
                batch.warnings =
                    manned.iter().map(|id| format!("部门 {id} 已禁用，但仍有启用的人员")).collect();
            }
            Ok(batch)
        })
        .await
}
