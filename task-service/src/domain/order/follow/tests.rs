//! The rules by which an order of our own follows its steps.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use proptest::prelude::*;
use shared::id::{AppId, Tenant};

use super::*;
use crate::domain::status::Source;
use crate::domain::step::Head;

fn at(seq: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2025, 1, 24, 10, 0, 0).unwrap() + TimeDelta::minutes(seq)
}

fn key() -> OrderKey {
    OrderKey {
        tenant: Tenant::stored("T"),
        app: AppId::stored("A"),
        number: 7,
        source: Source::Native,
    }
}

fn step(seq: i64) -> Step {
    let head = Head {
        flow: "F".to_owned(),
        business_key: "K".to_owned(),
        title: format!("title of {seq}"),
        initiator: "U0".to_owned(),
        parent_number: None,
    };
    Step {
        seq,
        at: at(seq),
        head,
        starts: seq == 1,
        opened: Vec::new(),
        closed: Vec::new(),
        ended: None,
    }
}

fn opens(seq: i64, task: &str, people: &[&str]) -> Step {
    let people = people.iter().map(|user| (*user).to_owned()).collect();
    let opening =
        Opening { task: task.to_owned(), name: task.to_lowercase(), people, deadline: None };
    Step { opened: vec![opening], ..step(seq) }
}

fn closes(seq: i64, task: &str, result: TaskResult, handler: Option<&str>) -> Step {
    let closing = Closing {
        task: task.to_owned(),
        name: task.to_lowercase(),
        result,
        handler: handler.map(str::to_owned),
        comment: None,
    };
    Step { closed: vec![closing], ..step(seq) }
}

fn ends(seq: i64, result: OrderResult) -> Step {
    Step { ended: Some(result), ..step(seq) }
}

fn follow(steps: &[Step]) -> Vec<Absorbed> {
    let mut heard: Vec<Absorbed> = Vec::new();
    for step in steps {
        let known = heard.last().map(|absorbed| absorbed.order.clone());
        heard.push(Order::follow(known, key(), step, Uuid::nil()));
    }
    heard
}

fn after(steps: &[Step]) -> Order {
    follow(steps).pop().unwrap().order
}

fn card(order: &Order, task: &str, user: &str) -> CardState {
    order.tasks[task].cards[user].state
}

#[test]
fn a_task_opens_for_its_people_and_is_done_by_who_handles_it() {
    let opened = opens(1, "7-1", &["U1", "U2"]);
    let passed = closes(2, "7-1", TaskResult::Pass, Some("U2"));

    let heard = follow(&[opened, passed]);

    let both = vec!["U1".to_owned(), "U2".to_owned()];
    assert_eq!(heard[0].opened, [("7-1".to_owned(), both.clone())]);
    assert_eq!(heard[1].closed, [("7-1".to_owned(), both)]);
    let order = &heard[1].order;
    assert_eq!(
        (card(order, "7-1", "U1"), card(order, "7-1", "U2")),
        (CardState::Gone, CardState::Done)
    );
    assert_eq!(order.tasks["7-1"].handled_at, Some(at(2)));
    assert_eq!((order.status, order.seq, order.version), (Status::Ing, 2, Some(2)));
}

#[test]
fn a_task_whose_end_is_heard_first_never_opens() {
    let heard =
        follow(&[closes(2, "7-1", TaskResult::Reject, Some("U1")), opens(1, "7-1", &["U1", "U2"])]);

    assert!(heard.iter().all(|absorbed| absorbed.opened.is_empty() && absorbed.closed.is_empty()));
    let order = &heard[1].order;
    assert_eq!(order.tasks["7-1"].result, TaskResult::Reject);
    assert_eq!(
        (card(order, "7-1", "U1"), card(order, "7-1", "U2")),
        (CardState::Done, CardState::Gone)
    );
    assert_eq!(order.tasks["7-1"].cards["U1"].arrived_at, at(1));
}

#[test]
fn a_finished_order_has_no_open_card_whatever_is_heard_late() {
    let order = after(&[
        ends(4, OrderResult::Pass),
        opens(1, "7-1", &["U1"]),
        opens(2, "7-2", &["U2"]),
        closes(3, "7-1", TaskResult::Pass, Some("U1")),
    ]);

    assert_eq!((order.status, order.result), (Status::Over, OrderResult::Pass));
    assert_eq!(order.tasks["7-1"].result, TaskResult::Pass);
    assert_eq!(order.tasks["7-2"].result, TaskResult::Revoke);
    assert_eq!(order.tasks["7-2"].handled_at, Some(at(4)));
    assert_eq!(
        (card(&order, "7-1", "U1"), card(&order, "7-2", "U2")),
        (CardState::Done, CardState::Gone)
    );
}

#[test]
fn the_newest_opening_says_for_whom_a_task_waits() {
    let given = after(&[opens(1, "7-1", &["U1", "U2"]), opens(2, "7-1", &["U2", "U3"])]);
    let late = after(&[opens(2, "7-1", &["U2", "U3"]), opens(1, "7-1", &["U1", "U2"])]);

    for order in [given, late] {
        let states = ["U1", "U2", "U3"].map(|user| card(&order, "7-1", user));
        assert_eq!(states, [CardState::Gone, CardState::Open, CardState::Open]);
        assert_eq!(order.title, "title of 2");
    }
}

#[test]
fn a_step_heard_again_changes_nothing() {
    let steps = [opens(1, "7-1", &["U1"]), closes(2, "7-1", TaskResult::Pass, Some("U1"))];
    let order = after(&steps);

    for step in &steps {
        let again = Order::follow(Some(order.clone()), key(), step, Uuid::nil());
        assert_eq!((again.verdict, again.order), (Verdict::Unchanged, order.clone()));
    }
}

#[test]
fn accepting_moves_nothing_and_outlives_a_repeated_opening() {
    let opening = opens(1, "7-1", &["U1"]);
    let decider = Decider { user: "U1".to_owned(), app: None };
    let order = after(std::slice::from_ref(&opening));

    let accepted = Order::accept(order, "7-1", &decider).unwrap();
    let again = Order::accept(accepted.order.clone(), "7-1", &decider).unwrap();
    let repeated = Order::follow(Some(accepted.order.clone()), key(), &opening, Uuid::nil());

    assert_eq!(accepted.order.tasks["7-1"].result, TaskResult::Accept);
    assert_eq!(card(&accepted.order, "7-1", "U1"), CardState::Open);
    assert_eq!(accepted.audits.len(), 1);
    assert_eq!((again.verdict, repeated.verdict), (Verdict::Unchanged, Verdict::Unchanged));
}

/// What may happen in one step: (which task, what, by whom).
type Event = (usize, u8, usize);

/// The steps of an order in which all this happens, as the engine would tell them.
fn story(events: Vec<Event>) -> Vec<Step> {
    let users = ["U1", "U2", "U3", "U4"];
    let mut steps = vec![opens(1, "7-1", &["U1", "U2"])];
    let mut open = vec!["7-1".to_owned()];
    let mut tasks = 1;
    for (which, what, who) in events {
        let seq = steps.len() as i64 + 1;
        let user = users[who % users.len()];
        let pair = [user, users[(who + 1) % users.len()]];
        if what == 0 || open.is_empty() {
            tasks += 1;
            open.push(format!("7-{tasks}"));
            steps.push(opens(seq, &format!("7-{tasks}"), &pair));
            continue;
        }
        let task = open[which % open.len()].clone();
        match what {
            1 => steps.push(opens(seq, &task, &pair)),
            2 => steps.push(step(seq)),
            3 => steps.push(closes(seq, &task, TaskResult::Revoke, None)),
            4 => steps.push(closes(seq, &task, TaskResult::Reject, Some(user))),
            _ => steps.push(closes(seq, &task, TaskResult::Pass, Some(user))),
        }
        if what > 2 {
            open.retain(|code| *code != task);
        }
    }
    steps
}

/// All that does not depend on who was told and how often something was written.
fn seen(mut order: Order) -> Order {
    order.seq = 0;
    for card in order.tasks.values_mut().flat_map(|task| task.cards.values_mut()) {
        card.told = false;
    }
    order
}

proptest! {
    #[test]
    fn late_repeated_and_shuffled_steps_end_in_the_same_state(
        events in prop::collection::vec((0..4_usize, 0..8_u8, 0..4_usize), 0..12),
        does_end in any::<bool>(),
        shuffle in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let mut steps = story(events);
        if does_end {
            steps.push(ends(steps.len() as i64 + 1, OrderResult::Revoke));
        }
        steps.retain(Step::is_visible);
        let in_order = seen(after(&steps));

        // Some of them first, in any order and repeatedly; then all of them backwards.
        let mut heard: Vec<Step> = shuffle.iter().map(|at| at.get(&steps).clone()).collect();
        heard.extend(steps.iter().rev().cloned());
        let told = follow(&heard);
        let last = &told.last().unwrap().order;

        prop_assert_eq!(seen(last.clone()), in_order);
        if does_end {
            prop_assert!(last.tasks.values().all(|task| !task.is_open()));
        }
        // Whoever was told that a task opened and not that it closed has an open card, and nobody else.
        let mut waiting: Vec<(String, String)> = Vec::new();
        for absorbed in &told {
            for (task, people) in &absorbed.opened {
                for user in people {
                    let pair = (task.clone(), user.clone());
                    prop_assert!(!waiting.contains(&pair), "{pair:?} was told twice");
                    waiting.push(pair);
                }
            }
            for (task, people) in &absorbed.closed {
                waiting.retain(|(code, user)| code != task || !people.contains(user));
            }
        }
        for (code, task) in &last.tasks {
            for (user, card) in &task.cards {
                let is_waiting = waiting.contains(&(code.clone(), user.clone()));
                prop_assert!(!is_waiting || card.state == CardState::Open);
            }
        }
    }
}
