//! One call to DingTalk: within the budget and the round's time, with a dead token renewed once.

use std::future::Future;
use std::time::{Duration, Instant};

use shared::dingtalk::{Access, Trouble};
use shared::id::Tenant;
use tokio_util::sync::CancellationToken;

use super::Ctx;
use crate::domain::outcome::Outcome;
use crate::ports::dingtalk::Api;
use crate::store::budget;

/// How late a call may leave: later, and it would fall among the calls of those who come after.
const LATE: Duration = Duration::from_millis(50);

/// From the start of a round until its last call may leave; what a call can take after that still
/// ends within the lease.
const CALLING: Duration = Duration::from_secs(12);

/// A round of one enterprise.
pub(crate) struct Round<'a> {
    pub(crate) ctx: &'a Ctx,
    pub(crate) tenant: &'a Tenant,
    stop: &'a CancellationToken,
    until: Instant,
}

/// Why a call brought nothing.
#[derive(Clone, Debug)]
pub(crate) enum Setback {
    /// It was not made: the time or the budget is used up, or the process stops.
    NotTried,
    /// It was made, and DingTalk did not do it.
    Trouble(Trouble),
}

impl From<Setback> for Outcome {
    fn from(setback: Setback) -> Self {
        match setback {
            Setback::NotTried => Outcome::NotTried,
            Setback::Trouble(trouble) => Outcome::Trouble(trouble),
        }
    }
}

impl<'a> Round<'a> {
    pub(crate) fn new(ctx: &'a Ctx, tenant: &'a Tenant, stop: &'a CancellationToken) -> Self {
        Self { ctx, tenant, stop, until: Instant::now() + CALLING }
    }

    /// Makes a call; with another token, once more, if DingTalk refused the first.
    pub(crate) async fn call<T, F>(
        &self,
        api: Api,
        ask: impl Fn(Access) -> F + Send,
    ) -> Result<T, Setback>
    where
        F: Future<Output = Result<T, Trouble>> + Send,
        T: Send,
    {
        let access = self.access(None).await?;
        let token = access.token.clone();
        self.wait_for_place(api).await?;
        match ask(access).await {
            Err(Trouble::Token { code }) => {
                tracing::info!(tenant = %self.tenant, code, "DingTalk refused the token, asking for another");
                let access = self.access(Some(&token)).await?;
                self.wait_for_place(api).await?;
                ask(access).await.map_err(Setback::Trouble)
            }
            answer => answer.map_err(Setback::Trouble),
        }
    }

    async fn access(&self, stale: Option<&str>) -> Result<Access, Setback> {
        let answer = match stale {
            Some(stale) => self.ctx.sso.renew(self.tenant, stale).await,
            None => self.ctx.sso.access(self.tenant).await,
        };
        match answer {
            Ok(Some(access)) => Ok(access),
            Ok(None) => Err(Setback::NotTried),
            Err(error) => {
                tracing::warn!(tenant = %self.tenant, cause = %error, "sso-service gave no DingTalk token");
                Err(Setback::NotTried)
            }
        }
    }

    async fn wait_for_place(&self, api: Api) -> Result<(), Setback> {
        loop {
            let Some(place) = self.reserve(api).await else { return Err(Setback::NotTried) };
            if place > self.until {
                return Err(Setback::NotTried);
            }
            tokio::select! {
                () = self.stop.cancelled() => return Err(Setback::NotTried),
                () = tokio::time::sleep_until(place.into()) => {}
            }
            if Instant::now() <= place + LATE {
                return Ok(());
            }
        }
    }

    /// When the call may leave.
    async fn reserve(&self, api: Api) -> Option<Instant> {
        let conn = self.ctx.db.connection().await.ok()?;
        let asked = Instant::now();
        let wait = budget::reserve(&conn, self.tenant, api.word(), self.ctx.pace).await.ok()??;
        Some(asked + wait)
    }
}
