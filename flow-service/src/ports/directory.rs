//! sync-service: which people and departments exist, and who is in which.

use shared::contract::directory::{FindPeople, FoundPeople, Resolve, Unknown};
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

    /// Who these people are, and who is in these departments.
    pub(crate) async fn find(
        &self,
        tenant: &Tenant,
        wanted: &FindPeople,
    ) -> Result<FoundPeople, Error> {
        let caller = Caller::service(tenant.clone(), "flow");
        self.0.post(&caller, "/internal/people/find", wanted).await
    }
}
