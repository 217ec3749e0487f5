//! kill -9 of each service under load.

use std::time::{Duration, Instant};

use super::erp::Patience;
use super::house::House;
use super::load::Load;
use super::verdict::nothing_is_lost;
use super::world::World;
use super::{pause, say};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_each_service_in_turn_under_load_loses_nothing() {
    let house = House::start("kills").await;
    let world = World::start(&house).await;
    // Every tenth client does not ask again, so that some orders stay unanswered.
    let patience = |number| if number % 10 == 0 { Patience::ONCE } else { Patience::STUBBORN };
    let load = Load::start(&world.erp, 20, 1_000, patience);
    let began = Instant::now();

    for service in ["task", "notify", "gateway", "sso", "sync", "flow"] {
        pause(3_500).await;
        house.kill9(service);
        say(&format!("{service} killed at {:.1?}", began.elapsed()));
        pause(1_000).await;
        house.start_again(service);
        pause(2_000).await;
    }
    let sent = load.stop().await;

    nothing_is_lost(&house, &world, &sent, Duration::from_secs(120)).await;
    house.close().await;
}
