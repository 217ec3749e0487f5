//! The database goes away and comes back.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::erp::{Answer, Erp, Patience, SYNC};
use super::house::House;
use super::load::Load;
use super::verdict::nothing_is_lost;
use super::world::{World, departments, flow_code, order, users};
use super::{pause, say};

/// One request to each service with tables that the outside reaches, and two to the busiest.
async fn one_of_each(erp: &Erp, number: i64) -> Vec<(&'static str, Answer)> {
    let (snapshot, departments, users) = (order(number, "USER001"), departments(), users());
    let code = flow_code();
    let writes = [
        ("a snapshot", SYNC, &snapshot),
        ("departments", "/aflow/api/sys/sync/department", &departments),
        ("users", "/aflow/api/sys/sync/user", &users),
        ("a flow", "/aflow/api/flow/online_third_party", &code),
    ];
    let writes = writes.map(|(name, path, body)| async move { (name, erp.post(path, body).await) });
    let list =
        async { ("a list", erp.get("/aflow/api/task/todo?userCode=USER001&page=1&size=1").await) };
    let (mut answers, list) = tokio::join!(join_all(writes), list);
    answers.push(list);
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn database_connections_cut() {
    let mut house = House::start("database").await;
    let world = World::start(&house).await;
    let load = Load::start(&world.erp, 20, 1_000, |_| Patience::STUBBORN);
    pause(2_000).await;

    house.postgres.cut().await;
    let (cut, mut asked, mut slowest) = (Instant::now(), 0, Duration::ZERO);
    let mut number = 900_000;
    while cut.elapsed() < Duration::from_secs(5) {
        for (name, answer) in one_of_each(&world.erp, number).await {
            let seen = (answer.http, answer.code());
            assert_eq!(seen, (503, "UNAVAILABLE"), "{name} without a database: {answer:?}");
            assert!(answer.took <= Duration::from_millis(3_500), "{name} took {:.1?}", answer.took);
            (asked, slowest) = (asked + 1, slowest.max(answer.took));
        }
        number += 1;
        pause(50).await;
    }
    say(&format!(
        "{asked} requests without a database: all 503 UNAVAILABLE, slowest {slowest:.2?}"
    ));
    let (http, body) = house.health("gateway").await;
    assert_eq!((http, &body["data"]["state"]), (503, &"down".into()), "{body}");

    house.postgres.restore().await;
    let restored = Instant::now();
    let mut good_in_a_row = 0;
    let mut first_good = Duration::ZERO;
    while good_in_a_row < 20 {
        let answers = one_of_each(&world.erp, number).await;
        let bad: Vec<_> = answers.iter().filter(|(_, answer)| !answer.is_ok()).collect();
        if bad.is_empty() {
            first_good = if good_in_a_row == 0 { restored.elapsed() } else { first_good };
            good_in_a_row += 1;
        } else {
            assert!(restored.elapsed() < Duration::from_secs(15), "not back in 15 s: {bad:?}");
            good_in_a_row = 0;
        }
        number += 1;
    }
    say(&format!("full service {first_good:.2?} after the database is back"));
    assert!(first_good < Duration::from_secs(15));
    let sent = load.stop().await;

    nothing_is_lost(&house, &world, &sent, Duration::from_secs(120)).await;
    house.close().await;
}
