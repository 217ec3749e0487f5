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

/// Sends what was noted, until `stop`.
pub(crate) async fn run(mut waiting: mpsc::Receiver<Refused>, sso: Peer, stop: CancellationToken) {
    let asker = Caller::service(Tenant::stored("-"), "gateway");
    loop {
        let mut batch = Vec::new();
        tokio::select! {
            () = stop.cancelled() => return,
            count = waiting.recv_many(&mut batch, BATCH) => if count == 0 { return },
        }
        let sent: Result<serde_json::Value, _> =
            sso.post(&asker, "/internal/refusals", &batch).await;
        if let Err(cause) = sent {
            tracing::warn!(
                lost = batch.len(),
                cause = chain(&cause),
                "refused requests could not be recorded"
            );
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
