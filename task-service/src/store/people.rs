//! Our copy of people's names.

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Text};
use shared::contract::directory::Person;
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

/// Stores what is newer than what is there.
pub(crate) async fn save_all(tx: &Conn, people: &[(&str, &Person)]) -> QueryResult<()> {
    if people.is_empty() {
        return Ok(());
    }
    sql("insert into people (tenant, user_code, name, active, revision) \
         select distinct on (1, 2) * from unnest($1, $2, $3, $4, $5) as t(a, b, c, d, e) order by 1, 2, 5 desc \
         on conflict (tenant, user_code) do update set name = excluded.name, active = excluded.active, \
         revision = excluded.revision where people.revision < excluded.revision")
    .bind::<Array<Text>, _>(people.iter().map(|(tenant, _)| *tenant).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(people.iter().map(|(_, person)| person.user_code.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(people.iter().map(|(_, person)| person.name.as_str()).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(people.iter().map(|(_, person)| person.active).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(people.iter().map(|(_, person)| person.revision).collect::<Vec<_>>())
    .run(tx)
    .await?;
    Ok(())
}

/// The names of those who are known.
pub(crate) async fn list_names(
    conn: &Conn,
    tenant: &Tenant,
    codes: Vec<String>,
) -> QueryResult<HashMap<String, String>> {
    #[derive(QueryableByName)]
    struct NameRow {
        #[diesel(sql_type = Text)]
        user_code: String,
        #[diesel(sql_type = Text)]
        name: String,
    }
    let rows: Vec<NameRow> =
        sql("select user_code, name from people where tenant = $1 and user_code = any($2)")
            .bind::<Text, _>(tenant.as_str())
            .bind::<Array<Text>, _>(codes)
            .rows(conn)
            .await?;
    Ok(rows.into_iter().map(|row| (row.user_code, row.name)).collect())
}
