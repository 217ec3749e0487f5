//! What an auditor wants to know about an order.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Text, Timestamptz, Uuid as SqlUuid};
use shared::db::{Conn, QueryResult, sql};
use uuid::Uuid;

/// A record to add; it is stored together with its order.
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

/// An order's records, oldest first.
pub(crate) async fn list(conn: &Conn, order: Uuid) -> QueryResult<Vec<AuditRow>> {
    sql("select at, action, detail from audit_records where order_id = $1 order by id limit 1000")
        .bind::<SqlUuid, _>(order)
        .rows(conn)
        .await
}
