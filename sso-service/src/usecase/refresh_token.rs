//! Gives a new pair of tokens for a refresh token, which is then used up.

use serde_json::json;
use shared::contract::session::SessionStolen;
use shared::db::Conn;
use shared::outbox;

use super::open_session::{Bearer, Tokens, sign};
use super::{Ctx, by, end_session, use_keys};
use crate::domain::token::{Use, judge};
use crate::error::Error;
use crate::store::refresh_tokens::Held;
use crate::store::{audit, refresh_tokens, seal, sessions};

/// The family is locked, so of many who ask at once one makes the successor and all get it. A theft
/// ends the session, which is a commit although the answer is a refusal; after that there is nothing
/// left to steal, so it is told once.
pub(crate) async fn refresh_token(ctx: &Ctx, token: &str) -> Result<Tokens, Error> {
    let keys = use_keys::keys(ctx).await?;
    let hash = seal::hash(token);
    let followed = ctx
        .db
        .transaction(async |tx| {
            let held = refresh_tokens::find(tx, &ctx.sealer, &hash).await?;
            let Some(mut held) = held.filter(|held| held.open) else { return Ok(None) };
            if !held.active {
                end(tx, &held, "disabled").await?;
                return Ok(None);
            }
            match (judge(held.used_secs, held.successor.is_some()), held.successor.take()) {
                (Use::Repeat, Some(successor)) => Ok(Some((held, successor))),
                (Use::First, _) => {
                    let successor = seal::random_word();
                    let pair = (successor.as_str(), seal::hash(&successor));
                    let days = ctx.session.refresh_days;
                    refresh_tokens::follow(tx, &ctx.sealer, &hash, pair, days).await?;
                    Ok(Some((held, successor)))
                }
                (Use::Reuse | Use::Repeat, _) => {
                    end(tx, &held, "refresh_reused").await?;
                    tell_theft(ctx, tx, &held).await?;
                    Ok::<_, Error>(None)
                }
            }
        })
        .await?;
    let (held, refresh) = followed.ok_or(Error::InvalidGrant)?;
    let bearer =
        Bearer { tenant: &held.tenant, user: &held.user, name: &held.name, session: held.session };
    let access = sign(ctx, &keys, &bearer)?;
    Ok(Tokens { session: held.session, access, refresh, expires_in: ctx.session.access_secs })
}

async fn end(tx: &Conn, held: &Held, why: &'static str) -> Result<(), Error> {
    tracing::warn!(tenant = %held.tenant, user = %held.user, why, "session ended at refresh");
    let ended = sessions::end(tx, vec![held.session], why).await?;
    end_session::tell(tx, &ended, why).await
}

async fn tell_theft(ctx: &Ctx, tx: &Conn, held: &Held) -> Result<(), Error> {
    let session = held.session.to_string();
    let detail = json!({"session": session});
    let record = by(&held.tenant, held.user.as_str(), "refresh.reused", detail);
    audit::save_all(tx, record).await?;
    let stolen = SessionStolen {
        tenant: held.tenant.to_string(),
        user_code: held.user.to_string(),
        session,
        at: ctx.clock.now().to_rfc3339(),
    };
    outbox::announce(tx, &stolen).await?;
    Ok(())
}
