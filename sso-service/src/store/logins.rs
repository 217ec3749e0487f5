//! Attempts to sign in: hashes of what the browser holds, each used once.

use diesel::QueryableByName;
use diesel::sql_types::{Array, Bytea, Integer, Nullable, Text};
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

use super::seal::Sealer;
use crate::domain::login::Kind;
use crate::error::Error;

/// Seconds for which a state is good.
const LIFETIME_SECS: i32 = 300;

/// Hours for which an old attempt is remembered, so that a person is told what happened.
const KEPT_HOURS: i32 = 24;

/// An attempt.
#[derive(Debug)]
pub(crate) struct Login {
    pub(crate) state_hash: Vec<u8>,
    pub(crate) tenant: Tenant,
    pub(crate) kind: Kind,
    /// What proves to the provider that we are who began (PKCE); absent where it is off.
    pub(crate) verifier: Option<String>,
    pub(crate) return_to: String,
}

fn place(state_hash: &[u8]) -> String {
    format!("login/{}", hex::encode(state_hash))
}

/// Writes down a new attempt of the browser.
pub(crate) async fn insert(
    conn: &Conn,
    sealer: &Sealer,
    login: &Login,
    browser_hash: Vec<u8>,
) -> Result<(), Error> {
    let verifier = match &login.verifier {
        Some(verifier) => Some(sealer.seal(&place(&login.state_hash), verifier)?),
        None => None,
    };
    sql("insert into logins (state_hash, tenant, kind, browser_hash, verifier, return_to, until) \
         values ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 second')")
    .bind::<Bytea, _>(login.state_hash.as_slice())
    .bind::<Text, _>(login.tenant.as_str())
    .bind::<Text, _>(login.kind.as_str())
    .bind::<Bytea, _>(browser_hash)
    .bind::<Nullable<Bytea>, _>(verifier)
    .bind::<Text, _>(login.return_to.as_str())
    .bind::<Integer, _>(LIFETIME_SECS)
    .run(conn)
    .await?;
    Ok(())
}

/// Uses the attempt up, if it is good, of this browser, and of one of these kinds: of many who try at
/// once this update lets one pass.
pub(crate) async fn use_up(
    conn: &Conn,
    sealer: &Sealer,
    state_hash: &[u8],
    browser_hash: &[u8],
    kinds: &[Kind],
) -> Result<Option<Login>, Error> {
    #[derive(QueryableByName)]
    struct LoginRow {
        #[diesel(sql_type = Text)]
        tenant: String,
        #[diesel(sql_type = Text)]
        kind: String,
        #[diesel(sql_type = Nullable<Bytea>)]
        verifier: Option<Vec<u8>>,
        #[diesel(sql_type = Text)]
        return_to: String,
    }
    let row: Option<LoginRow> = sql("update logins set used_at = now() where state_hash = $1 and browser_hash = $2 \
         and kind = any($3) and used_at is null and until > now() returning tenant, kind, verifier, return_to")
    .bind::<Bytea, _>(state_hash)
    .bind::<Bytea, _>(browser_hash)
    .bind::<Array<Text>, _>(kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>())
    .optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let verifier = match row.verifier {
        Some(sealed) => Some(sealer.open(&place(state_hash), &sealed)?),
        None => None,
    };
    Ok(Some(Login {
        state_hash: state_hash.to_vec(),
        tenant: Tenant::stored(row.tenant),
        kind: Kind::stored(&row.kind),
        verifier,
        return_to: row.return_to,
    }))
}

/// Whether this browser began that attempt, used up or too old as it may be.
pub(crate) async fn is_of(
    conn: &Conn,
    state_hash: &[u8],
    browser_hash: &[u8],
) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct OwnRow {
        #[diesel(sql_type = Bytea)]
        #[expect(dead_code, reason = "that there is a row is the answer")]
        state_hash: Vec<u8>,
    }
    let row: Option<OwnRow> =
        sql("select state_hash from logins where state_hash = $1 and browser_hash = $2")
            .bind::<Bytea, _>(state_hash)
            .bind::<Bytea, _>(browser_hash)
            .optional(conn)
            .await?;
    Ok(row.is_some())
}

/// Marks a used attempt as one that opened a session; how many rows that touched: one, once.
pub(crate) async fn finish(tx: &Conn, state_hash: &[u8]) -> QueryResult<usize> {
    sql("update logins set finished_at = now() where state_hash = $1 and used_at is not null and finished_at is null")
        .bind::<Bytea, _>(state_hash)
        .run(tx)
        .await
}

/// Removes attempts that nobody asks about any more.
pub(crate) async fn delete_old(conn: &Conn) -> QueryResult<usize> {
    sql("delete from logins where until < now() - $1 * interval '1 hour'")
        .bind::<Integer, _>(KEPT_HOURS)
        .run(conn)
        .await
}
