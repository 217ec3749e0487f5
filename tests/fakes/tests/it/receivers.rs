//! Who a notification is for, and the limits that nobody is told about.

use fakes::dingtalk::{Limits, Options, Person};
use serde_json::{Value, json};

use crate::helpers::{Platform, SEND, demo, text};

fn limited(limits: Limits) -> Options {
    Options { limits, ..demo() }
}

fn oa_with_status_bar() -> Value {
    json!({ "msgtype": "oa", "oa": {
        "message_url": "https://wf.example.com/m/9",
        "head": { "bgcolor": "FFBBBBBB", "text": "审批" },
        "body": { "title": "采购申请" },
        "status_bar": { "status_value": "待审批" },
    }})
}

async fn to(platform: &Platform, mut receivers: Value, msg: Value) -> Value {
    receivers["agent_id"] = json!(1_000_001);
    receivers["msg"] = msg;
    platform.oapi(SEND, receivers).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_content_on_the_same_day_is_accepted_and_silently_dropped() {
    let platform = Platform::demo().await;

    platform.sent("lisi", text("请处理")).await;
    let again = platform.send("lisi,wangwu", text("请处理")).await;
    platform.deliver();
    let result = platform.result(again["task_id"].as_i64().unwrap()).await;

    assert_eq!(again["errcode"], 0);
    let result = &result["send_result"];
    assert_eq!(result["forbidden_user_id_list"], json!(["lisi"]));
    let reason = json!([{ "userid": "lisi", "code": "143106", "count": 1 }]);
    assert_eq!(result["forbidden_list"], reason);
    assert_eq!(result["unread_user_id_list"], json!(["wangwu"]));
    assert_eq!((platform.received("lisi"), platform.received("wangwu")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_text_or_another_day_is_no_duplicate() {
    let platform = Platform::demo().await;

    platform.sent("lisi", text("请处理")).await;
    platform.sent("lisi", text("请处理（第2次）")).await;
    platform.fake.advance(14 * 3600 - 2);
    platform.sent("lisi", text("请处理")).await;
    platform.fake.advance(3);
    platform.sent("lisi", text("请处理")).await;
    platform.deliver();

    let at: Vec<_> = platform.fake.inbox().into_iter().map(|message| message.at).collect();
    assert_eq!(
        at,
        ["2026-08-03T02:00:00.100Z", "2026-08-03T02:00:00.100Z", "2026-08-03T16:00:01.100Z",]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_members_does_not_make_another_content() {
    let platform = Platform::demo().await;
    let token = platform.token().await;
    let url = platform.url(&format!("{SEND}?access_token={token}"));

    for msg in [
        r#"{"msgtype":"markdown","markdown":{"title":"a","text":"b"}}"#,
        r#"{"markdown":{"text":"b","title":"a"},"msgtype":"markdown"}"#,
    ] {
        let body = format!(r#"{{"agent_id":1000001,"userid_list":"lisi","msg":{msg}}}"#);
        let request = platform.http.post(&url).header("content-type", "application/json");
        request.body(body).send().await.unwrap();
    }
    platform.deliver();

    assert_eq!(platform.received("lisi"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_501st_message_of_a_day_is_silently_dropped() {
    let platform = Platform::start(Options { qps: 1000, ..demo() }).await;
    let token = platform.token().await;
    let send = |content: String| json!({ "agent_id": 1_000_001, "userid_list": "lisi", "msg": text(&content) });

    for number in 1..=500 {
        platform.oapi_as(&token, SEND, send(number.to_string())).await;
    }
    let last = platform.oapi_as(&token, SEND, send("501".to_owned())).await;
    platform.deliver();
    let result = platform.result(last["task_id"].as_i64().unwrap()).await;

    assert_eq!(last["errcode"], 0);
    let reason = json!([{ "userid": "lisi", "code": "143105", "count": 500 }]);
    assert_eq!(result["send_result"]["forbidden_list"], reason);
    assert_eq!(platform.received("lisi"), 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_over_the_limit_of_a_minute_get_nothing() {
    let limits = Limits { receivers_per_minute: 2, ..Limits::default() };
    let platform = Platform::start(limited(limits)).await;

    let task = platform.sent("zhangsan,lisi,wangwu", text("你好")).await;
    platform.fake.advance(60);
    platform.sent("wangwu", text("你好")).await;
    platform.deliver();
    let result = platform.result(task).await;

    assert_eq!(result["send_result"]["forbidden_list"][0]["code"], "143103");
    assert_eq!(platform.received("wangwu"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_people_and_departments_are_told_in_the_result_only() {
    let platform = Platform::demo().await;

    let receivers = json!({ "userid_list": "ghost,lisi", "dept_id_list": "999" });
    let answer = to(&platform, receivers, text("你好")).await;
    platform.deliver();
    let result = platform.result(answer["task_id"].as_i64().unwrap()).await;

    assert_eq!(answer["errcode"], 0);
    assert_eq!(result["send_result"]["invalid_user_id_list"], json!(["ghost"]));
    assert_eq!(result["send_result"]["invalid_dept_id_list"], json!([999]));
    assert_eq!(platform.fake.inbox().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_means_everybody_below_it_and_each_person_once() {
    let platform = Platform::demo().await;

    let receivers = json!({ "userid_list": "qianqi,lisi", "dept_id_list": "300,301" });
    to(&platform, receivers, text("你好")).await;
    platform.deliver();

    let mut seen: Vec<_> = platform.fake.inbox().into_iter().map(|one| one.userid).collect();
    seen.sort();
    assert_eq!(seen, ["lisi", "qianqi", "sunba", "zhaoliu"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_receiver_at_all_is_refused() {
    let platform = Platform::demo().await;

    let nobody = to(&platform, json!({}), text("你好")).await;
    let blank = to(&platform, json!({ "userid_list": " , " }), text("你好")).await;
    let words = to(&platform, json!({ "dept_id_list": "采购部" }), text("你好")).await;

    assert_eq!(nobody["errcode"], 40035);
    assert_eq!(blank["errcode"], 40035);
    assert_eq!(words["errcode"], 40009);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_100_people_or_20_departments_are_refused() {
    let platform = Platform::demo().await;
    let list = |count: usize| vec!["1"; count].join(",");

    let people = to(&platform, json!({ "userid_list": list(101) }), text("你好")).await;
    let enough = to(&platform, json!({ "userid_list": list(100) }), text("你好")).await;
    let departments = to(&platform, json!({ "dept_id_list": list(21) }), text("你好")).await;

    assert_eq!(people["errcode"], 40032);
    assert_eq!(enough["errcode"], 0);
    assert_eq!(departments["errcode"], 40009);
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_be_addressed_three_times_a_day() {
    let platform = Platform::demo().await;

    let mut codes = Vec::new();
    for number in 1..=4 {
        let all = json!({ "to_all_user": "true" });
        codes.push(to(&platform, all, text(&number.to_string())).await["errcode"].clone());
    }
    platform.fake.advance(24 * 3600);
    let tomorrow = to(&platform, json!({ "to_all_user": true }), text("5")).await;

    assert_eq!(codes, [json!(0), json!(0), json!(0), json!(41045)]);
    assert_eq!(tomorrow["errcode"], 0);
    assert_eq!(platform.received("sunba"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_result_for_more_than_100_receivers() {
    let mut options = demo();
    let people = (0..101).map(|number| Person::new(&format!("p{number}"), "员工"));
    options.people.extend(people.map(|one| Person { dept_ids: vec![200], ..one }));
    let platform = Platform::start(options).await;

    let answer = to(&platform, json!({ "dept_id_list": "200" }), text("你好")).await;
    platform.deliver();
    let result = platform.result(answer["task_id"].as_i64().unwrap()).await;

    assert_eq!(result["errcode"], 41052);
    assert_eq!(platform.fake.inbox().len(), 102);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_bar_goes_to_five_people_at_most_and_never_to_a_department() {
    let platform = Platform::demo().await;
    let six = "zhangsan,lisi,wangwu,zhaoliu,qianqi,sunba";

    let many = to(&platform, json!({ "userid_list": six }), oa_with_status_bar()).await;
    let department = json!({ "userid_list": "lisi", "dept_id_list": "100" });
    let department = to(&platform, department, oa_with_status_bar()).await;
    let few = to(&platform, json!({ "userid_list": "lisi" }), oa_with_status_bar()).await;

    assert_eq!(many["errcode"], 40035);
    assert_eq!(department["errcode"], 40035);
    assert_eq!(few["errcode"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_the_app_may_not_see_are_invalid_receivers() {
    let mut options = demo();
    options.apps[0].authed_depts = vec![300];
    let platform = Platform::start(options).await;

    let task = platform.sent("lisi,qianqi", text("你好")).await;
    platform.deliver();
    let result = platform.result(task).await;

    assert_eq!(result["send_result"]["invalid_user_id_list"], json!(["lisi"]));
    assert_eq!(platform.received("qianqi"), 1);
}
