//! An ERP's order and one of our own may have the same number.

use serde_json::{Value, json};
use shared::code::Code;

use crate::engine::{self, APP, task};
use crate::helpers::TestApp;

async fn log(
    app: &TestApp,
    order: i64,
    business_key: &str,
    task: &str,
) -> shared::testing::Answered {
    let body = json!({"orderId": order, "businessKey": business_key, "logs": [{"taskId": task,
        "handlerUserCode": "USER002", "handleResult": "APPROVED", "handleTime": "2025-01-24 15:40:00"}]});
    app.post_as(&app.application(APP), "/aflow/api/order/approval/log", body).await
}

fn history(detail: &Value) -> Vec<&str> {
    let lines = detail["history"].as_array().unwrap();
    lines.iter().map(|line| line["taskId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn both_stand_beside_each_other() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"], &["USER003"]]).await;
    app.sync(order, "TASK1", "USER002").await.ok();

    let mut waiting = app.tasks("todo", "USER002").await;
    waiting.sort();
    let theirs = app.detail(order).await;
    let ours = app.ask_detail(&format!("orderId={order}&source=native")).await.ok();

    assert_eq!(waiting, [task(order, 0), "TASK1".to_owned()]);
    assert_eq!(
        (&theirs["source"], &theirs["tasks"][0]["taskId"]),
        (&json!("third_party"), &json!("TASK1"))
    );
    assert_eq!(
        (&ours["source"], &ours["tasks"][0]["taskId"]),
        (&json!("native"), &json!(task(order, 0)))
    );
    assert!(!theirs["url"].as_str().unwrap().contains("native"));
    let wrong = app.ask_detail(&format!("orderId={order}&source=erp")).await;
    assert_eq!(wrong.refused(Code::InvalidParameter).fields(), ["source"]);
}

#[tokio::test]
async fn a_task_of_theirs_with_our_name_is_not_ours() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"]]).await;
    app.sync(order, &task(order, 0), "USER003").await.ok();

    app.decide(&task(order, 0), "USER002", "pass").await.ok();

    assert_eq!(app.tasks("todo", "USER003").await, [task(order, 0)]);
    assert!(app.tasks("todo", "USER002").await.is_empty());
}

#[tokio::test]
async fn an_erp_writes_history_of_its_own_orders_only() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"], &["USER003"]]).await;
    app.decide(&task(order, 0), "USER002", "pass").await.ok();

    log(&app, order, &format!("SO-{order}"), "TASK1").await.refused(Code::NotPermitted);
    app.sync(order, "TASK1", "USER002").await.ok();
    log(&app, order, &format!("ERP-{order}"), "TASK1").await.ok();
    log(&app, order, &format!("SO-{order}"), "TASK1").await.refused(Code::InvalidParameter);

    let ours = app.ask_detail(&format!("orderId={order}&source=native")).await.ok();
    assert_eq!(history(&app.detail(order).await), ["TASK1"]);
    assert_eq!(history(&ours), [task(order, 0)]);
}

#[tokio::test]
async fn a_person_sees_the_one_that_concerns_them() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002", "USER005"], &["USER003"]]).await;
    app.sync(order, "TASK1", "USER004").await.ok();
    app.decide(&task(order, 0), "USER002", "pass").await.ok();
    let address = format!("/aflow/api/order/detail?orderId={order}");

    let mut seen = Vec::new();
    for user in ["USER002", "USER003", "USER004", "USER005"] {
        let detail = app.get_as(&app.person(user), &address).await.ok();
        seen.push(detail["source"].as_str().unwrap().to_owned());
    }

    // Whoever was asked may look, also where somebody else was faster.
    assert_eq!(seen, ["native", "native", "third_party", "native"]);
    app.get_as(&app.person("USER009"), &address).await.refused(Code::UnknownReference);
    let named = format!("orderId={order}&userCode=USER009");
    app.ask_detail(&named).await.refused(Code::NotPermitted);
    assert_eq!(engine::asked(&app.tenant), 1);
}
