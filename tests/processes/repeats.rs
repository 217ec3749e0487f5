//! The same bytes many times over, from many clients, some of which hang up.

use std::sync::Arc;
use std::time::Duration;

use super::erp::SYNC;
use super::house::House;
use super::verdict::{everybody_heard_once, stored_whole};
use super::world::{Tally, World, assignee, ding_user, order};
use super::{Dice, pause, say};

const BODIES: i64 = 50;
const SENDS: usize = 10;
const CLIENTS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeats_have_one_effect() {
    let house = House::start("repeats").await;
    let world = World::start(&house).await;
    let numbers: Vec<i64> = (1_000..1_000 + BODIES).collect();
    let mut dice = Dice::new();
    let mut sends: Vec<i64> = numbers.iter().copied().cycle().take(numbers.len() * SENDS).collect();
    for place in (1..sends.len()).rev() {
        sends.swap(place, usize::try_from(dice.up_to(place as u64)).unwrap());
    }

    let sends = Arc::new(std::sync::Mutex::new(sends));
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let (erp, sends) = (world.erp.clone(), sends.clone());
        let mut dice = Dice(dice.up_to(u64::MAX - 1) ^ client as u64 | 1);
        clients.spawn(async move {
            let mut cut = 0;
            loop {
                let Some(number) = sends.lock().unwrap().pop() else { return cut };
                let body = order(number, assignee(number));
                if dice.up_to(2) == 0 {
                    let bytes = erp.wire(SYNC, &body);
                    let wait = Duration::from_micros(dice.up_to(20_000));
                    erp.hang_up(&bytes, bytes.len(), wait).await;
                    cut += 1;
                } else {
                    erp.post(SYNC, &body).await.ok();
                }
            }
        });
    }
    let cut: usize = clients.join_all().await.into_iter().sum();
    for number in &numbers {
        world.erp.post(SYNC, &order(*number, assignee(*number))).await.ok();
    }

    let stored = stored_whole(&house, &world).await;
    assert_eq!(stored.iter().filter(|number| **number >= 1_000).count(), numbers.len());
    let mut wanted: Tally = Tally::from([((1, "u1".to_owned()), 1)]);
    wanted.extend(numbers.iter().map(|number| ((*number, ding_user(assignee(*number))), 1)));
    let took = everybody_heard_once(&house, &world, &wanted, Duration::from_secs(60)).await;
    pause(3_000).await;
    everybody_heard_once(&house, &world, &wanted, Duration::from_secs(5)).await;
    let total = numbers.len() * SENDS;
    say(&format!(
        "{total} sends, {cut} of them cut: {BODIES} orders, one message each, {took:.1?} later"
    ));
    house.close().await;
}
