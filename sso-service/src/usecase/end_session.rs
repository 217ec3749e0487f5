//! Ends sessions: signed out, revoked by an administrator; and tells who remembers them.

use std::collections::BTreeMap;

use serde_json::json;
use shared::contract::session::SessionEnded;
use shared::db::Conn;
use shared::id::{Tenant, UserCode};
use shared::outbox;
use uuid::Uuid;

use super::{Ctx, by, by_admin, verify_session};
use crate::error::Error;
use crate::store::sessions::Ended;
use crate::store::{audit, refresh_tokens, seal, sessions};

/// Sessions in one event at most.
const PER_EVENT: usize = 200;

/// What names the session; whatever is there counts.
#[derive(Default)]
pub(crate) struct EndSession {
    pub(crate) access: Vec<String>,
    pub(crate) refresh: Vec<String>,
}

/// A session that is unknown or has ended is a success: it does not stand any more.
pub(crate) async fn end_session(ctx: &Ctx, request: EndSession) -> Result<(), Error> {
    let mut named: Vec<Uuid> = Vec::new();
    for token in &request.access {
        if let Ok(claims) = verify_session::verify_token(ctx, token).await {
            named.extend(Uuid::parse_str(&claims.sid).ok());
        }
    }
    ctx.db
        .transaction(async |tx| {
            for token in &request.refresh {
                named.extend(refresh_tokens::find_session(tx, &seal::hash(token)).await?);
            }
            let ended = sessions::end(tx, named, "signed_out").await?;
            tell(tx, &ended, "signed_out").await
        })
        .await
}

/// Ends all sessions of a person, for an administrator; how many there were.
pub(crate) async fn end_sessions_of(
    ctx: &Ctx,
    tenant: &Tenant,
    user: &UserCode,
) -> Result<usize, Error> {
    ctx.db
        .transaction(async |tx| {
            let ended = sessions::end_of_person(tx, tenant, user, "revoked").await?;
            tell(tx, &ended, "revoked").await?;
            let detail = json!({"user": user.as_str(), "sessions": ended.len()});
            audit::save_all(tx, by_admin(tenant, "end_sessions", detail)).await?;
            Ok(ended.len())
        })
        .await
}

/// Announces what has ended and writes it down, in the same transaction.
pub(super) async fn tell(tx: &Conn, ended: &[Ended], why: &'static str) -> Result<(), Error> {
    let mut by_tenant: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut records = Vec::new();
    for one in ended {
        by_tenant.entry(&one.tenant).or_default().push(one.id.to_string());
        let tenant = Tenant::stored(one.tenant.clone());
        let detail = json!({"session": one.id.to_string(), "why": why});
        records.extend(by(&tenant, &one.user_code, "session.ended", detail));
    }
    let events: Vec<SessionEnded> = by_tenant
        .into_iter()
        .flat_map(|(tenant, ids)| {
            ids.chunks(PER_EVENT)
                .map(|ids| SessionEnded { tenant: tenant.to_owned(), sessions: ids.to_vec() })
                .collect::<Vec<_>>()
        })
        .collect();
    if !records.is_empty() {
        audit::save_all(tx, records).await?;
    }
    outbox::announce_all(tx, &events).await?;
    Ok(())
}
