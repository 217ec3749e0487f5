//! A signal for every order that waits for it and every flow that it starts.

use flow_engine::value::Variables;
use shared::id::Tenant;

use super::Ctx;
use super::create_flow::key_of;
use super::work_errands::send_out;
use crate::error::Error;
use crate::store::errands;

/// How many it was for. It is written down first; each of them gets it in a step of its own, now or,
/// where that fails, by the job.
pub(crate) async fn send_signal(
    ctx: &Ctx,
    tenant: &Tenant,
    name: &str,
    variables: Variables,
) -> Result<usize, Error> {
    let id = shared::http::request_id::current().unwrap_or_default();
    let content = format!("{variables:?}");
    let key = key_of(&["signal", tenant.as_str(), &id, name, &content]);
    let conn = ctx.db.connection().await?;
    errands::add_signal(&conn, tenant, key, name, &variables).await?;
    drop(conn);
    send_out(ctx, tenant, key).await
}
