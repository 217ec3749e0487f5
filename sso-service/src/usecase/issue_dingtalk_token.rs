//! Hands out the one live DingTalk token of an enterprise; of all processes one refreshes it.

use std::time::Duration;

use chrono::TimeDelta;
use shared::dingtalk::Access;
use shared::id::Tenant;

use super::Ctx;
use crate::error::Error;
use crate::store::dingtalk::{self, DingtalkApp, StoredToken};

/// DingTalk's guide refreshes ten minutes before the end.
const MARGIN_MINUTES: i64 = 10;

/// Times a waiting process looks whether the refreshing one is done, 100 ms apart.
const LOOKS: usize = 40;

/// Nothing where the enterprise has no DingTalk application. `stale` = a token found to be dead.
pub(crate) async fn issue_dingtalk_token(
    ctx: &Ctx,
    tenant: &Tenant,
    stale: Option<&str>,
) -> Result<Option<Access>, Error> {
    for _ in 0..LOOKS {
        let conn = ctx.db.connection().await?;
        let Some((app, token)) = dingtalk::show(&conn, &ctx.sealer, tenant).await? else {
            return Ok(None);
        };
        if let Some(good) = still_good(ctx, token, stale) {
            return Ok(Some(good.access));
        }
        let mine = dingtalk::lease_refresh(&conn, tenant).await?;
        drop(conn);
        if mine {
            return refresh(ctx, tenant, &app).await.map(Some);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(Error::Dingtalk(shared::dingtalk::Trouble::Away(
        "another process is still refreshing".to_owned(),
    )))
}

fn still_good(ctx: &Ctx, token: Option<StoredToken>, stale: Option<&str>) -> Option<StoredToken> {
    let soon = ctx.clock.now() + TimeDelta::minutes(MARGIN_MINUTES);
    token.filter(|token| token.until > soon && stale != Some(token.access.token.as_str()))
}

/// The call stands between two short statements, never inside a transaction.
async fn refresh(ctx: &Ctx, tenant: &Tenant, app: &DingtalkApp) -> Result<Access, Error> {
    let fetched = ctx.dingtalk.token(&app.oapi_url, &app.app_key, &app.app_secret).await;
    let conn = ctx.db.connection().await?;
    let token = fetched
        .as_ref()
        .ok()
        .map(|(token, life)| (token.as_str(), ctx.clock.now() + TimeDelta::seconds(*life)));
    dingtalk::end_refresh(&conn, &ctx.sealer, tenant, token).await?;
    let (token, _) = fetched.map_err(Error::Dingtalk)?;
    tracing::info!(tenant = %tenant, "dingtalk token refreshed");
    Ok(app.access(token))
}
