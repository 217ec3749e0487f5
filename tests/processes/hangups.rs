//! Clients that hang up at any moment.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;

use super::erp::SYNC;
use super::house::House;
use super::verdict::stored_whole;
use super::world::{World, assignee, order};
use super::{Dice, pause, say};

const REQUESTS: i64 = 300;

/// Sessions that hold a transaction open without doing anything in it.
const FORGOTTEN: &str = "select count(*) from pg_stat_activity where datname = current_database() \
     and state like 'idle in transaction%' and now() - state_change > interval '2 seconds'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_hang_up() {
    let house = Arc::new(House::start("hangups").await);
    let world = World::start(&house).await;
    let watched = house.clone();
    let watching = shared::telemetry::spawn(async move {
        loop {
            assert_eq!(watched.count(FORGOTTEN).await, 0, "a transaction is left open");
            pause(100).await;
        }
    });

    let mut dice = Dice::new();
    let calls: Vec<_> = (0..REQUESTS)
        .map(|offset| {
            let number = 1_000 + offset;
            let bytes = world.erp.wire(SYNC, &order(number, assignee(number)));
            let all = u64::try_from(bytes.len()).unwrap();
            // Two of three send everything and leave while the work is under way.
            let sent = if offset % 3 == 0 { dice.up_to(all) } else { all };
            let wait = Duration::from_micros(dice.up_to(25_000));
            (bytes, usize::try_from(sent).unwrap(), wait)
        })
        .collect();
    let hanging_up = stream::iter(calls)
        .map(|(bytes, sent, wait)| {
            let erp = world.erp.clone();
            async move { erp.hang_up(&bytes, sent, wait).await }
        })
        .buffer_unordered(16);
    hanging_up.for_each(async |()| {}).await;
    pause(5_000).await;
    assert!(!watching.is_finished(), "a transaction is left open");
    watching.abort();
    // Aborted is what it is now.
    let _ = watching.await;

    let stored = stored_whole(&house, &world).await;
    let there = stored.iter().filter(|number| **number >= 1_000).count();
    let absent = usize::try_from(REQUESTS).unwrap() - there;
    say(&format!(
        "{REQUESTS} requests cut: {there} orders whole, {absent} absent, 0 forgotten transactions"
    ));
    let after = (5_000..5_050).map(|number| {
        let erp = &world.erp;
        async move { erp.post(SYNC, &order(number, assignee(number))).await }
    });
    for answer in join_all(after).await {
        assert!(answer.took < Duration::from_secs(3), "{answer:?}");
        answer.ok();
    }
    Arc::into_inner(house).unwrap().close().await;
}
