//! One task of an order, and one card for each person it concerns.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::own::OwnTask;
use super::snapshot::TaskSnapshot;
use super::status::{NodeType, Status, TaskResult};

/// Whether a card waits, was dealt with, or is not the person's any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CardState {
    Open,
    Done,
    Gone,
}

/// What stands in a person's lists because of a task or a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) state: CardState,
    pub(crate) arrived_at: DateTime<Utc>,
    pub(crate) handled_at: Option<DateTime<Utc>>,
    /// The person was told of it: nobody is told twice.
    pub(crate) told: bool,
}

/// A task with its people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) status: Status,
    pub(crate) result: TaskResult,
    pub(crate) node_type: NodeType,
    pub(crate) deadline: Option<DateTime<Utc>>,
    pub(crate) handled_at: Option<DateTime<Utc>>,
    pub(crate) show_pc: bool,
    pub(crate) show_mobile: bool,
    /// Its place among the order's tasks.
    pub(crate) position: i32,
    /// Of a task of our own engine: the newest step heard that opened it, 0 = only its end was
    /// heard. Absent for a task of an ERP.
    pub(crate) opened_seq: Option<i64>,
    pub(crate) own: OwnTask,
    pub(crate) cards: BTreeMap<String, Card>,
}

impl Task {
    pub(crate) fn is_open(&self) -> bool {
        self.status != Status::Over
    }

    /// The task as a snapshot describes it; people follow with [`Task::deal`].
    pub(crate) fn from_snapshot(
        snapshot: &TaskSnapshot,
        stored: Option<&Task>,
        position: i32,
        now: DateTime<Utc>,
    ) -> Self {
        let is_over = snapshot.status == Status::Over;
        let stored_handled =
            stored.filter(|stored| !stored.is_open()).and_then(|stored| stored.handled_at);
        Task {
            code: snapshot.code.clone(),
            name: snapshot.name.clone(),
            status: snapshot.status,
            result: snapshot.result,
            node_type: snapshot.node_type,
            deadline: snapshot.deadline,
            handled_at: is_over.then(|| snapshot.handled_at.or(stored_handled).unwrap_or(now)),
            show_pc: snapshot.show_pc,
            show_mobile: snapshot.show_mobile,
            position: stored.map_or(position, |stored| stored.position),
            opened_seq: None,
            own: OwnTask::default(),
            cards: stored.map(|stored| stored.cards.clone()).unwrap_or_default(),
        }
    }

    /// Ends the task because its order ended or a full snapshot left it out.
    pub(crate) fn close(&mut self, now: DateTime<Utc>) {
        self.status = Status::Over;
        self.result = TaskResult::Revoke;
        self.handled_at = Some(now);
    }

    /// Deals the cards: `people` = the assignees now, absent = as they were.
    pub(crate) fn deal(&mut self, people: Option<&[String]>, hidden: bool, now: DateTime<Utc>) {
        let state = self.state_of_cards(hidden);
        if let Some(people) = people {
            for (user, card) in &mut self.cards {
                if !people.contains(user) {
                    card.state = CardState::Gone;
                }
            }
            for user in people {
                let card =
                    Card { state: CardState::Gone, arrived_at: now, handled_at: None, told: false };
                let card = self.cards.entry(user.clone()).or_insert(card);
                card.state = state;
            }
        } else {
            for card in self.cards.values_mut().filter(|card| card.state != CardState::Gone) {
                card.state = state;
            }
        }
        let handled_at = self.handled_at;
        for card in self.cards.values_mut() {
            card.handled_at = handled_at.filter(|_| card.state == CardState::Done);
        }
    }

    /// One card each; the first who handles the task ends it for all (spec "Several assignees").
    fn state_of_cards(&self, hidden: bool) -> CardState {
        match (self.status, self.result) {
            _ if hidden => CardState::Gone,
            (Status::New | Status::Ing, _) => CardState::Open,
            (Status::Over, TaskResult::Revoke) => CardState::Gone,
            (Status::Over, _) => CardState::Done,
        }
    }
}
