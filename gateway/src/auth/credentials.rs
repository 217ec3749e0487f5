//! Credentials of applications: asked of sso-service, remembered, dropped on its event.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use actix_web::http::header::HeaderValue;
use moka::future::Cache;
use shared::bus::{Bus, Queue};
use shared::code::Code;
use shared::contract::Event;
use shared::contract::access::{ApplicationChanged, Credential, NonceUsed, UseNonce};
use shared::fault::chain;
use shared::http::client::Peer;
use shared::http::reply::ApiError;
use shared::id::{AppId, Tenant};
use shared::identity::{Actor, Caller, Keys, TOKEN_LIFETIME_SECS};
use tokio_util::sync::CancellationToken;

/// An application as the door needs it: its secrets, and the identity token it travels with.
pub(crate) struct Known {
    pub(crate) credential: Credential,
    caller: Caller,
    token: RwLock<Option<(HeaderValue, Instant)>>,
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
            Arc::new(Known { credential, caller, token: RwLock::new(None) })
        }))
    }

    /// The identity token of an application, as a header; made anew every half of its life.
    pub(crate) fn token(&self, known: &Known) -> Result<HeaderValue, ApiError> {
        let half = Duration::from_secs(TOKEN_LIFETIME_SECS.unsigned_abs() / 2);
        if let Some((token, made)) =
            known.token.read().unwrap_or_else(PoisonError::into_inner).as_ref()
            && made.elapsed() < half
        {
            return Ok(token.clone());
        }
        let token = self.keys.issue(&known.caller).map_err(anyhow::Error::from);
        let token = token.and_then(|token| Ok(HeaderValue::try_from(token)?)).map_err(|cause| {
            tracing::error!(%cause, "an identity token could not be made");
            ApiError::of(Code::Internal)
        })?;
        let mut kept = known.token.write().unwrap_or_else(PoisonError::into_inner);
        *kept = Some((token.clone(), Instant::now()));
        Ok(token)
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

    /// Forgets what sso-service says has changed.
    pub(crate) async fn listen(self, bus: Bus, stop: CancellationToken) {
        let mut subscription = bus.subscribe(Queue::Own("gateway"), &[ApplicationChanged::TOPIC]);
        loop {
            let batch = tokio::select! {
                () = stop.cancelled() => return,
                batch = subscription.next() => batch,
            };
            for message in batch.messages() {
                match serde_json::from_str(&message.payload) {
                    Ok(changed) => self.forget(changed).await,
                    Err(cause) => {
                        tracing::error!(%cause, "not an application.changed; all credentials are forgotten");
                        self.known.invalidate_all();
                    }
                }
            }
            batch.ack().await;
        }
    }

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
}

/// Codes hold no control characters, so the line break keeps the two apart.
fn place(tenant: &str, app: &str) -> String {
    format!("{tenant}\n{app}")
}

fn away() -> ApiError {
    let mut error = ApiError::of(Code::Unavailable);
    error.retry_after_secs = Some(2);
    error
}
