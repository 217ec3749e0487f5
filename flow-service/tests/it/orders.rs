//! Orders: started, decided, cancelled, looked at.

use serde_json::json;
use shared::code::Code;

use crate::helpers::{TestApp, definitions, drawing, one_task};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_runs_from_its_start_to_its_end() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;

    let started = app.try_start("LEAVE", json!({"businessKey": "B1"})).await.ok();
    let order = started["orderId"].as_i64().unwrap();
    assert!(order >= 1_000_001);
    let number = started["runningNumber"].as_str().unwrap();
    assert!(number.starts_with("LEAVE_") && number.ends_with("_0001"), "{number}");
    let tasks = app.tasks(order).await;
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0]["assignees"], json!(["USER002"]));
    assert_eq!(app.state(order).await, "running");

    let facts = app.decide(order, "approve", "USER002", "pass").await.ok();

    assert_eq!(facts[0]["closed"][0]["result"], "pass");
    assert_eq!(facts[0]["finished"]["result"], "pass");
    assert_eq!(facts[0]["seq"], 2);
    assert_eq!(app.trace(order).await, ["s", "approve", "e"]);
    let history = app.history(order).await;
    assert_eq!(history["orders"][0]["state"], "completed");
    assert_eq!(history["orders"][0]["endActivityId"], "e");
    let seqs: Vec<i64> =
        history["records"].as_array().unwrap().iter().map(|r| r["seq"].as_i64().unwrap()).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "{seqs:?}");
    assert!(app.tasks(order).await.is_empty());
    assert_eq!(app.variables(order).await["approved"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lists_are_told_what_a_start_came_to_before_it_is_answered() {
    let app = TestApp::spawn().await;
    app.publish_form_flow("LEAVE", json!([{"type": "money", "name": "amount"}]), &one_task()).await;

    let more = json!({"businessKey": "B1", "formData": {"amount": "10000.50", "ignored": 1}});
    let order = app.start("LEAVE", more).await;

    let told = app.told();
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0]["orderId"], &told[0]["seq"]), (&json!(order), &json!(1)));
    assert_eq!(told[0]["title"], "请假 B1");
    assert_eq!(told[0]["started"], json!({"activityId": "s", "activityName": "开始"}));
    assert_eq!(
        told[0]["opened"][0]["taskId"].as_str().unwrap().split('-').next().unwrap(),
        order.to_string()
    );
    assert_eq!(told[0]["formData"], json!({"amount": 10000.5}));
    let variables = &told[0]["variables"];
    assert_eq!(variables["initiator"], "USER001");
    assert_eq!((&variables["businessKey"], &variables["orderId"]), (&json!("B1"), &json!(order)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_repeated_makes_one_order() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let body = json!({"flowCode": "LEAVE", "initiator": "USER001"});

    let one = app.repeat("same", "/aflow/api/order/start", body.clone()).await.ok();
    let again = app.repeat("same", "/aflow/api/order/start", body.clone()).await.ok();
    let other = app.repeat("other", "/aflow/api/order/start", body).await.ok();
    assert_eq!(one, again);
    assert_ne!(one["orderId"], other["orderId"]);
    let with_key = json!({"businessKey": "B1", "variables": {"a": 1}});
    let order = app.start("LEAVE", with_key.clone()).await;
    assert_eq!(app.start("LEAVE", with_key.clone()).await, order);
    let changed = json!({"businessKey": "B1", "variables": {"a": 2}});
    assert_ne!(app.start("LEAVE", changed).await, order);

    // Once it has ended, the same document may go round again.
    app.decide(order, "approve", "USER002", "reject").await.ok();
    assert_ne!(app.start("LEAVE", with_key).await, order);
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_that_come_together_make_one_order_each_and_numbers_without_gaps() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;

    let starts = (0..60).map(|_| app.try_start("LEAVE", json!({})));
    let answers = futures_util::future::join_all(starts).await;

    let mut numbers: Vec<String> = answers
        .into_iter()
        .map(|answer| answer.ok()["runningNumber"].as_str().unwrap().to_owned())
        .collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 60);
    assert!(numbers[0].ends_with("_0001") && numbers[59].ends_with("_0060"), "{numbers:?}");
    let same = (0..30).map(|_| app.try_start("LEAVE", json!({"businessKey": "ONE"})));
    let mut ids: Vec<i64> = futures_util::future::join_all(same)
        .await
        .into_iter()
        .map(|answer| answer.ok()["orderId"].as_i64().unwrap())
        .collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_cannot_be_is_refused_and_says_why() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;

    app.try_start("NOPE", json!({})).await.refused(Code::UnknownReference);
    app.try_start("LEAVE", json!({"processId": "q"})).await.refused(Code::UnknownReference);
    app.try_start("LEAVE", json!({"initiator": "NOBODY"})).await.refused(Code::UnknownReference);
    let reserved =
        app.try_start("LEAVE", json!({"variables": {"initiator": "X", "orderId": 1}})).await;
    let fields = reserved.refused(Code::InvalidParameter).fields();
    assert_eq!(fields, ["variables.initiator", "variables.orderId"]);
    app.try_start("LEAVE", json!({"variables": []})).await.refused(Code::InvalidParameter);
    app.try_start("LEAVE", json!({"formData": "x"})).await.refused(Code::InvalidParameter);
    app.hire("USER009", false);
    app.try_start("LEAVE", json!({"initiator": "USER009"})).await.refused(Code::WrongState);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_decided_by_its_people_once() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let order = app.start("LEAVE", json!({})).await;
    let task = app.tasks(order).await[0]["taskId"].clone();
    let complete = async |user: &str, action: &str| {
        app.complete(json!({"taskId": task, "userCode": user, "action": action})).await
    };

    complete("USER003", "pass").await.refused(Code::NotPermitted);
    assert_eq!(complete("USER002", "pass").await.ok().as_array().unwrap().len(), 1);
    assert_eq!(complete("USER002", "pass").await.ok(), json!([]));
    complete("USER002", "reject").await.refused(Code::WrongState);
    let unknown = json!({"taskId": "7-7", "userCode": "USER002", "action": "pass"});
    app.complete(unknown).await.refused(Code::UnknownReference);
    let person = app.user("USER002");
    let refused = app
        .post_as(
            person,
            "/internal/task/operate",
            json!({"taskId": task, "userCode": "USER002", "operation": {"kind": "pass"}}),
        )
        .await;
    refused.refused(Code::NotPermitted);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_decisions_of_one_task_move_it_once() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let order = app.start("LEAVE", json!({})).await;

    let tasks = app.tasks(order).await;
    let body = json!({"taskId": tasks[0]["taskId"], "userCode": "USER002", "action": "pass"});
    let all = futures_util::future::join_all((0..50).map(|_| app.complete(body.clone()))).await;

    let moved: Vec<_> = all.into_iter().filter(|one| one.body["data"] != json!([])).collect();
    assert_eq!(moved.len(), 1);
    assert_eq!(app.trace(order).await, ["s", "approve", "e"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_ends_the_order_as_refused_unless_the_drawing_goes_on() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let going_on =
        one_task().replace("flowable:assignee", "aiflow:onReject=\"continue\" flowable:assignee");
    app.publish_flow("GOES_ON", &going_on).await;
    let (ends, goes) = (app.start("LEAVE", json!({})).await, app.start("GOES_ON", json!({})).await);

    let facts = app.decide(ends, "approve", "USER002", "reject").await.ok();
    assert_eq!(facts[0]["closed"][0]["result"], "reject");
    assert_eq!(facts[0]["finished"]["result"], "reject");
    assert_eq!(facts[0]["finished"]["place"]["activityId"], "approve");
    assert_eq!(app.state(ends).await, "cancelled");
    assert_eq!(app.trace(ends).await, ["s"]);
    let facts = app.decide(goes, "approve", "USER002", "reject").await.ok();
    assert_eq!(facts[0]["finished"]["result"], "pass");
    assert_eq!(app.variables(goes).await["approved"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_keeps_its_history_and_is_cancelled_once() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let order = app.start("LEAVE", json!({})).await;
    let body = json!({"orderId": order, "userCode": "USER001", "reason": "不需要了"});
    let cancel = async |caller, body| app.post_as(caller, "/aflow/api/order/cancel", body).await;

    cancel(app.user("USER002"), json!({"orderId": order, "reason": "x"}))
        .await
        .refused(Code::UnknownReference);
    cancel(app.application(), body.clone()).await.ok();
    cancel(app.application(), body).await.ok();
    assert_eq!(app.state(order).await, "cancelled");
    let history = app.history(order).await;
    let cancelled: Vec<_> = history["records"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|r| r["event"] == "cancelled")
        .collect();
    assert_eq!(cancelled.len(), 1);
    let told = app.told();
    assert_eq!(told[1]["finished"]["result"], "revoke");
    assert_eq!(told[1]["finished"]["reason"], "不需要了");
    assert_eq!(told[1]["closed"][0]["result"], "revoke");

    let passed = app.start("LEAVE", json!({})).await;
    app.decide(passed, "approve", "USER002", "pass").await.ok();
    let body = json!({"orderId": passed, "userCode": "USER001", "reason": "晚了"});
    cancel(app.application(), body).await.refused(Code::WrongState);
    let body = json!({"orderId": 7, "userCode": "USER001", "reason": "x"});
    cancel(app.application(), body).await.refused(Code::UnknownReference);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_concerned_and_only_their_enterprise_see_an_order() {
    let app = TestApp::spawn().await;
    let other = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let order = app.start("LEAVE", json!({})).await;

    for address in ["tasks", "variables", "history"] {
        let path = format!("/aflow/api/order/{address}?orderId={order}");
        for user in ["USER001", "USER002"] {
            app.get_as(app.user(user), &path).await.ok();
        }
        app.get_as(app.user("USER003"), &path).await.refused(Code::UnknownReference);
        other.get(&path).await.refused(Code::UnknownReference);
        app.get(&format!("/aflow/api/order/{address}")).await.refused(Code::InvalidParameter);
    }
    app.get_as(app.user("USER001"), "/aflow/api/order/tasks?processId=p")
        .await
        .refused(Code::NotPermitted);
    let of_process = app.get("/aflow/api/order/tasks?processId=p").await.ok();
    assert_eq!(of_process.as_array().unwrap().len(), 1);
    assert_eq!(other.get("/aflow/api/order/tasks?processId=p").await.ok(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_that_are_set_let_conditions_look_again() {
    let app = TestApp::spawn().await;
    let xml = drawing(
        "p",
        "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"c\"/>\
         <intermediateCatchEvent id=\"c\"><conditionalEventDefinition><condition>${amount &gt; 10}</condition></conditionalEventDefinition></intermediateCatchEvent>\
         <sequenceFlow id=\"f2\" sourceRef=\"c\" targetRef=\"e\"/><endEvent id=\"e\"/>",
    );
    app.publish_flow("WAITS", &xml).await;
    let order = app.start("WAITS", json!({"variables": {"amount": 1}})).await;
    let address = format!("/aflow/api/order/variables?orderId={order}");

    app.put(&address, json!({"variables": {"amount": 7}})).await.ok();
    assert_eq!(app.state(order).await, "running");
    app.put(&address, json!({"variables": {"amount": 70}})).await.ok();
    assert_eq!(app.state(order).await, "completed");
    app.put(&address, json!({"variables": {"amount": 7}})).await.refused(Code::WrongState);
    app.put(&address, json!({})).await.refused(Code::InvalidParameter);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_called_flow_is_an_order_of_its_own_on_the_version_of_the_start() {
    let app = TestApp::spawn().await;
    let caller = drawing(
        "main",
        "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"call\"/>\
         <callActivity id=\"call\" calledElement=\"SUB\"/>\
         <sequenceFlow id=\"f2\" sourceRef=\"call\" targetRef=\"e\"/><endEvent id=\"e\"/>",
    );
    app.publish_flow("SUB", &one_task()).await;
    app.publish_flow("MAIN", &caller).await;

    let order = app.start("MAIN", json!({"businessKey": "B"})).await;

    let tasks = app.tasks(order).await;
    let called = tasks[0]["orderId"].as_i64().unwrap();
    assert_ne!(called, order);
    assert_eq!(tasks[0]["rootOrderId"], order);
    assert_eq!(app.tasks(called).await.len(), 1);
    let body = json!({"orderId": called, "userCode": "USER001", "reason": "x"});
    app.post("/aflow/api/order/cancel", body).await.refused(Code::WrongState);
    let facts = app.decide(order, "approve", "USER002", "pass").await.ok();
    let ended: Vec<_> = facts
        .as_array()
        .unwrap()
        .iter()
        .map(|fact| {
            (
                fact["orderId"].as_i64().unwrap(),
                fact["finished"]["result"].clone(),
                fact["parentOrderId"].clone(),
            )
        })
        .collect();
    assert_eq!(ended, [(order, json!("pass"), json!(null)), (called, json!("pass"), json!(order))]);
    assert_eq!(
        (app.state(order).await, app.state(called).await),
        ("completed".into(), "completed".into())
    );
    assert_eq!(app.trace(order).await, ["s", "s", "approve", "e", "call", "e"]);
    assert_eq!(app.history(called).await["orders"][0]["parentOrderId"], order);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_called_and_not_online_is_stuck_and_goes_on_once_it_is() {
    let app = TestApp::spawn().await;
    let caller = drawing(
        "main",
        "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"call\"/>\
         <callActivity id=\"call\" calledElement=\"LATER\"/>\
         <sequenceFlow id=\"f2\" sourceRef=\"call\" targetRef=\"e\"/><endEvent id=\"e\"/>",
    );
    app.publish_flow("MAIN", &caller).await;
    let order = app.start("MAIN", json!({})).await;

    let incidents = app.history(order).await["incidents"].clone();
    assert_eq!(incidents[0]["activityId"], "call");
    app.publish_flow("LATER", &one_task()).await;
    let retry = json!({"incidentId": incidents[0]["incidentId"]});
    app.post_as(app.service(), "/aflow/api/admin/incident/retry", retry).await.ok();

    assert_eq!(app.open(order).await, ["approve"]);
    assert_eq!(app.history(order).await["incidents"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_that_call_each_other_without_end_are_stopped() {
    let app = TestApp::spawn().await;
    let calling = |id: &str, called: &str| {
        drawing(
            id,
            &format!(
                "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"call\"/>\
                 <callActivity id=\"call\" calledElement=\"{called}\"/>\
                 <sequenceFlow id=\"f2\" sourceRef=\"call\" targetRef=\"e\"/><endEvent id=\"e\"/>"
            ),
        )
    };
    app.publish_flow("PING", &calling("ping", "PONG")).await;
    app.publish_flow("PONG", &calling("pong", "PING")).await;

    let started = app.try_start("PING", json!({})).await;

    let is_stopped = match started.status() {
        0 => {
            let order = started.ok()["orderId"].as_i64().unwrap();
            let history = app.history(order).await;
            !history["incidents"].as_array().unwrap().is_empty()
                || app.state(order).await == "failed"
        }
        _ => true,
    };
    assert!(is_stopped);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_nobody_catches_fails_the_order() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let order = app.start("LEAVE", json!({})).await;
    let task = app.tasks(order).await[0]["taskId"].clone();

    let body =
        json!({"taskId": task, "userCode": "USER002", "action": "pass", "bpmnErrorCode": "E1"});
    let facts = app.complete(body).await.ok();

    assert_eq!(facts[0]["finished"]["result"], "fail");
    assert_eq!(app.state(order).await, "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_executable_process_starts_by_its_id() {
    let app = TestApp::spawn().await;
    let process = |id: &str| {
        format!(
            "<process id=\"{id}\" isExecutable=\"true\"><startEvent id=\"s{id}\"/><sequenceFlow id=\"f1{id}\" sourceRef=\"s{id}\" targetRef=\"u{id}\"/>\
             <userTask id=\"u{id}\" flowable:assignee=\"${{initiator}}\"/><sequenceFlow id=\"f2{id}\" sourceRef=\"u{id}\" targetRef=\"e{id}\"/><endEvent id=\"e{id}\"/></process>"
        )
    };
    app.publish_flow("TWO", &definitions(&format!("{}{}", process("a"), process("b")))).await;

    let (first, second) =
        (app.start("TWO", json!({})).await, app.start("TWO", json!({"processId": "b"})).await);

    assert_eq!(app.open(first).await, ["ua"]);
    assert_eq!(app.open(second).await, ["ub"]);
    assert_eq!(app.tasks(second).await[0]["assignees"], json!(["USER001"]));
}
