//! The rate limit: 20 calls of one app to one API in a second, and nothing happens beyond.

use fakes::dingtalk::{Knobs, Options};
use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{CREATE, Platform, SEND, demo, text, todo, two_apps};

const GET: &str = "/topapi/v2/user/get";

fn send(agent_id: i64, content: &str) -> Value {
    json!({ "agent_id": agent_id, "userid_list": "lisi", "msg": text(content) })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_21st_call_in_a_second_is_refused_and_the_next_second_is_free() {
    let platform = Platform::demo().await;
    let token = platform.token().await;

    for _ in 0..20 {
        let answer = platform.oapi_as(&token, GET, json!({ "userid": "lisi" })).await;
        assert_eq!(answer["errcode"], 0);
    }
    let over = platform.oapi_as(&token, GET, json!({ "userid": "lisi" })).await;
    platform.fake.advance(1);
    let later = platform.oapi_as(&token, GET, json!({ "userid": "lisi" })).await;

    assert_eq!((&over["errcode"], &over["sub_code"]), (&json!(88), &json!("90018")));
    assert_eq!(later["errcode"], 0);
    let count = platform.fake.calls().of(GET);
    assert_eq!((count.ok, count.failed, count.throttled), (21, 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_message_is_not_sent_and_not_counted_as_a_duplicate() {
    let platform = Platform::start(Options { qps: 1, ..demo() }).await;
    let token = platform.token().await;

    platform.oapi_as(&token, SEND, send(1_000_001, "一")).await;
    let over = platform.oapi_as(&token, SEND, send(1_000_001, "二")).await;
    platform.fake.advance(1);
    platform.oapi_as(&token, SEND, send(1_000_001, "二")).await;
    platform.deliver();

    assert_eq!(over["sub_code"], "90018");
    assert_eq!(platform.received("lisi"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_to_do_is_not_created() {
    let platform = Platform::start(Options { qps: 1, ..demo() }).await;
    let token = platform.token().await;
    let path = "/v1.0/todo/users/union-zhangsan/tasks";

    platform.api_as(&token, Method::POST, path, todo("RW1")).await;
    let over = platform.api_as(&token, Method::POST, path, todo("RW2")).await;
    platform.fake.advance(1);
    let later = platform.api_as(&token, Method::POST, path, todo("RW2")).await;

    assert_eq!(over.status, 403);
    assert_eq!(over.code(), "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi");
    assert_eq!(later.status, 200);
    assert_eq!(platform.fake.calls().of(CREATE).throttled, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn to_dos_of_different_owners_count_as_one_api() {
    let platform = Platform::start(Options { qps: 1, ..demo() }).await;
    let token = platform.token().await;

    let first = "/v1.0/todo/users/union-zhangsan/tasks";
    platform.api_as(&token, Method::POST, first, todo("RW1")).await;
    let second = "/v1.0/todo/users/union-lisi/tasks";
    let second = platform.api_as(&token, Method::POST, second, todo("RW2")).await;

    assert_eq!(second.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_api_and_another_app_have_their_own_limit() {
    let platform = Platform::start(Options { qps: 1, ..two_apps() }).await;
    let demo = platform.token().await;
    let other = platform.token_of("dingother", "other-secret").await;

    let send_demo = platform.oapi_as(&demo, SEND, send(1_000_001, "一")).await;
    let get_demo = platform.oapi_as(&demo, GET, json!({ "userid": "lisi" })).await;
    let send_other = platform.oapi_as(&other, SEND, send(2_000_002, "一")).await;

    assert_eq!(send_demo["errcode"], 0);
    assert_eq!(get_demo["errcode"], 0);
    assert_eq!(send_other["errcode"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_the_whole_platform_answers_90002() {
    let platform = Platform::demo().await;
    let token = platform.token().await;

    platform.fake.knobs(Knobs { global_throttle: Some(2), ..Knobs::default() });
    let old = platform.oapi_as(&token, SEND, send(1_000_001, "一")).await;
    let path = "/v1.0/todo/users/union-zhangsan/tasks";
    let new = platform.api_as(&token, Method::POST, path, todo("RW1")).await;
    let free = platform.oapi_as(&token, SEND, send(1_000_001, "一")).await;

    assert_eq!((&old["errcode"], &old["sub_code"]), (&json!(88), &json!("90002")));
    assert_eq!((new.status, new.code()), (403, "Forbidden.AccessDenied.QpsLimitForApi"));
    assert_eq!(free["errcode"], 0);
    assert!(platform.fake.todos().is_empty());
}
