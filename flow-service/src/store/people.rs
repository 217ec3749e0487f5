//! Our copy of who exists and may act.

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Text};
use shared::contract::directory::Person;
use shared::db::{Conn, QueryResult, sql};

/// Stores what is newer than what is there.
pub(crate) async fn save_all(tx: &Conn, people: &[(&str, &Person)]) -> QueryResult<()> {
    if people.is_empty() {
        return Ok(());
    }
    sql("insert into people (tenant, user_code, active, revision) \
         select distinct on (1, 2) * from unnest($1, $2, $3, $4) as t(a, b, c, d) order by 1, 2, 4 desc \
         on conflict (tenant, user_code) do update set active = excluded.active, \
         revision = excluded.revision where people.revision < excluded.revision")
    .bind::<Array<Text>, _>(people.iter().map(|(tenant, _)| *tenant).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(people.iter().map(|(_, person)| person.user_code.as_str()).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(people.iter().map(|(_, person)| person.active).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(people.iter().map(|(_, person)| person.revision).collect::<Vec<_>>())
    .run(tx)
    .await?;
    Ok(())
}

/// Which of these people we know, and whether each is active; by enterprise and code.
pub(crate) async fn list(
    conn: &Conn,
    wanted: &[(&str, &str)],
) -> QueryResult<HashMap<(String, String), bool>> {
    #[derive(QueryableByName)]
    struct PersonRow {
        #[diesel(sql_type = Text)]
        tenant: String,
        #[diesel(sql_type = Text)]
        user_code: String,
        #[diesel(sql_type = Bool)]
        active: bool,
    }
    let rows: Vec<PersonRow> = sql("select p.tenant, p.user_code, p.active from unnest($1, $2) as k(tenant, code) \
         cross join lateral (select * from people p where p.tenant = k.tenant and p.user_code = k.code limit 1) p")
    .bind::<Array<Text>, _>(wanted.iter().map(|(tenant, _)| *tenant).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(wanted.iter().map(|(_, code)| *code).collect::<Vec<_>>())
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(|row| ((row.tenant, row.user_code), row.active)).collect())
}
