//! Work notifications: accepted at once, delivered later, checked by type, and their follow-ups.

use serde_json::{Value, json};

use crate::helpers::{Platform, SEND, demo, text, two_apps};

const PROGRESS: &str = "/topapi/message/corpconversation/getsendprogress";
const RESULT: &str = "/topapi/message/corpconversation/getsendresult";
const RECALL: &str = "/topapi/message/corpconversation/recall";
const STATUS_BAR: &str = "/topapi/message/corpconversation/status_bar/update";

fn card(rest: Value) -> Value {
    let mut card = json!({ "title": "新任务", "markdown": "### 采购申请" });
    card.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    json!({ "msgtype": "action_card", "action_card": card })
}

fn oa(status_bar: Option<&str>) -> Value {
    let mut oa = json!({
        "message_url": "https://wf.example.com/m/9",
        "head": { "bgcolor": "FFBBBBBB", "text": "审批" },
        "body": { "title": "采购申请", "content": "请及时处理" },
    });
    if let Some(value) = status_bar {
        oa["status_bar"] = json!({ "status_value": value, "status_bg": "0xFFFF9D46" });
    }
    json!({ "msgtype": "oa", "oa": oa })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_accepted_at_once_and_arrives_later() {
    let platform = Platform::demo().await;

    let answer = platform.send("lisi,wangwu", text("您有新的审批任务")).await;
    let before = platform.fake.inbox().len();
    platform.deliver();
    let inbox = platform.fake.inbox();

    assert_eq!(answer["errcode"], 0);
    assert!(answer["request_id"].is_string());
    assert_eq!(before, 0);
    assert_eq!(inbox.len(), 2);
    assert_eq!(inbox[0].task_id, answer["task_id"].as_i64().unwrap());
    assert_eq!((inbox[0].userid.as_str(), inbox[0].name.as_str()), ("lisi", "李四"));
    assert_eq!((inbox[0].msgtype.as_str(), inbox[0].text.as_str()), ("text", "您有新的审批任务"));
    assert_eq!(inbox[0].at, "2026-08-03T02:00:00.100Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_goes_from_waiting_over_running_to_done() {
    let options = fakes::dingtalk::Options { delivery_delay_ms: 4000, ..demo() };
    let platform = Platform::start(options).await;
    let task = platform.sent("lisi", text("一")).await;
    let ask = json!({ "agent_id": "1000001", "task_id": task.to_string() });

    let mut seen = Vec::new();
    for _ in 0..3 {
        let progress = platform.oapi(PROGRESS, ask.clone()).await["progress"].clone();
        seen.push((progress["status"].as_i64(), progress["progress_in_percent"].as_i64()));
        platform.fake.advance(2);
    }

    assert_eq!(seen, [(Some(0), Some(0)), (Some(1), Some(50)), (Some(2), Some(100))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_running_clock_a_message_arrives_by_itself() {
    let running = fakes::dingtalk::Options { clock_at: None, ..demo() };
    let platform = Platform::start(running).await;

    platform.send("lisi", text("你好")).await;
    let mut tries = 0;
    while platform.received("lisi") == 0 && tries < 200 {
        tries += 1;
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }

    assert_eq!(platform.received("lisi"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_shows_what_a_person_sees_of_it() {
    let platform = Platform::demo().await;
    let single = json!({ "single_title": "去处理", "single_url": "https://wf.example.com/t/9" });
    let buttons = json!({ "btn_orientation": "1", "btn_json_list": [
        { "title": "同意", "action_url": "https://wf.example.com/t/9/y" },
        { "title": "查看", "action_url": "https://wf.example.com/t/9" }] });
    let markdown = json!({ "title": "新任务", "text": "- 单号" });
    let link = json!({ "messageUrl": "https://l", "picUrl": "@l", "title": "链", "text": "接" });

    platform.sent("lisi", json!({ "msgtype": "markdown", "markdown": markdown })).await;
    platform.sent("lisi", json!({ "msgtype": "link", "link": link })).await;
    platform.sent("lisi", card(single)).await;
    platform.sent("lisi", card(buttons)).await;
    platform.sent("lisi", oa(None)).await;
    platform.deliver();

    let inbox = platform.fake.inbox();
    let seen: Vec<_> = inbox.iter().map(|m| (&*m.title, &*m.text, &*m.url)).collect();
    assert_eq!(
        seen,
        [
            ("新任务", "- 单号", ""),
            ("链", "接", "https://l"),
            ("新任务", "### 采购申请", "https://wf.example.com/t/9"),
            ("新任务", "### 采购申请", "https://wf.example.com/t/9/y"),
            ("采购申请", "请及时处理", "https://wf.example.com/m/9"),
        ]
    );
    assert_eq!(inbox[2].msg["action_card"]["single_title"], "去处理");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_with_a_missing_or_overlong_part_is_refused() {
    let platform = Platform::demo().await;
    let mut dark = oa(None);
    dark["oa"]["head"]["bgcolor"] = json!("0xFFBBBBBB");
    let long = "长".repeat(21);
    let url = format!("https://wf.example.com/{}", "u".repeat(500));
    let broken = [
        json!({ "text": { "content": "无类型" } }),
        json!({ "msgtype": "text" }),
        json!({ "msgtype": "text", "text": { "content": "" } }),
        json!({ "msgtype": "text", "text": { "content": "a" }, "markdown": { "title": "b" } }),
        json!({ "msgtype": "markdown", "markdown": { "text": "无标题" } }),
        json!({ "msgtype": "link", "link": { "messageUrl": "https://l", "title": "a", "text": "b" } }),
        json!({ "msgtype": "image", "image": {} }),
        json!({ "msgtype": "voice", "voice": { "media_id": "m", "duration": "60" } }),
        card(json!({})),
        card(json!({ "single_title": "去处理" })),
        card(json!({ "single_url": "https://l" })),
        card(json!({ "single_title": long, "single_url": "https://l" })),
        card(json!({ "single_title": "去处理", "single_url": url })),
        card(json!({ "btn_orientation": "1" })),
        card(json!({ "btn_orientation": "1", "btn_json_list": [] })),
        card(json!({ "btn_orientation": "1", "btn_json_list": [{ "title": "同意" }] })),
        card(json!({ "single_title": "a", "single_url": "b", "btn_orientation": "0" })),
        json!({ "msgtype": "oa", "oa": { "message_url": "https://l" } }),
        dark,
    ];

    for msg in broken {
        let answer = platform.send("lisi", msg.clone()).await;
        assert_eq!(answer["errcode"], 40035, "{msg}");
        platform.fake.advance(1);
    }
    assert_eq!(platform.send("lisi", json!({ "msgtype": "card" })).await["errcode"], 40008);
    platform.deliver();
    assert!(platform.fake.inbox().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_over_2048_bytes_is_refused() {
    let platform = Platform::demo().await;
    let frame = text("").to_string().len();

    let fits = platform.send("lisi", text(&"a".repeat(2048 - frame))).await;
    let over = platform.send("lisi", text(&"a".repeat(2049 - frame))).await;

    assert_eq!(fits["errcode"], 0);
    assert_eq!(over["errcode"], 40035);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_may_come_as_a_string_of_json() {
    let platform = Platform::demo().await;

    let body = json!({ "agent_id": "1000001", "userid_list": "lisi", "to_all_user": "false",
        "msg": text("你好").to_string() });
    let good = platform.oapi(SEND, body).await;
    let body = json!({ "agent_id": 1_000_001, "userid_list": "lisi", "msg": "你好" });
    let bad = platform.oapi(SEND, body).await;

    assert_eq!(good["errcode"], 0);
    assert_eq!(bad["errmsg"], "Invalid arguments:msg");
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_arguments_are_named_and_an_unknown_agent_is_refused() {
    let platform = Platform::demo().await;

    let no_msg = json!({ "agent_id": 1_000_001, "userid_list": "lisi" });
    let no_agent = json!({ "userid_list": "lisi", "msg": text("你好") });
    let bad_flag = json!({ "agent_id": 1_000_001, "to_all_user": "perhaps", "msg": text("你好") });
    let stranger = json!({ "agent_id": 42, "userid_list": "lisi", "msg": text("你好") });

    let no_msg = platform.oapi(SEND, no_msg).await;
    assert_eq!(no_msg["errcode"], 40);
    assert_eq!(no_msg["errmsg"], "Missing required arguments:msg");
    let no_agent = platform.oapi(SEND, no_agent).await;
    assert_eq!(no_agent["errmsg"], "Missing required arguments:agent_id");
    let bad_flag = platform.oapi(SEND, bad_flag).await;
    assert_eq!(
        (&bad_flag["errcode"], &bad_flag["errmsg"]),
        (&json!(41), &json!("Invalid arguments:to_all_user"))
    );
    assert_eq!(platform.oapi(SEND, stranger).await["errcode"], 40056);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_result_tells_read_from_unread() {
    let platform = Platform::demo().await;
    let task = platform.sent("lisi,wangwu", text("你好")).await;

    let early = platform.result(task).await;
    platform.deliver();
    assert!(platform.fake.read("lisi", task));
    let late = platform.result(task).await;

    assert_eq!(early["send_result"]["unread_user_id_list"], json!([]));
    assert_eq!(late["send_result"]["read_user_id_list"], json!(["lisi"]));
    assert_eq!(late["send_result"]["unread_user_id_list"], json!(["wangwu"]));
    assert!(platform.fake.inbox()[0].read);
    assert!(!platform.fake.read("zhangsan", task));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_result_is_kept_for_24_hours_and_for_its_own_app() {
    let platform = Platform::start(two_apps()).await;
    let task = platform.sent("lisi", text("你好")).await;
    let other = platform.token_of("dingother", "other-secret").await;

    let stolen = json!({ "agent_id": 2_000_002, "task_id": task });
    let stolen = platform.oapi_as(&other, RESULT, stolen).await;
    let agent = json!({ "agent_id": 42, "task_id": task });
    let agent = platform.oapi(RESULT, agent).await;
    platform.fake.advance(24 * 3600);
    let fresh = platform.result(task).await;
    platform.fake.advance(1);
    let stale = platform.result(task).await;
    let progress = json!({ "agent_id": 1_000_001, "task_id": task });
    let progress = platform.oapi(PROGRESS, progress).await;

    assert_eq!(stolen["errcode"], 40035);
    assert_eq!(agent["errcode"], 40035);
    assert_eq!(fresh["errcode"], 0);
    assert_eq!(stale["errcode"], 40035);
    assert_eq!(progress["errcode"], 40035);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recalled_message_leaves_the_inbox_or_never_arrives() {
    let platform = Platform::demo().await;
    let arrived = platform.sent("lisi", text("一")).await;
    platform.deliver();
    let on_its_way = platform.sent("lisi", text("二")).await;
    let recall = |task: i64| json!({ "agent_id": 1_000_001, "msg_task_id": task });

    assert_eq!(platform.received("lisi"), 1);
    assert_eq!(platform.oapi(RECALL, recall(arrived)).await["errcode"], 0);
    assert_eq!(platform.oapi(RECALL, recall(on_its_way)).await["errmsg"], "ok");
    platform.deliver();

    assert_eq!(platform.received("lisi"), 0);
    assert_eq!(platform.oapi(RECALL, recall(1)).await["errcode"], 400_002);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_cannot_be_recalled_after_24_hours() {
    let platform = Platform::demo().await;
    let task = platform.sent("lisi", text("一")).await;

    platform.fake.advance(24 * 3600 + 1);
    let body = json!({ "agent_id": 1_000_001, "msg_task_id": task });
    let answer = platform.oapi(RECALL, body).await;

    assert_eq!(answer["errcode"], 400_002);
    assert_eq!(platform.received("lisi"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_bar_of_an_oa_message_changes_where_people_see_it() {
    let platform = Platform::demo().await;
    let task = platform.sent("lisi", oa(Some("待审批"))).await;
    let update = json!({ "agent_id": 1_000_001, "task_id": task, "status_value": "已同意",
        "status_bg": "0xFF78C06E" });

    let early = platform.oapi(STATUS_BAR, update.clone()).await;
    platform.deliver();
    let done = platform.oapi(STATUS_BAR, update.clone()).await;
    platform.fake.advance(7 * 24 * 3600);
    let late = platform.oapi(STATUS_BAR, update).await;

    assert_eq!(early["errcode"], 41052);
    assert_eq!(done["errcode"], 0);
    assert_eq!(late["errcode"], 40035);
    let bar = json!({ "status_value": "已同意", "status_bg": "0xFF78C06E" });
    assert_eq!(platform.fake.inbox()[0].msg["oa"]["status_bar"], bar);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_oa_message_of_the_own_agent_has_a_status_bar() {
    let platform = Platform::demo().await;
    let task = platform.sent("lisi", text("你好")).await;
    platform.deliver();
    let update = |agent: i64, task: i64| {
        json!({ "agent_id": agent, "task_id": task,
        "status_value": "已同意" })
    };

    assert_eq!(platform.oapi(STATUS_BAR, update(1_000_001, task)).await["errcode"], 40035);
    assert_eq!(platform.oapi(STATUS_BAR, update(1_000_001, 7)).await["errcode"], 40035);
    assert_eq!(platform.oapi(STATUS_BAR, update(42, task)).await["errcode"], 40056);
}
