//! Our copy of who may act.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Text};
use shared::contract::directory::Person;
use shared::db::{Conn, QueryResult, sql};
use shared::id::{Tenant, UserCode};

/// Stores what is newer than what is known, and locks every row it names in either case.
pub(crate) async fn save_all(tx: &Conn, people: &[(&str, &Person)]) -> QueryResult<()> {
    if people.is_empty() {
        return Ok(());
    }
    let text =
        |part: fn(&Person) -> &str| people.iter().map(|(_, one)| part(one)).collect::<Vec<_>>();
    sql("insert into people (tenant, user_code, name, active, revision) \
         select distinct on (1, 2) * from unnest($1, $2, $3, $4, $5) as t(a, b, c, d, e) order by 1, 2, 5 desc \
         on conflict (tenant, user_code) do update set name = excluded.name, active = excluded.active, \
         revision = excluded.revision where people.revision < excluded.revision")
    .bind::<Array<Text>, _>(people.iter().map(|(tenant, _)| *tenant).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(text(|person| &person.user_code))
    .bind::<Array<Text>, _>(text(|person| &person.name))
    .bind::<Array<Bool>, _>(people.iter().map(|(_, one)| one.active).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(people.iter().map(|(_, one)| one.revision).collect::<Vec<_>>())
    .run(tx)
    .await?;
    Ok(())
}

/// Whether the person may act, as far as we know.
pub(crate) async fn is_active(tx: &Conn, tenant: &Tenant, user: &UserCode) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct ActiveRow {
        #[diesel(sql_type = Bool)]
        active: bool,
    }
    let row: Option<ActiveRow> =
        sql("select active from people where tenant = $1 and user_code = $2")
            .bind::<Text, _>(tenant.as_str())
            .bind::<Text, _>(user.as_str())
            .optional(tx)
            .await?;
    Ok(row.is_none_or(|row| row.active))
}
