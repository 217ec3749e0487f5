//! One order seen whole, its approval history, and what an ERP's belief differs in.

use serde_json::{Value, json};
use shared::code::Code;
use tests::{SECRET, open_task, passed_task, snapshot};

use crate::helpers::{CHECK, DETAIL, LOG, detail, enterprise, sync, texts};

fn log(result: &str, time: &str) -> Value {
    json!({"taskId": "TASK001", "taskName": "部门经理审批", "handlerUserCode": "USER002", "handleResult": result,
        "handleComment": "同意\n第二行", "handleTime": time})
}

fn logs(number: i64, logs: &[Value]) -> Value {
    json!({"orderId": number, "businessKey": format!("SALES_{number}"), "logs": logs})
}

fn belief(number: i64, version: i64, tasks: Value) -> Value {
    json!({"orderId": number, "updateTime": "2025-01-24 15:30:00", "version": version, "tasks": tasks})
}

#[tokio::test]
async fn an_order_shows_its_tasks_copies_and_people() {
    let world = enterprise().await;
    sync(&world, &snapshot(1)).await;

    let shown = detail(&world, 1).await;

    assert_eq!(
        (&shown["orderId"], &shown["businessKey"], &shown["initiator"]["name"]),
        (&json!(1), &json!("SALES_1"), &json!("张三"))
    );
    assert_eq!(
        (&shown["createTime"], &shown["updateTime"]),
        (&json!("2025-01-24 10:00:00"), &json!("2025-01-24 15:30:00"))
    );
    assert_eq!(shown["tasks"][0]["assignees"], json!([{"code": "USER002", "name": "李四"}]));
    assert_eq!(
        shown["copies"],
        json!([{"user": {"code": "USER003", "name": "王五"}, "ccTime": "2025-01-24 10:00:00"}])
    );
    assert_eq!(shown["history"], json!([]));
}

#[tokio::test]
async fn a_person_sees_only_orders_that_concern_them() {
    let world = enterprise().await;
    let users = json!({"users": [{"userId": "USER004", "userName": "n", "deptId": "DEPT001"}]});
    world.erp().post("/aflow/api/sys/sync/user", &users).await.ok();
    sync(&world, &snapshot(1)).await;
    let look = |user: &'static str| {
        let erp = world.erp();
        async move { erp.get(&format!("{DETAIL}?orderId=1&userCode={user}")).await }
    };

    for user in ["USER001", "USER002", "USER003"] {
        look(user).await.ok();
    }
    for user in ["USER004", "NOBODY"] {
        look(user).await.refused(Code::NotPermitted);
    }
}

#[tokio::test]
async fn who_lost_a_task_no_longer_sees_the_order() {
    let world = enterprise().await;
    sync(&world, &snapshot(1)).await;
    let mut moved = snapshot(1);
    moved["version"] = json!(2);
    moved["tasks"] = json!([open_task("TASK001", &["USER003"])]);
    sync(&world, &moved).await;

    let answered = world.erp().get(&format!("{DETAIL}?orderId=1&userCode=USER002")).await;

    answered.refused(Code::NotPermitted);
}

#[tokio::test]
async fn an_order_that_is_not_there_and_a_number_that_is_none_are_refused() {
    let world = enterprise().await;

    for query in [
        "orderId=1",
        "orderId=9223372036854775807",
        "orderId=1&userCode=USER002",
        "orderId=1&appId=NOPE",
    ] {
        world.erp().get(&format!("{DETAIL}?{query}")).await.refused(Code::UnknownReference);
    }
    for query in [
        "",
        "orderId=",
        "orderId=0",
        "orderId=-1",
        "orderId=abc",
        "orderId=1.5",
        "orderId=9223372036854775808",
        "orderId=%EF%BC%91",
    ] {
        let refused =
            world.erp().get(&format!("{DETAIL}?{query}")).await.refused(Code::InvalidParameter);
        assert_eq!(refused.fields(), ["orderId"], "{query}");
    }
}

#[tokio::test]
async fn two_applications_may_have_the_same_number() {
    let world = enterprise().await;
    world.create_application("APP002", SECRET, json!({})).await;
    let second = world.client("APP002", SECRET);
    sync(&world, &snapshot(1)).await;

    let mut order = snapshot(1);
    order["businessKey"] = json!("OTHER");
    second.post("/aflow/api/order/sync/task", &order).await.ok();

    assert_eq!(detail(&world, 1).await["businessKey"], "SALES_1");
    let theirs = second.get(&format!("{DETAIL}?orderId=1")).await.ok();
    assert_eq!((&theirs["businessKey"], &theirs["appId"]), (&json!("OTHER"), &json!("APP002")));
}

#[tokio::test]
async fn a_line_of_history_is_recorded_once() {
    let world = enterprise().await;
    sync(&world, &snapshot(1)).await;
    let body = logs(1, &[log("APPROVED", "2025-01-24 15:30:00")]);

    let first = world.erp().post(LOG, &body).await.ok();
    let again = world.erp().post(LOG, &body).await.ok();

    assert_eq!((&first["success"], &again["success"]), (&json!(true), &json!(true)));
    let history = detail(&world, 1).await["history"].clone();
    assert_eq!(history.as_array().unwrap().len(), 1);
    let line = &history[0];
    assert_eq!(
        (&line["result"], &line["comment"], &line["handler"]["name"]),
        (&json!("APPROVED"), &json!("同意\n第二行"), &json!("李四"))
    );
}

#[tokio::test]
async fn every_word_for_a_result_is_taken_and_others_are_refused() {
    let world = enterprise().await;
    sync(&world, &snapshot(1)).await;
    let words = ["APPROVED", "REJECTED", "TRANSFERRED", "pass", "reject", "rebut", "revoke"];
    let lines: Vec<Value> = words
        .iter()
        .enumerate()
        .map(|(n, word)| log(word, &format!("2025-01-24 15:30:0{n}")))
        .collect();

    world.erp().post(LOG, &logs(1, &lines)).await.ok();

    assert_eq!(detail(&world, 1).await["history"].as_array().unwrap().len(), words.len());
    for word in ["approved", "Pass", "OK", "", "accept"] {
        let refused = world.erp().post(LOG, &logs(1, &[log(word, "2025-01-24 15:30:00")])).await;
        assert_eq!(
            refused.refused(Code::InvalidParameter).fields(),
            ["logs[0].handleResult"],
            "{word}"
        );
    }
}

#[tokio::test]
async fn history_that_comes_before_its_order_is_attached_when_the_order_arrives() {
    let world = enterprise().await;
    world.erp().post(LOG, &logs(1, &[log("APPROVED", "2025-01-24 15:30:00")])).await.ok();
    world.erp().get(&format!("{DETAIL}?orderId=1")).await.refused(Code::UnknownReference);

    sync(&world, &snapshot(1)).await;

    assert_eq!(texts(&detail(&world, 1).await["history"], "result"), ["APPROVED"]);
}

#[tokio::test]
async fn history_of_another_business_key_is_refused() {
    let world = enterprise().await;
    sync(&world, &snapshot(1)).await;
    let mut body = logs(1, &[log("APPROVED", "2025-01-24 15:30:00")]);
    body["businessKey"] = json!("OTHER");

    let answered = world.erp().post(LOG, &body).await;

    assert_eq!(answered.status(), -4002, "{}", answered.body);
    assert_eq!(detail(&world, 1).await["history"], json!([]));
}

#[tokio::test]
async fn history_from_the_future_is_refused() {
    let world = enterprise().await;
    sync(&world, &snapshot(1)).await;

    let answered = world.erp().post(LOG, &logs(1, &[log("APPROVED", "2099-01-01 00:00:00")])).await;

    assert_eq!(answered.code(), "INVALID_PARAMETER", "{}", answered.body);
    assert_eq!(answered.fields(), ["logs[0].handleTime"]);
}

#[tokio::test]
async fn a_comment_may_have_four_thousand_characters_and_several_lines() {
    let world = enterprise().await;
    let with = |comment: String| {
        let mut line = log("APPROVED", "2025-01-24 15:30:00");
        line["handleComment"] = json!(comment);
        logs(1, &[line])
    };

    world.erp().post(LOG, &with("字".repeat(4_000))).await.ok();

    for comment in
        ["字".repeat(4_001), "a\u{0}b".to_owned(), "\u{202E}x".to_owned(), "\u{1b}[2J".to_owned()]
    {
        let refused = world.erp().post(LOG, &with(comment)).await.refused(Code::InvalidParameter);
        assert_eq!(refused.fields(), ["logs[0].handleComment"]);
    }
}

#[tokio::test]
async fn an_erp_that_is_right_hears_no_differences() {
    let world = enterprise().await;
    sync(&world, &snapshot(1)).await;
    let right = belief(1, 1, json!([{"taskId": "TASK001", "taskStatus": "new"}]));

    let data = world.erp().post(CHECK, &json!({"orders": [right]})).await.ok();

    assert_eq!((&data["checked"], &data["differences"]), (&json!(1), &json!([])));
}

#[tokio::test]
async fn each_kind_of_difference_is_told() {
    let world = enterprise().await;
    for number in 1..=3 {
        let mut order = snapshot(number);
        order["version"] = json!(5);
        order["tasks"] = json!([open_task("T1", &["USER002"]), passed_task("T2", &["USER002"])]);
        sync(&world, &order).await;
    }
    let right =
        json!([{"taskId": "T1", "taskStatus": "new"}, {"taskId": "T2", "taskStatus": "over"}]);
    let wrong =
        json!([{"taskId": "T1", "taskStatus": "over"}, {"taskId": "T3", "taskStatus": "ing"}]);

    let beliefs = json!({"orders": [belief(1, 6, right.clone()), belief(2, 4, right), belief(3, 5, wrong), belief(4, 1, json!([]))]});
    let differences = world.erp().post(CHECK, &beliefs).await.ok()["differences"].clone();

    assert_eq!(texts(&differences, "difference"), ["OLDER", "NEWER", "DIFFERENT", "MISSING"]);
    let tasks = json!([{"taskId": "T1", "taskStatus": "over", "storedStatus": "new"}, {"taskId": "T3", "taskStatus": "ing", "storedStatus": null}]);
    assert_eq!(differences[2]["tasks"], tasks);
}

#[tokio::test]
async fn a_task_that_is_open_here_and_unknown_there_is_a_difference() {
    let world = enterprise().await;
    sync(&world, &snapshot(1)).await;

    let data = world.erp().post(CHECK, &json!({"orders": [belief(1, 1, json!([]))]})).await.ok();

    let tasks = json!([{"taskId": "TASK001", "taskStatus": null, "storedStatus": "new"}]);
    assert_eq!(
        data["differences"],
        json!([{"orderId": 1, "difference": "DIFFERENT", "tasks": tasks}])
    );
}

#[tokio::test]
async fn a_thousand_orders_are_checked_and_one_more_is_refused() {
    let world = enterprise().await;
    let beliefs = |count: i64| json!({"orders": (1..=count).map(|n| belief(n, 1, json!([]))).collect::<Vec<_>>()});

    let data = world.erp().post(CHECK, &beliefs(1_000)).await.ok();

    assert_eq!(data["differences"].as_array().unwrap().len(), 1_000);
    let refused = world.erp().post(CHECK, &beliefs(1_001)).await.refused(Code::InvalidParameter);
    assert_eq!(refused.fields(), ["orders"]);
}
