//! Whom sync-service names to sso-service when somebody signs in.

use serde_json::{Value, json};
use shared::id::Tenant;
use shared::identity::Caller;
use tests::World;

use crate::helpers::{BIND, DEPARTMENTS, USERS};

async fn ask(world: &World, wanted: Value) -> Value {
    let caller = Caller::service(Tenant::stored(world.tenant.clone()), "sso");
    world.peer("sync").post(&caller, "/internal/people/match", &wanted).await.unwrap()
}

/// Who was found and by what.
fn found(answer: &Value) -> Vec<(String, String)> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    let matches = answer["matches"].as_array().unwrap();
    let mut found: Vec<(String, String)> =
        matches.iter().map(|one| (text(one, "userCode"), text(one, "by"))).collect();
    found.sort();
    found
}

fn pair(code: &str, by: &str) -> (String, String) {
    (code.to_owned(), by.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_by_every_part_in_every_spelling() {
    let world = World::start().await.with_people().await;
    let mail = json!({"users": [{"userId": "USER002", "userName": "李四", "deptId": "DEPT001", "email": "Li.Si@example.com"}]});
    world.erp().post(USERS, &mail).await.ok();
    let link =
        json!({"customUserCode": "USER003", "linkUserCode": "ding3", "phoneNumber": "13999990003"});
    world.erp().post(BIND, &link).await.ok();

    let wanted = json!({"userCode": "USER001", "boundUserCode": "USER002", "mobile": "+86 138-0013-8002",
        "email": "li.si@EXAMPLE.com", "dingtalkUserId": "ding3", "dingtalkMobile": "13999990003"});
    let answer = ask(&world, wanted).await;

    let all = [
        pair("USER001", "code"),
        pair("USER002", "bound"),
        pair("USER002", "email"),
        pair("USER003", "dingtalk"),
        pair("USER003", "dingtalkMobile"),
        pair("USER003", "mobile"),
    ];
    assert_eq!(found(&answer), all);
    let first = &answer["matches"][0];
    assert_eq!((&first["active"], &first["deptId"]), (&json!(true), &json!("DEPT001")));
    assert!(first["revision"].as_i64().unwrap() > 0);
    // A mobile bound for DingTalk stands there in place of the person's own.
    let own = ask(&world, json!({"dingtalkMobile": "13800138002"})).await;
    assert!(found(&own).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_found_for_nothing_or_in_another_enterprise() {
    let world = World::start().await.with_people().await;
    let other = World::start().await;

    assert!(found(&ask(&world, json!({})).await).is_empty());
    assert!(
        found(
            &ask(&world, json!({"userCode": "user001", "mobile": "１３８００１３８０００"})).await
        )
        .is_empty()
    );
    assert!(
        found(&ask(&other, json!({"userCode": "USER001", "mobile": "13800138000"})).await)
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_is_created_once_by_the_rules_of_the_erps_own_rows() {
    let world = World::start().await.with_people().await;
    let codes =
        json!({"departments": [{"deptId": "DEPT002", "deptName": "二部", "deptCode": "D-2"}]});
    world.erp().post(DEPARTMENTS, &codes).await.ok();
    let newcomer = |code: &str, department: &str| {
        json!({"userCode": code, "mobile": "+86 139 0000 0009", "department": department,
            "create": {"name": "新人", "mobile": "+86 139 0000 0009", "email": null}})
    };

    let made = ask(&world, newcomer("NEW1", "D-2")).await;
    let again = ask(&world, newcomer("NEW1", "D-2")).await;
    let nowhere =
        ask(&world, json!({"userCode": "NEW2", "department": "NOPE", "create": {"name": "x"}}))
            .await;
    let reserved =
        ask(&world, json!({"userCode": "admin", "department": "DEPT001", "create": {"name": "x"}}))
            .await;

    assert_eq!((&made["created"], &made["department"]), (&json!(true), &json!("DEPT002")));
    assert_eq!(found(&made), [pair("NEW1", "code"), pair("NEW1", "mobile")]);
    assert_eq!((&again["created"], found(&again).len()), (&json!(false), 2));
    assert_eq!(nowhere["refused"], "DEPT_NOT_FOUND");
    assert_eq!(reserved["refused"], "RESERVED_ID");
    let told = format!(
        "select count(*) from house_sso.people where tenant = '{}' and user_code = 'NEW1' and active",
        world.tenant
    );
    tests::eventually("everybody hears of them", || async {
        (shared::testing::count(&told).await == 1).then_some(())
    })
    .await;
}
