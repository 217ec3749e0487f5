//! One call to an ERP: signed with the newest secret, in its place where a backlog drains.

use std::time::Duration;

use super::Ctx;
use crate::domain::push::Kind;
use crate::domain::verdict::{Verdict, judge};
use crate::ports::erp::Call;
use crate::store::budget;
use crate::store::endpoints::EndpointKey;
use crate::store::push_claims::Held;

/// How long to wait when no place or no secret could be had.
const SOON_MS: u64 = 2_000;

/// How long to wait for an application that is switched off.
const SWITCHED_OFF_MS: u64 = 60_000;

/// What came of it.
pub(crate) async fn send_push(ctx: &Ctx, key: &EndpointKey, held: &Held) -> Verdict {
    if held.is_unwanted {
        return Verdict::Unwanted;
    }
    if held.known.kind == Kind::Log && held.has_no_log {
        return Verdict::NotAsked;
    }
    if held.is_draining && !wait_for_place(ctx, key).await {
        return Verdict::NotTried { pause_ms: SOON_MS, detail: None };
    }
    match call(ctx, key, held).await {
        // The secret may have been rotated since we last asked for it.
        Verdict::Distrusted => {
            ctx.credentials.forget(&key.0, &key.1).await;
            call(ctx, key, held).await
        }
        verdict => verdict,
    }
}

async fn call(ctx: &Ctx, key: &EndpointKey, held: &Held) -> Verdict {
    let (tenant, app) = key;
    let secret = match ctx.credentials.show(tenant, app).await {
        Ok(Some(credential)) if credential.enabled => credential.secret,
        Ok(_) => {
            let detail = Some("the application is switched off");
            return Verdict::NotTried { pause_ms: SWITCHED_OFF_MS, detail };
        }
        Err(error) => {
            tracing::warn!(%tenant, %app, cause = %error, "sso-service gave no secret to sign with");
            return Verdict::NotTried { pause_ms: SOON_MS, detail: None };
        }
    };
    let Some(url) = held.base.join(&held.path) else {
        let detail = "the address is no path below the ERP endpoint".to_owned();
        return Verdict::Later { after_secs: None, is_silent: false, code: None, detail };
    };
    let (message_id, body) = (held.message_id, held.body.as_str());
    let call = Call { url, tenant, app, secret: &secret, message_id, body };
    judge(held.known.kind, ctx.erp.push(&call).await)
}

/// Waits for a place in the endpoint's queue; false when the queue is too long.
async fn wait_for_place(ctx: &Ctx, key: &EndpointKey) -> bool {
    let reserved = async {
        let conn = ctx.db.connection().await.ok()?;
        let api = format!("erp {}", key.1);
        budget::reserve(&conn, &key.0, &api, ctx.push.pace).await.ok()?
    };
    let wait: Option<Duration> = reserved.await;
    match wait {
        Some(wait) => {
            tokio::time::sleep(wait).await;
            true
        }
        None => false,
    }
}
