//! Flows that run in the ERP: defined in versions, of which exactly one is online.

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::code::Code;
use tests::{SECRET, World, sales_order};

use crate::helpers::{CREATE, DEPARTMENTS, ONLINE, database, page, sync};

async fn people() -> World {
    World::start().await.with_people().await
}

fn titled(title: &str) -> Value {
    let mut flow = sales_order();
    flow["title"] = json!(title);
    flow
}

fn without(fields: &[&str]) -> Value {
    let mut flow = sales_order();
    fields.iter().for_each(|field| drop(flow.as_object_mut().unwrap().remove(*field)));
    flow
}

async fn create(world: &World, flow: &Value) -> i64 {
    world.erp().post(CREATE, flow).await.ok()["flowVersion"].as_i64().unwrap()
}

async fn online(world: &World, version: Value) -> Value {
    world.erp().post(ONLINE, &json!({"flowCode": "SALES_ORDER", "flowVersion": version})).await.ok()
}

/// The versions that are online.
async fn online_versions(world: &World) -> Vec<i32> {
    let text = "select version from house_flow.flow_versions where tenant = $1 and state = 'online' order by 1";
    let rows = database().await.query(text, &[&world.tenant]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn the_same_content_is_the_same_version_and_another_is_the_next() {
    let world = people().await;

    assert_eq!(create(&world, &sales_order()).await, 1);
    assert_eq!(create(&world, &sales_order()).await, 1);
    assert_eq!(create(&world, &titled("另一个")).await, 2);
    assert_eq!(create(&world, &titled("另一个")).await, 2);
    assert_eq!(create(&world, &sales_order()).await, 3);
}

#[tokio::test]
async fn a_new_draft_leaves_the_online_version_serving() {
    let world = people().await.with_flow().await;

    create(&world, &titled("草稿")).await;
    sync(&world, &tests::snapshot(1)).await;

    assert_eq!(online_versions(&world).await, [1]);
    assert_eq!(
        page(&world, "todo", "USER002", "").await["rows"][0]["flowName"],
        "销售订单审批流程"
    );
}

#[tokio::test]
async fn the_newest_version_goes_online_unless_one_is_named_and_an_older_one_may_come_back() {
    let world = people().await;
    create(&world, &sales_order()).await;
    create(&world, &titled("第二版")).await;

    for (version, expected) in
        [(Value::Null, 2), (json!(1), 1), (json!(1), 1), (json!(2), 2), (Value::Null, 2)]
    {
        assert_eq!(online(&world, version).await, json!({"success": true}));
        assert_eq!(online_versions(&world).await, [expected]);
    }
}

#[tokio::test]
async fn a_repeat_of_online_announces_nothing() {
    let world = people().await.with_flow().await;
    // The number rises with everything that others hear of.
    let text = "select revision from house_flow.flows where tenant = $1";
    let database = database().await;
    let revision =
        || async { database.query_one(text, &[&world.tenant]).await.unwrap().get::<_, i64>(0) };
    let before = revision().await;

    online(&world, json!(1)).await;

    assert_eq!(revision().await, before);
}

#[tokio::test]
async fn a_version_or_a_flow_that_is_not_there_cannot_go_online() {
    let world = people().await.with_flow().await;
    let erp = world.erp();

    let version = erp.post(ONLINE, &json!({"flowCode": "SALES_ORDER", "flowVersion": 2})).await;
    assert_eq!(version.refused(Code::UnknownReference).fields(), ["flowVersion"]);
    let flow = erp.post(ONLINE, &json!({"flowCode": "NOPE"})).await;
    assert_eq!(flow.refused(Code::UnknownReference).fields(), ["flowCode"]);
    for wrong in
        [json!(0), json!(-1), json!("1"), json!(1.5), json!(2_147_483_648_i64), json!(true)]
    {
        let answered =
            erp.post(ONLINE, &json!({"flowCode": "SALES_ORDER", "flowVersion": wrong})).await;
        assert_eq!(answered.refused(Code::InvalidParameter).fields(), ["flowVersion"]);
    }
}

#[tokio::test]
async fn the_other_names_of_code_and_group_are_taken() {
    let world = people().await;
    let mut flow = without(&["flowCode", "groupId"]);
    flow["thirdFlowCode"] = json!("SALES_ORDER");
    flow["categoryId"] = json!("GROUP001");

    assert_eq!(create(&world, &flow).await, 1);
    assert_eq!(create(&world, &sales_order()).await, 1);
    world.erp().post(ONLINE, &json!({"thirdFlowCode": "SALES_ORDER"})).await.ok();
}

#[tokio::test]
async fn without_a_code_only_the_published_clients_body_gets_one_made() {
    let world = people().await;
    let erp = world.erp();
    let mut published = without(&["flowCode"]);

    let refused = erp.post(CREATE, &published).await.refused(Code::InvalidParameter);
    published["externalSystemCode"] = json!("ODOO");
    let first = erp.post(CREATE, &published).await.ok();
    let again = erp.post(CREATE, &published).await.ok();

    assert_eq!(refused.fields(), ["flowCode"]);
    assert_eq!(first, again);
    assert!(!first["flowCode"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn every_missing_field_is_named() {
    let world = people().await;

    let refused = world.erp().post(CREATE, &json!({})).await.refused(Code::InvalidParameter);

    let fields = [
        "flowCode",
        "title",
        "initiateUrl",
        "detailUrl",
        "groupId",
        "managerUserCode",
        "operationUserCode",
        "configUserCode",
        "createBy",
    ];
    assert_eq!(refused.fields(), fields);
}

/// What is not the address of a page.
const NO_PAGES: [&str; 12] = [
    "javascript:alert(1)",
    "/relative",
    "https://a/ b",
    "https://a/\r\nX: y",
    "ftp://a/",
    "https://",
    "//a/b",
    "data:text/html,x",
    "https:erp/x",
    "https:/erp/x",
    "https://a\\b",
    "",
];

#[tokio::test]
async fn an_address_that_is_no_page_is_refused_by_its_field() {
    let world = people().await;
    let long = format!("https://a/{}", "x".repeat(991));

    for address in NO_PAGES.into_iter().chain([long.as_str()]) {
        let mut flow = sales_order();
        flow["detailUrl"]["h5Url"] = json!(address);
        let answered = world.erp().post(CREATE, &flow).await;
        assert_eq!(
            answered.refused(Code::InvalidParameter).fields(),
            ["detailUrl.h5Url"],
            "{address}"
        );
    }
    let mut flow = sales_order();
    flow["detailUrl"]["h5Url"] = json!(format!("https://a/{}", "x".repeat(990)));
    create(&world, &flow).await;
}

#[tokio::test]
async fn every_unknown_person_and_department_is_named() {
    let world = people().await;
    let mut flow = sales_order();
    flow["managerUserCode"] = json!("NOPE1");
    flow["createBy"] = json!("NOPE2");
    flow["allowedApplyRule"] = json!({"allowedApplyType": "specify", "userCodes": ["USER001", "NOPE3"], "deptCodes": ["NOPE4", "DEPT001"]});

    let refused = world.erp().post(CREATE, &flow).await.refused(Code::UnknownReference);

    assert_eq!(
        refused.fields(),
        [
            "managerUserCode",
            "createBy",
            "allowedApplyRule.userCodes[1]",
            "allowedApplyRule.deptCodes[0]"
        ]
    );
}

#[tokio::test]
async fn departments_are_named_by_id_or_by_code() {
    let world = people().await;
    let coded =
        json!({"departments": [{"deptId": "DEPT009", "deptName": "n", "deptCode": "CODE9"}]});
    world.erp().post(DEPARTMENTS, &coded).await.ok();
    let mut flow = sales_order();
    flow["allowedApplyRule"] =
        json!({"allowedApplyType": "specify", "deptCodes": ["DEPT009", "CODE9"]});

    assert_eq!(create(&world, &flow).await, 1);
}

#[tokio::test]
async fn the_words_of_a_rule_are_read_in_any_case_and_others_are_refused() {
    let world = people().await;
    let ruled = |word: &str| {
        let mut flow = sales_order();
        flow["allowedManageRule"] = json!({"allowedApplyType": word, "userCodes": []});
        flow
    };

    for (word, version) in [("ALL", 1), ("all", 1), ("Specify", 2), ("CUSTOM", 2), ("custom", 2)] {
        assert_eq!(create(&world, &ruled(word)).await, version, "{word}");
    }
    for word in ["everyone", "alle", "speci fy"] {
        let refused = world.erp().post(CREATE, &ruled(word)).await.refused(Code::InvalidParameter);
        assert_eq!(refused.fields(), ["allowedManageRule.allowedApplyType"]);
    }
}

#[tokio::test]
async fn an_unknown_group_is_created() {
    let world = people().await;
    create(&world, &sales_order()).await;

    let text =
        "select count(*) from house_flow.flow_groups where tenant = $1 and group_id = 'GROUP001'";

    assert_eq!(
        database().await.query_one(text, &[&world.tenant]).await.unwrap().get::<_, i64>(0),
        1
    );
}

#[tokio::test]
async fn a_code_that_another_application_has_is_taken() {
    let world = people().await.with_flow().await;
    world.create_application("APP002", SECRET, json!({})).await;
    let second = world.client("APP002", SECRET);

    let taken = second.post(CREATE, &sales_order()).await.refused(Code::Duplicate);

    assert_eq!(taken.fields(), ["flowCode"]);
    second.post(ONLINE, &json!({"flowCode": "SALES_ORDER"})).await.refused(Code::UnknownReference);
    assert_eq!(online_versions(&world).await, [1]);
}

#[tokio::test]
async fn another_enterprises_flow_and_people_are_as_unknown_as_missing_ones() {
    let (world, other) = (people().await, people().await.with_flow().await);
    other
        .erp()
        .post(
            "/aflow/api/sys/sync/user",
            &json!({"users": [{"userId": "OTHER", "userName": "n", "deptId": "DEPT001"}]}),
        )
        .await
        .ok();
    let erp = world.erp();
    let managed = |user: &str| {
        let mut flow = sales_order();
        flow["managerUserCode"] = json!(user);
        flow
    };

    let foreign = erp.post(CREATE, &managed("OTHER")).await.refused(Code::UnknownReference);
    let missing = erp.post(CREATE, &managed("NOPE!")).await.refused(Code::UnknownReference);
    let message = |body: &Value| body["data"]["errorMessage"].to_string().replace("NOPE!", "OTHER");
    assert_eq!(message(&foreign.body), message(&missing.body));
    erp.post(ONLINE, &json!({"flowCode": "SALES_ORDER"})).await.refused(Code::UnknownReference);
    assert_eq!(create(&world, &sales_order()).await, 1);
    assert_eq!((online_versions(&world).await, online_versions(&other).await), (vec![], vec![1]));
}

#[tokio::test]
async fn fifty_creates_at_once_make_one_version() {
    let world = people().await;

    let versions = join_all((0..50).map(|_| async { create(&world, &sales_order()).await })).await;

    assert!(versions.iter().all(|version| *version == 1), "{versions:?}");
}

#[tokio::test]
async fn two_versions_that_race_to_go_online_leave_exactly_one() {
    let world = people().await;
    create(&world, &sales_order()).await;
    create(&world, &titled("第二版")).await;

    for _ in 0..15 {
        join_all([online(&world, json!(1)), online(&world, json!(2))]).await;
        assert_eq!(online_versions(&world).await.len(), 1);
    }
}
