//! Service tasks: what is asked of the ERP, and what its answer comes to.

use serde_json::{Value, json};
use shared::contract::order::ServiceAnswered;
use shared::testing::eventually;

use crate::helpers::{TestApp, definitions};

/// start → call of the ERP → end; an error `NO_STOCK` of the call leads to a task.
fn calls() -> String {
    definitions(
        "<error id=\"er\" errorCode=\"NO_STOCK\"/><process id=\"p\" isExecutable=\"true\"><startEvent id=\"s\"/>\
         <sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"call\"/>\
         <serviceTask id=\"call\" name=\"通知ERP\" aiflow:address=\"/odoo/api/order/approved\"><extensionElements><aiflow:call>\
         <aiflow:input name=\"amount\">${amount}</aiflow:input><aiflow:output variable=\"erpNo\">${answer.data.no}</aiflow:output>\
         </aiflow:call></extensionElements></serviceTask>\
         <sequenceFlow id=\"f2\" sourceRef=\"call\" targetRef=\"e\"/><endEvent id=\"e\"/>\
         <boundaryEvent id=\"b\" attachedToRef=\"call\"><errorEventDefinition errorRef=\"er\"/></boundaryEvent>\
         <sequenceFlow id=\"f3\" sourceRef=\"b\" targetRef=\"u\"/><userTask id=\"u\" flowable:assignee=\"USER002\"/>\
         <sequenceFlow id=\"f4\" sourceRef=\"u\" targetRef=\"e2\"/><endEvent id=\"e2\"/></process>",
    )
}

async fn call(app: &TestApp) -> (i64, Value) {
    app.publish_flow("CALLS", &calls()).await;
    let order = app.start("CALLS", json!({"variables": {"amount": 7}})).await;
    let told = app.told();
    (order, told.last().unwrap()["calls"][0].clone())
}

fn answered(
    app: &TestApp,
    order: i64,
    call: &Value,
    outcome: &str,
    answer: Value,
) -> ServiceAnswered {
    ServiceAnswered {
        tenant: app.tenant.clone(),
        order_id: order,
        call_id: call["callId"].as_str().unwrap().to_owned(),
        outcome: outcome.to_owned(),
        answer,
        reason: "因为".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_goes_into_variables_and_the_order_goes_on() {
    let app = TestApp::spawn().await;
    let (order, call) = call(&app).await;
    assert_eq!(call["address"], "/odoo/api/order/approved");
    assert_eq!(call["body"], json!({"amount": 7}));

    let event =
        answered(&app, order, &call, "answered", json!({"status": 0, "data": {"no": "SO1"}}));
    app.publish(&event).await;
    app.publish(&event).await;

    eventually("the order is over", || async {
        (app.state(order).await == "completed").then_some(())
    })
    .await;
    assert_eq!(app.variables(order).await["erpNo"], "SO1");
    assert_eq!(app.trace(order).await, ["s", "call", "e"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_raises_the_error_that_the_answer_names() {
    let app = TestApp::spawn().await;
    let (order, call) = call(&app).await;

    let answer = json!({"status": -4001, "data": {"errorCode": "NO_STOCK"}});
    app.publish(&answered(&app, order, &call, "refused", answer)).await;

    eventually("the error leads to a task", || async {
        (app.open(order).await == ["u"]).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_failed_is_an_incident_and_is_made_again_under_another_name() {
    let app = TestApp::spawn().await;
    let (order, call) = call(&app).await;

    app.publish(&answered(&app, order, &call, "failed", Value::Null)).await;
    let incident = eventually("it is stuck", || async {
        app.history(order).await["incidents"].get(0).cloned()
    })
    .await;
    assert_eq!((&incident["activityId"], &incident["reason"]), (&json!("call"), &json!("因为")));
    let retry = json!({"incidentId": incident["incidentId"]});
    app.post_as(app.service(), "/aflow/api/admin/incident/retry", retry).await.ok();

    let again = app.told().last().unwrap()["calls"][0].clone();
    assert_ne!(again["callId"], call["callId"]);
    let answer = json!({"status": 0, "data": {"no": "SO2"}});
    app.publish(&answered(&app, order, &again, "answered", answer)).await;
    eventually("the order is over", || async {
        (app.state(order).await == "completed").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_a_cancelled_order_is_dropped_and_its_late_answer_changes_nothing() {
    let app = TestApp::spawn().await;
    let (order, call) = call(&app).await;

    let body = json!({"orderId": order, "userCode": "USER001", "reason": "x"});
    app.post("/aflow/api/order/cancel", body).await.ok();
    assert_eq!(app.told().last().unwrap()["droppedCalls"], json!([call["callId"]]));
    app.publish(&answered(&app, order, &call, "answered", json!({"status": 0}))).await;

    assert_eq!(app.state(order).await, "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_of_the_element_say_which_error_a_refusal_is() {
    let app = TestApp::spawn().await;
    let ruled = calls().replace(
        "</aiflow:call>",
        "<aiflow:error code=\"NO_STOCK\" when=\"${answer.status == -4001}\"/></aiflow:call>",
    );
    app.publish_flow("RULED", &ruled).await;
    let order = app.start("RULED", json!({"variables": {"amount": 7}})).await;
    let call = app.told().last().unwrap()["calls"][0].clone();

    app.publish(&answered(&app, order, &call, "refused", json!({"status": -4001}))).await;

    eventually("the error leads to a task", || async {
        (app.open(order).await == ["u"]).then_some(())
    })
    .await;
}
