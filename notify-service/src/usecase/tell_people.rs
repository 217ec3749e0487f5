//! People did something that others are to know of: who was urged, informed or mentioned gets a work
//! notification. Whose task it is now they learn from task-service.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use shared::contract::order::{CopiedTo, Operated, OrderAdvanced};
use shared::db::Conn;

use super::{Ctx, notify_tasks};
use crate::domain::change::{Assignee, Opened, OrderChange, fold};
use crate::domain::link;
use crate::domain::notice::{Notice, TaskKey, Told};
use crate::error::Error;
use crate::store::people;

/// A part of the transaction that hears the facts, each of them once.
pub(super) async fn tell_people(
    ctx: &Ctx,
    tx: &Conn,
    facts: &[OrderAdvanced],
) -> Result<(), Error> {
    let changes: Vec<OrderChange> =
        facts.iter().filter_map(|fact| change(fact, &ctx.public_url)).collect();
    if changes.is_empty() {
        return Ok(());
    }
    let tenants: BTreeSet<&str> = facts.iter().map(|fact| fact.tenant.as_str()).collect();
    people::lock(tx, &tenants.into_iter().collect::<Vec<_>>()).await?;
    // Where there is no DingTalk, the round that takes it up finds out.
    notify_tasks::plan(tx, &fold(changes), true).await
}

/// It goes the way of a task that opens and never closes, under a name that no task has.
fn change(fact: &OrderAdvanced, public_url: &str) -> Option<OrderChange> {
    let operations = fact.operations.iter().filter_map(|one| of_operation(fact, one));
    let copies = fact.copies.iter().map(|one| of_copy(fact, one));
    let opened = operations.chain(copies).zip(1..).filter_map(|(telling, place)| {
        let Telling { told, task, task_name, by, doer, people, note } = telling;
        let page = link::order_page(public_url, &fact.app, fact.order_id, task);
        // Nobody is told what they did themselves.
        let others: BTreeSet<&String> = people.iter().filter(|user| *user != doer).collect();
        let assignee = |user: &String| Assignee {
            user: user.clone(),
            web_url: page.clone(),
            h5_url: page.clone(),
        };
        let assignees: Vec<Assignee> = others.into_iter().map(assignee).collect();
        let key = TaskKey {
            tenant: fact.tenant.clone(),
            app: fact.app.clone(),
            order: fact.order_id,
            task: format!("{}-{}-{place}", told.word(), fact.seq),
        };
        let notice = Notice {
            key,
            title: fact.title.clone(),
            task_name: task_name.to_owned(),
            node_type: told.word().to_owned(),
            initiator: by.to_owned(),
            business_key: fact.business_key.clone(),
            due_at: None,
            note,
        };
        (!assignees.is_empty()).then_some(Opened { notice, assignees })
    });
    let opened: Vec<Opened> = opened.collect();
    (!opened.is_empty()).then_some(OrderChange { seq: fact.seq, opened, closed: Vec::new() })
}

/// What people are told of one thing that happened.
struct Telling<'a> {
    told: Told,
    task: &'a str,
    task_name: &'a str,
    /// Whose name is shown.
    by: &'a str,
    /// Who did it; empty = the house.
    doer: &'a str,
    people: &'a [String],
    note: String,
}

fn of_operation<'a>(fact: &'a OrderAdvanced, operation: &'a Operated) -> Option<Telling<'a>> {
    let said = operation.comment.clone();
    let (told, by, note) = match operation.action.as_str() {
        "urge" => (Told::Urge, operation.user_code.as_str(), Some(urged(fact, operation))),
        "timeout_remind" => (Told::Remind, fact.initiator.as_str(), waited(fact, operation)),
        "comment" => (Told::Mention, operation.user_code.as_str(), None),
        "delegate_return" => (Told::Returned, operation.user_code.as_str(), None),
        _ => return None,
    };
    let parts: Vec<String> = [note, said].into_iter().flatten().collect();
    Some(Telling {
        told,
        task: operation.task_id.as_deref().unwrap_or_default(),
        task_name: match operation.place.activity_name.as_str() {
            "" => &fact.title,
            name => name,
        },
        by,
        doer: &operation.user_code,
        people: &operation.people,
        note: parts.join("。"),
    })
}

fn of_copy<'a>(fact: &'a OrderAdvanced, copied: &'a CopiedTo) -> Telling<'a> {
    Telling {
        told: Told::Copy,
        task: "",
        task_name: &fact.title,
        by: copied.by.as_deref().unwrap_or_default(),
        doer: copied.by.as_deref().unwrap_or_default(),
        people: &copied.people,
        note: copied.comment.clone().unwrap_or_default(),
    }
}

/// DingTalk drops a text that a person has read before: each urge says which one it is and how long
/// it has waited.
fn urged(fact: &OrderAdvanced, operation: &Operated) -> String {
    let count = format!("第 {} 次催办", operation.count.unwrap_or(1));
    match waited(fact, operation) {
        Some(waited) => format!("{count}，{waited}"),
        None => count,
    }
}

fn waited(fact: &OrderAdvanced, operation: &Operated) -> Option<String> {
    let instant = |text: &str| shared::time::parse(text).ok();
    let (since, now): (DateTime<Utc>, DateTime<Utc>) =
        (instant(operation.waiting_since.as_deref()?)?, instant(&fact.at)?);
    let waited = (now - since).max(TimeDelta::zero());
    let (days, hours, minutes) =
        (waited.num_days(), waited.num_hours() % 24, waited.num_minutes() % 60);
    Some(match (days, hours) {
        (0, 0) => format!("已等待 {minutes} 分钟"),
        (0, _) => format!("已等待 {hours} 小时 {minutes} 分钟"),
        _ => format!("已等待 {days} 天 {hours} 小时"),
    })
}
