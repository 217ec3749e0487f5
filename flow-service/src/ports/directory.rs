//! sync-service: which people and departments exist.

use shared::contract::directory::{Resolve, Unknown};
use shared::http::client::{Error, Peer};
use shared::id::Tenant;
use shared::identity::Caller;

/// Asks sync-service.
pub(crate) struct Directory(pub(crate) Peer);

impl Directory {
    /// What of `wanted` names nothing in this enterprise.
    pub(crate) async fn resolve(
        &self,
        tenant: &Tenant,
        wanted: &Resolve,
    ) -> Result<Unknown, Error> {
        let caller = Caller::service(tenant.clone(), "flow");
        self.0.post(&caller, "/internal/directory/resolve", wanted).await
    }
}
