//! Unknown addresses, wrong methods and bodies, and a platform that misbehaves on demand.

use fakes::dingtalk::{DingTalk, Knobs};
use reqwest::Method;
use serde_json::json;

use crate::helpers::{CREATE, Platform, SEND, demo, demo_without, reply, text, todo};

const GET: &str = "/topapi/v2/user/get";

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_topapi_method_is_22() {
    let platform = Platform::demo().await;

    let answer = platform.oapi("/topapi/v2/user/nope", json!({})).await;

    assert_eq!(answer["errcode"], 22);
    assert_eq!(answer["sub_msg"], "不合法ApiName，ApiName = dingtalk.oapi.v2.user.nope");
    assert!(answer["request_id"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_is_404_in_the_words_of_its_generation() {
    let platform = Platform::demo().await;

    let old = platform.get("/nope").await;
    let new = platform.api(Method::POST, "/v1.0/nope", json!({})).await;

    assert_eq!(old, json!({ "errcode": 404, "errmsg": "请求的URI地址不存在" }));
    assert_eq!((new.status, new.code()), (404, "InvalidAction.NotFound"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_method_is_refused() {
    let platform = Platform::demo().await;
    let token = platform.token().await;

    let post = platform.post("/gettoken", json!({})).await;
    let get = platform.get(&format!("{GET}?access_token={token}&userid=lisi")).await;
    let new = platform.api(Method::PATCH, "/v1.0/todo/users/u/tasks/t", json!({})).await;

    assert_eq!(post.body["errcode"], 43001);
    assert_eq!(get["errcode"], 43002);
    assert_eq!(new.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_json_object_is_refused() {
    let platform = Platform::demo().await;
    let token = platform.token().await;
    let url = platform.url(&format!("{GET}?access_token={token}"));

    let post = |mime: &'static str, body: &'static str| {
        platform.http.post(&url).header("content-type", mime).body(body).send()
    };
    let broken = reply(post("application/json", "{\"userid\"").await.unwrap()).await;
    let list = reply(post("application/json", "[]").await.unwrap()).await;
    let plain = reply(post("text/plain", "{\"userid\":\"lisi\"}").await.unwrap()).await;

    assert_eq!(broken.body["errcode"], 43009);
    assert_eq!(list.body["errcode"], 43009);
    assert_eq!(plain.body["errcode"], 43004);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_api_answers_200_and_names_its_content_type() {
    let platform = Platform::demo().await;

    let response = platform.http.get(platform.url("/nope")).send().await.unwrap();

    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json;charset=UTF-8");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_permission_the_new_api_answers_403() {
    let platform = Platform::start(demo_without("Todo.Todo.Write")).await;

    let reply = platform.create(todo("RW1")).await;

    assert_eq!(reply.status, 403);
    assert_eq!(reply.code(), "Forbidden.AccessDenied.AccessTokenPermissionDenied");
    let scopes = &reply.body["accessdenieddetail"]["requiredScopes"];
    assert_eq!(*scopes, json!(["Todo.Todo.Write"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_platform_answers_minus_1_for_a_while() {
    let platform = Platform::demo().await;
    let token = platform.token().await;

    platform.fake.knobs(Knobs { busy: Some(2), ..Knobs::default() });
    let old = platform.oapi_as(&token, GET, json!({ "userid": "lisi" })).await;
    let new = platform.api_as(&token, Method::POST, "/v1.0/todo/users/u/tasks", todo("1")).await;
    let after = platform.oapi_as(&token, GET, json!({ "userid": "lisi" })).await;

    assert_eq!(old["errcode"], -1);
    assert_eq!(new.status, 500);
    assert_eq!(after["errcode"], 0);
    assert_eq!(platform.fake.calls().of(GET).failed, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_punished_address_gets_a_page() {
    let platform = Platform::demo().await;

    platform.fake.knobs(Knobs { punish_page: Some(1), ..Knobs::default() });
    let response = platform.http.get(platform.url("/gettoken")).send().await.unwrap();

    assert_eq!(response.headers()["content-type"], "text/html;charset=UTF-8");
    assert!(response.text().await.unwrap().starts_with("<!DOCTYPE html>"));
    assert_eq!(platform.token().await.len(), 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_is_down_answers_503_until_it_is_up() {
    let platform = Platform::demo().await;
    let down = |down: bool| Knobs { down: Some(down), ..Knobs::default() };

    platform.fake.knobs(down(true));
    let response = platform.http.get(platform.url("/gettoken")).send().await.unwrap();
    platform.fake.knobs(down(false));

    assert_eq!(response.status(), 503);
    assert_eq!(platform.token().await.len(), 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_message_may_get_no_answer_and_still_arrive() {
    let platform = Platform::demo().await;
    let token = platform.token().await;
    let url = platform.url(&format!("{SEND}?access_token={token}"));
    let body = json!({ "agent_id": 1_000_001, "userid_list": "lisi", "msg": text("你好") });

    platform.fake.knobs(Knobs { drop_after_accept: Some(1), ..Knobs::default() });
    let lost = platform.http.post(&url).json(&body).send().await;
    let again = platform.oapi_as(&token, SEND, body).await;
    platform.deliver();

    assert!(lost.is_err());
    assert_eq!(again["errcode"], 0);
    assert_eq!(platform.received("lisi"), 1);
    assert_eq!(platform.fake.calls().of(SEND).ok, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_to_do_may_get_no_answer_and_the_retry_finds_it() {
    let platform = Platform::demo().await;
    let token = platform.token().await;
    let path = "/v1.0/todo/users/union-zhangsan/tasks";
    let header = ("x-acs-dingtalk-access-token", token);

    platform.fake.knobs(Knobs { drop_after_accept: Some(1), ..Knobs::default() });
    let request = platform.http.post(platform.url(path)).header(header.0, &header.1);
    let lost = request.json(&todo("RW1")).send().await;
    let again = platform.create(todo("RW1")).await;

    assert!(lost.is_err());
    again.says(400, "todo.taskCreate.paramError", "task exist");
    assert_eq!(platform.fake.calls().of(CREATE).ok, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_may_be_meant_for_one_api_only() {
    let platform = Platform::demo().await;

    platform.fake.knobs(Knobs {
        busy: Some(1),
        only_path: Some(GET.to_owned()),
        ..Knobs::default()
    });
    let token = platform.token().await;
    let hit = platform.oapi_as(&token, GET, json!({ "userid": "lisi" })).await;

    assert_eq!(hit["errcode"], -1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_port_is_free_after_a_stop_and_taken_before() {
    let platform = Platform::demo().await;
    let port = platform.fake.address().port();
    let same = || fakes::dingtalk::Options { port, ..demo() };

    assert!(DingTalk::start(same()).await.is_err());
    platform.fake.stop().await;

    assert!(DingTalk::start(same()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_fake_gives_its_port_back() {
    let platform = Platform::demo().await;
    let port = platform.fake.address().port();

    drop(platform);
    let mut tries = 0;
    while std::net::TcpListener::bind(("127.0.0.1", port)).is_err() && tries < 200 {
        tries += 1;
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }

    assert!(tries < 200);
}

#[tokio::test]
async fn a_runtime_of_one_thread_will_do_too() {
    let platform = Platform::demo().await;

    assert_eq!(platform.token().await.len(), 32);
}
