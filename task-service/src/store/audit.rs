//! What an auditor wants to know about an order.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use shared::db::{Conn, QueryResult, sql};
use uuid::Uuid;

/// A record to add.
pub(crate) struct Record {
    pub(crate) tenant: String,
    pub(crate) order: Uuid,
    pub(crate) action: &'static str,
    pub(crate) detail: String,
    pub(crate) request_id: Option<String>,
}

/// A stored record.
#[derive(QueryableByName)]
pub(crate) struct AuditRow {
    #[diesel(sql_type = Timestamptz)]
    pub(crate) at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub(crate) action: String,
    #[diesel(sql_type = Text)]
    pub(crate) detail: String,
}

/// Adds all with one statement; none is no statement.
pub(crate) async fn save_all(tx: &Conn, records: &[Record], now: DateTime<Utc>) -> QueryResult<()> {
    if records.is_empty() {
        return Ok(());
    }
    sql("insert into audit_records (tenant, order_id, at, action, detail, request_id) \
         select t, o, $6, a, d, r from unnest($1, $2, $3, $4, $5) as x(t, o, a, d, r)")
    .bind::<Array<Text>, _>(records.iter().map(|record| record.tenant.as_str()).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(records.iter().map(|record| record.order).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(records.iter().map(|record| record.action).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(records.iter().map(|record| record.detail.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(
        records.iter().map(|record| record.request_id.as_deref()).collect::<Vec<_>>(),
    )
    .bind::<Timestamptz, _>(now)
    .run(tx)
    .await?;
    Ok(())
}

/// An order's records, oldest first.
pub(crate) async fn list(conn: &Conn, order: Uuid) -> QueryResult<Vec<AuditRow>> {
    sql("select at, action, detail from audit_records where order_id = $1 order by id limit 1000")
        .bind::<SqlUuid, _>(order)
        .rows(conn)
        .await
}
