//! The task centre as a person with a session sees it: their own lists, and orders they take part in.

use serde_json::json;
use shared::clock::Clock;
use shared::code::Code;
use shared::id::{Tenant, UserCode};
use shared::identity::{Actor, Caller, IDENTITY_HEADER, Keys};
use tests::{Answered, World, open_task, snapshot};

use crate::helpers::{DETAIL, READ, SUMMARY, enterprise, page, sync};

fn client() -> reqwest::Client {
    shared::http::client::new(std::time::Duration::from_secs(20)).unwrap()
}

/// What the gateway sends on for a person.
async fn ask(world: &World, user: &str, request: reqwest::RequestBuilder) -> Answered {
    let keys = Keys::new(&shared::testing::INTERNAL_KEY.to_owned().into(), Clock::system());
    let actor = Actor::Person(UserCode::stored(user));
    let caller = Caller { tenant: Tenant::stored(world.tenant.as_str()), actor };
    let request = request.header(IDENTITY_HEADER, keys.issue(&caller).unwrap());
    Answered::read(request.send().await.unwrap()).await
}

async fn get(world: &World, user: &str, path: &str) -> Answered {
    let request = client().get(format!("{}{path}", world.service("task")));
    ask(world, user, request).await
}

async fn read(world: &World, user: &str, body: serde_json::Value) -> Answered {
    let address = format!("{}{READ}", world.service("task"));
    ask(world, user, client().post(address).json(&body)).await
}

#[tokio::test]
async fn a_person_has_their_own_lists_without_naming_anybody() {
    let world = enterprise().await;
    sync(&world, &snapshot(1)).await;

    let todo = get(&world, "USER002", "/aflow/api/task/todo").await.ok();
    let named = get(&world, "USER002", "/aflow/api/task/todo?userCode=USER002").await.ok();
    let other = get(&world, "USER001", "/aflow/api/task/todo").await.ok();
    let initiated = get(&world, "USER001", "/aflow/api/task/initiated").await.ok();
    let copies = get(&world, "USER003", "/aflow/api/task/cc").await.ok();
    let numbers = get(&world, "USER002", SUMMARY).await.ok();

    assert_eq!(todo, page(&world, "todo", "USER002", "").await);
    assert_eq!(
        (&todo["total"], &named["total"], &other["total"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!((&initiated["total"], &copies["total"]), (&json!(1), &json!(1)));
    assert_eq!(numbers["allTodo"], 1);
}

#[tokio::test]
async fn a_person_may_name_nobody_else() {
    let world = enterprise().await;
    sync(&world, &snapshot(1)).await;

    for list in ["todo", "done", "cc", "initiated", "summary"] {
        let path = format!("/aflow/api/task/{list}?userCode=USER002");
        get(&world, "USER001", &path).await.refused(Code::NotPermitted);
    }
    let path = format!("{DETAIL}?orderId=1&userCode=USER002");
    get(&world, "USER001", &path).await.refused(Code::NotPermitted);
    let marked = read(&world, "USER001", json!({"taskId": "TASK001", "userCode": "USER002"})).await;
    marked.refused(Code::NotPermitted);

    assert_eq!(page(&world, "todo", "USER002", "").await["rows"][0]["read"], false);
    read(&world, "USER002", json!({"taskId": "TASK001"})).await.ok();
    assert_eq!(page(&world, "todo", "USER002", "").await["rows"][0]["read"], true);
}

#[tokio::test]
async fn an_order_that_does_not_concern_a_person_is_as_unknown_as_a_missing_one() {
    let world = enterprise().await;
    sync(&world, &snapshot(1)).await;
    let mut moved = snapshot(2);
    moved["tasks"] = json!([open_task("TASK001", &["USER002"])]);
    sync(&world, &moved).await;
    moved["version"] = json!(2);
    moved["tasks"] = json!([open_task("TASK001", &["USER003"])]);
    sync(&world, &moved).await;

    for user in ["USER001", "USER002", "USER003"] {
        let shown = get(&world, user, &format!("{DETAIL}?orderId=1")).await.ok();
        assert_eq!(shown["orderId"], 1);
    }
    let strangers = [("NOBODY", 1), ("USER002", 2), ("USER001", 999)];
    for (user, order) in strangers {
        let answered = get(&world, user, &format!("{DETAIL}?orderId={order}")).await;
        let answered = answered.refused(Code::UnknownReference);
        assert_eq!(answered.fields(), ["orderId"]);
        let sentence = answered.body["data"]["errorMessage"].as_str().unwrap().to_owned();
        assert_eq!(sentence, format!("订单 {order} 不存在"));
    }
}

#[tokio::test]
async fn of_two_applications_with_one_number_a_person_sees_the_one_that_concerns_them() {
    let world = enterprise().await;
    world.create_application("APP002", "another-app-secret", json!({})).await;
    sync(&world, &snapshot(7)).await;
    let mut theirs = snapshot(7);
    theirs["initiator"] = json!("USER003");
    theirs["ccUsers"] = json!([]);
    theirs["tasks"] = json!([open_task("TASK001", &["USER003"])]);
    let second = world.client("APP002", "another-app-secret");
    second.post(crate::helpers::SYNC, &theirs).await.ok();
    let look = |user: &'static str, more: &'static str| {
        let world = &world;
        async move { get(world, user, &format!("{DETAIL}?orderId=7{more}")).await }
    };

    assert_eq!(look("USER002", "").await.ok()["appId"], "APP001");
    assert_eq!(look("USER003", "&appId=APP002").await.ok()["appId"], "APP002");
    look("USER002", "&appId=APP002").await.refused(Code::UnknownReference);
    // USER003 has a copy of the one and a task of the other.
    look("USER003", "").await.refused(Code::InvalidParameter);
}
