//! Where orders can go back to, where they will go, and what people did on the way.

use serde_json::{Value, json};
use shared::code::Code;
use shared::testing::Answered;

use crate::helpers::{TestApp, drawing};

fn task(id: &str, more: &str, rules: &str) -> String {
    format!(
        "<userTask id=\"{id}\" name=\"{id}审批\" {more}><extensionElements><aiflow:approvers>{rules}</aiflow:approvers>\
         </extensionElements></userTask>"
    )
}

fn users(id: &str, codes: &str) -> String {
    task(id, "", &format!("<aiflow:users codes=\"{codes}\"/>"))
}

fn flow(from: &str, to: &str) -> String {
    format!("<sequenceFlow id=\"{from}_{to}\" sourceRef=\"{from}\" targetRef=\"{to}\"/>")
}

/// start → first → (left ∥ right) → last → end.
fn parallel() -> String {
    drawing(
        "p",
        &[
            "<startEvent id=\"s\" name=\"提交\"/><parallelGateway id=\"g\"/><parallelGateway id=\"j\"/><endEvent id=\"e\"/>"
                .to_owned(),
            users("first", "USER002"),
            task("left", "aiflow:mode=\"all\"", "<aiflow:users codes=\"USER002,USER003\"/>"),
            users("right", "USER004"),
            users("last", "USER002"),
            flow("s", "first"),
            flow("first", "g"),
            flow("g", "left"),
            flow("g", "right"),
            flow("left", "j"),
            flow("right", "j"),
            flow("j", "last"),
            flow("last", "e"),
        ]
        .concat(),
    )
}

/// start → lead → (amount > 1000: boss by vote) → end.
fn by_amount() -> String {
    drawing(
        "p",
        &[
            "<startEvent id=\"s\"/><endEvent id=\"e\"/><exclusiveGateway id=\"g\" default=\"g_e\"/>".to_owned(),
            users("lead", "USER002"),
            task("boss", "aiflow:mode=\"vote\" aiflow:ratio=\"60\"", "<aiflow:field name=\"bosses\"/>"),
            flow("s", "lead"),
            flow("lead", "g"),
            "<sequenceFlow id=\"g_boss\" sourceRef=\"g\" targetRef=\"boss\"><conditionExpression \
             xsi:type=\"tFormalExpression\">${amount &gt; 1000}</conditionExpression></sequenceFlow>"
                .to_owned(),
            flow("g", "e"),
            flow("boss", "e"),
        ]
        .concat(),
    )
}

fn form() -> Value {
    json!([{"type": "money", "name": "amount"}, {"type": "input", "name": "bosses"},
           {"type": "input", "name": "reason", "required": true}])
}

impl TestApp {
    async fn targets(&self, task: &Value) -> Answered {
        let task = task.as_str().unwrap();
        self.get(&format!("/aflow/api/task/return_targets?taskId={task}")).await
    }

    async fn task_of(&self, order: i64, activity: &str, user: &str) -> Value {
        let tasks = self.tasks(order).await;
        let is_it = |task: &&Value| {
            task["activityId"] == activity
                && task["assignees"].as_array().unwrap().contains(&json!(user))
        };
        tasks.iter().find(is_it).unwrap()["taskId"].clone()
    }

    async fn pass(&self, order: i64, activity: &str, user: &str) {
        let task = self.task_of(order, activity, user).await;
        self.complete(json!({"taskId": task, "userCode": user, "action": "pass"})).await.ok();
    }

    async fn forecast(&self, order: i64) -> Value {
        self.get(&format!("/aflow/api/order/forecast?orderId={order}")).await.ok()
    }
}

fn of<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|one| one[name].as_str().unwrap()).collect()
}

/// Activities with their states, and the people of each.
fn shown(forecast: &Value) -> Vec<String> {
    let steps = forecast["steps"].as_array().unwrap().iter();
    let step = |step: &Value| {
        let people = of(&step["people"], "userCode").join(",");
        format!(
            "{} {} {people}",
            step["activityId"].as_str().unwrap(),
            step["state"].as_str().unwrap()
        )
    };
    steps.map(step).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn going_back_is_shown_with_whose_tasks_go_and_whose_decisions_count_no_longer() {
    let app = TestApp::spawn().await;
    app.publish_flow("PAY", &parallel()).await;
    let order = app.start("PAY", json!({})).await;
    app.pass(order, "first", "USER002").await;
    app.pass(order, "left", "USER002").await;
    let right = app.task_of(order, "right", "USER004").await;

    let shown = app.targets(&right).await.ok();

    let targets = shown["targets"].as_array().unwrap();
    assert_eq!(of(&shown["targets"], "activityId"), ["first", "s"]);
    assert_eq!((&targets[0]["isStarter"], &targets[1]["isStarter"]), (&json!(false), &json!(true)));
    assert_eq!(targets[0]["straightBackAllowed"], true);
    let mut cancels = of(&targets[0]["cancels"], "activityId");
    cancels.sort_unstable();
    assert_eq!(cancels, ["left", "right"]);
    let left =
        targets[0]["cancels"].as_array().unwrap().iter().find(|one| one["activityId"] == "left");
    assert_eq!(left.unwrap()["people"], json!(["USER003"]));
    assert_eq!(of(&targets[0]["voids"], "activityId"), ["first"]);
    assert_eq!(targets[0]["voids"][0]["handler"], "USER002");
    assert!(targets[0]["voids"][0]["handledAt"].is_string());

    // What was shown is what happens.
    let operation = json!({"kind": "rebut", "to": {"target": "node", "activityId": "first"}});
    let done = app
        .operate(json!({"taskId": right, "userCode": "USER004", "operation": operation}))
        .await
        .ok();
    let mut closed = of(&done["facts"][0]["closed"], "taskId");
    let mut cancelled = of(&targets[0]["cancels"], "taskId");
    closed.sort_unstable();
    cancelled.sort_unstable();
    assert_eq!(closed, cancelled);
    let voids: Vec<Value> =
        targets[0]["voids"].as_array().unwrap().iter().map(|one| one["taskId"].clone()).collect();
    assert_eq!(done["facts"][0]["voided"], json!(voids));
    assert_eq!(app.open(order).await, ["first"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn to_a_person_the_task_of_another_is_a_missing_one() {
    let app = TestApp::spawn().await;
    app.publish_flow("PAY", &parallel()).await;
    let order = app.start("PAY", json!({})).await;
    let first = app.task_of(order, "first", "USER002").await;
    let address = format!("/aflow/api/task/return_targets?taskId={}", first.as_str().unwrap());

    app.get_as(app.user("USER002"), &address).await.ok();
    app.get_as(app.user("USER003"), &address).await.refused(Code::UnknownReference);
    app.get_as(app.user("USER002"), &format!("{address}&userCode=USER003"))
        .await
        .refused(Code::NotPermitted);
    app.get(&format!("{address}&userCode=USER003")).await.refused(Code::UnknownReference);
    let other = TestApp::spawn().await;
    other.get(&address).await.refused(Code::UnknownReference);
    for wrong in ["x", "1-1", "1-1-1"] {
        let address = format!("/aflow/api/task/return_targets?taskId={wrong}");
        app.get(&address).await.refused(Code::UnknownReference);
    }
    app.get("/aflow/api/task/return_targets").await.refused(Code::InvalidParameter);
    app.pass(order, "first", "USER002").await;
    app.get(&address).await.refused(Code::WrongState);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_nobody_may_send_back_has_no_targets() {
    let app = TestApp::spawn().await;
    let last = task("b", "aiflow:operations=\"transfer\"", "<aiflow:users codes=\"USER003\"/>");
    let xml = drawing(
        "p",
        &[
            "<startEvent id=\"s\"/><endEvent id=\"e\"/>".to_owned(),
            users("a", "USER002"),
            last,
            flow("s", "a"),
            flow("a", "b"),
            flow("b", "e"),
        ]
        .concat(),
    );
    app.publish_flow("PAY", &xml).await;
    let order = app.start("PAY", json!({})).await;
    app.pass(order, "a", "USER002").await;

    let b = app.task_of(order, "b", "USER003").await;

    assert_eq!(app.targets(&b).await.ok(), json!({"targets": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forecast_shows_what_was_done_what_waits_and_what_is_to_come() {
    let app = TestApp::spawn().await;
    app.publish_flow("PAY", &parallel()).await;
    let order = app.start("PAY", json!({})).await;
    app.pass(order, "first", "USER002").await;
    app.pass(order, "left", "USER002").await;

    let forecast = app.forecast(order).await;

    assert_eq!(
        shown(&forecast),
        [
            "first done USER002",
            "left active USER002,USER003",
            "right active USER004",
            "last expected USER002"
        ]
    );
    assert_eq!(forecast["ends"], true);
    assert_eq!(of(&forecast["steps"], "mode"), ["any", "all", "any", "any"]);
    assert_eq!(forecast["steps"][3]["people"][0]["rule"], "指定人员");
    assert_eq!(forecast["steps"][3]["people"][0]["name"], "USER002");
    // Nothing of it has happened.
    assert_eq!(app.open(order).await, ["left", "right"]);
    app.get_as(app.user("USER009"), &format!("/aflow/api/order/forecast?orderId={order}"))
        .await
        .refused(Code::UnknownReference);
    app.get_as(app.user("USER004"), &format!("/aflow/api/order/forecast?orderId={order}"))
        .await
        .ok();
    for (activity, user) in [("left", "USER003"), ("right", "USER004"), ("last", "USER002")] {
        app.pass(order, activity, user).await;
    }
    let over = app.forecast(order).await;
    assert_eq!((over["steps"].as_array().unwrap().len(), &over["ends"]), (4, &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forecast_of_a_draft_follows_the_values_filled_in_by_now() {
    let app = TestApp::spawn().await;
    app.publish_form_flow("PAY", form(), &by_amount()).await;
    let draft = |data: Value| {
        let address = "/aflow/api/order/forecast?flowCode=PAY&initiator=USER001&formData=";
        let data: String =
            url::form_urlencoded::byte_serialize(data.to_string().as_bytes()).collect();
        format!("{address}{data}")
    };

    let small = app.get(&draft(json!({"amount": "10"}))).await.ok();
    let large = app.get(&draft(json!({"amount": "5000", "bosses": "USER003,NOBODY"}))).await.ok();
    let both = app.get(&draft(json!({"amount": "5000", "bosses": "USER003,USER004"}))).await.ok();

    assert_eq!(
        (shown(&small), &small["ends"]),
        (vec!["lead expected USER002".to_owned()], &json!(true))
    );
    assert_eq!(shown(&large), ["lead expected USER002", "boss expected "]);
    assert_eq!(large["steps"][1]["trouble"], "用户 NOBODY 不存在");
    assert_eq!(shown(&both), ["lead expected USER002", "boss expected USER003,USER004"]);
    assert_eq!(
        (&both["steps"][1]["mode"], &both["steps"][1]["ratio"]),
        (&json!("vote"), &json!(60))
    );
    assert_eq!(app.count("select count(*) from orders where tenant = $1").await, 0);

    let own = draft(json!({})).replace("&initiator=USER001", "");
    app.get_as(app.user("USER001"), &own).await.ok();
    app.get_as(app.user("USER002"), &draft(json!({}))).await.refused(Code::NotPermitted);
    app.get(&own).await.refused(Code::InvalidParameter);
    app.get(&draft(json!([]))).await.refused(Code::InvalidParameter);
    app.get(&draft(json!({"amount": "many"}))).await.refused(Code::InvalidParameter);
    app.get("/aflow/api/order/forecast?flowCode=PAY&orderId=1")
        .await
        .refused(Code::InvalidParameter);
    app.get("/aflow/api/order/forecast").await.refused(Code::InvalidParameter);
    app.get("/aflow/api/order/forecast?flowCode=NOPE&initiator=USER001")
        .await
        .refused(Code::UnknownReference);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_says_what_people_did() {
    let app = TestApp::spawn().await;
    app.publish_flow("PAY", &parallel()).await;
    let order = app.start("PAY", json!({})).await;
    let first = app.task_of(order, "first", "USER002").await;
    let file = json!([{"name": "合同.pdf", "url": "https://erp.example/1"}]);
    app.operate(json!({"taskId": first, "userCode": "USER002", "operation": {"kind": "transfer", "to": "USER003"},
        "comment": "请看", "attachments": file}))
    .await
    .ok();
    let first = app.task_of(order, "first", "USER003").await;
    app.operate(json!({"taskId": first, "userCode": "USER003", "operation": {"kind": "pass"}, "comment": "同意"}))
        .await
        .ok();

    let history = app.history(order).await;

    let done = history["operations"].as_array().unwrap();
    assert_eq!(of(&history["operations"], "action"), ["transfer", "pass"]);
    assert_eq!(
        (&done[0]["userCode"], &done[0]["people"]),
        (&json!("USER002"), &json!(["USER003"]))
    );
    assert_eq!((&done[0]["comment"], &done[0]["attachments"]), (&json!("请看"), &file));
    assert_eq!(
        (&done[1]["activityName"], &done[1]["comment"]),
        (&json!("first审批"), &json!("同意"))
    );
    let seqs: Vec<i64> = done.iter().map(|one| one["seq"].as_i64().unwrap()).collect();
    assert!(seqs[0] < seqs[1]);
    let later = app
        .get(&format!("/aflow/api/order/history?orderId={order}&afterSeq={}", seqs[0]))
        .await
        .ok();
    assert_eq!(of(&later["operations"], "action"), ["pass"]);
}
