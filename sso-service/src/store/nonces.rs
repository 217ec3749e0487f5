//! Nonces seen, shared by all gateways.

use diesel::sql_types::{Integer, Text};
use shared::db::{Conn, QueryResult, sql};
use shared::id::{AppId, Tenant};

/// Seconds for which a nonce is refused again (signature.md "What the gateway checks", 5).
const REMEMBERED_SECS: i32 = 600;

/// Remembers a nonce; `false` when it was seen within its time.
pub(crate) async fn save(
    conn: &Conn,
    tenant: &Tenant,
    app: &AppId,
    nonce: &str,
) -> QueryResult<bool> {
    let rows = sql("insert into nonces (tenant, app_id, nonce, until) values ($1, $2, $3, now() + $4 * interval '1 second') \
         on conflict (tenant, app_id, nonce) do update set until = excluded.until where nonces.until < now()")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(app.as_str())
    .bind::<Text, _>(nonce)
    .bind::<Integer, _>(REMEMBERED_SECS)
    .run(conn)
    .await?;
    Ok(rows == 1)
}

/// Removes those whose time is over.
pub(crate) async fn delete_old(conn: &Conn) -> QueryResult<usize> {
    sql("delete from nonces where until < now()").run(conn).await
}
