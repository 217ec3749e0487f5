//! The broker goes away and comes back.

use std::time::Duration;

use super::erp::Patience;
use super::house::House;
use super::load::Load;
use super::verdict::nothing_is_lost;
use super::world::World;
use super::{is_long, pause, say, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_broker_may_be_away() {
    let mut house = House::start("broker").await;
    let world = World::start(&house).await;
    let away = if is_long() { 60 } else { 30 };
    let load = Load::start(&world.erp, 10, 1_000, |_| Patience::ONCE);
    pause(2_000).await;

    house.broker.cut().await;
    let noticed = until(Duration::from_secs(15), "readiness says degraded", || async {
        let (http, body) = house.health("gateway").await;
        let state = body["data"]["state"].as_str().unwrap_or_default();
        if (http, state) == (200, "degraded") { Ok(()) } else { Err(format!("{http} {body}")) }
    })
    .await;
    say(&format!("the broker is away; readiness says degraded after {noticed:.1?}"));
    pause(away * 1_000 - u64::try_from(noticed.as_millis()).unwrap()).await;
    let waiting = house.count_all("outbox").await;
    let (http, body) = house.health("gateway").await;
    assert_eq!((http, &body["data"]["state"]), (200, &"degraded".into()), "{body}");
    house.broker.restore().await;
    say(&format!("the broker is back after {away} s; {waiting} events wait"));
    pause(2_000).await;
    let sent = load.stop().await;

    let unhappy: Vec<_> = sent.iter().filter(|sent| !sent.answer.is_ok()).collect();
    assert!(unhappy.is_empty(), "{} not answered with 0: {:?}", unhappy.len(), unhappy.first());
    nothing_is_lost(&house, &world, &sent, Duration::from_secs(120)).await;
    until(Duration::from_secs(15), "readiness says up", || async {
        let (_, body) = house.health("gateway").await;
        if body["data"]["state"] == "up" { Ok(()) } else { Err(body.to_string()) }
    })
    .await;
    house.close().await;
}
