//! Whether what happened to orders is still what was written: their chains of hashes, computed anew.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use shared::db::{Conn, QueryResult};
use shared::id::Tenant;

use super::Ctx;
pub(crate) use crate::domain::chain::Flaw;
use crate::domain::chain::{Step, Walk};
use crate::error::Error;
use crate::store::steps::{self, Chained, StoredStep};

/// Orders of one page.
const ORDERS_OF_A_PAGE: i64 = 100;

/// Steps read at once.
const STEPS_AT_ONCE: usize = 1_000;

/// How often an order is looked at that moves meanwhile.
const MOST_LOOKS: usize = 5;

/// One page of orders.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verified {
    pub(crate) orders: usize,
    pub(crate) steps: usize,
    /// The first thing that is wrong with each order that is broken.
    pub(crate) broken: Vec<Broken>,
    /// There are more orders after this one.
    pub(crate) next: Option<i64>,
}

/// What is wrong with an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) order: i64,
    pub(crate) flaw: Flaw,
    /// Absent where no single step is wrong.
    pub(crate) step: Option<BrokenStep>,
}

/// A step that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BrokenStep {
    /// Which step of its order, from 1.
    pub(crate) seq: i64,
    /// Its number over the whole engine: the `no` of the table.
    pub(crate) no: i64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) act: String,
}

/// One order, or a page of all orders of an enterprise, those after `after`.
pub(crate) async fn verify_order(
    ctx: &Ctx,
    tenant: &Tenant,
    only: Option<i64>,
    after: i64,
) -> Result<Verified, Error> {
    let conn = ctx.db.connection().await?;
    let chained = steps::list_chained(&conn, tenant, only, after, ORDERS_OF_A_PAGE).await?;
    if let Some(order) = only.filter(|_| chained.is_empty()) {
        return Err(Error::UnknownOrder(order));
    }
    let is_full = chained.len() as i64 == ORDERS_OF_A_PAGE;
    let mut verified = Verified {
        orders: chained.len(),
        next: chained.last().filter(|_| is_full).map(|last| last.order),
        ..Verified::default()
    };
    let (broken, steps) = walk(&conn, &chained).await?;
    verified.steps = steps;
    for order in broken.keys() {
        verified.broken.extend(look_again(&conn, tenant, *order).await?);
    }
    Ok(verified)
}

/// An order that moved between two reads looks broken, and is not.
async fn look_again(conn: &Conn, tenant: &Tenant, order: i64) -> Result<Option<Broken>, Error> {
    let mut found = None;
    let mut before = steps::list_chained(conn, tenant, Some(order), 0, 1).await?;
    for _ in 0..MOST_LOOKS {
        found = walk(conn, &before).await?.0.remove(&order);
        let now = steps::list_chained(conn, tenant, Some(order), 0, 1).await?;
        if found.is_none() || now == before {
            break;
        }
        before = now;
    }
    Ok(found)
}

/// What is wrong with each of these orders, and how many steps they have.
async fn walk(conn: &Conn, chained: &[Chained]) -> QueryResult<(BTreeMap<i64, Broken>, usize)> {
    let orders: Vec<i64> = chained.iter().map(|one| one.order).collect();
    let mut walks: BTreeMap<i64, Walk> = BTreeMap::new();
    let mut broken: BTreeMap<i64, Broken> = BTreeMap::new();
    let (mut after, mut count) = ((0, 0), 0);
    loop {
        let page = steps::list_after(conn, &orders, after, STEPS_AT_ONCE as i64).await?;
        count += page.len();
        for step in &page {
            after = (step.order, step.no);
            if broken.contains_key(&step.order) {
                continue;
            }
            let walk = walks.entry(step.order).or_default();
            if let Err(wrong) = go(walk, step) {
                broken.insert(step.order, wrong);
            }
        }
        if page.len() < STEPS_AT_ONCE {
            break;
        }
    }
    for Chained { order, kept } in chained {
        let walk = walks.remove(order).unwrap_or_default();
        if !broken.contains_key(order)
            && let Err(flaw) = walk.end(kept.as_deref())
        {
            broken.insert(*order, Broken { order: *order, flaw, step: None });
        }
    }
    Ok((broken, count))
}

fn go(walk: &mut Walk, stored: &StoredStep) -> Result<(), Broken> {
    let seq = walk.next_seq();
    let step = Step {
        order: stored.order,
        seq,
        at: stored.at,
        act: &stored.act,
        actor: stored.actor.as_deref(),
        records: &stored.records,
        detail: stored.detail.as_deref(),
    };
    walk.go(&step, stored.hash.as_deref()).map_err(|flaw| Broken {
        order: stored.order,
        flaw,
        step: Some(BrokenStep { seq, no: stored.no, at: stored.at, act: stored.act.clone() }),
    })
}
