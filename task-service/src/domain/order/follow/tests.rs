//! The rules by which an order of our own follows its steps.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use proptest::prelude::*;
use shared::id::{AppId, Tenant};

use super::*;
use crate::domain::approval_log::{ApprovalLog, What};
use crate::domain::own::{Heard, Why};
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
        flow_name: format!("flow of {seq}"),
        business_key: "K".to_owned(),
        title: format!("title of {seq}"),
        initiator: "U0".to_owned(),
        parent_number: None,
    };
    Step {
        seq,
        at: at(seq),
        head,
        opened: Vec::new(),
        closed: Vec::new(),
        operations: Vec::new(),
        copies: Vec::new(),
        voided: Vec::new(),
        take_back: BTreeSet::new(),
        initiator_actions: Vec::new(),
        ended: None,
    }
}

fn opens(seq: i64, task: &str, people: &[&str]) -> Step {
    let why = |user: &&str| Why {
        user: (*user).to_owned(),
        on_behalf_of: None,
        rule: format!("rule of {seq}"),
        chain: Vec::new(),
    };
    let opening = Opening {
        task: task.to_owned(),
        name: format!("{task} of {seq}"),
        people: people.iter().map(|user| (*user).to_owned()).collect(),
        deadline: None,
        actions: vec![format!("action of {seq}")],
        why: people.iter().map(why).collect(),
    };
    Step { opened: vec![opening], ..step(seq) }
}

fn closes(seq: i64, task: &str, result: TaskResult, handler: Option<&str>) -> Step {
    let closing = Closing {
        task: task.to_owned(),
        name: task.to_lowercase(),
        result,
        handler: handler.map(str::to_owned),
        on_behalf_of: None,
        comment: None,
        attachments: Vec::new(),
    };
    Step { closed: vec![closing], ..step(seq) }
}

fn operates(seq: i64, task: &str, action: &str, count: Option<i32>) -> Step {
    let operation = Operation {
        task: Some(task.to_owned()),
        name: task.to_lowercase(),
        action: action.to_owned(),
        user: "U0".to_owned(),
        on_behalf_of: None,
        comment: None,
        people: Vec::new(),
        attachments: Vec::new(),
        count,
    };
    Step { operations: vec![operation], ..step(seq) }
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
fn a_task_that_is_opened_again_waits_again_and_tells_its_people_again() {
    let steps = [
        opens(1, "7-1", &["U1", "U2"]),
        closes(2, "7-1", TaskResult::Pass, Some("U1")),
        opens(3, "7-1", &["U1"]),
    ];

    let heard = follow(&steps);

    let order = &heard[2].order;
    assert_eq!(heard[2].opened, [("7-1".to_owned(), vec!["U1".to_owned()])]);
    assert_eq!(
        (order.tasks["7-1"].status, order.tasks["7-1"].result),
        (Status::Ing, TaskResult::New)
    );
    assert_eq!(
        (card(order, "7-1", "U1"), card(order, "7-1", "U2")),
        (CardState::Open, CardState::Gone)
    );
    let late = after(&[steps[2].clone(), steps[1].clone(), steps[0].clone()]);
    assert_eq!(seen(late), seen(order.clone()));
}

#[test]
fn what_may_be_done_now_is_what_the_newest_step_says() {
    let one = BTreeSet::from([("7-1".to_owned(), "U1".to_owned())]);
    let passed = Step {
        take_back: one.clone(),
        initiator_actions: vec!["recall".to_owned()],
        ..closes(2, "7-1", TaskResult::Pass, Some("U1"))
    };
    let steps = [opens(1, "7-1", &["U1"]), passed, step(3)];

    let both = after(&steps[..2]);
    let all = after(&steps);
    let backwards = after(&[steps[2].clone(), steps[1].clone(), steps[0].clone()]);

    assert_eq!((&both.own.take_back, both.own.initiator_actions.len()), (&one, 1));
    assert_eq!(both.actions(&both.tasks["7-1"], Some("U1")), ["take_back"]);
    assert!(both.actions(&both.tasks["7-1"], Some("U2")).is_empty());
    for order in [all, backwards] {
        assert!(order.own.take_back.is_empty() && order.own.initiator_actions.is_empty());
        assert_eq!(order.own.flow_name, "flow of 3");
    }
}

#[test]
fn an_urge_heard_late_or_twice_counts_as_the_urge_that_it_was() {
    let steps = [
        opens(1, "7-1", &["U1"]),
        operates(2, "7-1", "urge", Some(1)),
        operates(3, "7-1", "urge", Some(2)),
    ];

    let order =
        after(&[&steps[..], &[steps[1].clone(), steps[2].clone(), steps[1].clone()]].concat());

    assert_eq!(order.tasks["7-1"].own.urged, 2);
}

#[test]
fn a_decision_behind_which_the_order_went_is_void_unless_it_is_made_anew() {
    let void = Step { voided: vec!["7-1".to_owned()], ..step(3) };
    let steps = [opens(1, "7-1", &["U1"]), closes(2, "7-1", TaskResult::Pass, Some("U1")), void];
    let anew = [opens(4, "7-1", &["U1"]), closes(5, "7-1", TaskResult::Pass, Some("U1"))];

    assert!(after(&steps).tasks["7-1"].own.is_void());
    assert!(!after(&[&steps[..], &anew].concat()).tasks["7-1"].own.is_void());
}

#[test]
fn the_lines_of_a_step_that_comes_late_are_written_and_of_one_that_comes_twice_are_not() {
    let comment = operates(2, "7-1", "comment", None);
    let steps = [opens(1, "7-1", &["U1"]), step(3), comment.clone(), comment];

    let heard = follow(&steps);

    let verdicts: Vec<Verdict> = heard.iter().map(|absorbed| absorbed.verdict).collect();
    assert_eq!(verdicts[1..], [Verdict::Applied, Verdict::Applied, Verdict::Unchanged]);
    assert_eq!(heard[3].order.own.heard.to, 3);
}

#[test]
fn every_operation_of_an_order_has_a_number_of_its_own() {
    let two = |seq| {
        let once = operates(seq, "7-1", "comment", None).operations;
        Step {
            operations: [once.clone(), once].concat(),
            ..closes(seq, "7-1", TaskResult::Pass, Some("U1"))
        }
    };

    let lines = [two(1).lines(), two(2).lines()].concat();

    let no = |line: &ApprovalLog| match &line.what {
        What::Operated(operated) => operated.no,
        What::Handled(_) => 0,
    };
    let numbers: BTreeSet<i64> = lines.iter().map(no).filter(|no| *no > 0).collect();
    assert_eq!((lines.len(), numbers.len()), (6, 4));
    assert_eq!(
        two(1).lines().iter().map(no).collect::<Vec<_>>(),
        lines[..3].iter().map(no).collect::<Vec<_>>()
    );
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
    let (mut open, mut over) = (vec!["7-1".to_owned()], Vec::<String>::new());
    let mut tasks = 1;
    for (which, what, who) in events {
        let seq = steps.len() as i64 + 1;
        let user = users[who % users.len()];
        let pair = [user, users[(who + 1) % users.len()]];
        let said = |step: Step| Step {
            take_back: over.iter().map(|task| (task.clone(), user.to_owned())).collect(),
            initiator_actions: vec![format!("as of {seq}")],
            ..step
        };
        if what == 0 || open.is_empty() {
            tasks += 1;
            open.push(format!("7-{tasks}"));
            steps.push(said(opens(seq, &format!("7-{tasks}"), &pair)));
            continue;
        }
        let task = open[which % open.len()].clone();
        let done = (!over.is_empty()).then(|| over[which % over.len()].clone());
        let made = match (what, done) {
            (1, _) => opens(seq, &task, &pair),
            (2, _) => step(seq),
            (3, _) => closes(seq, &task, TaskResult::Revoke, None),
            (4, _) => closes(seq, &task, TaskResult::Reject, Some(user)),
            (5, _) => operates(seq, &task, "urge", Some(seq as i32)),
            (6, _) => {
                Step { copies: vec![user.to_owned()], ..operates(seq, &task, "comment", None) }
            }
            // Opened and passed by the house in one step.
            (7, _) => {
                let passed = closes(seq, &task, TaskResult::Pass, Some(user)).closed;
                Step { closed: passed, ..opens(seq, &task, &pair) }
            }
            (8, Some(done)) => Step { voided: vec![done], ..step(seq) },
            (9, Some(done)) => opens(seq, &done, &pair),
            _ => closes(seq, &task, TaskResult::Pass, Some(user)),
        };
        let (closed, opened): (Vec<_>, Vec<_>) = (
            made.closed.iter().map(|closing| closing.task.clone()).collect(),
            made.opened.iter().map(|opening| opening.task.clone()).collect(),
        );
        steps.push(said(made));
        open.retain(|code| !closed.contains(code));
        over.retain(|code| !opened.contains(code) || closed.contains(code));
        for code in opened {
            if !open.contains(&code) && !closed.contains(&code) {
                open.push(code);
            }
        }
        for code in closed {
            if !over.contains(&code) {
                over.push(code);
            }
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
        events in prop::collection::vec((0..4_usize, 0..12_u8, 0..4_usize), 0..16),
        does_end in any::<bool>(),
        shuffle in prop::collection::vec(any::<prop::sample::Index>(), 0..50),
    ) {
        let mut steps = story(events);
        if does_end {
            steps.push(ends(steps.len() as i64 + 1, OrderResult::Revoke));
            // Somebody comments on it afterwards.
            steps.push(operates(steps.len() as i64 + 1, "7-1", "comment", None));
        }
        let in_order = seen(after(&steps));

        // Some of them first, in any order and repeatedly; then all of them backwards.
        let mut heard: Vec<Step> = shuffle.iter().map(|at| at.get(&steps).clone()).collect();
        heard.extend(steps.iter().rev().cloned());
        let told = follow(&heard);
        let last = &told.last().unwrap().order;
        prop_assert_eq!(&last.own.heard, &Heard { to: steps.len() as i64, beyond: BTreeSet::new() });

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
                prop_assert_eq!(is_waiting, card.state == CardState::Open);
            }
        }
    }
}
