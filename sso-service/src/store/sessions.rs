//! Sessions of people.

use diesel::QueryableByName;
use diesel::sql_types::{Array, Bytea, Integer, Nullable, Text, Uuid as SqlUuid};
use shared::db::{Conn, QueryResult, sql};
use shared::id::{Tenant, UserCode};
use uuid::Uuid;

use super::seal::Sealer;
use crate::error::Error;

/// Days for which an ended session is remembered.
const KEPT_DAYS: i32 = 7;

/// A session to be opened.
pub(crate) struct NewSession {
    pub(crate) id: Uuid,
    pub(crate) tenant: Tenant,
    pub(crate) user: UserCode,
    pub(crate) name: String,
    pub(crate) source: &'static str,
    /// What the ERP gave us, as JSON.
    pub(crate) erp_tokens: Option<String>,
}

/// A session that has just ended.
#[derive(QueryableByName)]
pub(crate) struct Ended {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) id: Uuid,
    #[diesel(sql_type = Text)]
    pub(crate) tenant: String,
    #[diesel(sql_type = Text)]
    pub(crate) user_code: String,
}

/// Opens it for so many days.
pub(crate) async fn insert(
    tx: &Conn,
    sealer: &Sealer,
    session: &NewSession,
    days: i32,
) -> Result<(), Error> {
    let sealed = match &session.erp_tokens {
        Some(tokens) => Some(sealer.seal(&format!("session/{}", session.id), tokens)?),
        None => None,
    };
    sql("insert into sessions (id, tenant, user_code, name, source, until, erp_tokens) \
         values ($1, $2, $3, $4, $5, now() + $6 * interval '1 day', $7)")
    .bind::<SqlUuid, _>(session.id)
    .bind::<Text, _>(session.tenant.as_str())
    .bind::<Text, _>(session.user.as_str())
    .bind::<Text, _>(session.name.as_str())
    .bind::<Text, _>(session.source)
    .bind::<Integer, _>(days)
    .bind::<Nullable<Bytea>, _>(sealed)
    .run(tx)
    .await?;
    Ok(())
}

/// Whether the session is one of this enterprise, open, of somebody who may act, and the enterprise
/// is switched on.
pub(crate) async fn stands(conn: &Conn, tenant: &Tenant, id: Uuid) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct StandingRow {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        stands: bool,
    }
    let row: Option<StandingRow> = sql("select s.ended_at is null and s.until > now() and e.enabled and coalesce(p.active, true) as stands \
         from sessions s join enterprises e on e.code = s.tenant \
         left join people p on p.tenant = s.tenant and p.user_code = s.user_code where s.id = $1 and s.tenant = $2")
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(tenant.as_str())
    .optional(conn)
    .await?;
    Ok(row.is_some_and(|row| row.stands))
}

/// Ends those of `ids` that are open; what the ERP gave us is forgotten with them.
pub(crate) async fn end(tx: &Conn, ids: Vec<Uuid>, why: &'static str) -> QueryResult<Vec<Ended>> {
    sql("update sessions set ended_at = now(), ended_why = $2, erp_tokens = null \
         where id = any($1) and ended_at is null returning id, tenant, user_code")
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Text, _>(why)
    .rows(tx)
    .await
}

/// Ends all of one person.
pub(crate) async fn end_of_person(
    tx: &Conn,
    tenant: &Tenant,
    user: &UserCode,
    why: &'static str,
) -> QueryResult<Vec<Ended>> {
    sql("update sessions set ended_at = now(), ended_why = $3, erp_tokens = null \
         where tenant = $1 and user_code = $2 and ended_at is null returning id, tenant, user_code")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(user.as_str())
    .bind::<Text, _>(why)
    .rows(tx)
    .await
}

/// Ends all of those of these people whom our copy knows as disabled.
pub(crate) async fn end_of_disabled(
    tx: &Conn,
    tenants: Vec<&str>,
    codes: Vec<&str>,
) -> QueryResult<Vec<Ended>> {
    sql("update sessions s set ended_at = now(), ended_why = 'disabled', erp_tokens = null \
         from unnest($1, $2) as t(tenant, code) join people p on p.tenant = t.tenant and p.user_code = t.code \
         where s.tenant = p.tenant and s.user_code = p.user_code and s.ended_at is null and not p.active \
         returning s.id, s.tenant, s.user_code")
    .bind::<Array<Text>, _>(tenants)
    .bind::<Array<Text>, _>(codes)
    .rows(tx)
    .await
}

/// Removes sessions that ended long ago, and with them their refresh tokens.
pub(crate) async fn delete_old(conn: &Conn) -> QueryResult<usize> {
    sql("delete from sessions where until < now() - $1 * interval '1 day' \
         or ended_at < now() - $1 * interval '1 day'")
    .bind::<Integer, _>(KEPT_DAYS)
    .run(conn)
    .await
}
