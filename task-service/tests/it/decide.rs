//! People decide tasks of our own engine.

use futures_util::future::join_all;
use serde_json::json;
use shared::code::Code;

use crate::engine::{self, APP, FLOW, Manners, task};
use crate::helpers::TestApp;

#[tokio::test]
async fn the_lists_are_right_when_the_answer_arrives() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"], &["USER003"]]).await;
    let first = app.rows("todo", "USER002").await.remove(0);

    let answer = app.decide(&task(order, 0), "USER002", "pass").await.ok();

    assert_eq!(answer, json!({"success": true, "applied": true}));
    assert_eq!(app.tasks("todo", "USER002").await, Vec::<String>::new());
    assert_eq!(app.tasks("todo", "USER003").await, [task(order, 1)]);
    let done = app.rows("done", "USER002").await.remove(0);
    assert_eq!((&done["result"], &done["actions"]), (&json!("pass"), &json!(["take_back"])));
    assert_eq!(done["handledAt"], "2025-01-24 15:02:00");
    assert_eq!(first["source"], "native");
    assert_eq!(first["actions"], json!(["pass", "reject", "accept"]));
    assert_eq!((&first["flowCode"], &first["taskName"]), (&json!(FLOW), &json!("第1级审批")));
    assert_eq!((&first["appId"], &first["orderId"]), (&json!(APP), &json!(order)));
    assert_eq!(first["arrivedAt"], "2025-01-24 15:01:00");
    let page = "https://aiflow.example.com/order/APP001";
    assert_eq!(first["url"], format!("{page}/{order}?taskId={}&source=native", task(order, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_set_no_variables_and_throw_no_errors() {
    let app = TestApp::spawn().await;
    let caller = app.person("USER002");

    for extra in [json!({"variables": {"amount": 1}}), json!({"bpmnErrorCode": "E1"})] {
        let mut body = json!({"taskId": "1000001-1", "action": "pass"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        app.complete(&caller, body).await.refused(Code::NotPermitted);
    }
}

#[tokio::test]
async fn an_order_ends_with_its_last_task_and_shows_who_decided_what() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"], &["USER003"]]).await;

    let body = json!({"taskId": task(order, 0), "action": "pass", "comment": "同意\n请继续"});
    app.complete(&app.person("USER002"), body).await.ok();
    app.decide(&task(order, 1), "USER003", "reject").await.ok();

    let detail = app.detail(order).await;
    assert_eq!(
        (&detail["orderStatus"], &detail["orderResult"]),
        (&json!("over"), &json!("reject"))
    );
    assert_eq!((&detail["source"], &detail["version"]), (&json!("native"), &json!(3)));
    let states = |field: &str| {
        let tasks = detail["tasks"].as_array().unwrap();
        tasks.iter().map(|task| task[field].clone()).collect::<Vec<_>>()
    };
    assert_eq!(states("taskId"), [task(order, 0), task(order, 1)]);
    assert_eq!(states("taskResult"), ["pass", "reject"]);
    let history = detail["history"].as_array().unwrap();
    let line = |at: usize| {
        let line = &history[at];
        [&line["handler"]["code"], &line["result"], &line["comment"], &line["at"]].map(Clone::clone)
    };
    assert_eq!(
        line(0),
        ["USER002", "APPROVED", "同意\n请继续", "2025-01-24 15:02:00"].map(|t| json!(t))
    );
    assert_eq!(
        line(1),
        [json!("USER003"), json!("REJECTED"), json!(null), json!("2025-01-24 15:03:00")]
    );
    assert_eq!(history.len(), 2);
    let initiated = app.rows("initiated", "USER001").await.remove(0);
    assert_eq!((&initiated["result"], &initiated["source"]), (&json!("reject"), &json!("native")));
}

#[tokio::test]
async fn saying_the_same_again_changes_nothing_and_anything_else_is_too_late() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002", "USER004"], &["USER003"]]).await;
    let first = task(order, 0);
    app.decide(&first, "USER002", "pass").await.ok();
    let told = app.detail(order).await;

    let again = app.decide(&first, "USER002", "pass").await.ok();

    assert_eq!(again, json!({"success": true, "applied": false}));
    app.decide(&first, "USER002", "reject").await.refused(Code::WrongState);
    app.decide(&first, "USER004", "pass").await.refused(Code::WrongState);
    app.decide(&first, "USER002", "accept").await.refused(Code::WrongState);
    // flow-service, which knows better, was asked each time; `accept` is ours.
    assert_eq!((app.detail(order).await, engine::asked(&app.tenant)), (told, 4));
}

#[tokio::test]
async fn only_assignees_decide_and_people_only_for_themselves() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"]]).await;
    let body = json!({"taskId": task(order, 0), "action": "pass"});
    let named = json!({"taskId": task(order, 0), "action": "pass", "userCode": "USER002"});

    app.complete(&app.person("USER003"), body.clone()).await.refused(Code::NotPermitted);
    app.complete(&app.person("USER003"), named.clone()).await.refused(Code::NotPermitted);
    app.decide(&task(order, 0), "USER003", "pass").await.refused(Code::NotPermitted);
    app.complete(&app.application("APP002"), named.clone()).await.refused(Code::NotPermitted);
    let anonymous = app.complete(&app.application(APP), body).await;

    assert_eq!(anonymous.refused(Code::InvalidParameter).fields(), ["userCode"]);
    // Whose task it is flow-service knows.
    assert_eq!(engine::asked(&app.tenant), 3);
    app.complete(&app.person("USER002"), named).await.ok();
}

#[tokio::test]
async fn of_two_who_decide_at_once_one_wins() {
    let app = TestApp::spawn().await;
    for _ in 0..10 {
        let order = app.start(&[&["USER002", "USER003"], &["USER004"]]).await;
        let first = task(order, 0);

        let (one, two) = tokio::join!(
            app.decide(&first, "USER002", "pass"),
            app.decide(&first, "USER003", "reject")
        );

        let (won, lost) = if one.status() == 0 { (one, two) } else { (two, one) };
        won.ok();
        lost.refused(Code::WrongState);
        let done =
            [app.tasks("done", "USER002").await, app.tasks("done", "USER003").await].concat();
        assert_eq!(done.iter().filter(|code| **code == first).count(), 1);
        let open =
            [app.tasks("todo", "USER002").await, app.tasks("todo", "USER003").await].concat();
        assert!(open.is_empty(), "{open:?}");
    }
}

#[tokio::test]
async fn a_double_click_decides_once_even_if_flow_service_takes_offence() {
    let app = TestApp::spawn().await;
    engine::behave(&app.tenant, Manners { is_strict: true, ..Manners::default() });
    let order = app.start(&[&["USER002"], &["USER003"]]).await;
    let first = task(order, 0);
    // We have not heard of the decision that was made.
    engine::decide(order, 0, "USER002", "pass");
    app.decide(&first, "USER002", "pass").await.refused(Code::WrongState);
    app.tell(&engine::facts(order)).await;

    let answers = join_all((0..5).map(|_| app.decide(&first, "USER002", "pass"))).await;

    for answer in answers {
        assert_eq!(answer.ok()["applied"], false);
    }
    assert_eq!(app.detail(order).await["history"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn accepting_moves_nothing() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"]]).await;

    let first = app.decide(&task(order, 0), "USER002", "accept").await.ok();
    let again = app.decide(&task(order, 0), "USER002", "accept").await.ok();
    app.tell(&engine::facts(order)).await;

    assert_eq!((&first["applied"], &again["applied"]), (&json!(true), &json!(false)));
    assert_eq!(app.rows("todo", "USER002").await[0]["result"], "accept");
    assert_eq!(app.detail(order).await["history"][0]["result"], "task_accepted");
    assert_eq!(engine::asked(&app.tenant), 0);
    app.decide(&task(order, 0), "USER003", "accept").await.refused(Code::NotPermitted);
    app.decide(&task(order, 0), "USER002", "pass").await.ok();
}

#[tokio::test]
async fn what_is_not_ours_is_refused_as_such() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"]]).await;
    app.sync(7, "TASK7", "USER002").await.ok();

    let theirs = app.decide("TASK7", "USER002", "pass").await.refused(Code::NotPermitted);
    app.decide("TASK7", "USER002", "rebut").await.refused(Code::NotPermitted);
    app.decide("TASK7", "USER002", "accept").await.refused(Code::NotPermitted);
    let nothing = app.decide("99-1", "USER002", "pass").await.refused(Code::UnknownReference);
    app.decide("99-1", "USER002", "accept").await.refused(Code::UnknownReference);

    assert!(theirs.body.to_string().contains("ERP"));
    assert_eq!(nothing.fields(), ["taskId"]);
    let other = TestApp::spawn().await;
    other.decide(&task(order, 0), "USER002", "pass").await.refused(Code::UnknownReference);
}

#[tokio::test]
async fn every_bad_field_of_a_decision_is_named() {
    let app = TestApp::spawn().await;
    let body = json!({"action": "go", "comment": "a\u{0}", "formData": [], "variables": {"a": "\u{0}"},
        "bpmnErrorCode": 1, "target": "node", "straightBack": "yes", "nextPeople": {"a": [1], "b": []},
        "attachments": [{"name": "a", "url": "javascript:alert(1)"}]});

    let answer = app.complete(&app.application(APP), body).await.refused(Code::InvalidParameter);

    let fields = [
        "taskId",
        "comment",
        "attachments[0].url",
        "action",
        "formData",
        "variables",
        "bpmnErrorCode",
        "nextPeople.a[0]",
        "nextPeople.b",
        "activityId",
        "straightBack",
    ];
    assert_eq!(answer.fields(), fields);
}

#[tokio::test]
async fn a_refusal_of_flow_service_arrives_with_its_code_and_fields() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"]]).await;
    let body = json!({"taskId": task(order, 0), "userCode": "USER002", "action": "pass",
        "formData": {"amount": "viel"}});

    let answer = app.complete(&app.application(APP), body).await.refused(Code::InvalidParameter);

    assert_eq!(answer.fields(), ["formData.amount"]);
    assert_eq!(answer.body["data"]["errorMessage"], "流程服务拒绝");
    assert_eq!(app.tasks("todo", "USER002").await, [task(order, 0)]);
}

#[tokio::test]
async fn a_task_of_which_nothing_was_heard_yet_is_decided_all_the_same() {
    let app = TestApp::spawn().await;
    let order = engine::start(&app.tenant, &[&["USER002", "USER004"], &["USER003"]]);

    app.decide(&task(order, 0), "USER002", "pass").await.ok();

    assert_eq!(app.tasks("done", "USER002").await, [task(order, 0)]);
    assert_eq!(app.tasks("todo", "USER003").await, [task(order, 1)]);
    // What made it late changes nothing but the words.
    app.publish(&engine::facts(order)).await;
    assert_eq!(app.tasks("todo", "USER002").await, Vec::<String>::new());
    assert_eq!(app.tasks("todo", "USER004").await, Vec::<String>::new());
    assert_eq!(app.rows("done", "USER002").await[0]["arrivedAt"], "2025-01-24 15:01:00");
    assert_eq!(app.detail(order).await["createTime"], "2025-01-24 15:01:00");
}

#[tokio::test]
async fn a_task_for_nobody_is_decided_by_the_flows_own_application() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&[]]).await;
    let body = json!({"taskId": task(order, 0), "action": "pass", "userCode": "USER009"});

    app.complete(&app.application("APP002"), body.clone()).await.refused(Code::NotPermitted);
    app.complete(&app.person("USER009"), body.clone()).await.refused(Code::NotPermitted);
    app.complete(&app.application(APP), body.clone()).await.ok();
    let again = app.complete(&app.application(APP), body).await.ok();

    assert_eq!(again["applied"], false);
    assert_eq!(app.tasks("done", "USER009").await, [task(order, 0)]);
}

#[tokio::test]
async fn a_task_that_ends_with_an_error_was_not_passed_and_may_be_said_twice() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"], &["USER003"]]).await;
    let body = json!({"taskId": task(order, 0), "userCode": "USER002", "action": "pass",
        "bpmnErrorCode": "NO_STOCK", "variables": {"stock": 0}});

    let first = app.complete(&app.application(APP), body.clone()).await.ok();
    let again = app.complete(&app.application(APP), body).await.ok();

    assert_eq!((&first["applied"], &again["applied"]), (&json!(true), &json!(false)));
    assert_eq!(app.detail(order).await["tasks"][0]["taskResult"], "reject");
    app.decide(&task(order, 0), "USER002", "pass").await.refused(Code::WrongState);
}
