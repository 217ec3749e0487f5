//! The promises of the design kept by real processes: six services of their own, started, killed and
//! stopped from here, over the real PostgreSQL and RabbitMQ behind lines that can be cut.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot go on fails, and one that runs for minutes says how far it is"
)]

mod broker;
mod database;
mod engine;
mod erp;
mod hangups;
mod house;
mod journey;
mod kills;
mod load;
mod relay;
mod repeats;
mod secrets;
mod sign_in;
mod sigterm;
mod verdict;
mod world;

use std::future::Future;
use std::time::{Duration, Instant};

/// Asks `probe` until it has nothing to complain about; fails after `limit` with its last complaint.
/// Gives how long it took.
async fn until<F>(limit: Duration, what: &str, mut probe: impl FnMut() -> F) -> Duration
where
    F: Future<Output = Result<(), String>>,
{
    let began = Instant::now();
    loop {
        let Err(complaint) = probe().await else { return began.elapsed() };
        assert!(began.elapsed() < limit, "waited {limit:?} in vain until {what}: {complaint}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A line of progress.
fn say(text: &str) {
    println!("    {text}");
}

async fn pause(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// Whether the long versions are wanted.
fn is_long() -> bool {
    std::env::var_os("AIFLOW_TEST_LONG").is_some_and(|value| value == "1")
}

/// Numbers that differ from run to run, to cut things at moments nobody chose.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        Self(u64::from(now.subsec_nanos()) ^ (now.as_secs() << 20) | 1)
    }

    /// From 0 to `most`.
    fn up_to(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % (most + 1)
    }
}
