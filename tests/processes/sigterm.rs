//! SIGTERM under load: what is in flight is finished, and a client that asks once more loses nothing.

use std::time::{Duration, Instant};

use super::erp::Patience;
use super::house::House;
use super::load::Load;
use super::verdict::nothing_is_lost;
use super::world::World;
use super::{pause, say};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_finishes_what_is_in_flight() {
    let house = House::start("sigterm").await;
    let world = World::start(&house).await;
    let load = Load::start(&world.erp, 20, 1_000, |_| Patience::TWICE);

    for service in ["task", "notify", "sync", "flow", "sso", "gateway"] {
        pause(1_000).await;
        let (code, took) = house.stop_gracefully(service).await;
        let began = Instant::now();
        house.start_again(service);
        house.wait_until_ready(service).await;
        say(&format!(
            "{service} exits {code:?} {took:.2?} after SIGTERM, back in {:.2?}",
            began.elapsed()
        ));
        assert_eq!(code, Some(0), "{service}");
        assert!(took < Duration::from_secs(25), "{service} took {took:.1?}");
    }
    pause(1_000).await;
    let sent = load.stop().await;

    let lost: Vec<_> = sent.iter().filter(|sent| !sent.answer.is_ok()).collect();
    assert!(lost.is_empty(), "{} lost by asking only twice: {:?}", lost.len(), lost.first());
    nothing_is_lost(&house, &world, &sent, Duration::from_secs(120)).await;
    house.close().await;
}
