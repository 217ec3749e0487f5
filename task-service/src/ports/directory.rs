//! sync-service: which people exist.

use shared::contract::directory::{Resolve, Unknown};
use shared::http::client::{Error, Peer};
use shared::id::Tenant;
use shared::identity::Caller;

/// Asks sync-service.
pub(crate) struct Directory(pub(crate) Peer);

impl Directory {
    /// Those of `users` that this enterprise does not have.
    pub(crate) async fn list_unknown(
        &self,
        tenant: &Tenant,
        users: Vec<String>,
    ) -> Result<Vec<String>, Error> {
        let caller = Caller::service(tenant.clone(), "task");
        let wanted = Resolve { users, departments: Vec::new() };
        let unknown: Unknown = self.0.post(&caller, "/internal/directory/resolve", &wanted).await?;
        Ok(unknown.users)
    }
}
