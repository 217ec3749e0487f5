//! Who is away keeps no tasks: what waits for them moves to whoever acts for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use shared::fault::chain;

use super::Ctx;
use super::move_tasks::{Move, PAGE, Report, find_names, move_tasks};
use crate::domain::stand_in;
use crate::error::Error;
use crate::store::absences::{self, Stored};
use crate::store::waiting;

/// Absences in hand at the same time.
const AT_ONCE: i64 = 50;

/// How long tasks rest that had to stay.
const PAUSE_SECS: i32 = 25;

/// Absences that have begun, and tasks that have come to people who are away.
pub(crate) async fn begin_absences(ctx: Arc<Ctx>) -> Result<(), Error> {
    loop {
        let conn = ctx.db.connection().await?;
        let claimed = absences::claim(&conn, AT_ONCE).await?;
        drop(conn);
        let is_last = claimed.len() < AT_ONCE as usize;
        for stored in claimed {
            if let Err(error) = begin_absence(&ctx, &stored).await {
                let cause = chain(&error);
                tracing::warn!(absence = %stored.id, cause, "tasks stay with somebody who is away, for now");
            }
        }
        if is_last {
            return Ok(());
        }
    }
}

/// Moves a page of what waits for somebody; the job goes on with the rest.
pub(super) async fn begin_absence(ctx: &Ctx, stored: &Stored) -> Result<Report, Error> {
    let (tenant, away) = (&stored.tenant, stored.absence.user.as_str());
    let now = ctx.clock.now();
    let flows = stored.absence.flows.as_ref().map(|flows| flows.iter().cloned().collect());
    let conn = ctx.db.connection().await?;
    let orders = waiting::list_orders(&conn, tenant, away, flows, (0, PAGE)).await?;
    let mut agents: BTreeMap<String, Option<String>> = BTreeMap::new();
    for order in &orders {
        let flow = order.flow.as_str();
        if !agents.contains_key(flow) {
            let all = ctx.known.agents(&conn, tenant, flow, now).await?;
            agents.insert(flow.to_owned(), all.get(away).cloned());
        }
    }
    let named = agents.values().flatten().cloned().chain([away.to_owned()]).collect();
    let known = find_names(&conn, tenant, named).await?;
    drop(conn);
    let moves: Vec<Move> = orders
        .iter()
        .filter_map(|order| {
            let agent = agents.get(order.flow.as_str())?.as_ref()?;
            let to = stand_in::agent(&known, away, agent);
            Some(Move { order: order.order, from: away.to_owned(), to, word: "agent" })
        })
        .collect();
    let can_all = moves.len() == orders.len();
    let is_idle = orders.is_empty();
    let report = move_tasks(ctx, tenant, moves).await;
    let is_done = can_all && report.failed.is_empty() && (is_idle || !report.tasks.is_empty());
    let conn = ctx.db.connection().await?;
    absences::release(&conn, tenant, stored.id, if is_done { 0 } else { PAUSE_SECS }).await?;
    if !report.tasks.is_empty() {
        let moved = report.tasks.len();
        tracing::info!(user = away, moved, "tasks moved to whoever acts for somebody");
    }
    Ok(report)
}
