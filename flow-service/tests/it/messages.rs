//! Messages and signals: from outside, and from one order to others.

use serde_json::{Value, json};
use shared::code::Code;
use shared::testing::eventually;

use crate::helpers::{TestApp, definitions};

/// A process with message and signal root elements beside it; `M` and `S` are the tenant's names.
fn with_events(id: &str, elements: &str) -> String {
    definitions(&format!(
        "<message id=\"m1\" name=\"paid\"/><message id=\"m2\" name=\"shipped\"/><signal id=\"g1\" name=\"alarm\"/>\
         <process id=\"{id}\" isExecutable=\"true\">{elements}</process>"
    ))
}

fn waits_for_message(id: &str) -> String {
    with_events(
        id,
        "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"c\"/>\
         <intermediateCatchEvent id=\"c\"><messageEventDefinition messageRef=\"m1\"/></intermediateCatchEvent>\
         <sequenceFlow id=\"f2\" sourceRef=\"c\" targetRef=\"e\"/><endEvent id=\"e\"/>",
    )
}

fn waits_for_signal(id: &str) -> String {
    with_events(
        id,
        "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"c\"/>\
         <intermediateCatchEvent id=\"c\"><signalEventDefinition signalRef=\"g1\"/></intermediateCatchEvent>\
         <sequenceFlow id=\"f2\" sourceRef=\"c\" targetRef=\"e\"/><endEvent id=\"e\"/>",
    )
}

fn starts_with(id: &str, event: &str) -> String {
    with_events(
        id,
        &format!(
            "<startEvent id=\"s\">{event}</startEvent><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"u\"/>\
             <userTask id=\"u\" flowable:assignee=\"USER002\"/>\
             <sequenceFlow id=\"f2\" sourceRef=\"u\" targetRef=\"e\"/><endEvent id=\"e\"/>"
        ),
    )
}

async fn send(app: &TestApp, kind: &str, body: Value) -> i64 {
    let answered = app.post(&format!("/aflow/api/flow/{kind}"), body).await;
    answered.ok()["delivered"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_goes_to_the_order_named_else_to_the_key_else_to_who_waits_longest() {
    let app = TestApp::spawn().await;
    app.publish_flow("WAITS", &waits_for_message("p")).await;
    let mut orders = Vec::new();
    for key in ["A", "B", "C", "D"] {
        orders.push(app.start("WAITS", json!({"businessKey": key})).await);
    }

    assert_eq!(send(&app, "message", json!({"name": "paid", "orderId": orders[2]})).await, 1);
    assert_eq!(send(&app, "message", json!({"name": "paid", "orderId": orders[2]})).await, 0);
    assert_eq!(
        send(
            &app,
            "message",
            json!({"name": "paid", "businessKey": "B", "variables": {"by": "bank"}})
        )
        .await,
        1
    );
    assert_eq!(send(&app, "message", json!({"name": "paid", "businessKey": "Z"})).await, 0);
    assert_eq!(send(&app, "message", json!({"name": "paid"})).await, 1);
    assert_eq!(send(&app, "message", json!({"name": "nobody"})).await, 0);

    let mut states = Vec::new();
    for order in &orders {
        states.push(app.state(*order).await);
    }
    assert_eq!(states, ["completed", "completed", "completed", "running"]);
    assert_eq!(app.variables(orders[1]).await["by"], "bank");
    let unknown = app.post("/aflow/api/flow/message", json!({"name": "paid", "orderId": 7})).await;
    unknown.refused(Code::UnknownReference);
    app.post("/aflow/api/flow/message", json!({"name": ""})).await.refused(Code::InvalidParameter);
    let person = app.user("USER001");
    let refused = app.post_as(person, "/aflow/api/flow/message", json!({"name": "paid"})).await;
    refused.refused(Code::NotPermitted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_repeated_is_delivered_once() {
    let app = TestApp::spawn().await;
    app.publish_flow("WAITS", &waits_for_message("p")).await;
    let (one, two) = (app.start("WAITS", json!({})).await, app.start("WAITS", json!({})).await);

    for _ in 0..3 {
        let answered = app.repeat("same", "/aflow/api/flow/message", json!({"name": "paid"})).await;
        assert_eq!(answered.ok()["delivered"], 1);
    }

    assert_eq!(
        (app.state(one).await, app.state(two).await),
        ("completed".into(), "running".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_nobody_waits_for_starts_the_flow_that_begins_with_it() {
    let app = TestApp::spawn().await;
    let event = "<messageEventDefinition messageRef=\"m1\"/>";
    app.publish_flow("BEGINS", &starts_with("p", event)).await;

    let body = json!({"name": "paid", "businessKey": "B9", "variables": {"amount": 7}});
    assert_eq!(send(&app, "message", body).await, 1);

    let tasks = app.get("/aflow/api/order/tasks?processId=p").await.ok();
    let order = tasks[0]["orderId"].as_i64().unwrap();
    assert_eq!(app.variables(order).await["amount"], 7);
    assert_eq!(app.history(order).await["orders"][0]["businessKey"], "B9");
    app.try_start("BEGINS", json!({})).await.refused(Code::WrongState);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_reaches_everybody_who_waits_and_every_flow_that_begins_with_it() {
    let app = TestApp::spawn().await;
    app.publish_flow("WAITS", &waits_for_signal("p")).await;
    app.publish_flow("BEGINS", &starts_with("q", "<signalEventDefinition signalRef=\"g1\"/>"))
        .await;
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(app.start("WAITS", json!({})).await);
    }

    assert_eq!(send(&app, "signal", json!({"name": "alarm", "variables": {"level": 3}})).await, 6);

    for order in orders {
        assert_eq!(app.state(order).await, "completed");
        assert_eq!(app.variables(order).await["level"], 3);
    }
    let begun = app.get("/aflow/api/order/tasks?processId=q").await.ok();
    assert_eq!(begun.as_array().unwrap().len(), 1);
    assert_eq!(send(&app, "signal", json!({"name": "alarm"})).await, 1);
    assert_eq!(send(&app, "signal", json!({"name": "silence"})).await, 0);
    assert_eq!(app.count("select count(*) from errands where tenant = $1").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_order_throws_another_catches_before_the_answer() {
    let app = TestApp::spawn().await;
    let throws = with_events(
        "t",
        "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"u\"/>\
         <userTask id=\"u\" flowable:assignee=\"USER002\"/><sequenceFlow id=\"f2\" sourceRef=\"u\" targetRef=\"m\"/>\
         <intermediateThrowEvent id=\"m\"><messageEventDefinition messageRef=\"m1\"/></intermediateThrowEvent>\
         <sequenceFlow id=\"f3\" sourceRef=\"m\" targetRef=\"g\"/>\
         <intermediateThrowEvent id=\"g\"><signalEventDefinition signalRef=\"g1\"/></intermediateThrowEvent>\
         <sequenceFlow id=\"f4\" sourceRef=\"g\" targetRef=\"e\"/><endEvent id=\"e\"/>",
    );
    app.publish_flow("THROWS", &throws).await;
    app.publish_flow("M", &waits_for_message("m")).await;
    app.publish_flow("S", &waits_for_signal("sig")).await;
    let oldest = app.start("M", json!({"businessKey": "OTHER"})).await;
    let same_key = app.start("M", json!({"businessKey": "K"})).await;
    let signalled = app.start("S", json!({})).await;
    let thrower = app.start("THROWS", json!({"businessKey": "K"})).await;

    let facts = app.decide(thrower, "u", "USER002", "pass").await.ok();

    let mut moved: Vec<i64> =
        facts.as_array().unwrap().iter().map(|fact| fact["orderId"].as_i64().unwrap()).collect();
    moved.sort_unstable();
    let mut expected = vec![thrower, same_key, signalled];
    expected.sort_unstable();
    assert_eq!(moved, expected);
    assert_eq!(app.state(oldest).await, "running");
    assert_eq!(app.variables(same_key).await["initiator"], "USER001");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_behind_is_carried_out_by_the_job() {
    let app = TestApp::spawn().await;
    app.publish_flow("WAITS", &waits_for_signal("p")).await;
    let order = app.start("WAITS", json!({})).await;

    let left = "insert into errands (id, tenant, kind, name, variables) \
                values (gen_random_uuid(), $1, 'signal', 'alarm', '{}')";
    app.execute(left).await;

    eventually("the order is over", || async {
        (app.state(order).await == "completed").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_that_start_each_other_without_end_are_stopped() {
    let app = TestApp::spawn().await;
    let echo = with_events(
        "echo",
        "<startEvent id=\"s\"><messageEventDefinition messageRef=\"m1\"/></startEvent>\
         <sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"e\"/>\
         <endEvent id=\"e\"><messageEventDefinition messageRef=\"m1\"/></endEvent>",
    );
    app.publish_flow("ECHO", &echo).await;

    assert_eq!(send(&app, "message", json!({"name": "paid"})).await, 1);

    eventually("nothing is under way", || async {
        let left = app.count("select count(*) from errands where tenant = $1").await;
        (left == 0).then_some(())
    })
    .await;
    let orders = app.count("select count(*) from orders where tenant = $1").await;
    assert!((10..=200).contains(&orders), "{orders}");
}
