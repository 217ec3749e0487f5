//! What happened to an order, and how it and everything that it called stands.

use shared::id::{Tenant, UserCode};

use super::Ctx;
use super::list_open_tasks::visible;
use crate::error::Error;
pub(crate) use crate::store::incidents::Stuck;
pub(crate) use crate::store::orders::{Head, HistoryLine, Which};
use crate::store::{incidents, orders};

/// What is shown.
pub(crate) struct History {
    pub(crate) orders: Vec<Head>,
    pub(crate) lines: Vec<HistoryLine>,
    pub(crate) stuck: Vec<Stuck>,
}

/// The lines after `after`, about `most` of them.
pub(crate) async fn show_history(
    ctx: &Ctx,
    tenant: &Tenant,
    viewer: Option<&UserCode>,
    which: Which,
    after: i64,
    most: usize,
) -> Result<History, Error> {
    let conn = ctx.db.connection().await?;
    let orders = visible(&conn, tenant, viewer, &which).await?;
    let lines = orders::list_history(&conn, &orders, after, most).await?;
    let stuck = incidents::list_of(&conn, &orders).await?;
    Ok(History { orders, lines, stuck })
}
