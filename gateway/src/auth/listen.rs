//! What the gateway remembers of sso-service, dropped when sso-service says that it changed.

use std::future::Future;

use shared::bus::{Bus, Queue};
use shared::contract::Event;
use tokio_util::sync::CancellationToken;

/// Something remembered that a fact makes untrue.
pub(crate) trait Remembered: Send + Sync {
    type Fact: Event;

    /// Drops what the fact is about.
    fn forget(&self, fact: Self::Fact) -> impl Future<Output = ()> + Send;

    /// Drops everything: a fact could not be read.
    fn forget_all(&self);
}

/// Hears every fact on a queue of this process alone, until `stop`.
pub(crate) async fn listen<R: Remembered>(remembered: R, bus: Bus, stop: CancellationToken) {
    let topic = R::Fact::TOPIC;
    let mut subscription = bus.subscribe(Queue::Own("gateway"), &[topic]);
    loop {
        let batch = tokio::select! {
            () = stop.cancelled() => return,
            batch = subscription.next() => batch,
        };
        for message in batch.messages() {
            match R::Fact::read(&message.payload) {
                Ok(fact) => remembered.forget(fact).await,
                Err(cause) => {
                    tracing::error!(%cause, topic, "not the promised fact; everything is forgotten");
                    remembered.forget_all();
                }
            }
        }
        batch.ack().await;
    }
}
