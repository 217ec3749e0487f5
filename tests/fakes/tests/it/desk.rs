//! The test's own addresses over HTTP: inbox, counters, knobs, people.

use serde_json::json;

use crate::helpers::{Platform, SEND, text, todo};

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_shows_messages_and_to_dos_of_everybody_or_of_one() {
    let platform = Platform::demo().await;
    let task = platform.sent("lisi,wangwu", text("你好")).await;
    platform.create(todo("RW1")).await;
    platform.deliver();

    let all = platform.get("/_inbox").await;
    let by_userid = platform.get("/_inbox?userid=wangwu").await;
    let by_mobile = platform.get("/_inbox?mobile=13800138001").await;
    let nobody = platform.get("/_inbox?mobile=13999999999").await;

    assert_eq!(all["messages"].as_array().unwrap().len(), 2);
    assert_eq!(all["todos"].as_array().unwrap().len(), 2);
    assert_eq!(by_userid["messages"][0]["name"], "王五");
    assert_eq!(
        by_mobile["messages"],
        json!([{
            "taskId": task, "userid": "lisi", "name": "李四", "msgtype": "text", "title": "",
            "text": "你好", "url": "", "read": false, "msg": text("你好"),
            "at": "2026-08-03T02:00:00.100Z",
        }])
    );
    assert_eq!(
        by_mobile["todos"],
        json!([{
            "id": all["todos"][0]["id"], "unionid": "union-lisi", "userid": "lisi", "name": "李四",
            "subject": "采购申请待审批", "sourceId": "RW1", "done": false,
            "url": "https://wf.example.com/t/9", "appUrl": "https://wf.example.com/m/9",
            "createdAt": "2026-08-03T02:00:00.000Z",
        }])
    );
    assert_eq!(nobody, json!({ "messages": [], "todos": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counters_tell_calls_per_api_and_tokens() {
    let platform = Platform::demo().await;
    platform.send("lisi", text("你好")).await;
    platform.send("lisi", json!({ "msgtype": "text" })).await;

    let calls = platform.get("/_calls").await;

    assert_eq!(calls[SEND], json!({ "ok": 1, "failed": 1, "throttled": 0 }));
    assert_eq!(calls["token"], json!({ "ok": 2, "failed": 0, "throttled": 0, "issued": 1 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn knobs_turn_over_http_and_unknown_ones_are_refused() {
    let platform = Platform::demo().await;
    platform.send("lisi", text("你好")).await;

    let turned = platform.post("/_knobs", json!({ "advanceSecs": 1, "busy": 1 })).await;
    let unknown = platform.post("/_knobs", json!({ "bussy": 1 })).await;
    let busy = platform.get("/gettoken").await;

    assert_eq!(turned.status, 200);
    assert_eq!(unknown.status, 400);
    assert_eq!(busy["errcode"], -1);
    assert_eq!(platform.received("lisi"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_come_and_go_over_http() {
    let platform = Platform::demo().await;
    let person = json!({ "userid": "new", "name": "新人", "mobile": "13800139000",
        "deptIds": [200] });

    assert_eq!(platform.post("/_people", person).await.status, 200);
    let found = platform.oapi("/topapi/v2/user/get", json!({ "userid": "new" })).await;
    let gone = platform.http.delete(platform.url("/_people/new")).send().await.unwrap();
    let again = platform.http.delete(platform.url("/_people/new")).send().await.unwrap();
    let nameless = platform.post("/_people", json!({ "name": "无名" })).await;

    assert_eq!(found["result"]["unionid"], "union-new");
    assert_eq!((gone.status().as_u16(), again.status().as_u16()), (200, 404));
    assert_eq!(nameless.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn departments_are_added_and_messages_read_over_http() {
    let platform = Platform::demo().await;
    let department = json!({ "deptId": 400, "name": "质检部", "parentId": 1 });
    let task = platform.sent("lisi", text("你好")).await;
    platform.deliver();

    let added = platform.post("/_departments", department).await;
    let read = platform.post("/_read", json!({ "userid": "lisi", "taskId": task })).await;
    let missing = platform.post("/_read", json!({ "userid": "wangwu", "taskId": task })).await;

    assert_eq!((added.status, read.status, missing.status), (200, 200, 404));
    let found = platform.oapi("/topapi/v2/department/get", json!({ "dept_id": 400 })).await;
    assert_eq!(found["result"]["name"], "质检部");
    assert!(platform.fake.inbox()[0].read);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_brings_everything_back_to_the_start() {
    let platform = Platform::demo().await;
    let token = platform.token().await;
    platform.sent("lisi", text("你好")).await;
    platform.create(todo("RW1")).await;
    platform.fake.remove_person("wangwu");

    let done = platform.post("/_reset", json!({})).await;
    let stale = platform.oapi_as(&token, "/topapi/user/count", json!({})).await;
    platform.deliver();

    assert_eq!(done.status, 200);
    assert_eq!(stale["sub_code"], "40014");
    assert!(platform.fake.inbox().is_empty() && platform.fake.todos().is_empty());
    let count = platform.oapi("/topapi/user/count", json!({ "only_active": false })).await;
    assert_eq!(count["result"]["count"], 7);
    assert_eq!(platform.get("/_nope").await["error"], "no such address");
}
