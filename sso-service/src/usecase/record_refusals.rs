//! Writes down which requests the gateway refused, for the audit log.

use serde_json::json;
use shared::contract::access::Refused;

use super::Ctx;
use crate::error::Error;
use crate::store::audit::{self, Record};

/// All of a batch with one statement.
pub(crate) async fn record_refusals(ctx: &Ctx, refusals: Vec<Refused>) -> Result<(), Error> {
    let record = |refused: Refused| Record {
        tenant: refused.tenant,
        actor: refused.app,
        action: "refused",
        request_id: Some(refused.request_id),
        detail: json!({"address": refused.address, "code": refused.code, "reason": refused.reason}),
    };
    let conn = ctx.db.connection().await?;
    audit::save_all(&conn, refusals.into_iter().map(record).collect()).await?;
    Ok(())
}
