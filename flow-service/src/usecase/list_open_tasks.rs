//! The open tasks of an order with everything that it called.

use shared::id::{Tenant, UserCode};

use super::Ctx;
use crate::error::Error;
use crate::store::orders;
pub(crate) use crate::store::orders::{Head, TaskHead, Which};

/// Tasks shown together at most.
const MOST_TASKS: i64 = 1_000;

/// To a person, an order that does not concern them is a missing one.
pub(crate) async fn list_open_tasks(
    ctx: &Ctx,
    tenant: &Tenant,
    viewer: Option<&UserCode>,
    which: Which,
) -> Result<Vec<TaskHead>, Error> {
    let conn = ctx.db.connection().await?;
    let orders = visible(&conn, tenant, viewer, &which).await?;
    Ok(orders::list_open_tasks(&conn, &orders, MOST_TASKS).await?)
}

/// The orders asked for; one that is named must be there.
pub(super) async fn visible(
    conn: &shared::db::Conn,
    tenant: &Tenant,
    viewer: Option<&UserCode>,
    which: &Which,
) -> Result<Vec<Head>, Error> {
    let orders = orders::list_trees(conn, tenant, which).await?;
    if let Which::Order(order) = which {
        let is_theirs = match viewer {
            None => true,
            Some(user) => {
                orders.iter().any(|order| order.initiator == user.as_str())
                    || orders::had_task(conn, &orders, user.as_str()).await?
            }
        };
        if orders.is_empty() || !is_theirs {
            return Err(Error::UnknownOrder(*order));
        }
    }
    Ok(orders)
}
