//! People and members of departments, in the words in which others know them.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use shared::contract::directory::{Members, Person};
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

#[derive(QueryableByName)]
struct PersonRow {
    #[diesel(sql_type = Text)]
    user_code: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    mobile: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    dingtalk_user_id: Option<String>,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = BigInt)]
    revision: i64,
}

/// The people of these codes, as far as there are any.
pub(crate) async fn list_people(
    conn: &Conn,
    tenant: &Tenant,
    codes: Vec<String>,
) -> QueryResult<Vec<Person>> {
    let rows: Vec<PersonRow> = sql("select u.* from unnest($2) as k(code) cross join lateral \
         (select user_code, coalesce(real_name, user_name) as name, coalesce(dingtalk_mobile, mobile) as mobile, \
         dingtalk_user_id, active, revision from users where tenant = $1 and user_code = k.code limit 1) u")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(codes)
    .rows(conn)
    .await?;
    let person = |row: PersonRow| Person {
        user_code: row.user_code,
        name: row.name,
        mobile: row.mobile,
        dingtalk_user_id: row.dingtalk_user_id,
        active: row.active,
        revision: row.revision,
        ..Person::default()
    };
    Ok(rows.into_iter().map(person).collect())
}

/// The active people of each department, named by id, else by a code that only one has; at most
/// `most` of one.
pub(crate) async fn list_members(
    conn: &Conn,
    tenant: &Tenant,
    names: Vec<String>,
    most: i64,
) -> QueryResult<Vec<Members>> {
    #[derive(QueryableByName)]
    struct MembersRow {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Array<Text>)]
        users: Vec<String>,
    }
    let rows: Vec<MembersRow> = sql("select k.name, array(select user_code from users u \
         where u.tenant = $1 and u.dept_id = d.dept_id and u.active order by user_code limit $3) as users \
         from unnest($2) as k(name) cross join lateral \
         (select coalesce((select dept_id from departments where tenant = $1 and dept_id = k.name), \
          (select min(dept_id) from departments where tenant = $1 and dept_code = k.name having count(*) = 1)) as dept_id) d \
         where d.dept_id is not null")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(names)
    .bind::<BigInt, _>(most)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(|row| Members { department: row.name, users: row.users }).collect())
}
