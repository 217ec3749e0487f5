//! To-do tasks: what may be created, once and for ever.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{Platform, demo_without, reply, todo};

const ERROR: &str = "todo.taskCreate.paramError";

fn with(name: &str, value: Value) -> Value {
    let mut todo = todo("RW1");
    todo[name] = value;
    todo
}

#[tokio::test(flavor = "multi_thread")]
async fn a_to_do_stands_on_the_list_of_each_executor() {
    let platform = Platform::demo().await;

    let reply = platform.create(todo("RW1")).await;
    let todos = platform.fake.todos();

    assert_eq!(reply.status, 200);
    assert_eq!(reply.body["sourceId"], "RW1");
    assert_eq!(reply.body["bizTag"], "isv_dingtalkTodo");
    assert_eq!(reply.body["executorIds"], json!(["union-lisi", "union-wangwu"]));
    assert_eq!(reply.body["done"], false);
    assert!(reply.body["requestId"].is_string());
    assert_eq!(todos.len(), 2);
    assert_eq!(todos[0].id, reply.body["id"].as_str().unwrap());
    assert_eq!((todos[0].userid.as_str(), todos[1].name.as_str()), ("lisi", "王五"));
    assert_eq!(todos[0].url, "https://wf.example.com/t/9");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_member_of_the_page_is_accepted_and_shown_again() {
    let platform = Platform::demo().await;
    let extra = json!({ "dueTime": 1_785_924_000_000_i64, "priority": 20, "todoType": "TODO",
        "isOnlyShowExecutor": true, "participantIds": ["union-zhaoliu"],
        "contentFieldList": [{ "fieldKey": "金额", "fieldValue": "1000" }],
        "notifyConfigs": { "dingNotify": "1", "sendTodoApn": "true" },
        "reminderTimeStamp": 1_785_916_800_000_i64 });
    let mut full = todo("RW1");
    full.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());

    let reply = platform.create(full).await;

    for (name, value) in extra.as_object().unwrap() {
        assert_eq!(reply.body[name], *value, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_has_one_to_do_for_ever() {
    let platform = Platform::demo().await;
    let first = platform.create(todo("RW1")).await;
    let id = first.body["id"].as_str().unwrap();

    platform.create(todo("RW1")).await.says(400, ERROR, "task exist");
    platform.on_todo(Method::PUT, id, json!({ "done": true })).await;
    platform.create(todo("RW1")).await.says(400, ERROR, "task exist");
    platform.on_todo(Method::DELETE, id, json!({})).await;
    platform.create(todo("RW1")).await.says(400, ERROR, "task exist");

    assert_eq!(platform.create(todo("RW2")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_app_has_its_own_sources() {
    let platform = Platform::start(crate::helpers::two_apps()).await;
    let other = platform.token_of("dingother", "other-secret").await;
    platform.create(todo("RW1")).await;

    let path = "/v1.0/todo/users/union-zhangsan/tasks";
    let second = platform.api_as(&other, Method::POST, path, todo("RW1")).await;

    assert_eq!(second.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_userid_is_nobody_here() {
    let platform = Platform::demo().await;

    let owner = platform.api(Method::POST, "/v1.0/todo/users/zhangsan/tasks", todo("RW1")).await;
    let operator = "/v1.0/todo/users/union-zhangsan/tasks?operatorId=zhangsan";
    let operator = platform.api(Method::POST, operator, todo("RW1")).await;
    let executor = platform.create(with("executorIds", json!(["lisi"]))).await;
    let participant = platform.create(with("participantIds", json!(["lisi"]))).await;
    let creator = platform.create(with("creatorId", json!("zhangsan"))).await;

    owner.says(400, ERROR, "unionId is invalid");
    operator.says(400, ERROR, "operatorId is invalid");
    executor.says(400, ERROR, "executorIds is invalid");
    participant.says(400, ERROR, "participantIds is invalid");
    creator.says(400, ERROR, "creatorId is invalid");
    assert!(platform.fake.todos().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn subject_and_detail_url_are_mandatory() {
    let platform = Platform::demo().await;

    let no_subject = platform.create(with("subject", Value::Null)).await;
    let no_url = platform.create(with("detailUrl", Value::Null)).await;
    let empty_url = platform.create(with("detailUrl", json!({ "pcUrl": "" }))).await;
    let half_url = platform.create(with("detailUrl", json!({ "pcUrl": "https://l" }))).await;

    no_subject.says(400, "Missingsubject", "subject is mandatory for this action.");
    no_url.says(400, ERROR, "detailUrl is invalid");
    empty_url.says(400, ERROR, "detailUrl is invalid");
    assert_eq!(half_url.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_oversize_is_named() {
    let platform = Platform::demo().await;
    let many: Vec<_> = (0..101).map(|_| "union-lisi").collect();
    let url = json!({ "pcUrl": format!("https://{}", "u".repeat(1024)) });
    let field = json!([{ "fieldKey": "金额", "fieldValue": "1".repeat(1025) }]);
    let cases = [
        ("subject", json!("题".repeat(1025)), "subject is oversize"),
        ("description", json!("述".repeat(4097)), "description is oversize"),
        ("executorIds", json!(many), "executors is oversize"),
        ("participantIds", json!(many), "participants is oversize"),
        ("detailUrl", url, "detailUrl is oversize"),
        ("contentFieldList", field, "contentFieldList is invalid"),
    ];

    for (name, value, message) in cases {
        platform.create(with(name, value)).await.says(400, ERROR, message);
    }
    assert_eq!(platform.create(with("subject", json!("题".repeat(1024)))).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_the_wrong_kind_are_named() {
    let platform = Platform::demo().await;
    let cases = [
        ("dueTime", json!("2026-08-03")),
        ("dueTime", json!(-1)),
        ("priority", json!(15)),
        ("todoType", json!("LATER")),
        ("isOnlyShowExecutor", json!("true")),
        ("notifyConfigs", json!({ "dingNotify": true })),
        ("executorIds", json!("union-lisi")),
    ];

    for (name, value) in cases {
        let message = format!("{name} is invalid");
        platform.create(with(name, value)).await.says(400, ERROR, &message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_without_body_or_permission_is_refused() {
    let platform = Platform::demo().await;
    let reading = Platform::start(demo_without("Todo.Todo.Read")).await;

    let url = platform.url("/v1.0/todo/users/union-zhangsan/tasks");
    let header = ("x-acs-dingtalk-access-token", platform.token().await);
    let empty = platform.http.post(url).header(header.0, header.1).send().await.unwrap();
    let path = "/v1.0/todo/users/union-lisi/org/tasks/query";
    let query = reading.api(Method::POST, path, json!({})).await;

    reply(empty).await.says(400, "Missingbody", "body is mandatory for this action.");
    assert_eq!(query.status, 403);
    assert_eq!(reading.create(todo("RW1")).await.status, 200);
}
