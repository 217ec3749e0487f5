//! sso-service: each enterprise's DingTalk application with a live token, remembered for a minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use shared::contract::access::{DingtalkAccess, WantDingtalk};
use shared::dingtalk::Access;
use shared::http::client::{Error, Peer};
use shared::id::Tenant;
use shared::identity::Caller;

/// How long an answer is believed.
const BELIEVED: Duration = Duration::from_secs(60);

/// Asks sso-service, once for all who want to know at the same time.
pub(crate) struct Sso {
    peer: Peer,
    known: Mutex<HashMap<Tenant, Arc<tokio::sync::Mutex<Option<Known>>>>>,
}

struct Known {
    access: Option<Access>,
    until: Instant,
}

impl Sso {
    pub(crate) fn new(peer: Peer) -> Self {
        Self { peer, known: Mutex::default() }
    }

    /// The enterprise's access; nothing when it has no DingTalk application.
    pub(crate) async fn access(&self, tenant: &Tenant) -> Result<Option<Access>, Error> {
        let place = self.place(tenant);
        let mut place = place.lock().await;
        match &*place {
            Some(known) if Instant::now() < known.until => Ok(known.access.clone()),
            Some(_) | None => self.ask(tenant, None, &mut place).await,
        }
    }

    /// An access whose token is not `stale`; whoever comes second gets what the first one fetched.
    pub(crate) async fn renew(
        &self,
        tenant: &Tenant,
        stale: &str,
    ) -> Result<Option<Access>, Error> {
        let place = self.place(tenant);
        let mut place = place.lock().await;
        let current = place.as_ref().and_then(|known| known.access.as_ref());
        if let Some(access) = current.filter(|access| access.token != stale) {
            return Ok(Some(access.clone()));
        }
        self.ask(tenant, Some(stale.to_owned()), &mut place).await
    }

    fn place(&self, tenant: &Tenant) -> Arc<tokio::sync::Mutex<Option<Known>>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(tenant.clone()).or_default().clone()
    }

    async fn ask(
        &self,
        tenant: &Tenant,
        stale: Option<String>,
        place: &mut Option<Known>,
    ) -> Result<Option<Access>, Error> {
        let caller = Caller::service(tenant.clone(), "notify");
        let wanted = WantDingtalk { stale };
        let answer: DingtalkAccess = self.peer.post(&caller, "/internal/dingtalk", &wanted).await?;
        *place = Some(Known { access: answer.access.clone(), until: Instant::now() + BELIEVED });
        Ok(answer.access)
    }
}
