//! History lines from the ERP (E 5.3); they may come before their order.

use super::Ctx;
use crate::domain::approval_log::{self, ApprovalLog};
use crate::domain::snapshot::OrderKey;
use crate::error::Error;
use crate::store::{approval_logs, orders};

/// Gives how many lines were new; a repeat adds none.
pub(crate) async fn record_approval_log(
    ctx: &Ctx,
    key: &OrderKey,
    business_key: &str,
    logs: Vec<ApprovalLog>,
) -> Result<usize, Error> {
    ctx.db
        .transaction(async |tx| {
            let stored = orders::list_business_keys(tx, key).await?;
            approval_log::check(&logs, business_key, &stored, ctx.clock.now())?;
            Ok(approval_logs::save_all(tx, key, &logs).await?)
        })
        .await
}
