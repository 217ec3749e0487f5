//! Tells an ERP where its orders and ours differ, so that it need not send everything again.

use shared::id::{AppId, Tenant};

use super::Ctx;
use crate::domain::check::{Belief, Difference, compare};
use crate::domain::snapshot::OrderKey;
use crate::domain::status::Source;
use crate::error::Error;
use crate::store::orders;

/// Only the differences.
pub(crate) async fn check_orders(
    ctx: &Ctx,
    tenant: &Tenant,
    app: &AppId,
    beliefs: Vec<Belief>,
) -> Result<Vec<Difference>, Error> {
    let keys: Vec<OrderKey> = beliefs
        .iter()
        .map(|belief| OrderKey {
            tenant: tenant.clone(),
            app: app.clone(),
            number: belief.number,
            source: Source::ThirdParty,
        })
        .collect();
    let conn = ctx.db.connection().await?;
    let stored = orders::list_by_keys(&conn, &keys.iter().collect::<Vec<_>>()).await?;
    Ok(beliefs
        .iter()
        .zip(&keys)
        .filter_map(|(belief, key)| compare(belief, stored.get(key)))
        .collect())
}
