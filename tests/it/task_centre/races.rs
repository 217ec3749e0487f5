//! Many clients at once: the newest snapshot wins, and each request has its effect once.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Answered, World, eventually, snapshot};

use crate::helpers::{SYNC, detail, enterprise, page};

/// Posts as an ERP does that waits when it is told to.
async fn post(world: &World, order: &Value) -> Answered {
    let erp = world.erp();
    eventually("the limit lets the request pass", || async {
        let answered = erp.post(SYNC, order).await;
        (answered.http != 429).then_some(answered)
    })
    .await
}

fn at(version: i64) -> Value {
    let mut order = snapshot(1);
    order["version"] = json!(version);
    order["title"] = json!(format!("第 {version} 版"));
    order
}

#[tokio::test]
async fn eight_clients_with_shuffled_versions_end_at_the_newest() {
    let world = enterprise().await;
    // Multiplying by a number below a prime shuffles 1..prime; each client has its own order.
    let prime = 53;
    let client = |which: i64| {
        let world = &world;
        async move {
            for step in 1..prime {
                post(world, &at(step * (which + 2) % prime)).await.ok();
            }
        }
    };

    join_all((0..8).map(client)).await;

    let shown = detail(&world, 1).await;
    assert_eq!(
        (&shown["version"], &shown["title"]),
        (&json!(prime - 1), &json!(format!("第 {} 版", prime - 1)))
    );
    assert_eq!(page(&world, "todo", "USER002", "").await["total"], 1);
}

#[tokio::test]
async fn two_hundred_orders_sent_three_times_at_once_are_two_hundred_effects() {
    let world = enterprise().await;
    let orders: Vec<Value> = (0..3).flat_map(|_| (1..=200).map(snapshot)).collect();

    let answers = join_all(orders.iter().map(|order| post(&world, order))).await;

    let data: Vec<Value> = answers.into_iter().map(Answered::ok).collect();
    assert_eq!(data.iter().filter(|data| data["applied"] == true).count(), 200);
    assert_eq!(data.iter().filter(|data| data["reason"] == "UNCHANGED").count(), 400);
    assert_eq!(page(&world, "todo", "USER002", "&size=1").await["total"], 200);
    assert_eq!(page(&world, "initiated", "USER001", "&size=1").await["total"], 200);
}

#[tokio::test]
async fn a_bad_snapshot_among_many_at_once_fails_alone() {
    let world = enterprise().await;
    let mut orders: Vec<Value> = (1..=60).map(snapshot).collect();
    for (place, order) in orders.iter_mut().enumerate().filter(|(place, _)| place % 3 == 0) {
        order[if place % 2 == 0 { "flowCode" } else { "updateTime" }] =
            json!(if place % 2 == 0 { "NOPE" } else { "2098-01-01 00:00:00" });
    }

    let answers = join_all(orders.iter().map(|order| post(&world, order))).await;

    for (place, answered) in answers.into_iter().enumerate() {
        assert_eq!(answered.status() == 0, place % 3 != 0, "{place}: {}", answered.body);
    }
    assert_eq!(page(&world, "todo", "USER002", "&size=1").await["total"], 40);
}
