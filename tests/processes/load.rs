//! Orders sent at an even pace while something breaks.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::erp::{Answer, Erp, Patience, SYNC};
use super::world::{assignee, order};

/// What became of one order.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) number: i64,
    pub(crate) user: &'static str,
    /// The last answer.
    pub(crate) answer: Answer,
    pub(crate) sends: usize,
}

/// A running load.
pub(crate) struct Load {
    stop: watch::Sender<bool>,
    work: JoinHandle<Vec<Sent>>,
}

impl Load {
    /// `per_second` orders, numbered from `first`, each sent with the patience of its number.
    pub(crate) fn start<P>(erp: &Erp, per_second: u32, first: i64, patience: P) -> Self
    where
        P: Fn(i64) -> Patience + Send + Sync + 'static,
    {
        let (stop, mut stopped) = watch::channel(false);
        let (erp, patience) = (erp.clone(), Arc::new(patience));
        let work = shared::telemetry::spawn(async move {
            let mut timer = tokio::time::interval(Duration::from_secs(1) / per_second);
            let mut sending = JoinSet::new();
            for number in first.. {
                tokio::select! {
                    _ = timer.tick() => {}
                    _ = stopped.wait_for(|stop| *stop) => break,
                }
                let (erp, patience) = (erp.clone(), patience.clone());
                sending.spawn(async move {
                    let user = assignee(number);
                    let (answer, sends) =
                        erp.insist(SYNC, &order(number, user), patience(number)).await;
                    Sent { number, user, answer, sends }
                });
            }
            sending.join_all().await
        });
        Self { stop, work }
    }

    /// Sends no more; waits for the answers that are still out.
    pub(crate) async fn stop(self) -> Vec<Sent> {
        self.stop.send_replace(true);
        let mut sent = self.work.await.unwrap();
        sent.sort_by_key(|sent| sent.number);
        sent
    }
}
