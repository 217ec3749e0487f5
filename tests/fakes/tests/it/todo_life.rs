//! To-do tasks after they were created: done, changed, listed, deleted, and by whom.

use fakes::dingtalk::{Limits, Options};
use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{Platform, Reply, demo, todo, two_apps};

async fn created(platform: &Platform, source_id: &str) -> String {
    let reply = platform.create(todo(source_id)).await;
    reply.body["id"].as_str().unwrap().to_owned()
}

async fn mark(platform: &Platform, id: &str, unionid: &str, is_done: bool) -> Reply {
    let body = json!({ "executorStatusList": [{ "id": unionid, "isDone": is_done }] });
    platform.on_todo(Method::PUT, &format!("{id}/executorStatus"), body).await
}

async fn query(platform: &Platform, unionid: &str, body: Value) -> Reply {
    let path = format!("/v1.0/todo/users/{unionid}/org/tasks/query");
    platform.api(Method::POST, &path, body).await
}

fn sources(reply: &Reply) -> Vec<&str> {
    let cards = reply.body["todoCards"].as_array().unwrap();
    cards.iter().map(|card| card["sourceId"].as_str().unwrap()).collect()
}

fn done(platform: &Platform) -> Vec<bool> {
    platform.fake.todos().iter().map(|todo| todo.done).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_to_do_is_done_when_all_of_its_executors_are() {
    let platform = Platform::demo().await;
    let id = created(&platform, "RW1").await;

    let first = mark(&platform, &id, "union-lisi", true).await;
    let after_one = done(&platform);
    mark(&platform, &id, "union-wangwu", true).await;
    let creators = json!({ "isDone": true, "roleTypes": [["creator"]] });
    let listed = query(&platform, "union-zhangsan", creators).await;
    mark(&platform, &id, "union-wangwu", false).await;

    assert_eq!((first.status, &first.body["result"]), (200, &json!(true)));
    assert_eq!(after_one, [true, false]);
    assert_eq!(sources(&listed), ["RW1"]);
    assert_eq!(done(&platform), [true, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_executor_can_be_marked_as_done() {
    let platform = Platform::demo().await;
    let id = created(&platform, "RW1").await;
    let error = "todo.taskExecutorStatusUpdate.paramError";
    let tail = format!("{id}/executorStatus");

    let stranger = mark(&platform, &id, "union-zhaoliu", true).await;
    let userid = mark(&platform, &id, "lisi", true).await;
    let empty = json!({ "executorStatusList": [] });
    let empty = platform.on_todo(Method::PUT, &tail, empty).await;
    let half = json!({ "executorStatusList": [{ "id": "union-lisi" }] });
    let half = platform.on_todo(Method::PUT, &tail, half).await;

    stranger.says(400, error, "executor not exist");
    userid.says(400, error, "executor not exist");
    empty.says(400, error, "executorStatusList is invalid");
    half.says(400, error, "executorStatusList is invalid");
    assert_eq!(done(&platform), [false, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn done_for_the_task_is_done_for_everybody() {
    let platform = Platform::demo().await;
    let id = created(&platform, "RW1").await;

    let reply = platform.on_todo(Method::PUT, &id, json!({ "done": true })).await;

    assert_eq!((reply.status, &reply.body["result"]), (200, &json!(true)));
    assert_eq!(done(&platform), [true, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_changes_what_it_names_and_checks_it() {
    let platform = Platform::demo().await;
    let id = created(&platform, "RW1").await;
    mark(&platform, &id, "union-lisi", true).await;

    let change = json!({ "subject": "已催办", "executorIds": ["union-lisi", "union-zhaoliu"] });
    let reply = platform.on_todo(Method::PUT, &id, change).await;
    let long = json!({ "subject": "题".repeat(1025) });
    let long = platform.on_todo(Method::PUT, &id, long).await;
    let userid = platform.on_todo(Method::PUT, &id, json!({ "executorIds": ["lisi"] })).await;

    assert_eq!(reply.status, 200);
    long.says(400, "todo.taskUpdate.paramError", "subject is oversize");
    userid.says(400, "todo.taskUpdate.paramError", "executorIds is invalid");
    let todos = platform.fake.todos();
    let seen: Vec<_> = todos.iter().map(|t| (&*t.userid, &*t.subject, t.done)).collect();
    assert_eq!(seen, [("lisi", "已催办", true), ("zhaoliu", "已催办", false)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_to_do_of_another_app_or_owner_is_out_of_reach() {
    let platform = Platform::start(two_apps()).await;
    let id = created(&platform, "RW1").await;
    let other = platform.token_of("dingother", "other-secret").await;
    let own = format!("/v1.0/todo/users/union-zhangsan/tasks/{id}");
    let foreign = format!("/v1.0/todo/users/union-lisi/tasks/{id}");

    let app = platform.api_as(&other, Method::PUT, &own, json!({ "done": true })).await;
    let delete = platform.api_as(&other, Method::DELETE, &own, json!({})).await;
    let owner = platform.api(Method::PUT, &foreign, json!({ "done": true })).await;
    let unknown = platform.on_todo(Method::PUT, "tasknope", json!({ "done": true })).await;

    app.says(400, "todo.taskUpdate.paramError", "task not belong to bizTag");
    delete.says(400, "todo.taskDelete.paramError", "task not belong to bizTag");
    owner.says(400, "todo.taskUpdate.paramError", "task not exist");
    unknown.says(400, "todo.taskUpdate.paramError", "task not exist");
    assert_eq!(done(&platform), [false, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_to_do_is_gone() {
    let platform = Platform::demo().await;
    let id = created(&platform, "RW1").await;

    let reply = platform.on_todo(Method::DELETE, &id, json!({})).await;
    let again = platform.on_todo(Method::DELETE, &id, json!({})).await;

    assert_eq!(reply.body["result"], true);
    assert!(reply.body["requestId"].is_string());
    again.says(400, "todo.taskDelete.paramError", "task not exist");
    assert!(platform.fake.todos().is_empty());
    assert!(sources(&query(&platform, "union-lisi", json!({})).await).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_goes_page_by_page_until_there_is_no_next_token() {
    let limits = Limits { todo_page: 2, ..Limits::default() };
    let platform = Platform::start(Options { limits, ..demo() }).await;
    for source in ["RW1", "RW2", "RW3"] {
        created(&platform, source).await;
    }

    let first = query(&platform, "union-lisi", json!({})).await;
    let next = first.body["nextToken"].clone();
    let second = query(&platform, "union-lisi", json!({ "nextToken": next })).await;
    let invalid = query(&platform, "union-lisi", json!({ "nextToken": "weiter" })).await;

    assert_eq!(sources(&first), ["RW1", "RW2"]);
    assert_eq!(first.body["todoCards"][0]["detailUrl"]["pcUrl"], "https://wf.example.com/t/9");
    assert_eq!(sources(&second), ["RW3"]);
    assert_eq!(second.body["nextToken"], Value::Null);
    invalid.says(400, "todo.orgTaskQuery.paramError", "nextToken is invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_filters_by_state_and_role() {
    let platform = Platform::demo().await;
    let id = created(&platform, "RW1").await;
    created(&platform, "RW2").await;
    mark(&platform, &id, "union-lisi", true).await;
    let executor = |is_done: bool| json!({ "isDone": is_done, "roleTypes": [["executor"]] });

    let finished = query(&platform, "union-lisi", executor(true)).await;
    let open = query(&platform, "union-lisi", executor(false)).await;
    let as_creator = query(&platform, "union-lisi", json!({ "roleTypes": [["creator"]] })).await;
    let either = json!({ "roleTypes": [["creator"], ["executor"]] });
    let either = query(&platform, "union-lisi", either).await;
    let both = json!({ "roleTypes": [["creator", "executor"]] });
    let both = query(&platform, "union-lisi", both).await;
    let reading = query(&platform, "union-lisi", json!({ "todoType": "READ" })).await;
    let bad_role = query(&platform, "union-lisi", json!({ "roleTypes": [["boss"]] })).await;

    assert_eq!(sources(&finished), ["RW1"]);
    assert_eq!(sources(&open), ["RW2"]);
    assert!(sources(&as_creator).is_empty());
    assert_eq!(sources(&either), ["RW1", "RW2"]);
    assert!(sources(&both).is_empty());
    assert!(sources(&reading).is_empty());
    bad_role.says(400, "todo.orgTaskQuery.paramError", "roleTypes is invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_goes_back_180_days_for_what_is_done() {
    let platform = Platform::demo().await;
    let id = created(&platform, "RW1").await;
    created(&platform, "RW2").await;
    platform.on_todo(Method::PUT, &id, json!({ "done": true })).await;

    platform.fake.advance(180 * 24 * 3600 + 1);
    let reply = query(&platform, "union-lisi", json!({})).await;

    assert_eq!(sources(&reply), ["RW2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unionid_may_need_encoding_in_the_path() {
    let platform = Platform::demo().await;
    let person = fakes::dingtalk::Person {
        unionid: "a+b/c=".to_owned(),
        ..fakes::dingtalk::Person::new("odd", "怪")
    };
    platform.fake.add_person(person);

    let path = "/v1.0/todo/users/a%2Bb%2Fc%3D/tasks";
    let reply = platform.api(Method::POST, path, todo("RW1")).await;

    assert_eq!(reply.status, 200);
}
