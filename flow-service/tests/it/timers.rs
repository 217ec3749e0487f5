//! Timers of orders and of flows.

use std::time::{Duration, Instant};

use serde_json::json;
use shared::code::Code;
use shared::testing::eventually;

use crate::helpers::{TestApp, drawing, flow};

fn waits(id: &str, timer: &str) -> String {
    drawing(
        id,
        &format!(
            "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"t\"/>\
             <intermediateCatchEvent id=\"t\"><timerEventDefinition>{timer}</timerEventDefinition></intermediateCatchEvent>\
             <sequenceFlow id=\"f2\" sourceRef=\"t\" targetRef=\"e\"/><endEvent id=\"e\"/>"
        ),
    )
}

fn starts(id: &str, timer: &str) -> String {
    drawing(
        id,
        &format!(
            "<startEvent id=\"s\"><timerEventDefinition>{timer}</timerEventDefinition></startEvent>\
             <sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"e\"/><endEvent id=\"e\"/>"
        ),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_moves_its_order_on_when_it_is_due() {
    let app = TestApp::spawn().await;
    app.publish_flow("WAITS", &waits("p", "<timeDuration>PT1S</timeDuration>")).await;
    let order = app.start("WAITS", json!({})).await;

    assert_eq!(app.state(order).await, "running");
    eventually("the order is over", || async {
        (app.state(order).await == "completed").then_some(())
    })
    .await;
    assert_eq!(app.trace(order).await, ["s", "t", "e"]);
    assert_eq!(app.count("select count(*) from timers where tenant = $1").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_that_are_due_together_are_worked_off_in_batches_each_once() {
    let app = TestApp::spawn().await;
    app.publish_flow("WAITS", &waits("p", "<timeDuration>P1D</timeDuration>")).await;
    let starts = (0..300).map(|_| app.try_start("WAITS", json!({})));
    for started in futures_util::future::join_all(starts).await {
        started.ok();
    }

    let began = Instant::now();
    app.execute("update timers set due_at = now() where tenant = $1").await;
    let over = "select count(*) from orders where tenant = $1 and state = 'completed'";
    eventually("all are over", || async { (app.count(over).await == 300).then_some(()) }).await;

    assert!(began.elapsed() < Duration::from_secs(15));
    let steps =
        "select count(*) from steps s join orders o on o.order_id = s.order_id where o.tenant = $1";
    assert_eq!(app.count(steps).await, 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_starts_by_its_timer_as_often_as_it_says_while_it_is_online() {
    let app = TestApp::spawn().await;
    app.publish_flow("CYCLE", &starts("p", "<timeCycle>R2/PT1S</timeCycle>")).await;
    app.publish_flow("LATER", &starts("q", "<timeDuration>P1D</timeDuration>")).await;

    let begun = "select count(*) from orders where tenant = $1 and process_id = 'p'";
    eventually("it has started twice", || async { (app.count(begun).await == 2).then_some(()) })
        .await;
    let due = "select count(*) from start_points where tenant = $1 and due_at is not null";
    eventually("only the other is due", || async { (app.count(due).await == 1).then_some(()) })
        .await;
    assert_eq!(app.count(begun).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_that_nobody_can_trigger_are_refused_at_publication() {
    let app = TestApp::spawn().await;
    let conditional = drawing(
        "p",
        "<startEvent id=\"s\"><conditionalEventDefinition><condition>${a}</condition></conditionalEventDefinition></startEvent>\
         <sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"e\"/><endEvent id=\"e\"/>",
    );
    for (code, xml) in [("C", conditional), ("T", starts("q", "<timeDuration>soon</timeDuration>"))]
    {
        app.post("/aflow/api/flow/create", flow(code, json!([]), &xml)).await.ok();
        let refused = app.post("/aflow/api/flow/publish", json!({"flowCode": code})).await;
        let refused = refused.refused(Code::InvalidParameter);
        assert_eq!(refused.body["data"]["errorDetails"][0]["elementId"], "s", "{code}");
    }
}
