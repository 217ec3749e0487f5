//! Departments: one level at a time, upwards to the root, and only what the app may see.

use fakes::dingtalk::Department;
use serde_json::{Value, json};

use crate::helpers::{Platform, demo, demo_without};

const SUB: &str = "/topapi/v2/department/listsub";
const SUB_ID: &str = "/topapi/v2/department/listsubid";
const GET: &str = "/topapi/v2/department/get";
const PARENTS: &str = "/topapi/v2/department/listparentbydept";

fn ids(answer: &Value) -> Vec<i64> {
    let list = answer["result"].as_array().unwrap();
    list.iter().map(|department| department["dept_id"].as_i64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn listsub_shows_one_level_without_the_parent_and_starts_at_the_root() {
    let platform = Platform::demo().await;

    let top = platform.oapi(SUB, json!({})).await;
    let below = platform.oapi(SUB, json!({ "dept_id": 300, "language": "zh_CN" })).await;
    let leaf = platform.oapi(SUB, json!({ "dept_id": 301 })).await;

    assert_eq!(ids(&top), [100, 200, 300]);
    assert_eq!(below["result"][0]["name"], "生产一班");
    assert_eq!(below["result"][0]["parent_id"], 300);
    assert_eq!(leaf["result"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn listsubid_wants_a_department_and_answers_ids() {
    let platform = Platform::demo().await;

    let top = platform.oapi(SUB_ID, json!({ "dept_id": 1 })).await;
    let missing = platform.oapi(SUB_ID, json!({})).await;

    assert_eq!(top["result"], json!({ "dept_id_list": [100, 200, 300] }));
    assert_eq!(missing["errmsg"], "Missing required arguments:dept_id");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_shows_its_managers_and_the_root_has_no_parent() {
    let platform = Platform::demo().await;

    let purchase = platform.oapi(GET, json!({ "dept_id": 100 })).await;
    let root = platform.oapi(GET, json!({ "dept_id": 1 })).await;

    assert_eq!(purchase["result"]["dept_manager_userid_list"], json!(["lisi"]));
    assert_eq!(purchase["result"]["parent_id"], 1);
    assert_eq!(purchase["result"]["order"], 10);
    assert_eq!(root["result"]["name"], "演示企业");
    assert_eq!(root["result"]["member_count"], 7);
    assert_eq!(root["result"].get("parent_id"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_department_is_60003_everywhere() {
    let platform = Platform::demo().await;

    for path in [SUB, SUB_ID, GET, PARENTS] {
        let answer = platform.oapi(path, json!({ "dept_id": 999 })).await;
        assert_eq!(answer["errcode"], 60003, "{path}");
    }
    assert_eq!(platform.oapi(GET, json!({ "dept_id": 0 })).await["errcode"], 400_002);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_up_starts_with_itself_and_ends_at_the_root() {
    let platform = Platform::demo().await;

    let of_department = platform.oapi(PARENTS, json!({ "dept_id": 301 })).await;
    let path = "/topapi/v2/department/listparentbyuser";
    let of_person = platform.oapi(path, json!({ "userid": "zhaoliu" })).await;
    let of_nobody = platform.oapi(path, json!({ "userid": "ghost" })).await;

    assert_eq!(of_department["result"], json!({ "parent_id_list": [301, 300, 1] }));
    let ways =
        json!([{ "parent_dept_id_list": [300, 1] }, { "parent_dept_id_list": [301, 300, 1] }]);
    assert_eq!(of_person["result"]["parent_list"], ways);
    assert_eq!(of_nobody["errcode"], 33012);
}

#[tokio::test(flavor = "multi_thread")]
async fn departments_outside_of_what_the_app_may_see_are_50004() {
    let mut options = demo();
    options.apps[0].authed_depts = vec![300];
    let platform = Platform::start(options).await;

    let root = platform.oapi(SUB, json!({})).await;
    let own = platform.oapi(SUB, json!({ "dept_id": 300 })).await;
    let unlimited = platform.oapi(SUB_ID, json!({ "dept_id": 1 })).await;
    let token = platform.token().await;
    let scopes = platform.get(&format!("/auth/scopes?access_token={token}")).await;

    assert_eq!(root["errcode"], 50004);
    assert_eq!(ids(&own), [301]);
    assert_eq!(unlimited["errcode"], 0);
    assert_eq!(scopes["auth_org_scopes"], json!({ "authed_dept": [300], "authed_user": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_permission_the_answer_names_it() {
    let platform = Platform::start(demo_without("qyapi_get_department_list")).await;

    let answer = platform.oapi(SUB, json!({})).await;

    assert_eq!(answer["errcode"], 88);
    assert_eq!(answer["sub_code"], "60011");
    let text = answer["sub_msg"].as_str().unwrap();
    assert!(text.contains("{requiredScopes=[qyapi_get_department_list]}"), "{text}");
    assert!(text.contains("content=dingdemo%23qyapi_get_department_list"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_can_be_added_while_it_runs() {
    let platform = Platform::demo().await;
    let name = "质检部".to_owned();

    let added = Department { dept_id: 400, name, parent_id: Some(1), order: 5, managers: vec![] };
    platform.fake.add_department(added);

    assert_eq!(ids(&platform.oapi(SUB, json!({})).await), [400, 100, 200, 300]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_that_is_not_one_is_refused() {
    let platform = Platform::demo().await;

    let answer = platform.oapi(SUB, json!({ "language": "zh-Hans-CN" })).await;

    assert_eq!(answer["errmsg"], "Invalid arguments:language");
}
