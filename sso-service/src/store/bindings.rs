//! Who somebody of the ERP or of DingTalk was found to be.

use diesel::QueryableByName;
use diesel::sql_types::Text;
use shared::db::{Conn, QueryResult, sql};
use shared::id::{Tenant, UserCode};

/// The person that a subject was bound to, if it was.
pub(crate) async fn find(
    conn: &Conn,
    tenant: &Tenant,
    source: &str,
    subject: &str,
) -> QueryResult<Option<UserCode>> {
    #[derive(QueryableByName)]
    struct BindingRow {
        #[diesel(sql_type = Text)]
        user_code: String,
    }
    let row: Option<BindingRow> =
        sql("select user_code from bindings where tenant = $1 and source = $2 and subject = $3")
            .bind::<Text, _>(tenant.as_str())
            .bind::<Text, _>(source)
            .bind::<Text, _>(subject)
            .optional(conn)
            .await?;
    Ok(row.map(|row| UserCode::stored(row.user_code)))
}

/// Binds the subject, in place of an older binding.
pub(crate) async fn save(
    tx: &Conn,
    tenant: &Tenant,
    source: &str,
    subject: &str,
    user: &UserCode,
) -> QueryResult<usize> {
    sql("insert into bindings (tenant, source, subject, user_code) values ($1, $2, $3, $4) \
         on conflict (tenant, source, subject) do update set user_code = excluded.user_code, bound_at = now()")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(source)
    .bind::<Text, _>(subject)
    .bind::<Text, _>(user.as_str())
    .run(tx)
    .await
}

/// Forgets who was bound to a person; how many there were.
pub(crate) async fn delete_of(tx: &Conn, tenant: &Tenant, user: &UserCode) -> QueryResult<usize> {
    sql("delete from bindings where tenant = $1 and user_code = $2")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Text, _>(user.as_str())
        .run(tx)
        .await
}
