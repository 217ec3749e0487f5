//! What operations leave in the lists and in an order's page.

use serde_json::{Value, json};

use crate::engine::{self, APP, task};
use crate::helpers::TestApp;

async fn ask(app: &TestApp, address: &str, body: Value) -> Value {
    app.post_as(&app.application(APP), &format!("/aflow/api/{address}"), body).await.ok()
}

/// The lines of an order's history with this action.
fn lines<'d>(detail: &'d Value, action: &str) -> Vec<&'d Value> {
    detail["history"].as_array().unwrap().iter().filter(|line| line["action"] == action).collect()
}

/// A task as the order's page shows it.
fn shown<'d>(detail: &'d Value, code: &str) -> &'d Value {
    detail["tasks"].as_array().unwrap().iter().find(|task| task["taskId"] == code).unwrap()
}

#[tokio::test]
async fn rows_say_what_the_person_may_do_and_why_it_is_theirs() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"], &["USER003"]]).await;

    let old = app.rows("todo", "USER002").await.remove(0);
    app.decide(&task(order, 0), "USER002", "pass").await.ok();
    let row = app.rows("todo", "USER003").await.remove(0);
    let done = app.rows("done", "USER002").await.remove(0);
    let initiated = app.rows("initiated", "USER001").await.remove(0);
    app.decide(&task(order, 1), "USER003", "pass").await.ok();

    assert_eq!(old["actions"], json!(["pass", "reject", "accept"]));
    assert_eq!(row["actions"], json!(["pass", "reject", "rebut", "transfer"]));
    assert_eq!(
        row["why"],
        json!({"userCode": "USER003", "onBehalfOf": null, "rule": "指定人员", "chain": ["第2级", "USER003"]})
    );
    assert_eq!(row["flowName"], "自有审批");
    assert_eq!(done["actions"], json!(["take_back"]));
    assert_eq!(initiated["actions"], json!(["recall", "urge"]));
    let over = app.rows("initiated", "USER001").await.remove(0);
    assert_eq!((&over["actions"], &over["flowName"]), (&json!([]), &json!("自有审批")));
    assert_eq!(app.rows("done", "USER002").await[0]["actions"], json!([]));
    let detail = app.detail(order).await;
    assert_eq!(
        (&detail["flowName"], &detail["initiatorActions"]),
        (&json!("自有审批"), &json!([]))
    );
    assert_eq!(shown(&detail, &task(order, 1))["why"][0]["rule"], "指定人员");
}

#[tokio::test]
async fn an_orders_page_offers_each_person_their_own() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"], &["USER003"]]).await;
    app.decide(&task(order, 0), "USER002", "pass").await.ok();

    let seen_by = async |user: &str| {
        let address = format!("/aflow/api/order/detail?orderId={order}");
        let detail = app.get_as(&app.person(user), &address).await.ok();
        [0, 1].map(|stage| shown(&detail, &task(order, stage))["actions"].clone())
    };

    let offered = json!(["pass", "reject", "rebut", "transfer"]);
    assert_eq!(seen_by("USER002").await, [json!(["take_back"]), json!([])]);
    assert_eq!(seen_by("USER003").await, [json!([]), offered.clone()]);
    assert_eq!(seen_by("USER001").await, [json!([]), json!([])]);
    let detail = app.detail(order).await;
    assert_eq!(shown(&detail, &task(order, 1))["actions"], offered);
    assert_eq!(detail["initiatorActions"], json!(["recall", "urge"]));
}

#[tokio::test]
async fn a_transferred_task_moves_to_the_other_persons_list_and_both_are_told() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"]]).await;
    let file = json!({"name": "合同.pdf", "url": "https://erp.example.com/files/1"});
    let body = json!({"taskId": task(order, 0), "userCode": "USER002", "to": "USER003",
        "comment": "请代为处理", "attachments": [file]});

    ask(&app, "task/transfer", body).await;

    assert!(app.tasks("todo", "USER002").await.is_empty());
    assert_eq!(app.tasks("todo", "USER003").await, [task(order, 0)]);
    let detail = app.detail(order).await;
    let line = lines(&detail, "transfer").remove(0);
    assert_eq!(line["kind"], "operation");
    assert_eq!(line["result"], "transfer");
    assert_eq!(
        (&line["handler"]["code"], &line["people"][0]["code"]),
        (&json!("USER002"), &json!("USER003"))
    );
    assert_eq!((&line["comment"], &line["attachments"][0]), (&json!("请代为处理"), &file));
    assert_eq!(line["taskId"], task(order, 0));
    let told = app.told(order, 2).await;
    assert_eq!(told[1].closed[0].users, ["USER002"]);
    assert_eq!(told[1].opened[0].assignees[0].user_code, "USER003");

    // Back to where it was: it is new to them again.
    let body = json!({"taskId": task(order, 0), "userCode": "USER003", "to": "USER002"});
    ask(&app, "task/transfer", body).await;
    assert_eq!(app.told(order, 3).await[2].opened[0].assignees[0].user_code, "USER002");
}

#[tokio::test]
async fn a_decision_that_was_taken_back_waits_again() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"], &["USER003"]]).await;
    app.decide(&task(order, 0), "USER002", "pass").await.ok();

    let body = json!({"taskId": task(order, 0), "userCode": "USER002"});
    ask(&app, "task/take_back", body).await;
    app.publish(&engine::facts(order)).await;

    assert_eq!(app.tasks("todo", "USER002").await, [task(order, 0)]);
    assert!(app.tasks("todo", "USER003").await.is_empty());
    assert!(app.tasks("done", "USER002").await.is_empty());
    let again = app.decide(&task(order, 0), "USER002", "pass").await.ok();
    assert_eq!(again["applied"], true);
    assert_eq!(app.detail(order).await["history"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn what_lies_behind_a_rebuttal_is_void_but_stays_in_the_history() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"], &["USER003"]]).await;
    app.decide(&task(order, 0), "USER002", "pass").await.ok();
    let body = json!({"taskId": task(order, 1), "userCode": "USER003", "comment": "金额不对"});

    ask(&app, "task/rebut", body).await;

    let detail = app.detail(order).await;
    assert_eq!(shown(&detail, &task(order, 0))["voided"], true);
    assert_eq!(shown(&detail, &task(order, 1))["voided"], false);
    assert_eq!(shown(&detail, &task(order, 1))["taskResult"], "rebut");
    let results: Vec<&Value> =
        detail["history"].as_array().unwrap().iter().map(|line| &line["result"]).collect();
    assert_eq!(results, ["APPROVED", "REBUTTED"]);
    assert_eq!(app.tasks("todo", "USER002").await, [format!("{order}-11")]);
    assert_eq!(app.rows("done", "USER002").await[0]["actions"], json!([]));
}

#[tokio::test]
async fn urges_copies_and_comments_stand_where_people_look() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002", "USER003"]]).await;
    let one = json!({"taskId": task(order, 0), "userCode": "USER001"});
    let with = |more: Value| {
        let mut body = one.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };

    ask(&app, "task/urge", one.clone()).await;
    ask(&app, "task/urge", one.clone()).await;
    ask(&app, "task/copy", with(json!({"people": ["USER004"], "comment": "请知悉"}))).await;
    ask(&app, "task/comment", with(json!({"comment": "已补材料", "mentions": ["USER003"]}))).await;
    app.publish(&engine::facts(order)).await;

    for user in ["USER002", "USER003"] {
        assert_eq!(app.rows("todo", user).await[0]["urgedCount"], 2);
    }
    let copy = app.rows("cc", "USER004").await.remove(0);
    assert_eq!((&copy["orderId"], &copy["read"]), (&json!(order), &json!(false)));
    let detail = app.detail(order).await;
    assert_eq!(lines(&detail, "urge").len(), 2);
    assert_eq!(detail["copies"][0]["user"]["code"], "USER004");
    let comment = lines(&detail, "comment").remove(0);
    assert_eq!(
        (&comment["comment"], &comment["people"][0]["code"]),
        (&json!("已补材料"), &json!("USER003"))
    );
    assert_eq!(shown(&detail, &task(order, 0))["urgedCount"], 2);
    // Whoever got a copy may look.
    let theirs = format!("/aflow/api/order/detail?orderId={order}");
    app.get_as(&app.person("USER004"), &theirs).await.ok();
}
