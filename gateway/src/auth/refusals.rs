//! Hands refused requests to sso-service's audit log, in batches, without holding up anybody.

use std::time::Duration;

use shared::contract::access::Refused;
use shared::fault::chain;
use shared::http::client::Peer;
use shared::id::Tenant;
use shared::identity::Caller;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const WAITING: usize = 10_000;
const BATCH: usize = 200;

/// The door's end; cheap to clone.
#[derive(Clone)]
pub(crate) struct Refusals(mpsc::Sender<Refused>);

impl Refusals {
    /// The two ends.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Refused>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }

    /// Notes a refusal; under a flood some are only counted.
    pub(crate) fn note(&self, refused: Refused) {
        if self.0.try_send(refused).is_err() {
            metrics::counter!("gateway_refusals_not_recorded").increment(1);
        }
    }
}

/// Sends what was noted, until `stop`; what is still waiting then is sent last.
pub(crate) async fn run(mut waiting: mpsc::Receiver<Refused>, sso: Peer, stop: CancellationToken) {
    loop {
        let mut batch = Vec::new();
        tokio::select! {
            () = stop.cancelled() => {
                waiting.close();
                while waiting.recv_many(&mut batch, BATCH).await > 0 {
                    send(&sso, std::mem::take(&mut batch)).await;
                }
                return;
            }
            count = waiting.recv_many(&mut batch, BATCH) => if count == 0 { return },
        }
        send(&sso, batch).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn send(sso: &Peer, batch: Vec<Refused>) {
    let asker = Caller::service(Tenant::stored("-"), "gateway");
    let sent: Result<serde_json::Value, _> = sso.post(&asker, "/internal/refusals", &batch).await;
    if let Err(cause) = sent {
        tracing::warn!(
            lost = batch.len(),
            cause = chain(&cause),
            "refused requests could not be recorded"
        );
    }
}
