//! People do other things with tasks and orders of our own engine than deciding them.

use serde_json::{Value, json};
use shared::code::Code;

use crate::engine::{self, APP, task};
use crate::helpers::TestApp;

/// Every address, with what it is asked with beside who and what.
fn addresses() -> Vec<(&'static str, Value)> {
    vec![
        ("task/pass", json!({"nextPeople": {"next": ["USER009"]}})),
        ("task/reject", json!({})),
        ("task/rebut", json!({"target": "node", "activityId": "stage0", "straightBack": true})),
        ("task/transfer", json!({"to": "USER009"})),
        ("task/delegate", json!({"to": "USER009"})),
        ("task/add_sign", json!({"place": "before", "people": ["USER009"]})),
        ("task/remove_sign", json!({"people": ["USER009"]})),
        ("task/claim", json!({})),
        ("task/release", json!({})),
        ("task/take_back", json!({})),
        ("task/copy", json!({"people": ["USER009"]})),
        ("task/urge", json!({})),
        ("task/comment", json!({"comment": "请看", "mentions": ["USER009"]})),
    ]
}

fn with(body: &Value, more: Value) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn ask(app: &TestApp, address: &str, body: Value) -> shared::testing::Answered {
    app.post_as(&app.application(APP), &format!("/aflow/api/{address}"), body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_reaches_flow_service_and_none_of_an_erps_task_does() {
    let app = TestApp::spawn().await;
    app.sync(7, "TASK7", "USER002").await.ok();

    for (address, body) in addresses() {
        let order = app.start(&[&["USER002"], &["USER003"]]).await;
        let ours = json!({"taskId": task(order, 0), "userCode": "USER002"});
        let asked = engine::asked(&app.tenant);
        if address == "task/take_back" {
            app.decide(&task(order, 0), "USER002", "pass").await.ok();
        }

        let answer = ask(&app, address, with(&body, ours.clone())).await.ok();

        assert_eq!(answer["applied"], true, "{address}");
        assert!(engine::asked(&app.tenant) > asked, "{address}");
        let theirs = with(&body, json!({"taskId": "TASK7", "userCode": "USER002"}));
        ask(&app, address, theirs).await.refused(Code::NotPermitted);
        let unknown = with(&body, json!({"taskId": "99-1", "userCode": "USER002"}));
        ask(&app, address, unknown).await.refused(Code::UnknownReference);
        let other = app.application("APP002");
        let url = format!("/aflow/api/{address}");
        app.post_as(&other, &url, with(&body, ours)).await.refused(Code::NotPermitted);
        let nobody = with(&body, json!({"taskId": task(order, 0)}));
        let nobody = ask(&app, address, nobody).await.refused(Code::InvalidParameter);
        assert_eq!(nobody.fields(), ["userCode"], "{address}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_field_of_an_operation_is_named() {
    let app = TestApp::spawn().await;
    let long = "x".repeat(4_001);
    let files = vec![json!({"name": "a", "url": "https://a/"}); 21];
    let table: Vec<(&str, Value, &[&str])> = vec![
        ("task/transfer", json!({"taskId": "1-1"}), &["to"]),
        ("task/delegate", json!({"to": "a\u{0}"}), &["taskId", "to"]),
        (
            "task/add_sign",
            json!({"taskId": "1-1", "place": "over", "people": []}),
            &["place", "people"],
        ),
        ("task/remove_sign", json!({"taskId": "1-1", "people": ["U", 1]}), &["people[1]"]),
        ("task/rebut", json!({"taskId": "1-1", "target": "back"}), &["target"]),
        ("task/rebut", json!({"taskId": "1-1", "target": "node"}), &["activityId"]),
        (
            "task/claim",
            json!({"taskId": "1-1", "comment": long, "attachments": files}),
            &["comment", "attachments"],
        ),
        (
            "task/pass",
            json!({"taskId": "1-1", "attachments": [{"name": "", "url": "/x"}], "nextPeople": []}),
            &["attachments[0].name", "attachments[0].url", "nextPeople"],
        ),
        ("task/copy", json!({}), &["taskId", "people"]),
        ("task/urge", json!({"orderId": "x"}), &["orderId"]),
        (
            "task/comment",
            json!({"orderId": 1, "comment": " ", "mentions": "U"}),
            &["comment", "mentions"],
        ),
        ("order/recall", json!({"reason": 1}), &["orderId", "reason"]),
    ];

    for (address, body, fields) in table {
        let answer = ask(&app, address, body).await.refused(Code::InvalidParameter);
        assert_eq!(answer.fields(), fields, "{address}");
    }
    assert_eq!(engine::asked(&app.tenant), 0);
}

#[tokio::test]
async fn an_order_as_a_whole_is_urged_commented_on_and_recalled() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"]]).await;
    app.sync(8, "TASK8", "USER001").await.ok();
    let whole = json!({"orderId": order, "userCode": "USER001"});

    let first = ask(&app, "task/urge", whole.clone()).await.ok();
    ask(&app, "task/urge", whole.clone()).await.ok();
    let third = ask(&app, "task/urge", whole.clone()).await.ok();
    ask(&app, "task/comment", with(&whole, json!({"comment": "急"}))).await.ok();
    let recalled = app
        .post_as(
            &app.person("USER001"),
            "/aflow/api/order/recall",
            json!({"orderId": order, "reason": "填错了"}),
        )
        .await
        .ok();

    assert_eq!(first, json!({"success": true, "applied": true, "sent": 1}));
    let next = "2025-01-24 16:00:00";
    assert_eq!(third, json!({"success": true, "applied": false, "sent": 0, "nextAllowedAt": next}));
    assert_eq!(recalled["applied"], true);
    assert!(app.tasks("todo", "USER002").await.is_empty());
    let theirs = json!({"orderId": 8, "userCode": "USER001"});
    ask(&app, "order/recall", theirs.clone()).await.refused(Code::NotPermitted);
    let url = "/aflow/api/task/urge";
    app.post_as(&app.person("USER001"), url, json!({"orderId": 8}))
        .await
        .refused(Code::NotPermitted);
    app.post_as(&app.person("USER005"), url, json!({"orderId": 8}))
        .await
        .refused(Code::UnknownReference);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_act_only_for_themselves_and_carry_no_variables() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"]]).await;
    let caller = app.person("USER002");

    let named = json!({"taskId": task(order, 0), "userCode": "USER003"});
    app.post_as(&caller, "/aflow/api/task/claim", named).await.refused(Code::NotPermitted);
    let carried = json!({"taskId": task(order, 0), "variables": {"a": 1}});
    app.post_as(&caller, "/aflow/api/task/pass", carried).await.refused(Code::NotPermitted);
    let carried = json!({"taskId": task(order, 0), "bpmnErrorCode": "E"});
    app.post_as(&caller, "/aflow/api/task/reject", carried).await.refused(Code::NotPermitted);

    assert_eq!(engine::asked(&app.tenant), 0);
    app.post_as(&caller, "/aflow/api/task/claim", json!({"taskId": task(order, 0)})).await.ok();
}

#[tokio::test]
async fn without_flow_service_every_operation_is_unavailable_and_may_be_said_again() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"], &["USER003"]]).await;
    let body = json!({"taskId": task(order, 0), "userCode": "USER002", "to": "USER003"});

    let alone = app.without_flow_service();
    ask(&alone, "task/transfer", body.clone()).await.refused(Code::Unavailable);

    ask(&app, "task/transfer", body).await.ok();
    assert_eq!(app.tasks("todo", "USER003").await, [task(order, 0)]);
}
