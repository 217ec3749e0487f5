//! What people may do with tasks beside deciding them, where the drawing says so.

use serde_json::{Value, json};
use shared::code::Code;

use crate::helpers::{TestApp, user_task};

fn asked(operation: &str, fields: Value) -> Value {
    let mut body = fields;
    body["operation"] = json!({ "kind": operation });
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_drawing_leaves_out_is_neither_offered_nor_done() {
    let app = TestApp::spawn().await;
    let approvers =
        "<aiflow:approvers><aiflow:users codes=\"USER002,USER003\"/></aiflow:approvers>";
    let attributes = "aiflow:mode=\"all\" aiflow:operations=\"transfer\"";
    app.publish_flow("LEAVE", &user_task(attributes, approvers)).await;
    let order = app.start("LEAVE", json!({})).await;
    let task = app.tasks(order).await[0]["taskId"].clone();
    let of_task = json!({"taskId": task, "userCode": "USER002"});
    let of_order = json!({"orderId": order, "userCode": "USER001"});
    let passed = app.operate(asked("pass", of_task.clone())).await.ok();

    app.operate(asked("take_back", of_task)).await.refused(Code::NotPermitted);
    app.operate(asked("recall", of_order)).await.refused(Code::NotPermitted);

    for fact in app.told().iter().chain(passed["facts"].as_array().unwrap()) {
        assert_eq!((&fact["takeBack"], &fact["initiatorActions"]), (&json!([]), &json!([])));
    }
    assert_eq!(app.state(order).await, "running");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_taken_back_and_an_order_recalled_where_nothing_forbids_it() {
    let app = TestApp::spawn().await;
    let approvers =
        "<aiflow:approvers><aiflow:users codes=\"USER002,USER003\"/></aiflow:approvers>";
    app.publish_flow("LEAVE", &user_task("aiflow:mode=\"all\"", approvers)).await;
    let order = app.start("LEAVE", json!({})).await;
    let task = app.tasks(order).await[0]["taskId"].clone();
    let of_task = json!({"taskId": task, "userCode": "USER002"});
    let of_order = json!({"orderId": order, "userCode": "USER001"});
    app.operate(asked("pass", of_task.clone())).await.ok();

    app.operate(asked("take_back", of_task)).await.ok();

    // The word is asked for again, in a row of its own.
    let waiting = app.tasks(order).await;
    assert_eq!(waiting.len(), 2);
    app.operate(asked("recall", of_order.clone())).await.ok();
    assert_eq!(app.state(order).await, "cancelled");
    let again = app.operate(asked("recall", of_order)).await.ok();
    assert_eq!(again["applied"], false);
}

fn countersigned(attributes: &str) -> String {
    let approvers =
        "<aiflow:approvers><aiflow:users codes=\"USER002,USER003\"/></aiflow:approvers>";
    user_task(&format!("aiflow:mode=\"all\" {attributes}"), approvers)
}

/// What facts say that a row offers.
fn offered(facts: &[Value], task: &Value) -> Vec<String> {
    let opened = facts.iter().filter_map(|fact| fact["opened"].as_array()).flatten();
    let newest = opened.into_iter().find(|work| work["taskId"] == *task).unwrap();
    let words = newest["actions"].as_array().unwrap().iter();
    words.map(|word| word.as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_whose_operations_are_limited_still_offers_pass_and_reject() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &countersigned("aiflow:operations=\"transfer\"")).await;
    let order = app.start("LEAVE", json!({})).await;

    let offered = offered(&app.told(), &app.tasks(order).await[0]["taskId"]);

    assert_eq!(offered, ["pass", "reject", "transfer", "accept"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_added_people_is_offered_to_take_them_out_again() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &countersigned("")).await;
    let order = app.start("LEAVE", json!({})).await;
    let task = app.tasks(order).await[0]["taskId"].clone();
    let mut added = json!({"taskId": task, "userCode": "USER002"});
    added["operation"] = json!({"kind": "add_sign", "place": "beside", "people": ["USER004"]});

    let done = app.operate(added).await.ok();

    let facts = done["facts"].as_array().unwrap();
    assert!(offered(facts, &task).contains(&"remove_sign".to_owned()));
    let mut out = json!({"taskId": task, "userCode": "USER002"});
    out["operation"] = json!({"kind": "remove_sign", "people": ["USER004"]});
    app.operate(out).await.ok();
    assert_eq!(app.tasks(order).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_taken_back_while_others_are_asked_is_told_as_void() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &countersigned("")).await;
    let order = app.start("LEAVE", json!({})).await;
    let task = app.tasks(order).await[0]["taskId"].clone();
    let of_task = json!({"taskId": task, "userCode": "USER002"});
    app.operate(asked("pass", of_task.clone())).await.ok();

    let done = app.operate(asked("take_back", of_task.clone())).await.ok();

    assert_eq!(done["facts"][0]["voided"], json!([task]));
    // The old row is over: a late click on it moves nothing.
    let late = app.operate(asked("pass", of_task)).await;
    assert_ne!(late.body["data"]["applied"], true);
    assert_eq!(app.tasks(order).await.len(), 2);
}
