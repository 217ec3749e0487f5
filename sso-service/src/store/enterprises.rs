//! Enterprises.

use diesel::QueryableByName;
use diesel::sql_types::{Bool, Text};
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

/// An enterprise as it is listed.
#[derive(Debug, QueryableByName)]
pub(crate) struct EnterpriseRow {
    #[diesel(sql_type = Text)]
    pub(crate) code: String,
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
    #[diesel(sql_type = Bool)]
    pub(crate) enabled: bool,
}

/// Creates it, or gives an existing one the name.
pub(crate) async fn save(tx: &Conn, tenant: &Tenant, name: &str) -> QueryResult<usize> {
    sql("insert into enterprises (code, name) values ($1, $2) on conflict (code) do update set name = excluded.name")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Text, _>(name)
        .run(tx)
        .await
}

/// Switches it on or off; how many rows that touched.
pub(crate) async fn enable(tx: &Conn, tenant: &Tenant, enabled: bool) -> QueryResult<usize> {
    sql("update enterprises set enabled = $2 where code = $1")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Bool, _>(enabled)
        .run(tx)
        .await
}

/// Whether it is there.
pub(crate) async fn exists(tx: &Conn, tenant: &Tenant) -> QueryResult<bool> {
    let row: Option<EnterpriseRow> =
        sql("select code, name, enabled from enterprises where code = $1")
            .bind::<Text, _>(tenant.as_str())
            .optional(tx)
            .await?;
    Ok(row.is_some())
}

/// Whether it is there and switched on.
pub(crate) async fn is_enabled(conn: &Conn, tenant: &Tenant) -> QueryResult<bool> {
    let row: Option<EnterpriseRow> =
        sql("select code, name, enabled from enterprises where code = $1")
            .bind::<Text, _>(tenant.as_str())
            .optional(conn)
            .await?;
    Ok(row.is_some_and(|row| row.enabled))
}

/// All of them.
pub(crate) async fn list(tx: &Conn) -> QueryResult<Vec<EnterpriseRow>> {
    sql("select code, name, enabled from enterprises order by code").rows(tx).await
}
