//! sso-service: the secret with which an application's pushes are signed, remembered for a while.

use std::time::Duration;

use serde_json::json;
use shared::contract::access::Credential;
use shared::http::client::{Error, Peer};
use shared::id::{AppId, Tenant};
use shared::identity::Caller;

/// How long an answer is believed: so long the old secret may sign after a rotation.
const BELIEVED: Duration = Duration::from_secs(30);

/// The most applications that are remembered.
const MOST: u64 = 10_000;

/// Asks sso-service, once for all who want to know at the same time.
pub(crate) struct Credentials {
    peer: Peer,
    known: moka::future::Cache<(Tenant, AppId), Option<Credential>>,
}

impl Credentials {
    pub(crate) fn new(peer: Peer) -> Self {
        let known = moka::future::Cache::builder().max_capacity(MOST).time_to_live(BELIEVED);
        Self { peer, known: known.build() }
    }

    /// The application's credential; nothing when there is no such application.
    pub(crate) async fn show(
        &self,
        tenant: &Tenant,
        app: &AppId,
    ) -> Result<Option<Credential>, std::sync::Arc<Error>> {
        let asked = async {
            let caller = Caller::service(tenant.clone(), "notify");
            self.peer.post(&caller, "/internal/credential", &json!({"app": app.as_str()})).await
        };
        self.known.try_get_with((tenant.clone(), app.clone()), asked).await
    }

    /// The secret is not what the ERP has: the next one who asks gets the newest.
    pub(crate) async fn forget(&self, tenant: &Tenant, app: &AppId) {
        self.known.invalidate(&(tenant.clone(), app.clone())).await;
    }
}
