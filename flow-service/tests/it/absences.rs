//! Who is away, and who acts for them.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::code::Code;
use shared::contract::directory::PeopleChanged;
use shared::time;

use crate::helpers::{TestApp, one_task, person, user_task};

const SET: &str = "/aflow/api/user/absence";
const CANCEL: &str = "/aflow/api/user/absence/cancel";

fn now() -> DateTime<Utc> {
    Clock::system().now()
}

fn at(days: i64) -> String {
    time::format(now() + TimeDelta::days(days))
}

/// From yesterday to tomorrow.
fn away(user: &str, agent: &str) -> Value {
    json!({"userCode": user, "agent": agent, "from": at(-1), "to": at(1)})
}

fn with(mut body: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_moves_to_the_agent_and_history_has_both_names() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let order = app.start("LEAVE", json!({})).await;

    let set = app.post(SET, away("USER002", "USER003")).await.ok();

    assert_eq!((&set["applied"], &set["moved"]), (&json!(true), &json!(1)));
    assert_eq!(app.assignees(order).await, json!(["USER003"]));
    let operation = app.operations()[0].clone();
    assert_eq!(operation["action"], "agent");
    assert_eq!(operation["userCode"], "");
    assert_eq!(operation["onBehalfOf"], "USER002");
    assert_eq!(operation["people"], json!(["USER003"]));
    let why = app.told()[1]["opened"][0]["why"][0].clone();
    assert_eq!((&why["userCode"], &why["onBehalfOf"]), (&json!("USER003"), &json!("USER002")));
    assert_eq!(why["chain"], json!(["USER002 外出，由代理人 USER003 处理"]));

    app.decide(order, "approve", "USER002", "pass").await.refused(Code::NotPermitted);
    let facts = app.decide(order, "approve", "USER003", "pass").await.ok();
    let closed = facts[0]["closed"][0].clone();
    assert_eq!((&closed["handler"], &closed["onBehalfOf"]), (&json!("USER003"), &json!("USER002")));
    assert_eq!(app.state(order).await, "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absence_begins_when_its_date_comes_and_not_before() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let order = app.start("LEAVE", json!({})).await;
    let begins = now() + TimeDelta::seconds(3);

    let body = with(away("USER002", "USER003"), json!({"from": time::format(begins)}));
    let set = app.post(SET, body).await.ok();
    let before = app.assignees(order).await;

    assert_eq!(set["moved"], 0);
    assert!(now() > begins || before == json!(["USER002"]));
    app.waits_for(order, json!(["USER003"])).await;
    assert!(now() > begins - TimeDelta::seconds(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_orders_of_the_named_flows_move() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    app.publish_flow("EXPENSE", &one_task()).await;
    let (leave, expense) =
        (app.start("LEAVE", json!({})).await, app.start("EXPENSE", json!({})).await);

    let of = |agent: &str, flow: &str| with(away("USER002", agent), json!({"flowCodes": [flow]}));
    app.post(SET, of("USER003", "LEAVE")).await.ok();
    assert_eq!(app.assignees(leave).await, json!(["USER003"]));
    assert_eq!(app.assignees(expense).await, json!(["USER002"]));

    app.post(SET, of("USER004", "EXPENSE")).await.ok();
    assert_eq!(app.assignees(expense).await, json!(["USER004"]));
    assert_eq!(app.assignees(leave).await, json!(["USER003"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_somebody_is_away_goes_to_the_agent() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    app.post(SET, away("USER002", "USER003")).await.ok();

    let order = app.start("LEAVE", json!({})).await;

    assert_eq!(app.assignees(order).await, json!(["USER003"]));
    assert_eq!(app.told()[0]["opened"][0]["why"][0]["onBehalfOf"], "USER002");
    app.decide(order, "approve", "USER003", "pass").await.ok();
    assert_eq!(app.state(order).await, "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_comes_while_somebody_is_away_goes_to_the_agent() {
    let app = TestApp::spawn().await;
    let users = "<aiflow:approvers><aiflow:users codes=\"USER002,USER004\"/></aiflow:approvers>";
    app.publish_flow("TURNS", &user_task("aiflow:mode=\"sequence\"", users)).await;
    let order = app.start("TURNS", json!({})).await;
    app.post(SET, away("USER004", "USER003")).await.ok();

    app.decide(order, "approve", "USER002", "pass").await.ok();

    app.waits_for(order, json!(["USER003"])).await;
    app.decide(order, "approve", "USER003", "pass").await.ok();
    assert_eq!(app.state(order).await, "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_is_away_has_an_agent() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let order = app.start("LEAVE", json!({})).await;

    app.post(SET, away("USER003", "USER004")).await.ok();
    app.post(SET, away("USER002", "USER003")).await.ok();

    assert_eq!(app.assignees(order).await, json!(["USER004"]));
    assert_eq!(app.operations()[0]["onBehalfOf"], "USER002");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_has_left_gets_nothing() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    app.post(SET, away("USER002", "USER003")).await.ok();
    let people = vec![person("USER003", false, 2)];
    app.publish(&PeopleChanged { tenant: app.tenant.clone(), people }).await;

    let order = app.start("LEAVE", json!({})).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;

    assert_eq!(app.assignees(order).await, json!(["USER002"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_absence_is_set_once_and_its_reason_may_change() {
    let app = TestApp::spawn().await;
    let body = with(away("USER002", "USER003"), json!({"reason": "年假"}));

    let first = app.post(SET, body.clone()).await.ok();
    let again = app.post(SET, body.clone()).await.ok();
    let other = app.post(SET, with(body, json!({"reason": "病假"}))).await.ok();

    assert_eq!((&first["applied"], &again["applied"]), (&json!(true), &json!(false)));
    assert_eq!(other["applied"], true);
    assert_eq!(
        (&first["absenceId"], &first["absenceId"]),
        (&again["absenceId"], &other["absenceId"])
    );
    let listed = app.get(&format!("{SET}?userCode=USER002")).await.ok();
    assert_eq!(listed["absences"].as_array().unwrap().len(), 1);
    assert_eq!(listed["absences"][0]["reason"], "病假");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absence_that_cannot_be_is_refused_and_says_why() {
    let app = TestApp::spawn().await;
    app.hire("GONE", false);
    app.post(SET, away("USER003", "USER004")).await.ok();
    let refused = async |body: Value, code: Code, field: &str| {
        let answered = app.post(SET, body.clone()).await.refused(code);
        assert_eq!(answered.body["data"]["errorDetails"][0]["field"], field, "{body}");
    };

    refused(away("USER002", "USER002"), Code::InvalidParameter, "agent").await;
    let reversed = with(away("USER002", "USER003"), json!({"from": at(2)}));
    refused(reversed, Code::InvalidParameter, "to").await;
    let past = with(away("USER002", "USER003"), json!({"from": at(-3), "to": at(-2)}));
    refused(past, Code::InvalidParameter, "to").await;
    refused(away("USER002", "NOBODY"), Code::UnknownReference, "agent").await;
    refused(away("NOBODY", "USER002"), Code::UnknownReference, "userCode").await;
    refused(away("USER002", "GONE"), Code::WrongState, "agent").await;
    let unknown = with(away("USER002", "USER003"), json!({"flowCodes": ["NONE"]}));
    refused(unknown, Code::UnknownReference, "flowCodes[0]").await;
    refused(away("USER003", "USER002"), Code::WrongState, "from").await;
    refused(away("USER004", "USER003"), Code::WrongState, "agent").await;

    let answered = app.post(SET, json!({"userCode": "USER002"})).await;
    let answered = answered.refused(Code::InvalidParameter);
    assert_eq!(answered.body["data"]["errorDetails"].as_array().unwrap().len(), 3);
    let never = with(away("USER002", "USER003"), json!({"to": "infinity"}));
    refused(never, Code::InvalidParameter, "to").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_make_each_other_agents_at_the_same_instant_one_wins() {
    let app = TestApp::spawn().await;

    for _ in 0..10 {
        let (one, other) = tokio::join!(
            app.post(SET, away("USER002", "USER003")),
            app.post(SET, away("USER003", "USER002")),
        );
        let set = [one, other].into_iter().filter(|answered| answered.body["status"] == 0);
        let set: Vec<_> = set.collect();
        assert_eq!(set.len(), 1);
        let id = set[0].body["data"]["absenceId"].clone();
        for user in ["USER002", "USER003"] {
            app.post(CANCEL, json!({"userCode": user, "absenceId": id})).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_speaks_for_themselves_and_an_application_names_whom_it_means() {
    let app = TestApp::spawn().await;
    let own = json!({"agent": "USER003", "from": at(-1), "to": at(1)});

    app.post(SET, own.clone()).await.refused(Code::InvalidParameter);
    app.get(SET).await.refused(Code::InvalidParameter);
    let of_other = away("USER004", "USER003");
    app.post_as(app.user("USER002"), SET, of_other).await.refused(Code::NotPermitted);
    let other = format!("{SET}?userCode=USER004");
    app.get_as(app.user("USER002"), &other).await.refused(Code::NotPermitted);

    let set = app.post_as(app.user("USER002"), SET, own).await.ok();
    let listed = app.get_as(app.user("USER002"), SET).await.ok();
    assert_eq!(listed["absences"][0]["absenceId"], set["absenceId"]);
    assert_eq!(listed["absences"][0]["state"], "current");
    assert_eq!(listed["absences"][0]["flowCodes"], json!([]));
    let agent = app.get_as(app.user("USER003"), SET).await.ok();
    assert_eq!(agent["actingFor"][0]["userCode"], "USER002");

    let body = json!({"absenceId": set["absenceId"]});
    app.post_as(app.user("USER003"), CANCEL, body.clone()).await.refused(Code::UnknownReference);
    app.post(CANCEL, body.clone()).await.refused(Code::InvalidParameter);
    assert_eq!(app.post_as(app.user("USER002"), CANCEL, body).await.ok()["applied"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_back_gets_what_comes_and_the_agent_keeps_what_they_have() {
    let app = TestApp::spawn().await;
    let other = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let moved = app.start("LEAVE", json!({})).await;
    let set = app.post(SET, away("USER002", "USER003")).await.ok();
    let body = json!({"userCode": "USER002", "absenceId": set["absenceId"]});

    other.post(CANCEL, body.clone()).await.refused(Code::UnknownReference);
    let unknown = json!({"userCode": "USER002", "absenceId": "7"});
    app.post(CANCEL, unknown).await.refused(Code::InvalidParameter);
    assert_eq!(app.post(CANCEL, body.clone()).await.ok()["applied"], true);
    assert_eq!(app.post(CANCEL, body).await.ok()["applied"], false);

    let order = app.start("LEAVE", json!({})).await;
    assert_eq!(app.assignees(order).await, json!(["USER002"]));
    assert_eq!(app.assignees(moved).await, json!(["USER003"]));
    let listed = app.get(&format!("{SET}?userCode=USER002")).await.ok();
    assert_eq!(listed["absences"][0]["state"], "cancelled");
    assert_eq!(app.post(SET, away("USER002", "USER004")).await.ok()["applied"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_countersign_goes_on_with_the_agent_in_the_place_of_who_is_away() {
    let app = TestApp::spawn().await;
    let users = "<aiflow:approvers><aiflow:users codes=\"USER002,USER004\"/></aiflow:approvers>";
    app.publish_flow("ALL", &user_task("aiflow:mode=\"all\"", users)).await;
    let order = app.start("ALL", json!({})).await;

    app.post(SET, away("USER002", "USER003")).await.ok();
    let tasks = app.tasks(order).await;
    let people: Vec<&Value> = tasks.iter().map(|task| &task["assignees"]).collect();
    assert_eq!(people, [&json!(["USER003"]), &json!(["USER004"])]);

    for task in &tasks {
        let user = &task["assignees"][0];
        let body = json!({"taskId": task["taskId"], "userCode": user, "action": "pass"});
        app.complete(body).await.ok();
    }
    assert_eq!(app.state(order).await, "completed");
}
