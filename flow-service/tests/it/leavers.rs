//! Whoever leaves keeps no tasks: handed over in one call, or taken over by whoever is next.

use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::code::Code;
use shared::contract::directory::{PeopleChanged, Person};
use shared::time;

use crate::helpers::{TestApp, one_task, person, user_task};

const HANDOVER: &str = "/aflow/api/task/handover";

fn from_to(from: &str, to: &str) -> Value {
    json!({"fromUser": from, "toUser": to})
}

async fn disable(app: &TestApp, code: &str, supervisor: Option<&str>) {
    app.hire(code, false);
    if let Some(supervisor) = supervisor {
        app.promote(code, supervisor);
    }
    let gone = Person {
        dept_id: "TEAM".to_owned(),
        supervisor: supervisor.map(str::to_owned),
        ..person(code, false, 9)
    };
    app.publish(&PeopleChanged { tenant: app.tenant.clone(), people: vec![gone] }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_waits_is_handed_over_in_one_call_with_a_report() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    app.publish_flow("EXPENSE", &one_task()).await;
    let mut orders = Vec::new();
    for flow in ["LEAVE", "LEAVE", "EXPENSE"] {
        orders.push(app.start(flow, json!({})).await);
    }
    let over = app.start("LEAVE", json!({})).await;
    app.decide(over, "approve", "USER002", "pass").await.ok();

    let mut body = from_to("USER002", "USER003");
    body["flowCodes"] = json!(["LEAVE"]);
    body["reason"] = json!("离职");
    let report = app.post(HANDOVER, body.clone()).await.ok();

    assert_eq!((&report["moved"], &report["failed"]), (&json!(2), &json!([])));
    assert_eq!(report["more"], false);
    for (place, order) in orders.iter().enumerate() {
        let user = if place < 2 { "USER003" } else { "USER002" };
        assert_eq!(app.assignees(*order).await, json!([user]));
    }
    assert_eq!(report["tasks"][0], app.tasks(orders[0]).await[0]["taskId"]);
    let operations = app.operations();
    assert_eq!(operations.len(), 2);
    assert_eq!(operations[0]["action"], "handover");
    assert_eq!(operations[0]["onBehalfOf"], "USER002");
    assert_eq!(operations[0]["people"], json!(["USER003"]));
    let told = app.told();
    let why = &told.last().unwrap()["opened"][0]["why"][0];
    assert_eq!(why["chain"], json!(["USER002 的任务移交给 USER003", "原因：离职"]));

    assert_eq!(app.post(HANDOVER, body).await.ok()["moved"], 0);
    assert_eq!(app.post(HANDOVER, from_to("USER002", "USER004")).await.ok()["moved"], 1);
    app.decide(orders[0], "approve", "USER003", "pass").await.ok();
    assert_eq!(app.state(orders[0]).await, "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_handed_over_is_named_and_stops_nothing() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let broken = app.start("LEAVE", json!({})).await;
    app.execute(
        "update instances set body = jsonb_set(body, '{snapshot}', '{}') where tenant = $1",
    )
    .await;
    let sound = app.start("LEAVE", json!({})).await;

    let report = app.post(HANDOVER, from_to("USER002", "USER003")).await.ok();

    assert_eq!(report["moved"], 1);
    assert_eq!(report["failed"][0]["orderId"], broken);
    assert_eq!(report["failed"][0]["code"], "INTERNAL");
    assert_eq!(report["failed"].as_array().unwrap().len(), 1);
    assert_eq!(app.assignees(sound).await, json!(["USER003"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handover_that_cannot_be_is_refused() {
    let app = TestApp::spawn().await;
    app.hire("GONE", false);
    let refused = async |body: Value, code: Code, field: &str| {
        let answered = app.post(HANDOVER, body.clone()).await.refused(code);
        assert_eq!(answered.body["data"]["errorDetails"][0]["field"], field, "{body}");
    };

    let body = from_to("USER002", "USER003");
    app.post_as(app.user("USER002"), HANDOVER, body).await.refused(Code::NotPermitted);
    refused(from_to("USER002", "USER002"), Code::InvalidParameter, "toUser").await;
    refused(json!({"toUser": "USER002"}), Code::InvalidParameter, "fromUser").await;
    refused(from_to("NOBODY", "USER002"), Code::UnknownReference, "fromUser").await;
    refused(from_to("USER002", "NOBODY"), Code::UnknownReference, "toUser").await;
    refused(from_to("USER002", "GONE"), Code::WrongState, "toUser").await;
    let mut unknown = from_to("USER002", "USER003");
    unknown["flowCodes"] = json!(["NONE"]);
    refused(unknown, Code::UnknownReference, "flowCodes[0]").await;
    assert_eq!(app.post(HANDOVER, from_to("GONE", "USER003")).await.ok()["moved"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_tasks_are_handed_over_at_once() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let starts = (0..450).map(|_| app.try_start("LEAVE", json!({})));
    for started in futures_util::future::join_all(starts).await {
        started.ok();
    }

    let report = app.post(HANDOVER, from_to("USER002", "USER003")).await.ok();

    assert_eq!((&report["moved"], &report["more"]), (&json!(450), &json!(false)));
    let left = "select count(*) from tasks where tenant = $1 and closed_at is null and assignees = '{USER002}'";
    assert_eq!(app.count(left).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tasks_of_somebody_disabled_go_to_their_superior() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let order = app.start("LEAVE", json!({})).await;

    disable(&app, "USER002", Some("USER004")).await;

    app.waits_for(order, json!(["USER004"])).await;
    let operation = app.operations()[0].clone();
    assert_eq!((&operation["action"], &operation["userCode"]), (&json!("handover"), &json!("")));
    assert_eq!(operation["onBehalfOf"], "USER002");
    let told = app.told();
    let why = &told.last().unwrap()["opened"][0]["why"][0];
    assert_eq!(why["chain"], json!(["USER002 已停用，由直接上级 USER004 处理"]));
    app.decide(order, "approve", "USER004", "pass").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_superior_comes_the_agent() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let order = app.start("LEAVE", json!({})).await;
    let wire = |days| time::format(Clock::system().now() + TimeDelta::days(days));
    let absence =
        json!({"userCode": "USER002", "agent": "USER003", "from": wire(1), "to": wire(2)});
    app.post("/aflow/api/user/absence", absence).await.ok();
    // The absence begins and nobody has moved anything for it yet.
    let begun = "update absences set from_at = now() - interval '1 hour', lease_until = 'infinity' where tenant = $1";
    app.execute(begun).await;

    disable(&app, "USER002", Some("USER004")).await;

    app.waits_for(order, json!(["USER003"])).await;
    assert_eq!(app.operations()[0]["action"], "handover");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_superior_the_flows_manager_gets_it() {
    let app = TestApp::spawn().await;
    let xml = one_task().replace("<process ", "<process aiflow:manager=\"USER003\" ");
    app.publish_flow("MANAGED", &xml).await;
    let order = app.start("MANAGED", json!({})).await;

    disable(&app, "USER002", None).await;

    app.waits_for(order, json!(["USER003"])).await;
    let told = app.told();
    let why = &told.last().unwrap()["opened"][0]["why"][0];
    assert_eq!(why["chain"], json!(["USER002 已停用，由流程管理员 USER003 处理"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_follows_the_task_stays_until_somebody_does() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let order = app.start("LEAVE", json!({})).await;
    app.hire("BOSS", false);

    disable(&app, "USER002", Some("BOSS")).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(app.assignees(order).await, json!(["USER002"]));

    app.hire("BOSS", true);
    let people = vec![person("BOSS", true, 2)];
    app.publish(&PeopleChanged { tenant: app.tenant.clone(), people }).await;
    app.waits_for(order, json!(["BOSS"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_comes_to_somebody_who_has_left_goes_on_to_their_superior() {
    let app = TestApp::spawn().await;
    let users = "<aiflow:approvers><aiflow:users codes=\"USER003,USER002\"/></aiflow:approvers>";
    app.publish_flow("TURNS", &user_task("aiflow:mode=\"sequence\"", users)).await;
    let order = app.start("TURNS", json!({})).await;

    disable(&app, "USER002", Some("USER004")).await;
    assert_eq!(app.assignees(order).await, json!(["USER003"]));
    app.decide(order, "approve", "USER003", "pass").await.ok();

    app.waits_for(order, json!(["USER004"])).await;
    app.decide(order, "approve", "USER004", "pass").await.ok();
    assert_eq!(app.state(order).await, "completed");
}
