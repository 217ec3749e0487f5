//! Steps of our own orders, told over HTTP and the bus, late, twice and in any order.

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::code::Code;
use shared::contract::order::{Operation, OrderAdvanced, ReturnTo};

use crate::engine::{self, task};
use crate::helpers::TestApp;

/// An order with everything in it: three stages, a step that nobody sees, what people do beside
/// deciding, a decision that is taken back, a way back to the start, a rejection.
fn long_story(tenant: &str) -> i64 {
    let order = engine::start(tenant, &[&["U1", "U2"], &["U2", "U3"], &["U3", "U1"]]);
    let first = task(order, 0);
    let pass = || Operation::Pass { next_people: Default::default() };
    engine::decide(order, 0, "U2", "pass");
    engine::operate(&first, "U2", Operation::TakeBack);
    engine::operate(&first, "U2", Operation::Urge);
    engine::decide(order, 0, "U2", "pass");
    engine::turn(order);
    engine::operate(&task(order, 1), "U3", Operation::Transfer { to: "U1".to_owned() });
    engine::operate(&task(order, 1), "U2", Operation::Urge);
    engine::operate(&first, "U3", Operation::Comment { mentions: vec!["U1".to_owned()] });
    engine::operate(&first, "U3", Operation::Copy { people: vec!["U3".to_owned()] });
    let back = Operation::Rebut { to: ReturnTo::Starter, straight_back: false };
    engine::operate(&task(order, 1), "U1", back);
    engine::operate(&format!("{order}-11"), "U1", pass());
    engine::operate(&format!("{order}-12"), "U1", pass());
    engine::operate(&format!("{order}-13"), "U3", Operation::Reject);
    order
}

/// All that people see of an order, without what names it.
async fn seen(app: &TestApp, order: i64) -> String {
    let mut lists = Vec::new();
    for list in ["todo", "done", "cc", "initiated"] {
        for user in ["U1", "U2", "U3", "USER001"] {
            let mut rows = app.rows(list, user).await;
            rows.retain(|row| row["orderId"] == order);
            lists.push(json!(rows));
        }
    }
    json!([app.detail(order).await, lists]).to_string().replace(&order.to_string(), "ORDER")
}

/// Every step at least once, in an order of `seed`'s own.
fn shuffled(facts: &[OrderAdvanced], mut seed: usize) -> Vec<OrderAdvanced> {
    let mut left: Vec<OrderAdvanced> = [facts, facts].concat();
    let mut heard = Vec::new();
    while !left.is_empty() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        heard.push(left.swap_remove((seed >> 33) % left.len()));
    }
    heard
}

#[tokio::test]
async fn late_repeated_and_shuffled_steps_end_in_the_same_state() {
    let app = TestApp::spawn().await;
    let model = long_story(&app.tenant);
    for fact in engine::facts(model) {
        app.tell(&[fact]).await;
    }
    let wanted = seen(&app, model).await;

    for seed in 0..20 {
        let order = long_story(&app.tenant);
        let heard = shuffled(&engine::facts(order), seed);
        // Neighbours arrive at once, over both roads.
        for pair in heard.chunks(3) {
            let calls = pair.iter().map(|fact| app.tell(std::slice::from_ref(fact)));
            tokio::join!(join_all(calls), app.publish(&pair[..1]));
        }

        assert_eq!(seen(&app, order).await, wanted, "seed {seed}");
    }
    assert!(wanted.contains("\"orderResult\":\"reject\"") && !wanted.contains("\"ing\""));
    assert!(wanted.contains("\"voided\":true") && wanted.contains("\"action\":\"transfer\""));
}

#[tokio::test]
async fn people_are_told_once_that_a_task_opened_and_once_that_it_closed() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002", "USER003"], &["USER004"]]).await;
    app.publish(&engine::facts(order)).await;
    app.decide(&task(order, 0), "USER002", "pass").await.ok();
    app.publish(&engine::facts(order)).await;
    engine::end(order, "revoke");
    app.publish(&engine::facts(order)).await;

    let told = app.told(order, 3).await;

    assert_eq!(told.iter().map(|fact| fact.seq).collect::<Vec<_>>(), [1, 2, 3]);
    let opened = &told[0].opened[0];
    assert_eq!((opened.task_id.as_str(), opened.node_type.as_str()), (&*task(order, 0), "audit"));
    let page = format!("https://aiflow.example.com/order/APP001/{order}?taskId={}", task(order, 0));
    let links: Vec<_> = opened.assignees.iter().map(|to| (&*to.user_code, &*to.web_url)).collect();
    let page = format!("{page}&source=native");
    assert_eq!(links, [("USER002", &*page), ("USER003", &*page)]);
    assert_eq!(told[1].closed[0].users, ["USER002", "USER003"]);
    assert_eq!(told[1].opened[0].assignees[0].user_code, "USER004");
    assert_eq!((told[2].closed[0].users[0].as_str(), told[2].opened.len()), ("USER004", 0));
}

#[tokio::test]
async fn a_task_that_was_decided_before_it_was_heard_of_is_announced_to_nobody() {
    let app = TestApp::spawn().await;
    let order = engine::start(&app.tenant, &[&["USER002"]]);
    engine::decide(order, 0, "USER002", "pass");
    let mut facts = engine::facts(order);
    facts.reverse();

    app.publish(&facts).await;
    let marker = app.start(&[&["USER002"]]).await;
    app.told(marker, 1).await;

    assert!(app.told(order, 0).await.is_empty());
    let detail = app.detail(order).await;
    assert_eq!((&detail["orderStatus"], &detail["orderResult"]), (&json!("over"), &json!("pass")));
}

#[tokio::test]
async fn an_order_that_failed_says_so() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"]]).await;
    engine::end(order, "fail");

    app.publish(&engine::facts(order)).await;

    assert_eq!(app.detail(order).await["orderResult"], "fail");
    assert_eq!(app.rows("initiated", "USER001").await[0]["result"], "fail");
    assert!(app.tasks("todo", "USER002").await.is_empty());
    assert!(app.tasks("done", "USER002").await.is_empty());
}

#[tokio::test]
async fn an_order_that_another_one_called_is_a_part_of_it() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"]]).await;
    let called = engine::start_below(&app.tenant, &[&["USER003"]], Some(order));
    app.publish(&engine::facts(called)).await;

    assert_eq!(app.tasks("todo", "USER003").await, [task(called, 0)]);
    assert_eq!(app.rows("initiated", "USER001").await.len(), 1);
    assert_eq!(app.detail(called).await["parentOrderId"], order);
}

#[tokio::test]
async fn steps_are_heard_of_services_only_and_must_make_sense() {
    let app = TestApp::spawn().await;
    let order = engine::start(&app.tenant, &[&["USER002"]]);
    let facts = serde_json::to_value(engine::facts(order)).unwrap();
    let with = |pointer: &str, value: Value| {
        let mut bad = facts.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        bad
    };
    let path = "/internal/order/advanced";

    app.post_as(&app.application("APP001"), path, facts.clone()).await.refused(Code::NotPermitted);
    app.post_as(&app.person("USER002"), path, facts.clone()).await.refused(Code::NotPermitted);
    for bad in [
        json!({}),
        with("/0/seq", json!("one")),
        with("/0/at", json!("yesterday")),
        with("/0/opened/0/dueAt", json!("24:00")),
        with(
            "/0/finished",
            json!({"result": "delete", "place": {"activityId": "", "activityName": ""}}),
        ),
    ] {
        app.post_as(&app.service(), path, bad).await.refused(Code::InvalidParameter);
    }

    assert!(app.tasks("todo", "USER002").await.is_empty());
}
