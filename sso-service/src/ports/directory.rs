//! sync-service: who somebody who signs in may be.

use shared::contract::directory::{MatchPeople, Matches};
use shared::http::client::{Error, Peer};
use shared::id::Tenant;
use shared::identity::Caller;

/// Asks sync-service.
pub(crate) struct Directory(pub(crate) Peer);

impl Directory {
    /// Everybody whom a part of `wanted` names.
    pub(crate) async fn match_people(
        &self,
        tenant: &Tenant,
        wanted: &MatchPeople,
    ) -> Result<Matches, Error> {
        let caller = Caller::service(tenant.clone(), "sso");
        self.0.post(&caller, "/internal/people/match", wanted).await
    }
}
