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
    app.operate(asked("pass", of_task.clone())).await.ok();

    app.operate(asked("take_back", of_task)).await.refused(Code::NotPermitted);
    app.operate(asked("recall", of_order)).await.refused(Code::NotPermitted);

    for fact in app.told() {
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
