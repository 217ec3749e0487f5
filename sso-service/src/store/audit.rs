//! Who did or tried what: never a secret, a header or a body.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Integer, Jsonb, Nullable, Text, Timestamptz};
use serde_json::Value;
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

/// Days for which records are kept.
const KEPT_DAYS: i32 = 365;

/// One line of the audit log.
pub(crate) struct Record {
    pub(crate) tenant: String,
    pub(crate) actor: String,
    pub(crate) action: &'static str,
    pub(crate) request_id: Option<String>,
    pub(crate) detail: Value,
}

/// Adds records with one statement.
pub(crate) async fn save_all(tx: &Conn, records: Vec<Record>) -> QueryResult<()> {
    let (mut tenants, mut actors, mut actions) = (Vec::new(), Vec::new(), Vec::new());
    let (mut requests, mut details) = (Vec::new(), Vec::new());
    for record in records {
        tenants.push(record.tenant);
        actors.push(record.actor);
        actions.push(record.action);
        requests.push(record.request_id);
        details.push(record.detail);
    }
    sql("insert into audit_records (tenant, actor, action, request_id, detail) select * from unnest($1, $2, $3, $4, $5)")
        .bind::<Array<Text>, _>(tenants)
        .bind::<Array<Text>, _>(actors)
        .bind::<Array<Text>, _>(actions)
        .bind::<Array<Nullable<Text>>, _>(requests)
        .bind::<Array<Jsonb>, _>(details)
        .run(tx)
        .await?;
    Ok(())
}

/// Removes records older than a year.
pub(crate) async fn delete_old(conn: &Conn) -> QueryResult<usize> {
    sql("delete from audit_records where at < now() - $1 * interval '1 day'")
        .bind::<Integer, _>(KEPT_DAYS)
        .run(conn)
        .await
}

/// What became of an attempt to sign in.
#[derive(QueryableByName)]
pub(crate) struct LoginRow {
    #[diesel(sql_type = Timestamptz)]
    pub(crate) at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub(crate) actor: String,
    #[diesel(sql_type = Text)]
    pub(crate) action: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) request_id: Option<String>,
    #[diesel(sql_type = Jsonb)]
    pub(crate) detail: Value,
}

/// The newest attempts of an enterprise with one of these actions.
pub(crate) async fn list_logins(
    conn: &Conn,
    tenant: &Tenant,
    actions: &[&'static str],
    limit: i32,
) -> QueryResult<Vec<LoginRow>> {
    sql("select at, actor, action, request_id, detail from audit_records \
         where tenant = $1 and action like 'login.%' and action = any($2) order by id desc limit $3")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(actions.to_vec())
    .bind::<Integer, _>(limit)
    .rows(conn)
    .await
}
