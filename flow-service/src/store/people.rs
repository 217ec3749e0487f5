//! Our copy of who exists and may act, and where they stand in the organisation.

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use shared::contract::directory::Person;
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

use crate::domain::directory::Profile;

/// Superiors followed at most.
const MOST_LEVELS: i32 = 50;

/// Stores what is newer than what is there, or says more of the same.
pub(crate) async fn save_all(tx: &Conn, people: &[(&str, &Person)]) -> QueryResult<()> {
    if people.is_empty() {
        return Ok(());
    }
    let text = |part: fn(&Person) -> &str| -> Vec<&str> {
        people.iter().map(|(_, person)| part(person)).collect()
    };
    let optional = |part: fn(&Person) -> Option<&str>| -> Vec<Option<&str>> {
        people.iter().map(|(_, person)| part(person)).collect()
    };
    // Lists of different lengths cannot be an array of arrays.
    let roles = people.iter().map(|(_, person)| serde_json::json!(person.roles).to_string());
    sql("insert into people (tenant, user_code, active, revision, name, dept_id, supervisor, title, roles) \
         select distinct on (1, 2) a, b, c, d, e, nullif(f, ''), g, h, \
         array(select jsonb_array_elements_text(i::jsonb)) \
         from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) as t(a, b, c, d, e, f, g, h, i) order by 1, 2, 4 desc \
         on conflict (tenant, user_code) do update set active = excluded.active, revision = excluded.revision, \
         name = excluded.name, dept_id = excluded.dept_id, supervisor = excluded.supervisor, \
         title = excluded.title, roles = excluded.roles where people.revision < excluded.revision \
         or people.revision = excluded.revision and people.dept_id is null and excluded.dept_id is not null")
    .bind::<Array<Text>, _>(people.iter().map(|(tenant, _)| *tenant).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(text(|person| &person.user_code))
    .bind::<Array<Bool>, _>(people.iter().map(|(_, person)| person.active).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(people.iter().map(|(_, person)| person.revision).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(text(|person| &person.name))
    .bind::<Array<Text>, _>(text(|person| &person.dept_id))
    .bind::<Array<Nullable<Text>>, _>(optional(|person| person.supervisor.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(optional(|person| person.title.as_deref()))
    .bind::<Array<Text>, _>(roles.collect::<Vec<_>>())
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

/// What these people are called, as far as our copy says.
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
    let rows: Vec<NameRow> = sql("select user_code, name from people \
         where tenant = $1 and user_code = any($2) and name <> ''")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(codes)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.user_code, row.name)).collect())
}

/// These people and everybody above them, as far as our copy says more of them than that they exist.
pub(crate) async fn list_above(
    conn: &Conn,
    tenant: &Tenant,
    codes: Vec<String>,
) -> QueryResult<Vec<(String, Profile)>> {
    #[derive(QueryableByName)]
    struct ProfileRow {
        #[diesel(sql_type = Text)]
        user_code: String,
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Text)]
        dept_id: String,
        #[diesel(sql_type = Nullable<Text>)]
        supervisor: Option<String>,
        #[diesel(sql_type = Nullable<Text>)]
        title: Option<String>,
        #[diesel(sql_type = Bool)]
        active: bool,
    }
    let rows: Vec<ProfileRow> = sql("with recursive above (code, level) as (\
         select c, 0 from unnest($2) as t(c) union \
         select p.supervisor, a.level + 1 from above a cross join lateral \
         (select supervisor from people where tenant = $1 and user_code = a.code limit 1) p \
         where p.supervisor is not null and a.level < $3) \
         select p.user_code, p.name, p.dept_id, p.supervisor, p.title, p.active \
         from (select distinct code from above) a cross join lateral \
         (select * from people where tenant = $1 and user_code = a.code and dept_id is not null limit 1) p")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(codes)
    .bind::<diesel::sql_types::Integer, _>(MOST_LEVELS)
    .rows(conn)
    .await?;
    let profile = |row: ProfileRow| {
        let ProfileRow { user_code, name, dept_id: dept, supervisor, title, active } = row;
        (user_code, Profile { name, dept, supervisor, title, active })
    };
    Ok(rows.into_iter().map(profile).collect())
}
