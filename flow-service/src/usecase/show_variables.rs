//! The variables of an order.

use serde_json::{Map, Value as Json};
use shared::id::{Tenant, UserCode};

use super::Ctx;
use super::list_open_tasks::visible;
use crate::error::Error;
use crate::store::orders::Which;
use crate::store::runs;

/// Those of its root scope, as they are now or as it ended with them.
pub(crate) async fn show_variables(
    ctx: &Ctx,
    tenant: &Tenant,
    viewer: Option<&UserCode>,
    order: i64,
) -> Result<Map<String, Json>, Error> {
    let conn = ctx.db.connection().await?;
    visible(&conn, tenant, viewer, &Which::Order(order)).await?;
    let read = runs::list(&conn, &[(tenant, order)]).await?.remove(&order);
    let read = read.ok_or(Error::UnknownOrder(order))?;
    let versions = ctx.definitions.versions(&conn, tenant, &read.pins).await?;
    let run = read.restore(&versions.library).map_err(Error::Snapshot)?;
    let variables = run.instance.variables().iter();
    Ok(variables.map(|(name, value)| (name.clone(), value.to_json())).collect())
}
