//! An order: one of an ERP absorbs snapshots, of which older ones lose; one of our own engine follows
//! the steps it makes.

mod follow;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use shared::id::FlowCode;
use uuid::Uuid;

use super::decision::{Action, TAKE_BACK};
use super::link::Flow;
use super::own::OwnOrder;
use super::snapshot::{OrderKey, Snapshot};
use super::status::{OrderResult, Source, Status, TaskResult};
use super::task::{Card, CardState, Task};

/// How far ahead of us a snapshot's clock may be; more would block every later update.
const MAX_AHEAD_HOURS: i64 = 24;

/// An order with its tasks and copies.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Order {
    pub(crate) id: Uuid,
    pub(crate) key: OrderKey,
    pub(crate) flow: Option<String>,
    pub(crate) business_key: String,
    pub(crate) title: String,
    pub(crate) initiator: String,
    pub(crate) status: Status,
    pub(crate) result: OrderResult,
    pub(crate) version: Option<i64>,
    pub(crate) parent_number: Option<i64>,
    pub(crate) parent_task: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    /// The snapshot's own clock, not ours.
    pub(crate) updated_at: DateTime<Utc>,
    /// Rises with every change; facts for others carry it.
    pub(crate) seq: i64,
    pub(crate) own: OwnOrder,
    pub(crate) tasks: BTreeMap<String, Task>,
    pub(crate) copies: BTreeMap<String, Card>,
}

/// Why a snapshot cannot be absorbed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("updateTime 超前当前时间 24 小时以上")]
    FromTheFuture,
}

impl Refusal {
    /// The field that is wrong.
    pub(crate) fn field(&self) -> &'static str {
        match self {
            Refusal::FromTheFuture => "updateTime",
        }
    }
}

/// What became of one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskOutcome {
    Created,
    Updated,
    Unchanged,
    Closed,
}

/// What became of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Applied,
    /// Older than what is stored.
    Stale,
    /// As old as what is stored, and the same.
    Unchanged,
}

/// The order after a change, and what that means for others.
#[derive(Clone, Debug)]
pub(crate) struct Absorbed {
    pub(crate) order: Order,
    pub(crate) verdict: Verdict,
    pub(crate) outcomes: Vec<(String, TaskOutcome)>,
    pub(crate) warnings: Vec<String>,
    /// (task, people) for whom a task waits and who have not been told.
    pub(crate) opened: Vec<(String, Vec<String>)>,
    /// (task, people) for whom a task no longer waits.
    pub(crate) closed: Vec<(String, Vec<String>)>,
    /// What an auditor wants to know: (action, detail).
    pub(crate) audits: Vec<(&'static str, String)>,
}

/// Version where both have one, else the time of the update (spec "Order clock").
fn compare_clock(snapshot: &Snapshot, stored: &Order) -> Ordering {
    match (snapshot.version, stored.version) {
        (Some(sent), Some(stored)) => sent.cmp(&stored),
        _ => snapshot.updated_at.cmp(&stored.updated_at),
    }
}

impl Order {
    /// Hidden from all lists.
    pub(crate) fn is_hidden(&self) -> bool {
        self.result == OrderResult::Delete
    }

    /// What somebody may do with a task of our own engine: a person, or its assignees.
    pub(crate) fn actions(&self, task: &Task, user: Option<&str>) -> Vec<String> {
        let may_take_back = self
            .own
            .take_back
            .iter()
            .any(|(code, by)| *code == task.code && user.is_none_or(|user| user == by));
        let is_theirs = user.is_none_or(|user| {
            task.cards.get(user).is_some_and(|card| card.state == CardState::Open)
        });
        match self.key.source {
            Source::Native if may_take_back => vec![TAKE_BACK.to_owned()],
            Source::Native if task.is_open() && is_theirs => match task.own.actions.as_slice() {
                [] => Action::offered_once(),
                actions => actions.to_vec(),
            },
            Source::Native | Source::ThirdParty => Vec::new(),
        }
    }

    /// The order after `snapshot`. `flows` = those of the application, `id` = the id of a new order.
    pub(crate) fn absorb(
        known: Option<Order>,
        key: OrderKey,
        snapshot: &Snapshot,
        flows: &[Flow],
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Absorbed, Refusal> {
        let flow = flow_of(known.as_ref(), snapshot, flows);
        if snapshot.updated_at > now + TimeDelta::hours(MAX_AHEAD_HOURS) {
            return Err(Refusal::FromTheFuture);
        }
        let Some(stored) = known else {
            let order = Order::fresh(id, key, snapshot, flow);
            return Ok(Change::new(order, None).apply(snapshot, now));
        };
        let may_reopen = match compare_clock(snapshot, &stored) {
            Ordering::Less => return Ok(Absorbed::untouched(stored, snapshot, Verdict::Stale)),
            Ordering::Equal => false,
            Ordering::Greater => true,
        };
        let mut next = stored.clone();
        let mut warnings = Vec::new();
        let mut audits = Vec::new();
        next.take_head(snapshot, flow, may_reopen, &mut warnings, &mut audits);
        let mut change = Change::new(next, Some(stored));
        change.may_reopen = may_reopen;
        change.warnings = warnings;
        change.audits = audits;
        let absorbed = change.apply(snapshot, now);
        Ok(absorbed)
    }

    fn fresh(id: Uuid, key: OrderKey, snapshot: &Snapshot, flow: Option<&Flow>) -> Order {
        let title =
            snapshot.title.clone().unwrap_or_else(|| default_title(flow, &snapshot.business_key));
        Order {
            id,
            key,
            flow: flow.map(|flow| flow.code.clone()),
            business_key: snapshot.business_key.clone(),
            title,
            initiator: snapshot.initiator.clone(),
            status: snapshot.status,
            result: snapshot.result,
            version: snapshot.version,
            parent_number: snapshot.parent_number,
            parent_task: snapshot.parent_task.clone(),
            created_at: snapshot.created_at,
            updated_at: snapshot.updated_at,
            seq: 0,
            own: OwnOrder::default(),
            tasks: BTreeMap::new(),
            copies: BTreeMap::new(),
        }
    }

    /// Everything but tasks and copies; an optional field that is absent stays as it was.
    fn take_head(
        &mut self,
        snapshot: &Snapshot,
        flow: Option<&Flow>,
        may_reopen: bool,
        warnings: &mut Vec<String>,
        audits: &mut Vec<(&'static str, String)>,
    ) {
        let reopens = self.status == Status::Over && snapshot.status != Status::Over;
        if reopens && !may_reopen {
            warnings.push("订单已完成，时间与版本相同的数据不会重新打开它".to_owned());
        } else {
            if reopens {
                warnings.push("订单已完成，按较新的数据重新打开".to_owned());
                audits.push((
                    "order_reopened",
                    format!("{} → {}", self.result.word(), snapshot.result.word()),
                ));
            }
            (self.status, self.result) = (snapshot.status, snapshot.result);
        }
        self.flow = flow.map(|flow| flow.code.clone()).or(self.flow.take());
        if let Some(title) = &snapshot.title {
            self.title.clone_from(title);
        } else if self.business_key != snapshot.business_key {
            self.title = default_title(flow, &snapshot.business_key);
        }
        self.business_key.clone_from(&snapshot.business_key);
        self.initiator.clone_from(&snapshot.initiator);
        self.version = snapshot.version.or(self.version);
        self.parent_number = snapshot.parent_number.or(self.parent_number);
        self.parent_task = snapshot.parent_task.clone().or(self.parent_task.take());
        self.created_at = snapshot.created_at;
        self.updated_at = snapshot.updated_at.max(self.updated_at);
    }
}

/// The flow the snapshot names, else the order's own, else the application's only one.
fn flow_of<'a>(known: Option<&Order>, snapshot: &Snapshot, flows: &'a [Flow]) -> Option<&'a Flow> {
    let own = known.and_then(|known| known.flow.as_deref());
    match (snapshot.flow.as_ref().map(FlowCode::as_str).or(own), flows) {
        (Some(code), flows) => flows.iter().find(|flow| flow.code == code),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

fn default_title(flow: Option<&Flow>, business_key: &str) -> String {
    match flow {
        Some(flow) => format!("{} {business_key}", flow.title),
        None => business_key.to_owned(),
    }
}

impl Absorbed {
    fn untouched(order: Order, snapshot: &Snapshot, verdict: Verdict) -> Self {
        let outcomes =
            snapshot.tasks.iter().map(|task| (task.code.clone(), TaskOutcome::Unchanged)).collect();
        let (opened, closed, warnings, audits) = Default::default();
        Self { order, verdict, outcomes, warnings, opened, closed, audits }
    }
}

/// A change in the making: the order as it becomes, beside the order as it was.
struct Change {
    next: Order,
    before: Option<Order>,
    may_reopen: bool,
    warnings: Vec<String>,
    audits: Vec<(&'static str, String)>,
}

impl Change {
    fn new(next: Order, before: Option<Order>) -> Self {
        Self { next, before, may_reopen: true, warnings: Vec::new(), audits: Vec::new() }
    }

    fn apply(mut self, snapshot: &Snapshot, now: DateTime<Utc>) -> Absorbed {
        self.take_tasks(snapshot, now);
        self.close_what_ended(snapshot, now);
        self.deal_cards(snapshot, now);
        self.deal_copies(snapshot);
        let is_same = self.before.as_ref() == Some(&self.next);
        if is_same && !self.may_reopen {
            return Absorbed {
                warnings: self.warnings,
                ..Absorbed::untouched(self.next, snapshot, Verdict::Unchanged)
            };
        }
        let outcomes = self.outcomes(snapshot);
        self.conclude(outcomes)
    }

    /// Counts the change and finds out for whom a task opened or closed.
    fn conclude(mut self, outcomes: Vec<(String, TaskOutcome)>) -> Absorbed {
        self.next.seq += 1;
        let opened = self.tell_opened();
        let closed = self.find_closed();
        Absorbed {
            order: self.next,
            verdict: Verdict::Applied,
            outcomes,
            warnings: self.warnings,
            opened,
            closed,
            audits: self.audits,
        }
    }

    fn take_tasks(&mut self, snapshot: &Snapshot, now: DateTime<Utc>) {
        let mut position =
            self.next.tasks.values().map(|task| task.position + 1).max().unwrap_or(0);
        for sent in &snapshot.tasks {
            let stored = self.next.tasks.get(&sent.code);
            let reopens =
                stored.is_some_and(|stored| !stored.is_open()) && sent.status != Status::Over;
            if reopens && !self.may_reopen {
                self.warnings
                    .push(format!("任务 {} 已完成，时间与版本相同的数据不会重新打开它", sent.code));
                continue;
            }
            if reopens && self.next.status != Status::Over {
                self.warnings.push(format!("任务 {} 已完成，按较新的数据重新打开", sent.code));
                self.audits.push(("task_reopened", sent.code.clone()));
            }
            let unsaid = sent.status == Status::Over && sent.handled_at.is_none();
            if unsaid && stored.is_none_or(Task::is_open) {
                self.warnings
                    .push(format!("任务 {} 已完成但没有 handleTime，按当前时间记录", sent.code));
            }
            let task = Task::from_snapshot(sent, stored, position, now);
            position += 1;
            self.next.tasks.insert(task.code.clone(), task);
        }
    }

    /// An order that is over closes all its open tasks; a full snapshot closes what it leaves out.
    fn close_what_ended(&mut self, snapshot: &Snapshot, now: DateTime<Utc>) {
        let is_over = self.next.status == Status::Over;
        let sent: BTreeSet<&str> = snapshot.tasks.iter().map(|task| task.code.as_str()).collect();
        for task in self.next.tasks.values_mut().filter(|task| task.is_open()) {
            if is_over || (snapshot.replace && !sent.contains(task.code.as_str())) {
                // What was closed so before keeps its time: a repeat changes nothing.
                let before = self.before.as_ref().and_then(|before| before.tasks.get(&task.code));
                let closed_at = before
                    .filter(|before| !before.is_open() && before.result == TaskResult::Revoke)
                    .and_then(|before| before.handled_at);
                task.close(closed_at.unwrap_or(now));
            }
        }
    }

    fn deal_cards(&mut self, snapshot: &Snapshot, now: DateTime<Utc>) {
        let hidden = self.next.is_hidden();
        let sent: BTreeMap<&str, &[String]> = snapshot
            .tasks
            .iter()
            .map(|task| (task.code.as_str(), task.assignees.as_slice()))
            .collect();
        for task in self.next.tasks.values_mut() {
            let people = sent.get(task.code.as_str()).copied();
            task.deal(people, hidden, now);
        }
    }

    fn deal_copies(&mut self, snapshot: &Snapshot) {
        for copy in &snapshot.copies {
            let card =
                Card { state: CardState::Open, arrived_at: copy.at, handled_at: None, told: false };
            self.next.copies.entry(copy.user.clone()).or_insert(card);
        }
        let state = if self.next.is_hidden() { CardState::Gone } else { CardState::Open };
        for card in self.next.copies.values_mut() {
            card.state = state;
        }
    }

    fn outcomes(&self, snapshot: &Snapshot) -> Vec<(String, TaskOutcome)> {
        let before = |code: &str| self.before.as_ref().and_then(|before| before.tasks.get(code));
        let sent: BTreeSet<&str> = snapshot.tasks.iter().map(|task| task.code.as_str()).collect();
        let mut outcomes = Vec::new();
        for code in snapshot.tasks.iter().map(|task| &task.code) {
            let outcome = match (before(code), self.next.tasks.get(code)) {
                (None, _) => TaskOutcome::Created,
                (Some(before), Some(next)) if before.is_open() && !next.is_open() => {
                    TaskOutcome::Closed
                }
                (Some(before), Some(next)) if before == next => TaskOutcome::Unchanged,
                (Some(_), _) => TaskOutcome::Updated,
            };
            outcomes.push((code.clone(), outcome));
        }
        for task in self.next.tasks.values().filter(|task| !sent.contains(task.code.as_str())) {
            if before(&task.code).is_some_and(Task::is_open) && !task.is_open() {
                outcomes.push((task.code.clone(), TaskOutcome::Closed));
            }
        }
        outcomes
    }

    /// Marks whoever has an open card and was not told; each is told once for ever.
    fn tell_opened(&mut self) -> Vec<(String, Vec<String>)> {
        let mut opened = Vec::new();
        for task in self.next.tasks.values_mut() {
            let mut people = Vec::new();
            for (user, card) in &mut task.cards {
                if card.state == CardState::Open && !card.told {
                    card.told = true;
                    people.push(user.clone());
                }
            }
            if !people.is_empty() {
                opened.push((task.code.clone(), people));
            }
        }
        opened
    }

    fn find_closed(&self) -> Vec<(String, Vec<String>)> {
        let Some(before) = &self.before else { return Vec::new() };
        let mut closed = Vec::new();
        for (code, task) in &before.tasks {
            let still_open = |user: &str| {
                let card = self.next.tasks.get(code).and_then(|task| task.cards.get(user));
                card.is_some_and(|card| card.state == CardState::Open)
            };
            let people: Vec<String> = task
                .cards
                .iter()
                .filter(|(user, card)| card.state == CardState::Open && !still_open(user))
                .map(|(user, _)| user.clone())
                .collect();
            if !people.is_empty() {
                closed.push((code.clone(), people));
            }
        }
        closed
    }
}

#[cfg(test)]
mod tests;
