//! An order of our own engine. Its steps may be heard late, twice and in any order: what comes out
//! depends only on which were heard.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Absorbed, Change, Order, TaskOutcome, Verdict};
use crate::domain::decision::{self, Action, Decider, Judgement, Standing, judge};
use crate::domain::snapshot::OrderKey;
use crate::domain::status::{NodeType, OrderResult, Status, TaskResult};
use crate::domain::step::{Closing, Opening, Step};
use crate::domain::task::{Card, CardState, Task};

impl Order {
    /// The order after one of its steps. `id` = the id of a new order.
    pub(crate) fn follow(known: Option<Order>, key: OrderKey, step: &Step, id: Uuid) -> Absorbed {
        let mut next = known.clone().unwrap_or_else(|| Order::unheard(id, key, step));
        next.hear_head(step);
        for opening in &step.opened {
            next.open(step, opening);
        }
        for closing in &step.closed {
            next.close(step, closing);
        }
        next.hear_end(step);
        Change::new(next, known).settle()
    }

    /// The order after somebody said that they shall do a task of it.
    pub(crate) fn accept(
        known: Order,
        code: &str,
        decider: &Decider,
    ) -> Result<Absorbed, decision::Refusal> {
        let mut next = known.clone();
        let mut audits = Vec::new();
        if let Some(task) = next.tasks.get_mut(code) {
            let standing = Standing::of(&known, task, &decider.user);
            if judge(&standing, Action::Accept, decider)? == Judgement::Go {
                (task.status, task.result) = (Status::Ing, TaskResult::Accept);
                audits.push(("task_accepted", format!("{code} {}", decider.user)));
            }
        }
        let mut change = Change::new(next, Some(known));
        change.audits = audits;
        Ok(change.settle())
    }

    fn unheard(id: Uuid, key: OrderKey, step: &Step) -> Order {
        Order {
            id,
            key,
            flow: None,
            business_key: String::new(),
            title: String::new(),
            initiator: String::new(),
            status: Status::Ing,
            result: OrderResult::Ing,
            version: None,
            parent_number: None,
            parent_task: None,
            created_at: step.at,
            updated_at: step.at,
            seq: 0,
            tasks: BTreeMap::new(),
            copies: BTreeMap::new(),
        }
    }

    /// The newest step's words count; the order is as old as its oldest.
    fn hear_head(&mut self, step: &Step) {
        self.created_at = self.created_at.min(step.at);
        if self.version >= Some(step.seq) {
            return;
        }
        let head = &step.head;
        self.flow = Some(head.flow.clone());
        self.business_key.clone_from(&head.business_key);
        self.title.clone_from(&head.title);
        self.initiator.clone_from(&head.initiator);
        self.parent_number = head.parent_number;
        self.version = Some(step.seq);
        self.updated_at = step.at;
    }

    /// Of several openings of a task the newest says for whom it waits. One that is heard after the
    /// end opens nothing.
    fn open(&mut self, step: &Step, opening: &Opening) {
        let task = self.tasks.entry(opening.task.clone()).or_insert_with(|| unheard(&opening.task));
        let is_newest = task.opened_seq < Some(step.seq);
        if is_newest {
            task.name.clone_from(&opening.name);
            task.deadline = opening.deadline;
            task.opened_seq = Some(step.seq);
            for (user, card) in &mut task.cards {
                if card.state == CardState::Open && !opening.people.contains(user) {
                    card.state = CardState::Gone;
                }
            }
        }
        let is_waiting = is_newest && task.is_open();
        for user in &opening.people {
            let card = task.cards.entry(user.clone()).or_insert(Card {
                state: CardState::Gone,
                arrived_at: step.at,
                handled_at: None,
                told: false,
            });
            // Somebody of whom only the decision was heard has it since then at the latest.
            if card.handled_at == Some(card.arrived_at) {
                card.arrived_at = step.at;
            }
            card.arrived_at = card.arrived_at.max(step.at);
            if is_waiting {
                card.state = CardState::Open;
            }
        }
    }

    /// The end of a task is for ever, whatever was heard of it before or will be.
    fn close(&mut self, step: &Step, closing: &Closing) {
        let task = self.tasks.entry(closing.task.clone()).or_insert_with(|| unheard(&closing.task));
        if task.opened_seq == Some(0) {
            task.name.clone_from(&closing.name);
        }
        task.status = Status::Over;
        task.result = closing.result;
        task.handled_at = Some(step.at);
        // Only who handled it has done it; from the others it is taken away.
        for card in task.cards.values_mut() {
            card.state = CardState::Gone;
        }
        if let Some(handler) = &closing.handler {
            let card = task.cards.entry(handler.clone()).or_insert(Card {
                state: CardState::Done,
                arrived_at: step.at,
                handled_at: None,
                told: false,
            });
            card.state = CardState::Done;
            card.handled_at = Some(step.at);
        }
    }

    /// An order that is over has no open task: one whose own end was not heard yet is taken away, as
    /// of the last step.
    fn hear_end(&mut self, step: &Step) {
        if let Some(result) = step.ended {
            (self.status, self.result) = (Status::Over, result);
        }
        if self.status != Status::Over {
            return;
        }
        for task in self.tasks.values_mut().filter(|task| task.is_open()) {
            task.close(self.updated_at);
            for card in task.cards.values_mut() {
                card.state = CardState::Gone;
            }
        }
    }
}

/// A task of which nothing was heard.
fn unheard(code: &str) -> Task {
    // The engine counts what waits: `{order}-{n}`.
    let position = code.rsplit('-').next().and_then(|number| number.parse().ok());
    Task {
        code: code.to_owned(),
        name: String::new(),
        status: Status::Ing,
        result: TaskResult::New,
        node_type: NodeType::Audit,
        deadline: None,
        handled_at: None,
        show_pc: true,
        show_mobile: true,
        position: position.unwrap_or(i32::MAX),
        opened_seq: Some(0),
        cards: BTreeMap::new(),
    }
}

impl Change {
    /// What changed, if anything did.
    fn settle(self) -> Absorbed {
        if self.before.as_ref() == Some(&self.next) {
            return Absorbed {
                order: self.next,
                verdict: Verdict::Unchanged,
                outcomes: Vec::new(),
                warnings: Vec::new(),
                opened: Vec::new(),
                closed: Vec::new(),
                audits: Vec::new(),
            };
        }
        self.conclude(Vec::<(String, TaskOutcome)>::new())
    }
}

#[cfg(test)]
mod tests;
