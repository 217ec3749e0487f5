//! Gives everything that waits for one person to another.

use shared::id::{FlowCode, Tenant, UserCode};

use super::Ctx;
use super::find_people::check_person;
use super::move_tasks::{Move, PAGE, Report, find_names, move_tasks};
use super::set_absence::check_flows;
use crate::domain::stand_in;
use crate::error::Error;
use crate::store::waiting;

/// Pages of orders moved by one call.
const MOST_PAGES: usize = 25;

/// What is asked.
pub(crate) struct HandOver {
    pub(crate) from: UserCode,
    pub(crate) to: UserCode,
    /// None = all of them.
    pub(crate) flows: Vec<FlowCode>,
    pub(crate) reason: Option<String>,
}

/// What came of it.
pub(crate) struct HandedOver {
    pub(crate) report: Report,
    /// There was too much for one call.
    pub(crate) is_more: bool,
}

/// Doing it again moves what has come since, and what failed.
pub(crate) async fn hand_over(
    ctx: &Ctx,
    tenant: &Tenant,
    request: HandOver,
) -> Result<HandedOver, Error> {
    let (from, to) = (request.from.as_str(), request.to.as_str());
    match check_person(ctx, tenant, "fromUser", from).await {
        // Whoever hands over may have left.
        Ok(()) | Err(Error::DisabledPerson { .. }) => {}
        Err(error) => return Err(error),
    }
    check_person(ctx, tenant, "toUser", to).await?;
    check_flows(ctx, tenant, &request.flows).await?;
    let conn = ctx.db.connection().await?;
    let known = find_names(&conn, tenant, vec![from.to_owned(), to.to_owned()]).await?;
    drop(conn);
    let pick = stand_in::receiver(&known, from, to, request.reason.as_deref());
    let flows: Vec<String> = request.flows.iter().map(FlowCode::to_string).collect();
    let flows = Some(flows).filter(|flows| !flows.is_empty());
    let mut done = HandedOver { report: Report::default(), is_more: true };
    let mut after = 0;
    for _ in 0..MOST_PAGES {
        let conn = ctx.db.connection().await?;
        let orders =
            waiting::list_orders(&conn, tenant, from, flows.clone(), (after, PAGE)).await?;
        drop(conn);
        let Some(last) = orders.last() else {
            done.is_more = false;
            break;
        };
        after = last.order;
        let one =
            |order: i64| Move { order, from: from.to_owned(), to: pick.clone(), word: "handover" };
        let moves = orders.iter().map(|order| one(order.order)).collect();
        done.report.add(move_tasks(ctx, tenant, moves).await);
    }
    let (moved, failed) = (done.report.tasks.len(), done.report.failed.len());
    tracing::info!(from, to, moved, failed, "tasks handed over");
    Ok(done)
}
