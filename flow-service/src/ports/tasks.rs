//! task-service: keeps the lists that people look at.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use shared::contract::order::OrderAdvanced;
use shared::http::client::{Error, Peer};
use shared::id::Tenant;
use shared::identity::Caller;

/// How long nobody is told after it failed: the events tell it anyway.
const REST: Duration = Duration::from_secs(2);

/// Tells task-service.
pub(crate) struct Tasks {
    peer: Peer,
    rests_until: Mutex<Option<Instant>>,
}

impl Tasks {
    pub(crate) fn new(peer: Peer) -> Self {
        Self { peer, rests_until: Mutex::default() }
    }

    /// Tells what became true, so that the lists show it at once. `None` = it rests.
    pub(crate) async fn tell(
        &self,
        tenant: &Tenant,
        facts: &[OrderAdvanced],
    ) -> Option<Result<(), Error>> {
        let until = *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.is_some_and(|until| Instant::now() < until) {
            return None;
        }
        let caller = Caller::service(tenant.clone(), "flow");
        let told: Result<serde_json::Value, Error> =
            self.peer.post(&caller, "/internal/order/advanced", &facts).await;
        let rest = told.is_err().then(|| Instant::now() + REST);
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = rest;
        Some(told.map(|_| ()))
    }
}
