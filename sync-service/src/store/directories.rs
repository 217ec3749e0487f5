//! One row per enterprise: the lock under which its organisation changes, and a rising revision.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

/// The directory under its lock.
#[derive(QueryableByName)]
pub(crate) struct Directory {
    #[diesel(sql_type = Text)]
    pub(crate) source: String,
    /// The revision that changes of this transaction carry.
    #[diesel(sql_type = BigInt)]
    pub(crate) revision: i64,
}

/// Locks the enterprise's directory, making it on first use.
pub(crate) async fn load(tx: &Conn, tenant: &Tenant) -> QueryResult<Directory> {
    sql("insert into directories (tenant, revision) values ($1, 1) \
         on conflict (tenant) do update set revision = directories.revision + 1 returning source, revision")
    .bind::<Text, _>(tenant.as_str())
    .row(tx)
    .await
}
