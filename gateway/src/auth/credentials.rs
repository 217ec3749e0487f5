//! Credentials of applications: asked of sso-service, remembered, dropped on its event.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::HeaderValue;
use moka::future::Cache;
use shared::code::Code;
use shared::contract::access::{ApplicationChanged, Credential, NonceUsed, UseNonce};
use shared::fault::chain;
use shared::http::client::Peer;
use shared::http::reply::ApiError;
use shared::id::{AppId, Tenant};
use shared::identity::{Actor, Caller, Keys};

use super::carried::Carried;
use super::listen::Remembered;

/// An application as the door needs it: its secrets, and the identity token it travels with.
pub(crate) struct Known {
    pub(crate) credential: Credential,
    carried: Carried,
}

/// The remembered credentials; an application that does not exist is remembered, too.
#[derive(Clone)]
pub(crate) struct Credentials {
    sso: Peer,
    keys: Keys,
    known: Cache<String, Option<Arc<Known>>>,
}

impl Credentials {
    pub(crate) fn new(sso: Peer, keys: Keys, remembered: Duration) -> Self {
        let known = Cache::builder()
            .max_capacity(20_000)
            .time_to_live(remembered)
            .support_invalidation_closures()
            .build();
        Self { sso, keys, known }
    }

    /// The application, or nothing; concurrent questions about one are asked once.
    pub(crate) async fn find(
        &self,
        tenant: &str,
        app: &str,
    ) -> Result<Option<Arc<Known>>, ApiError> {
        let place = place(tenant, app);
        if let Some(known) = self.known.get(&place).await {
            return Ok(known);
        }
        self.known.try_get_with(place, self.ask(tenant, app)).await.map_err(|cause| {
            tracing::warn!(cause = chain(cause.as_ref()), "sso-service did not answer");
            away()
        })
    }

    async fn ask(
        &self,
        tenant: &str,
        app: &str,
    ) -> Result<Option<Arc<Known>>, shared::http::client::Error> {
        let asker = Caller::service(Tenant::stored(tenant), "gateway");
        let wanted = serde_json::json!({ "app": app });
        let found: Option<Credential> =
            self.sso.post(&asker, "/internal/credential", &wanted).await?;
        Ok(found.map(|credential| {
            let actor =
                Actor::Application { app: AppId::stored(app), any_order: credential.any_order };
            let caller = Caller { tenant: Tenant::stored(tenant), actor };
            Arc::new(Known { credential, carried: Carried::new(caller) })
        }))
    }

    /// The identity token of an application, as a header.
    pub(crate) fn token(&self, known: &Known) -> Result<HeaderValue, ApiError> {
        known.carried.header(&self.keys)
    }

    /// Whether a nonce is new for all gateways.
    pub(crate) async fn use_nonce(
        &self,
        tenant: &str,
        app: &str,
        nonce: &str,
    ) -> Result<bool, ApiError> {
        let asker = Caller::service(Tenant::stored(tenant), "gateway");
        let wanted = UseNonce { app: app.to_owned(), nonce: nonce.to_owned() };
        let used: NonceUsed =
            self.sso.post(&asker, "/internal/nonce", &wanted).await.map_err(|cause| {
                tracing::warn!(cause = chain(&cause), "sso-service did not answer");
                away()
            })?;
        Ok(used.fresh)
    }
}

impl Remembered for Credentials {
    type Fact = ApplicationChanged;

    async fn forget(&self, changed: ApplicationChanged) {
        match changed.app {
            Some(app) => self.known.invalidate(&place(&changed.tenant, &app)).await,
            None => {
                let gone = place(&changed.tenant, "");
                if self
                    .known
                    .invalidate_entries_if(move |place, _| place.starts_with(&gone))
                    .is_err()
                {
                    self.known.invalidate_all();
                }
            }
        }
    }

    fn forget_all(&self) {
        self.known.invalidate_all();
    }
}

/// Codes hold no control characters, so the line break keeps the two apart.
fn place(tenant: &str, app: &str) -> String {
    format!("{tenant}\n{app}")
}

/// sso-service does not answer, and nothing fresh is remembered.
pub(super) fn away() -> ApiError {
    let mut error = ApiError::of(Code::Unavailable);
    error.retry_after_secs = Some(2);
    error
}
