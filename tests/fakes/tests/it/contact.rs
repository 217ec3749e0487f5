//! People: three ways to find one, and the pages of a department.

use fakes::dingtalk::Person;
use serde_json::{Value, json};

use crate::helpers::{Platform, demo, demo_without};

const BY_MOBILE: &str = "/topapi/v2/user/getbymobile";
const GET: &str = "/topapi/v2/user/get";
const LIST: &str = "/topapi/v2/user/list";
const SIMPLE: &str = "/topapi/user/listsimple";

fn names(answer: &Value) -> Vec<&str> {
    let list = answer["result"]["list"].as_array().unwrap();
    list.iter().map(|person| person["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mobile_leads_to_the_userid() {
    let platform = Platform::demo().await;

    let answer = platform.oapi(BY_MOBILE, json!({ "mobile": "13800138001" })).await;

    assert_eq!(answer["errcode"], 0);
    assert_eq!(answer["errmsg"], "ok");
    assert!(answer["request_id"].is_string());
    assert_eq!(answer["result"], json!({ "userid": "lisi" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_mobile_and_no_mobile_are_told_apart() {
    let platform = Platform::demo().await;

    let unknown = platform.oapi(BY_MOBILE, json!({ "mobile": "13999999999" })).await;
    let invalid = platform.oapi(BY_MOBILE, json!({ "mobile": "not-a-number" })).await;
    let missing = platform.oapi(BY_MOBILE, json!({})).await;

    assert_eq!((&unknown["errcode"], &unknown["errmsg"]), (&json!(60121), &json!("找不到该用户")));
    assert_eq!(invalid["errcode"], 40104);
    assert_eq!(missing["errcode"], 40);
    assert_eq!(missing["errmsg"], "Missing required arguments:mobile");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mobile_may_come_as_a_number() {
    let platform = Platform::demo().await;

    let answer = platform.oapi(BY_MOBILE, json!({ "mobile": 13_800_138_001_i64 })).await;

    assert_eq!(answer["result"]["userid"], "lisi");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_only_the_fields_that_are_filled() {
    let platform = Platform::demo().await;

    let full = platform.oapi(GET, json!({ "userid": "zhangsan" })).await;
    let bare = platform.oapi(GET, json!({ "userid": "qianqi" })).await;

    let full = &full["result"];
    assert_eq!(full["unionid"], "union-zhangsan");
    assert_eq!(full["mobile"], "13800138000");
    assert_eq!(full["manager_userid"], "lisi");
    assert_eq!(full["dept_id_list"], json!([100]));
    assert_eq!(full["leader_in_dept"], json!([{ "dept_id": 100, "leader": false }]));
    for absent in ["mobile", "email", "avatar", "title", "manager_userid"] {
        assert_eq!(bare["result"].get(absent), None, "{absent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_userid_is_33012_and_an_unknown_unionid_60121() {
    let platform = Platform::demo().await;

    let userid = platform.oapi(GET, json!({ "userid": "ghost" })).await;
    let unionid =
        platform.oapi("/topapi/user/getbyunionid", json!({ "unionid": "union-ghost" })).await;

    assert_eq!(userid["errcode"], 33012);
    assert_eq!(unionid["errcode"], 60121);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unionid_leads_to_the_userid() {
    let platform = Platform::demo().await;

    let answer =
        platform.oapi("/topapi/user/getbyunionid", json!({ "unionid": "union-wangwu" })).await;

    assert_eq!(answer["result"], json!({ "contact_type": 0, "userid": "wangwu" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_left_vanishes_from_everything() {
    let platform = Platform::demo().await;

    assert!(platform.fake.remove_person("lisi"));

    assert_eq!(platform.oapi(GET, json!({ "userid": "lisi" })).await["errcode"], 33012);
    let mobile = platform.oapi(BY_MOBILE, json!({ "mobile": "13800138001" })).await;
    assert_eq!(mobile["errcode"], 60121);
    let list = platform.oapi(LIST, json!({ "dept_id": 100, "cursor": 0, "size": 10 })).await;
    assert_eq!(names(&list), ["张三"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_is_listed_page_by_page() {
    let platform = Platform::demo().await;

    let first = platform.oapi(LIST, json!({ "dept_id": 301, "cursor": 0, "size": 2 })).await;
    let second = platform.oapi(LIST, json!({ "dept_id": 301, "cursor": 2, "size": 2 })).await;

    assert_eq!(names(&first), ["赵六", "钱七"]);
    assert_eq!(first["result"]["has_more"], true);
    assert_eq!(first["result"]["next_cursor"], 2);
    assert_eq!(names(&second), ["孙八"]);
    assert_eq!(second["result"]["has_more"], false);
    assert_eq!(second["result"].get("next_cursor"), None);
    assert_eq!(second["result"]["list"][0]["active"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_has_direct_members_only_and_a_person_in_each_own_department() {
    let platform = Platform::demo().await;
    let whole = |dept_id: i64| json!({ "dept_id": dept_id, "cursor": 0, "size": 100 });

    let above = platform.oapi(LIST, whole(300)).await;
    let below = platform.oapi(LIST, whole(301)).await;

    assert_eq!(names(&above), ["赵六"]);
    assert_eq!(above["result"]["list"][0]["leader"], true);
    assert_eq!(below["result"]["list"][0]["userid"], "zhaoliu");
    assert_eq!(below["result"]["list"][0]["leader"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_size_of_a_page_is_between_1_and_100_and_must_be_given() {
    let platform = Platform::demo().await;
    let page = |cursor: i64, size: i64| json!({ "dept_id": 100, "cursor": cursor, "size": size });

    assert_eq!(platform.oapi(LIST, page(0, 101)).await["errcode"], 40035);
    assert_eq!(platform.oapi(LIST, page(0, 0)).await["errcode"], 40035);
    assert_eq!(platform.oapi(LIST, page(-1, 10)).await["errcode"], 40035);
    assert_eq!(platform.oapi(SIMPLE, page(0, 101)).await["errcode"], 40069);
    assert_eq!(platform.oapi(SIMPLE, page(100_001, 10)).await["errcode"], 40068);
    let missing = platform.oapi(LIST, json!({ "dept_id": 100, "cursor": 0 })).await;
    assert_eq!(missing["errmsg"], "Missing required arguments:size");
    let unknown = platform.oapi(LIST, json!({ "dept_id": 999, "cursor": 0, "size": 1 })).await;
    assert_eq!(unknown["errcode"], 60003);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simple_list_has_userid_and_name_only() {
    let platform = Platform::demo().await;

    let answer = platform.oapi(SIMPLE, json!({ "dept_id": 200, "cursor": 0, "size": 10 })).await;

    assert_eq!(answer["result"]["list"], json!([{ "userid": "wangwu", "name": "王五" }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_and_booleans_may_come_as_strings() {
    let platform = Platform::demo().await;

    let page = json!({ "dept_id": "100", "cursor": "0", "size": "10",
        "contain_access_limit": "false" });
    let answer = platform.oapi(LIST, page).await;

    assert_eq!(names(&answer), ["张三", "李四"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argument_that_cannot_be_read_is_named() {
    let platform = Platform::demo().await;

    let number = json!({ "dept_id": "many", "cursor": 0, "size": 10 });
    let number = platform.oapi(LIST, number).await;
    let flag = json!({ "dept_id": 100, "cursor": 0, "size": 10, "contain_access_limit": "yes" });
    let flag = platform.oapi(LIST, flag).await;

    assert_eq!(
        (&number["errcode"], &number["errmsg"]),
        (&json!(41), &json!("Invalid arguments:dept_id"))
    );
    assert_eq!(flag["errmsg"], "Invalid arguments:contain_access_limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_field_switches_mobile_and_email_are_absent() {
    let mobile = Platform::start(demo_without("fieldMobile")).await;
    let email = Platform::start(demo_without("fieldEmail")).await;

    let no_mobile = mobile.oapi(GET, json!({ "userid": "zhangsan" })).await;
    let no_email = email.oapi(GET, json!({ "userid": "zhangsan" })).await;

    assert_eq!(no_mobile["result"].get("mobile"), None);
    assert_eq!(no_mobile["result"]["email"], "zhangsan@example.com");
    assert_eq!(no_email["result"].get("email"), None);
    assert_eq!(no_email["result"]["mobile"], "13800138000");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_outside_of_what_the_app_may_see_are_50002() {
    let mut options = demo();
    options.apps[0].authed_depts = vec![300];
    let platform = Platform::start(options).await;

    let outside = platform.oapi(GET, json!({ "userid": "lisi" })).await;
    let below = platform.oapi(GET, json!({ "userid": "qianqi" })).await;

    assert_eq!(outside["errcode"], 50002);
    assert_eq!(below["errcode"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_organisation_can_be_counted_and_a_department_listed_by_id() {
    let platform = Platform::demo().await;
    platform.fake.add_person(Person { dept_ids: vec![200], ..Person::new("new", "新人") });

    let all = platform.oapi("/topapi/user/count", json!({ "only_active": "false" })).await;
    let active = platform.oapi("/topapi/user/count", json!({ "only_active": true })).await;
    let ids = platform.oapi("/topapi/user/listid", json!({ "dept_id": 200 })).await;

    assert_eq!(all["result"]["count"], 8);
    assert_eq!(active["result"]["count"], 7);
    assert_eq!(ids["result"]["userid_list"], json!(["wangwu", "new"]));
}
