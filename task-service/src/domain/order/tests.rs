//! The rules by which an order absorbs snapshots.

use chrono::TimeZone;
use proptest::prelude::*;
use shared::id::{AppId, Tenant};

use super::*;
use crate::domain::snapshot::{CopySnapshot, TaskSnapshot};
use crate::domain::status::{NodeType, Source};

fn at(minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2025, 1, 24, 10, minute, 0).unwrap()
}

fn key() -> OrderKey {
    OrderKey {
        tenant: Tenant::stored("T"),
        app: AppId::stored("A"),
        number: 1,
        source: Source::ThirdParty,
    }
}

fn task(code: &str, people: &[&str]) -> TaskSnapshot {
    TaskSnapshot {
        code: code.to_owned(),
        name: code.to_lowercase(),
        assignees: people.iter().map(|user| (*user).to_owned()).collect(),
        status: Status::Ing,
        result: TaskResult::New,
        deadline: Some(at(59)),
        node_type: NodeType::Audit,
        handled_at: None,
        show_pc: true,
        show_mobile: true,
    }
}

fn over(code: &str, people: &[&str], result: TaskResult) -> TaskSnapshot {
    TaskSnapshot { status: Status::Over, result, handled_at: Some(at(30)), ..task(code, people) }
}

fn snapshot(minute: u32, tasks: Vec<TaskSnapshot>) -> Snapshot {
    Snapshot {
        number: 1,
        flow: None,
        title: None,
        status: Status::Ing,
        result: OrderResult::Ing,
        initiator: "USER001".to_owned(),
        version: None,
        parent_number: None,
        parent_task: None,
        business_key: "K".to_owned(),
        created_at: at(0),
        updated_at: at(minute),
        copies: Vec::new(),
        tasks,
        replace: false,
    }
}

fn ended(minute: u32, result: OrderResult, tasks: Vec<TaskSnapshot>) -> Snapshot {
    Snapshot { status: Status::Over, result, ..snapshot(minute, tasks) }
}

fn absorb(known: Option<Order>, snapshot: &Snapshot) -> Absorbed {
    Order::absorb(known, key(), snapshot, &[], Uuid::nil(), at(45)).unwrap()
}

fn stored(snapshot: &Snapshot) -> Option<Order> {
    Some(absorb(None, snapshot).order)
}

fn outcome(absorbed: &Absorbed, code: &str) -> Option<TaskOutcome> {
    absorbed.outcomes.iter().find(|(task, _)| task == code).map(|(_, outcome)| *outcome)
}

fn card(absorbed: &Absorbed, task: &str, user: &str) -> CardState {
    absorbed.order.tasks[task].cards[user].state
}

#[test]
fn a_new_task_opens_once_for_each_assignee() {
    let first = absorb(None, &snapshot(1, vec![task("A", &["U1", "U2"])]));
    let again = absorb(Some(first.order.clone()), &snapshot(1, vec![task("A", &["U1", "U2"])]));
    let more =
        absorb(Some(first.order.clone()), &snapshot(2, vec![task("A", &["U1", "U2", "U3"])]));

    assert_eq!(first.opened, [("A".to_owned(), vec!["U1".to_owned(), "U2".to_owned()])]);
    assert_eq!((again.verdict, again.opened.len()), (Verdict::Unchanged, 0));
    assert_eq!(more.opened, [("A".to_owned(), vec!["U3".to_owned()])]);
}

#[test]
fn an_order_keeps_its_flow_when_the_application_gets_another() {
    let flow = |code: &str| Flow {
        code: code.to_owned(),
        title: code.to_owned(),
        web_url: "https://erp/web".to_owned(),
        h5_url: "https://erp/h5".to_owned(),
    };
    let absorb = |known, minute, flows: &[Flow]| {
        Order::absorb(known, key(), &snapshot(minute, vec![]), flows, Uuid::nil(), at(45))
            .unwrap()
            .order
    };

    let first = absorb(None, 1, &[flow("A")]);
    let later = absorb(Some(first), 2, &[flow("A"), flow("B")]);

    assert_eq!(later.flow.as_deref(), Some("A"));
    assert_eq!(later.title, "A K");
}

#[test]
fn an_older_snapshot_changes_nothing() {
    let known = stored(&snapshot(10, vec![task("A", &["U1"])]));

    let late = absorb(known.clone(), &snapshot(9, vec![over("A", &["U1"], TaskResult::Pass)]));

    assert_eq!(late.verdict, Verdict::Stale);
    assert_eq!(Some(late.order), known);
}

#[test]
fn the_version_decides_where_both_have_one() {
    let versioned =
        |version, minute| Snapshot { version: Some(version), ..snapshot(minute, vec![]) };
    let known = stored(&versioned(5, 10));

    assert_eq!(absorb(known.clone(), &versioned(4, 20)).verdict, Verdict::Stale);
    assert_eq!(absorb(known.clone(), &versioned(6, 5)).verdict, Verdict::Applied);
    assert_eq!(absorb(known, &snapshot(9, vec![])).verdict, Verdict::Stale);
}

#[test]
fn equally_old_but_different_is_applied_and_reopens_nothing() {
    let known = stored(&snapshot(1, vec![over("A", &["U1"], TaskResult::Pass)]));

    let other = absorb(known, &snapshot(1, vec![task("A", &["U1"]), task("B", &["U2"])]));

    assert_eq!(other.verdict, Verdict::Applied);
    assert_eq!(card(&other, "A", "U1"), CardState::Done);
    assert_eq!(card(&other, "B", "U2"), CardState::Open);
    assert_eq!(other.warnings.len(), 1);
}

#[test]
fn a_newer_snapshot_may_reopen_and_says_so() {
    let known = stored(&ended(1, OrderResult::Pass, vec![over("A", &["U1"], TaskResult::Pass)]));

    let reopened = absorb(known, &snapshot(2, vec![task("A", &["U1"])]));

    assert_eq!(reopened.order.status, Status::Ing);
    assert_eq!(card(&reopened, "A", "U1"), CardState::Open);
    assert_eq!(reopened.audits.len(), 2);
    assert_eq!(reopened.warnings.len(), 2);
}

#[test]
fn who_was_told_once_is_not_told_again_after_reopening() {
    let known = stored(&snapshot(1, vec![task("A", &["U1"])]));
    let closed = absorb(known, &snapshot(2, vec![over("A", &["U1"], TaskResult::Pass)]));

    let reopened = absorb(Some(closed.order), &snapshot(3, vec![task("A", &["U1"])]));

    assert!(reopened.opened.is_empty());
}

#[test]
fn absent_tasks_stay_unless_the_snapshot_replaces() {
    let known = stored(&snapshot(1, vec![task("A", &["U1"]), task("B", &["U2"])]));
    let only_b = snapshot(2, vec![task("B", &["U2"])]);

    let merged = absorb(known.clone(), &only_b);
    let replaced = absorb(known, &Snapshot { replace: true, ..only_b });

    assert_eq!(card(&merged, "A", "U1"), CardState::Open);
    assert_eq!(card(&replaced, "A", "U1"), CardState::Gone);
    assert_eq!(outcome(&replaced, "A"), Some(TaskOutcome::Closed));
    assert_eq!(replaced.closed, [("A".to_owned(), vec!["U1".to_owned()])]);
}

#[test]
fn an_order_that_is_over_closes_its_open_tasks_and_tells_nobody() {
    let fresh = absorb(None, &ended(1, OrderResult::Pass, vec![task("A", &["U1"])]));
    let known = stored(&snapshot(1, vec![task("A", &["U1"])]));
    let closed = absorb(known, &ended(2, OrderResult::Reject, vec![]));

    assert!(fresh.opened.is_empty());
    assert_eq!(card(&fresh, "A", "U1"), CardState::Gone);
    assert_eq!(outcome(&closed, "A"), Some(TaskOutcome::Closed));
    assert_eq!(closed.closed, [("A".to_owned(), vec!["U1".to_owned()])]);
}

#[test]
fn the_first_who_handles_a_task_ends_it_for_all() {
    let known = stored(&snapshot(1, vec![task("A", &["U1", "U2"])]));

    let passed = absorb(known, &snapshot(2, vec![over("A", &["U1", "U2"], TaskResult::Pass)]));

    assert_eq!(card(&passed, "A", "U1"), CardState::Done);
    assert_eq!(card(&passed, "A", "U2"), CardState::Done);
    assert_eq!(outcome(&passed, "A"), Some(TaskOutcome::Closed));
}

#[test]
fn a_task_taken_from_someone_leaves_their_list() {
    let known = stored(&snapshot(1, vec![task("A", &["U1"])]));

    let moved = absorb(known, &snapshot(2, vec![task("A", &["U2"])]));

    assert_eq!(card(&moved, "A", "U1"), CardState::Gone);
    assert_eq!(moved.closed, [("A".to_owned(), vec!["U1".to_owned()])]);
    assert_eq!(moved.opened, [("A".to_owned(), vec!["U2".to_owned()])]);
}

#[test]
fn a_deleted_order_leaves_all_lists() {
    let copies = vec![CopySnapshot { user: "U9".to_owned(), at: at(1) }];
    let known = stored(&Snapshot { copies, ..snapshot(1, vec![task("A", &["U1"])]) });

    let deleted = absorb(known, &ended(2, OrderResult::Delete, vec![]));

    assert!(deleted.order.is_hidden());
    assert_eq!(card(&deleted, "A", "U1"), CardState::Gone);
    assert_eq!(deleted.order.copies["U9"].state, CardState::Gone);
}

#[test]
fn a_handled_task_without_time_is_recorded_now_and_repeats_change_nothing() {
    let untimed = TaskSnapshot { handled_at: None, ..over("A", &["U1"], TaskResult::Pass) };
    let first = absorb(None, &snapshot(1, vec![untimed.clone()]));

    let again = Order::absorb(
        Some(first.order.clone()),
        key(),
        &snapshot(1, vec![untimed]),
        &[],
        Uuid::nil(),
        at(50),
    )
    .unwrap();

    assert_eq!(first.warnings.len(), 1);
    assert_eq!(first.order.tasks["A"].handled_at, Some(at(45)));
    assert_eq!(again.verdict, Verdict::Unchanged);
}

#[test]
fn a_snapshot_from_the_future_is_refused() {
    let future = Snapshot { updated_at: at(45) + TimeDelta::hours(25), ..snapshot(1, vec![]) };

    let refused = Order::absorb(None, key(), &future, &[], Uuid::nil(), at(45));

    assert_eq!(refused.unwrap_err(), Refusal::FromTheFuture);
}

proptest! {
    /// Reliability 3: late and out-of-order updates never win, however they are shuffled.
    #[test]
    fn however_snapshots_are_shuffled_the_newest_wins(order in Just((1_i64..=20).chain(1..=20).collect::<Vec<_>>()).prop_shuffle()) {
        let version = |version: i64| Snapshot {
            version: Some(version),
            business_key: format!("K{version}"),
            ..snapshot(1, vec![task(&format!("T{version}"), &["U1"])])
        };
        let (mut known, mut seen, mut told) = (None, 0, 0);
        for number in order {
            let absorbed = absorb(known, &version(number));
            told += absorbed.opened.len();
            let now = absorbed.order.version.unwrap();
            prop_assert!(now >= seen);
            seen = now;
            known = Some(absorbed.order);
        }
        let last = known.unwrap();
        prop_assert_eq!(last.version, Some(20));
        prop_assert_eq!(last.business_key, "K20");
        prop_assert!(told <= 20);
        prop_assert_eq!(told, last.tasks.len());
    }
}
