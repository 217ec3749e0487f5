//! The documented journey, with every service a process of its own.

use std::time::Duration;

use serde_json::json;

use super::erp::SYNC;
use super::house::House;
use super::verdict::everybody_heard_once;
use super::world::{Tally, World, departments, flow_code, order, users};
use super::{pause, say, until};

const SOON: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documented_journey_through_separate_processes() {
    let house = House::start("journey").await;
    let world = World::empty(&house).await;
    let erp = &world.erp;

    erp.post("/aflow/api/sys/sync/department", &departments()).await.ok();
    erp.post("/aflow/api/sys/sync/user", &users()).await.ok();
    erp.post("/aflow/api/flow/create_third_party", &tests::sales_order()).await.ok();
    erp.post("/aflow/api/flow/online_third_party", &flow_code()).await.ok();
    let mut snapshot = order(123_456, "USER002");
    snapshot["tasks"] = json!([tests::open_task("TASK001", &["USER001", "USER002"])]);
    erp.post(SYNC, &snapshot).await.ok();

    for user in ["USER001", "USER002"] {
        assert_eq!(erp.todo(user).await, [123_456]);
    }
    let wanted: Tally = ["u1", "u2"].map(|user| ((123_456, user.to_owned()), 1)).into();
    let took = everybody_heard_once(&house, &world, &wanted, SOON).await;
    say(&format!("both assignees have their message and their to-do after {took:.1?}"));

    erp.post(SYNC, &snapshot).await.ok();
    pause(3_000).await;
    everybody_heard_once(&house, &world, &wanted, SOON).await;

    snapshot["version"] = json!(2);
    snapshot["updateTime"] = json!("2025-01-24 16:30:00");
    snapshot["tasks"] = json!([tests::passed_task("TASK001", &["USER001", "USER002"])]);
    erp.post(SYNC, &snapshot).await.ok();
    for user in ["USER001", "USER002"] {
        assert_eq!(erp.todo(user).await, [0; 0]);
    }
    let took = until(SOON, "both to-dos are ticked off", || async {
        let open = world.dingtalk.todos().iter().filter(|todo| !todo.done).count();
        if open == 0 { Ok(()) } else { Err(format!("{open} are open")) }
    })
    .await;
    say(&format!("both DingTalk to-dos are ticked off after {took:.1?}"));
    everybody_heard_once(&house, &world, &wanted, SOON).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_comes_back_after_each_restart() {
    let house = House::start("readiness").await;
    let world = World::start(&house).await;
    for service in ["sync", "sso", "flow", "task", "notify", "gateway"] {
        house.kill9(service);
        house.start_again(service);
        house.wait_until_ready(service).await;
        until(Duration::from_secs(5), &format!("{service} is up, not degraded"), || async {
            let (_, body) = house.health("gateway").await;
            if body["data"]["state"] == "up" { Ok(()) } else { Err(body.to_string()) }
        })
        .await;
    }
    drop(world);
    house.close().await;
}
