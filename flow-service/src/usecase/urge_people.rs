//! Somebody reminds those for whom an order waits, as often as is decent.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use shared::id::Tenant;

use super::Ctx;
use super::move_order::{Job, move_order};
use super::operate_task::Operated;
use crate::domain::order::wire_id;
use crate::domain::run::{Act, Decision, Refusal, Remark, RowKey};
use crate::error::Error;
use crate::store::{orders, urges};

/// Between two reminders of one person (section 7 of the contract).
const PAUSE: TimeDelta = TimeDelta::minutes(10);

/// Reminders of one person in a day.
const MOST_A_DAY: i64 = 5;

/// Reminds each person for whom the order, or the named task, waits, unless they have been reminded
/// enough; says how many, and if nobody was, when it may be tried again.
pub(crate) async fn urge_people(
    ctx: &Ctx,
    tenant: &Tenant,
    order: i64,
    row: Option<RowKey>,
    decision: Decision,
) -> Result<Operated, Error> {
    let conn = ctx.db.connection().await?;
    let unknown = || match row {
        Some((wait, row)) => Error::UnknownTask(wire_id(order, wait, row)),
        None => Error::UnknownOrder(order),
    };
    let user = decision.user.as_str();
    let has_part = orders::has_part(&conn, tenant, order, user).await?.ok_or_else(unknown)?;
    if !has_part && decision.app.is_none() {
        return Err(Error::Order(Refusal::NotAssigned(user.to_owned())));
    }
    let head = orders::show(&conn, tenant, order).await?.ok_or_else(unknown)?;
    let tasks = orders::list_open_tasks(&conn, std::slice::from_ref(&head), 1_000).await?;
    let mut waiting: BTreeMap<RowKey, Vec<String>> = BTreeMap::new();
    for task in tasks.into_iter().filter(|task| task.is_for_people && task.order == order) {
        let key = (task.wait, task.row);
        if row.is_none_or(|row| row == key) && !task.assignees.is_empty() {
            waiting.insert(key, task.assignees);
        }
    }
    if waiting.is_empty() {
        return Err(Error::Order(Refusal::NothingWaits));
    }
    let now = ctx.clock.now();
    let people: Vec<&str> = waiting.values().flatten().map(String::as_str).collect();
    let taken = urges::take(&conn, tenant, order, &people, now, PAUSE, MOST_A_DAY).await?;
    drop(conn);
    let mut done = Operated::default();
    let mut sent = 0;
    for ((wait, row), people) in waiting {
        let mut counts: BTreeMap<i32, Vec<String>> = BTreeMap::new();
        for user in people {
            if let Some(count) = taken.counts.get(&user) {
                counts.entry(*count).or_default().push(user);
            }
        }
        for (count, people) in counts {
            sent += i64::try_from(people.len()).unwrap_or(0);
            let remark = Remark::Urge { people, count };
            let act = Act::Remark { row: Some((wait, row)), remark, decision: decision.clone() };
            let moved = move_order(ctx, Job::act(tenant, order, act)).await?;
            done.facts.extend(moved.facts);
        }
    }
    done.applied = sent > 0;
    done.sent = Some(sent);
    done.next_allowed_at = (sent == 0).then_some(taken.next_allowed_at).flatten();
    Ok(done)
}
