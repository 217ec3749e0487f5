//! Refresh tokens, stored hashed: one family for each session, of which one member is unused.

use diesel::QueryableByName;
use diesel::sql_types::{Bool, Bytea, Double, Integer, Nullable, Text, Uuid as SqlUuid};
use shared::db::{Conn, QueryResult, sql};
use shared::id::{Tenant, UserCode};
use uuid::Uuid;

use super::seal::Sealer;
use crate::error::Error;

/// A token as it stands, under its family's lock.
pub(crate) struct Held {
    pub(crate) session: Uuid,
    pub(crate) tenant: Tenant,
    pub(crate) user: UserCode,
    pub(crate) name: String,
    /// The session is open and the enterprise switched on.
    pub(crate) open: bool,
    /// The person may act.
    pub(crate) active: bool,
    pub(crate) used_secs: Option<f64>,
    pub(crate) successor: Option<String>,
}

#[derive(QueryableByName)]
struct HeldRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    tenant: String,
    #[diesel(sql_type = Text)]
    user_code: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    open: bool,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = Nullable<Double>)]
    used_secs: Option<f64>,
    #[diesel(sql_type = Nullable<Bytea>)]
    successor: Option<Vec<u8>>,
}

fn place(hash: &[u8]) -> String {
    format!("refresh/{}", hex::encode(hash))
}

/// Locks the token and its session, if there is one. Whoever waited sees what the other one did.
pub(crate) async fn find(tx: &Conn, sealer: &Sealer, hash: &[u8]) -> Result<Option<Held>, Error> {
    let row: Option<HeldRow> = sql("select s.id, s.tenant, s.user_code, coalesce(p.name, s.name) as name, \
         s.ended_at is null and s.until > clock_timestamp() and e.enabled as open, coalesce(p.active, true) as active, \
         extract(epoch from clock_timestamp() - r.used_at)::float8 as used_secs, r.successor \
         from refresh_tokens r join sessions s on s.id = r.session_id join enterprises e on e.code = s.tenant \
         left join people p on p.tenant = s.tenant and p.user_code = s.user_code \
         where r.hash = $1 for update of s, r")
    .bind::<Bytea, _>(hash)
    .optional(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let successor = match row.successor {
        Some(sealed) => Some(sealer.open(&place(hash), &sealed)?),
        None => None,
    };
    Ok(Some(Held {
        session: row.id,
        tenant: Tenant::stored(row.tenant),
        user: UserCode::stored(row.user_code),
        name: row.name,
        open: row.open,
        active: row.active,
        used_secs: row.used_secs,
        successor,
    }))
}

/// Which session a token belongs to.
pub(crate) async fn find_session(conn: &Conn, hash: &[u8]) -> QueryResult<Option<Uuid>> {
    #[derive(QueryableByName)]
    struct SessionRow {
        #[diesel(sql_type = SqlUuid)]
        session_id: Uuid,
    }
    let row: Option<SessionRow> = sql("select session_id from refresh_tokens where hash = $1")
        .bind::<Bytea, _>(hash)
        .optional(conn)
        .await?;
    Ok(row.map(|row| row.session_id))
}

/// The first of a family.
pub(crate) async fn insert(tx: &Conn, hash: Vec<u8>, session: Uuid) -> QueryResult<usize> {
    sql("insert into refresh_tokens (hash, session_id) values ($1, $2)")
        .bind::<Bytea, _>(hash)
        .bind::<SqlUuid, _>(session)
        .run(tx)
        .await
}

/// Uses a token up, puts `successor` in its place, and gives the session so many days more.
pub(crate) async fn follow(
    tx: &Conn,
    sealer: &Sealer,
    hash: &[u8],
    (successor, successor_hash): (&str, Vec<u8>),
    days: i32,
) -> Result<(), Error> {
    let sealed = sealer.seal(&place(hash), successor)?;
    sql("with used as (update refresh_tokens set used_at = clock_timestamp(), successor = $2 where hash = $1 returning session_id), \
         longer as (update sessions set until = now() + $4 * interval '1 day' where id = (select session_id from used)) \
         insert into refresh_tokens (hash, session_id) select $3, session_id from used")
    .bind::<Bytea, _>(hash)
    .bind::<Bytea, _>(sealed)
    .bind::<Bytea, _>(successor_hash)
    .bind::<Integer, _>(days)
    .run(tx)
    .await?;
    Ok(())
}

/// Forgets successors whose grace is over, and tokens whose re-use can no longer be told.
pub(crate) async fn delete_old(conn: &Conn, days: i32) -> QueryResult<usize> {
    sql("update refresh_tokens set successor = null where used_at < now() - interval '1 minute' and successor is not null")
        .run(conn)
        .await?;
    sql("delete from refresh_tokens where used_at < now() - $1 * interval '1 day'")
        .bind::<Integer, _>(days)
        .run(conn)
        .await
}
