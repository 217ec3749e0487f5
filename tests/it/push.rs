//! Through the whole house: who is told in DingTalk, and of what no longer.

use serde_json::{Value, json};
use tests::{World, eventually, open_task, passed_task, snapshot};

use crate::helpers::{enterprise, sync, task_ids};

async fn configured() -> World {
    enterprise().await.with_dingtalk().await
}

/// Messages and to-dos that reached a DingTalk user: (messages, to-dos, of these ticked off).
fn reached(world: &World, userid: &str) -> (usize, usize, usize) {
    let messages = world.dingtalk.inbox().iter().filter(|message| message.userid == userid).count();
    let todos: Vec<_> =
        world.dingtalk.todos().into_iter().filter(|todo| todo.userid == userid).collect();
    (messages, todos.len(), todos.iter().filter(|todo| todo.done).count())
}

async fn reaches(world: &World, userid: &str, expected: (usize, usize, usize)) {
    let what = format!("{userid} has {expected:?}, the messages, to-dos and ticked-off to-dos");
    eventually(&what, || async { (reached(world, userid) == expected).then_some(()) }).await;
}

/// Sends another order to USER001 and waits until it arrives: what came before has had its turn.
async fn let_pass(world: &World, number: i64) {
    let before = reached(world, "u1");
    let mut order = snapshot(number);
    order["tasks"] = json!([open_task("FENCE", &["USER001"])]);
    sync(world, &order).await;
    reaches(world, "u1", (before.0 + 1, before.1 + 1, before.2)).await;
}

fn order(version: i64, tasks: Value) -> Value {
    let mut order = snapshot(1);
    order["version"] = json!(version);
    order["tasks"] = tasks;
    order
}

#[tokio::test]
async fn each_assignee_gets_one_message_and_one_to_do() {
    let world = configured().await;

    sync(&world, &order(1, json!([open_task("T1", &["USER002", "USER003"])]))).await;

    for userid in ["u2", "u3"] {
        reaches(&world, userid, (1, 1, 0)).await;
    }
    assert_eq!(reached(&world, "u1"), (0, 0, 0));
    let message = world.dingtalk.inbox().remove(0);
    assert!(
        message.url.starts_with("https://odoo.example.com/h5/sales/detail?orderId=1"),
        "{}",
        message.url
    );
}

#[tokio::test]
async fn stale_unchanged_and_repeated_syncs_push_nothing_more() {
    let world = configured().await;
    let task = json!([open_task("T1", &["USER002"])]);
    sync(&world, &order(5, task.clone())).await;
    reaches(&world, "u2", (1, 1, 0)).await;

    for version in [5, 4, 6, 7] {
        sync(&world, &order(version, task.clone())).await;
    }
    let_pass(&world, 900).await;

    assert_eq!(reached(&world, "u2"), (1, 1, 0));
}

#[tokio::test]
async fn a_task_that_is_over_leaves_the_list_and_its_dingtalk_to_do_is_ticked_off() {
    let world = configured().await;
    sync(&world, &order(1, json!([open_task("T1", &["USER002", "USER003"])]))).await;
    reaches(&world, "u2", (1, 1, 0)).await;
    reaches(&world, "u3", (1, 1, 0)).await;

    sync(&world, &order(2, json!([passed_task("T1", &["USER002", "USER003"])]))).await;

    assert!(task_ids(&world, "todo", "USER002").await.is_empty());
    for userid in ["u2", "u3"] {
        reaches(&world, userid, (1, 1, 1)).await;
    }
}

#[tokio::test]
async fn a_deleted_order_ticks_off_its_to_dos() {
    let world = configured().await;
    sync(&world, &order(1, json!([open_task("T1", &["USER002"])]))).await;
    reaches(&world, "u2", (1, 1, 0)).await;

    let mut deleted = order(2, json!([]));
    (deleted["orderStatus"], deleted["orderResult"]) = (json!("over"), json!("delete"));
    sync(&world, &deleted).await;

    reaches(&world, "u2", (1, 1, 1)).await;
}

#[tokio::test]
async fn a_task_given_to_another_person_moves_its_to_do() {
    let world = configured().await;
    sync(&world, &order(1, json!([open_task("T1", &["USER002"])]))).await;
    reaches(&world, "u2", (1, 1, 0)).await;

    sync(&world, &order(2, json!([open_task("T1", &["USER003"])]))).await;

    reaches(&world, "u2", (1, 1, 1)).await;
    reaches(&world, "u3", (1, 1, 0)).await;
}

#[tokio::test]
async fn a_task_first_seen_over_and_a_finished_order_push_nothing() {
    let world = configured().await;
    let mut finished = order(1, json!([open_task("T2", &["USER002"])]));
    (finished["orderId"], finished["orderStatus"], finished["orderResult"]) =
        (json!(2), json!("over"), json!("pass"));

    sync(&world, &order(1, json!([passed_task("T1", &["USER002"])]))).await;
    sync(&world, &finished).await;
    let_pass(&world, 900).await;

    assert_eq!(reached(&world, "u2"), (0, 0, 0));
}

#[tokio::test]
async fn a_task_to_be_read_makes_a_message_and_no_to_do() {
    let world = configured().await;
    let mut informing = open_task("N1", &["USER002"]);
    informing["nodeType"] = json!("notify");

    sync(&world, &order(1, json!([informing]))).await;
    reaches(&world, "u2", (1, 0, 0)).await;
    let_pass(&world, 900).await;

    assert_eq!(reached(&world, "u2"), (1, 0, 0));
}

#[tokio::test]
async fn an_unknown_person_is_pushed_when_they_appear() {
    let world = configured().await;
    let fourth = fakes::dingtalk::Person {
        mobile: Some("13800138009".to_owned()),
        ..fakes::dingtalk::Person::new("u9", "九")
    };
    world.dingtalk.add_person(fourth);
    sync(&world, &order(1, json!([open_task("T1", &["USER009"])]))).await;
    let_pass(&world, 900).await;
    assert_eq!(reached(&world, "u9"), (0, 0, 0));

    let users = json!({"users": [{"userId": "USER009", "userName": "n", "deptId": "DEPT001", "mobile": "13800138009"}]});
    world.erp().post("/aflow/api/sys/sync/user", &users).await.ok();

    reaches(&world, "u9", (1, 1, 0)).await;
}

#[tokio::test]
async fn a_binding_leads_to_the_bound_dingtalk_user() {
    let world = configured().await;
    world
        .erp()
        .post("/aflow/api/auth/bind", &json!({"customUserCode": "USER002", "linkUserCode": "u3"}))
        .await
        .ok();
    // Binding and task are facts of two services, and either may be heard first.
    let known = format!(
        "select count(*) from house_notify.people where tenant = '{}' and dingtalk_user_id = 'u3'",
        world.tenant
    );
    eventually("notify-service knows the binding", || async {
        (shared::testing::count(&known).await == 1).then_some(())
    })
    .await;

    sync(&world, &order(1, json!([open_task("T1", &["USER002"])]))).await;

    reaches(&world, "u3", (1, 1, 0)).await;
    assert_eq!(reached(&world, "u2"), (0, 0, 0));
}

#[tokio::test]
async fn without_dingtalk_everything_else_works() {
    let world = enterprise().await;

    let opened = sync(&world, &order(1, json!([open_task("T1", &["USER002"])]))).await;
    assert_eq!((&opened["applied"], &opened["warnings"]), (&json!(true), &json!([])));
    assert_eq!(task_ids(&world, "todo", "USER002").await, ["T1"]);
    let closed = sync(&world, &order(2, json!([passed_task("T1", &["USER002"])]))).await;

    assert_eq!((&closed["applied"], &closed["warnings"]), (&json!(true), &json!([])));
    assert!(task_ids(&world, "todo", "USER002").await.is_empty());
    assert!(world.dingtalk.inbox().is_empty() && world.dingtalk.todos().is_empty());
}

#[tokio::test]
async fn a_dingtalk_that_is_down_never_fails_the_sync_and_gets_it_later() {
    let world = configured().await;
    world.dingtalk.knobs(fakes::dingtalk::Knobs { down: Some(true), ..Default::default() });

    sync(&world, &order(1, json!([open_task("T1", &["USER002"])]))).await;
    assert_eq!(task_ids(&world, "todo", "USER002").await, ["T1"]);
    world.dingtalk.knobs(fakes::dingtalk::Knobs { down: Some(false), ..Default::default() });

    reaches(&world, "u2", (1, 1, 0)).await;
}

#[tokio::test]
async fn names_with_markup_cannot_put_a_link_into_a_message() {
    let world = configured().await;
    let mut task = open_task("T1", &["USER002"]);
    task["taskName"] = json!("[点我](http://evil.example.com) @all");
    let mut evil = order(1, json!([task]));
    evil["title"] = json!("![](http://evil.example.com/p.png)");

    sync(&world, &evil).await;
    reaches(&world, "u2", (1, 1, 0)).await;

    let text = world.dingtalk.inbox().remove(0).text;
    for bad in ["](", "http://evil", "@all"] {
        assert!(!text.contains(bad), "{bad:?} in {text}");
    }
}
