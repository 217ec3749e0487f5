//! What happened to an order, and how it and everything that it called stands.

use shared::id::{Tenant, UserCode};

use super::Ctx;
use super::list_open_tasks::visible;
use crate::domain::order::State;
use crate::error::Error;
pub(crate) use crate::store::incidents::Stuck;
pub(crate) use crate::store::orders::{Head, HistoryLine, OperationLine, Which};
use crate::store::{incidents, orders};

/// Incidents of this kind hold up a token; of the other, a task waits for its people.
const ELEMENT: &str = "element";

/// What is shown.
pub(crate) struct History {
    pub(crate) orders: Vec<Head>,
    pub(crate) lines: Vec<HistoryLine>,
    pub(crate) operations: Vec<OperationLine>,
    pub(crate) stuck: Vec<Stuck>,
}

/// The lines after `after`, about `most` of them. An order that cannot go on, because an element of it
/// is stuck, reads as failed until a retry moves it.
pub(crate) async fn show_history(
    ctx: &Ctx,
    tenant: &Tenant,
    viewer: Option<&UserCode>,
    which: Which,
    after: i64,
    most: usize,
) -> Result<History, Error> {
    let conn = ctx.db.connection().await?;
    let mut orders = visible(&conn, tenant, viewer, &which).await?;
    let (lines, operations) = orders::list_history(&conn, &orders, after, most).await?;
    let stuck = incidents::list_of(&conn, &orders).await?;
    for order in orders.iter_mut().filter(|order| order.state == State::Running) {
        if stuck.iter().any(|one| one.kind == ELEMENT && [one.root, one.order].contains(&order.id))
        {
            order.state = State::Failed;
        }
    }
    Ok(History { orders, lines, operations, stuck })
}
