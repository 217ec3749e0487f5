//! An order of our own engine. Its steps may be heard late, twice and in any order: what comes out
//! depends only on which were heard.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Absorbed, Change, Order, TaskOutcome, Verdict};
use crate::domain::decision::{self, Action, Decider, Judgement, Standing, judge};
use crate::domain::own::{OwnOrder, OwnTask};
use crate::domain::snapshot::OrderKey;
use crate::domain::status::{NodeType, OrderResult, Status, TaskResult};
use crate::domain::step::{Closing, Opening, Operation, Step};
use crate::domain::task::{Card, CardState, Task};

impl Order {
    /// The order after one of its steps. `id` = the id of a new order.
    pub(crate) fn follow(known: Option<Order>, key: OrderKey, step: &Step, id: Uuid) -> Absorbed {
        let mut next = known.clone().unwrap_or_else(|| Order::unheard(id, key, step));
        next.own.heard.hear(step.seq);
        next.hear_head(step);
        for opening in &step.opened {
            next.open(step, opening);
        }
        for closing in &step.closed {
            next.close(step, closing);
        }
        for code in &step.voided {
            let own = &mut next.task(code).own;
            own.voided_seq = own.voided_seq.max(step.seq);
        }
        for operation in &step.operations {
            next.count_urge(operation);
        }
        for user in &step.copies {
            next.copy(step, user);
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
            own: OwnOrder::default(),
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
        self.own.flow_name.clone_from(&head.flow_name);
        self.own.take_back.clone_from(&step.take_back);
        self.own.initiator_actions.clone_from(&step.initiator_actions);
        self.version = Some(step.seq);
        self.updated_at = step.at;
    }

    fn task(&mut self, code: &str) -> &mut Task {
        self.tasks.entry(code.to_owned()).or_insert_with(|| unheard(code))
    }

    /// Of several openings of a task the newest says for whom it waits, and it waits unless it was
    /// closed as late or later.
    fn open(&mut self, step: &Step, opening: &Opening) {
        let task = self.task(&opening.task);
        let is_newest = task.opened_seq < Some(step.seq);
        if is_newest {
            task.name.clone_from(&opening.name);
            task.deadline = opening.deadline;
            task.opened_seq = Some(step.seq);
            task.own.actions.clone_from(&opening.actions);
            task.own.why.clone_from(&opening.why);
            if task.own.closed_seq.is_some_and(|closed| closed < step.seq) && !task.is_open() {
                (task.status, task.result) = (Status::Ing, TaskResult::New);
                task.handled_at = None;
            }
        }
        let is_waiting = is_newest && task.is_open();
        if is_waiting {
            for (user, card) in &mut task.cards {
                if !opening.people.contains(user) {
                    take_away(card);
                }
            }
        }
        for user in &opening.people {
            let card = task.cards.entry(user.clone()).or_insert(fresh(step));
            // Somebody of whom only a decision was heard has it since then at the latest.
            card.arrived_at = match task.own.unopened.remove(user) {
                true => step.at,
                false => card.arrived_at.max(step.at),
            };
            if is_waiting {
                (card.state, card.handled_at) = (CardState::Open, None);
            }
        }
    }

    /// Of several closings the newest counts, and it counts unless the task was opened again later.
    fn close(&mut self, step: &Step, closing: &Closing) {
        let task = self.task(&closing.task);
        if task.opened_seq == Some(0) && task.own.closed_seq <= Some(step.seq) {
            task.name.clone_from(&closing.name);
        }
        let is_newest = task.own.closed_seq <= Some(step.seq);
        if is_newest {
            task.own.closed_seq = Some(step.seq);
        }
        let counts = is_newest && task.opened_seq <= Some(step.seq);
        if counts {
            task.status = Status::Over;
            task.result = closing.result;
            task.handled_at = Some(step.at);
            // Only who handled it has done it; from the others it is taken away.
            for card in task.cards.values_mut() {
                take_away(card);
            }
        }
        let Some(handler) = &closing.handler else { return };
        if !task.cards.contains_key(handler) {
            task.own.unopened.insert(handler.clone());
        }
        let card = task.cards.entry(handler.clone()).or_insert(fresh(step));
        if task.own.unopened.contains(handler) {
            card.arrived_at = card.arrived_at.max(step.at);
        }
        if counts {
            (card.state, card.handled_at) = (CardState::Done, Some(step.at));
        }
    }

    /// An urge says which one it is.
    fn count_urge(&mut self, operation: &Operation) {
        if let (Some(code), Some(count), "urge") =
            (&operation.task, operation.count, operation.action.as_str())
        {
            let own = &mut self.task(code).own;
            own.urged = own.urged.max(count);
        }
    }

    fn copy(&mut self, step: &Step, user: &str) {
        let card = self.copies.entry(user.to_owned()).or_insert(fresh(step));
        card.state = CardState::Open;
        card.arrived_at = card.arrived_at.max(step.at);
    }

    /// An order that is over has no open task: one whose own end was not heard yet is taken away, as
    /// of the step that ended the order.
    fn hear_end(&mut self, step: &Step) {
        if let Some(result) = step.ended {
            (self.status, self.result) = (Status::Over, result);
            self.own.ended_at = Some(step.at);
        }
        if self.status != Status::Over {
            return;
        }
        let ended_at = self.own.ended_at.unwrap_or(self.updated_at);
        for task in self.tasks.values_mut().filter(|task| task.is_open()) {
            task.close(ended_at);
            for card in task.cards.values_mut() {
                take_away(card);
            }
        }
    }
}

/// A card that nothing has been decided of yet.
fn fresh(step: &Step) -> Card {
    Card { state: CardState::Gone, arrived_at: step.at, handled_at: None, told: false }
}

/// The card is not the person's any more; should it come back, they are told again.
fn take_away(card: &mut Card) {
    if card.state == CardState::Open {
        card.told = false;
    }
    (card.state, card.handled_at) = (CardState::Gone, None);
}

/// Places among an order's tasks for the people who decide at one element.
const SEATS: i32 = 1_000;

/// A task of which nothing was heard.
fn unheard(code: &str) -> Task {
    // The engine counts what waits: `{order}-{n}`, with several people to decide `{order}-{n}-{seat}`.
    let mut numbers = code.split('-').skip(1).map(|number| number.parse::<i32>().ok());
    let (wait, seat) = (numbers.next().flatten(), numbers.next().flatten().unwrap_or(1));
    let position = wait.and_then(|wait| wait.checked_mul(SEATS)?.checked_add(seat.min(SEATS) - 1));
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
        own: OwnTask::default(),
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
