//! flow-service: which flows are online.

use shared::contract::flow::{FlowPublished, ListOnline};
use shared::http::client::{Error, Peer};
use shared::id::{AppId, Tenant};
use shared::identity::Caller;

/// Asks flow-service.
pub(crate) struct Flows(pub(crate) Peer);

impl Flows {
    /// The online flows of an application.
    pub(crate) async fn list_online(
        &self,
        tenant: &Tenant,
        app: &AppId,
    ) -> Result<Vec<FlowPublished>, Error> {
        let caller = Caller::service(tenant.clone(), "task");
        self.0.post(&caller, "/internal/flows/online", &ListOnline { app: app.to_string() }).await
    }
}
