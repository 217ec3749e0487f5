//! What becomes of tasks that nobody decides in time.

use serde_json::{Value, json};
use shared::testing::eventually;

use crate::helpers::{TestApp, user_task};

/// A task of USER002 with a second of time.
fn in_a_second(more: &str) -> String {
    let timeout = format!("<aiflow:timeout after=\"PT1S\" {more}/>");
    user_task("flowable:assignee=\"USER002\"", &timeout)
}

async fn is_over(app: &TestApp, order: i64) {
    eventually("the order is over", || async {
        (app.state(order).await != "running").then_some(())
    })
    .await;
}

async fn done(app: &TestApp, count: usize) -> Vec<Value> {
    eventually("it was told", || async {
        Some(app.operations()).filter(|operations| operations.len() >= count)
    })
    .await
}

const LEFT: &str = "select count(*) from timeouts where tenant = $1";

#[tokio::test(flavor = "multi_thread")]
async fn the_superior_gets_what_is_late_and_disabled_ones_are_passed_over() {
    let app = TestApp::spawn().await;
    app.hire("LEAD", false);
    app.hire("BOSS", true);
    app.promote("USER002", "LEAD");
    app.promote("LEAD", "BOSS");
    app.publish_flow("LATE", &in_a_second("action=\"superior\"")).await;

    let order = app.start("LATE", json!({})).await;

    app.waits_for(order, json!(["BOSS"])).await;
    let operation = done(&app, 1).await[0].clone();
    assert_eq!(operation["action"], "timeout_transfer");
    assert_eq!((&operation["userCode"], &operation["onBehalfOf"]), (&json!(""), &json!("USER002")));
    assert_eq!(operation["people"], json!(["BOSS"]));
    assert_eq!(app.count(LEFT).await, 0);
    app.decide(order, "approve", "BOSS", "pass").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_superior_the_task_stays() {
    let app = TestApp::spawn().await;
    app.publish_flow("LATE", &in_a_second("action=\"superior\"")).await;

    let order = app.start("LATE", json!({})).await;

    eventually("its time has run out", || async { (app.count(LEFT).await == 0).then_some(()) })
        .await;
    assert_eq!(app.assignees(order).await, json!(["USER002"]));
    app.decide(order, "approve", "USER002", "pass").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_late_passes_or_is_refused_by_itself() {
    let app = TestApp::spawn().await;
    app.publish_flow("PASSES", &in_a_second("action=\"pass\"")).await;
    app.publish_flow("REFUSES", &in_a_second("action=\"reject\"")).await;

    let passes = app.start("PASSES", json!({})).await;
    let refuses = app.start("REFUSES", json!({})).await;

    is_over(&app, passes).await;
    is_over(&app, refuses).await;
    assert_eq!(app.state(passes).await, "completed");
    assert_eq!(app.state(refuses).await, "cancelled");
    let told = app.told();
    let finished = told.iter().filter_map(|fact| fact["finished"]["result"].as_str());
    let mut finished: Vec<&str> = finished.collect();
    finished.sort_unstable();
    assert_eq!(finished, ["pass", "reject"]);
    assert_eq!(app.count(LEFT).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn reminders_come_as_often_as_the_drawing_says() {
    let app = TestApp::spawn().await;
    app.publish_flow("REMINDS", &in_a_second("action=\"remind\" times=\"2\"")).await;

    let order = app.start("REMINDS", json!({})).await;

    let operations = done(&app, 2).await;
    let counts: Vec<&Value> = operations.iter().map(|operation| &operation["count"]).collect();
    assert_eq!(counts, [&json!(1), &json!(2)]);
    assert_eq!(operations[0]["action"], "timeout_remind");
    eventually("no more will come", || async { (app.count(LEFT).await == 0).then_some(()) }).await;
    assert_eq!(app.assignees(order).await, json!(["USER002"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_is_decided_in_time_is_left_alone_and_so_is_what_is_over() {
    let app = TestApp::spawn().await;
    app.publish_flow("LATE", &in_a_second("action=\"reject\"")).await;
    let order = app.start("LATE", json!({})).await;
    app.decide(order, "approve", "USER002", "pass").await.ok();
    assert_eq!(app.count(LEFT).await, 0);

    let stray = "insert into timeouts (root_id, wait, tenant, due_at) \
                 select order_id, 1, tenant, now() from orders where tenant = $1";
    app.execute(stray).await;

    eventually("it is gone", || async { (app.count(LEFT).await == 0).then_some(()) }).await;
    assert_eq!(app.state(order).await, "completed");
}
