//! Who is disabled keeps no tasks: what waits for them moves to agent, superior or manager.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use shared::db::Conn;
use shared::fault::chain;
use shared::id::Tenant;

use super::Ctx;
use super::find_people::{Agents, find_above};
use super::load_definition::manager_of;
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
    let mut followers: BTreeMap<Ran<'_>, Followers> = BTreeMap::new();
    for order in &orders {
        if let Entry::Vacant(place) = followers.entry(order.ran()) {
            let agents = ctx.known.agents(&conn, tenant, order.flow.as_str(), now).await?;
            let manager = find_manager(ctx, &conn, tenant, order).await?;
            place.insert(Followers { agents, manager });
        }
    }
    drop(conn);
    let agents = followers.values().filter_map(|it| it.agents.get(gone));
    let managers = followers.values().filter_map(|it| it.manager.as_ref());
    let named: BTreeSet<String> = agents.chain(managers).cloned().collect();
    let known = find_above(ctx, tenant, &[gone.to_owned()], named.into_iter().collect()).await?;
    let (mut moves, mut stuck) = (Vec::new(), 0);
    for order in &orders {
        let Some(Followers { agents, manager }) = followers.get(&order.ran()) else { continue };
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

/// Who may follow somebody in the orders of one process.
struct Followers {
    agents: Agents,
    manager: Option<String>,
}

/// What an order runs: flow, version, process.
type Ran<'a> = (&'a str, i32, &'a str);

impl Waiting {
    fn ran(&self) -> Ran<'_> {
        (self.flow.as_str(), self.version, self.process.as_str())
    }
}

async fn find_manager(
    ctx: &Ctx,
    conn: &Conn,
    tenant: &Tenant,
    order: &Waiting,
) -> Result<Option<String>, Error> {
    let compiled = ctx.definitions.load(conn, tenant, &order.flow, order.version).await?;
    Ok(compiled.process(Some(&order.process)).and_then(|process| manager_of(process)))
}
