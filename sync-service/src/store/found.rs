//! People and members of departments, in the words in which others know them.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text};
use shared::contract::directory::{Department, Members, Person};
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

/// Levels of superiors and of departments followed at most.
const MOST_LEVELS: i32 = 50;

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
    #[diesel(sql_type = Text)]
    dept_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    supervisor: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    title: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    roles: Vec<String>,
}

impl From<PersonRow> for Person {
    fn from(row: PersonRow) -> Self {
        Person {
            user_code: row.user_code,
            name: row.name,
            mobile: row.mobile,
            dingtalk_user_id: row.dingtalk_user_id,
            active: row.active,
            revision: row.revision,
            dept_id: row.dept_id,
            supervisor: row.supervisor,
            title: row.title,
            roles: row.roles,
        }
    }
}

#[derive(QueryableByName)]
struct MembersRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Array<Text>)]
    users: Vec<String>,
}

impl From<MembersRow> for Members {
    fn from(row: MembersRow) -> Self {
        Members { department: row.name, users: row.users }
    }
}

#[derive(QueryableByName)]
struct CodeRow {
    #[diesel(sql_type = Text)]
    code: String,
}

/// The people of these codes, as far as there are any.
pub(crate) async fn list_people(
    conn: &Conn,
    tenant: &Tenant,
    codes: Vec<String>,
) -> QueryResult<Vec<Person>> {
    let rows: Vec<PersonRow> = sql("select u.* from unnest($2) as k(code) cross join lateral \
         (select user_code, coalesce(real_name, user_name) as name, coalesce(dingtalk_mobile, mobile) as mobile, \
         dingtalk_user_id, active, revision, dept_id, supervisor, title, roles from users where tenant = $1 and user_code = k.code limit 1) u")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(codes)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(Person::from).collect())
}

/// These people and everybody above them, by code.
pub(crate) async fn list_above(
    conn: &Conn,
    tenant: &Tenant,
    codes: Vec<String>,
) -> QueryResult<Vec<String>> {
    let rows: Vec<CodeRow> = sql("with recursive above (code, level) as (\
         select c, 0 from unnest($2) as t(c) union \
         select u.supervisor, a.level + 1 from above a cross join lateral \
         (select supervisor from users where tenant = $1 and user_code = a.code limit 1) u \
         where u.supervisor is not null and a.level < $3) select distinct code from above")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(codes)
    .bind::<Integer, _>(MOST_LEVELS)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.code).collect())
}

/// The active people of each role; at most `most` of one.
pub(crate) async fn list_in_roles(
    conn: &Conn,
    tenant: &Tenant,
    roles: Vec<String>,
    most: i64,
) -> QueryResult<Vec<String>> {
    let rows: Vec<CodeRow> = sql("select distinct u.code from unnest($2) as k(role) cross join lateral \
         (select user_code as code from users where tenant = $1 and roles @> array[k.role] and active \
         order by user_code limit $3) u order by u.code")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(roles)
    .bind::<BigInt, _>(most)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.code).collect())
}

/// The departments of these people and those named by id or code, with everything above them.
pub(crate) async fn list_departments(
    conn: &Conn,
    tenant: &Tenant,
    around: Vec<String>,
    names: Vec<String>,
) -> QueryResult<Vec<Department>> {
    #[derive(QueryableByName)]
    struct DepartmentRow {
        #[diesel(sql_type = Text)]
        dept_id: String,
        #[diesel(sql_type = Nullable<Text>)]
        dept_code: Option<String>,
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Nullable<Text>)]
        parent_id: Option<String>,
        #[diesel(sql_type = Array<Text>)]
        managers: Vec<String>,
        #[diesel(sql_type = Bool)]
        active: bool,
        #[diesel(sql_type = BigInt)]
        revision: i64,
    }
    let rows: Vec<DepartmentRow> = sql("with recursive above (id, level) as (\
         (select dept_id, 0 from users where tenant = $1 and user_code = any($2) union \
         select dept_id, 0 from departments where tenant = $1 and (dept_id = any($3) or dept_code = any($3))) union \
         select d.parent_id, a.level + 1 from above a join departments d on d.tenant = $1 and d.dept_id = a.id \
         where d.parent_id is not null and a.level < $4) \
         select d.dept_id, d.dept_code, d.name, d.parent_id, d.managers, d.active, d.revision \
         from (select distinct id from above) a join departments d on d.tenant = $1 and d.dept_id = a.id \
         order by d.dept_id")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(around)
    .bind::<Array<Text>, _>(names)
    .bind::<Integer, _>(MOST_LEVELS)
    .rows(conn)
    .await?;
    let department = |row: DepartmentRow| Department {
        dept_id: row.dept_id,
        dept_code: row.dept_code,
        name: row.name,
        parent_id: row.parent_id,
        managers: row.managers,
        active: row.active,
        revision: row.revision,
    };
    Ok(rows.into_iter().map(department).collect())
}

/// For each department its active people whose supervisor is absent or outside of it; two are as
/// good as many, because neither leads it.
pub(crate) async fn list_heads(
    conn: &Conn,
    tenant: &Tenant,
    departments: Vec<String>,
) -> QueryResult<Vec<Members>> {
    let rows: Vec<MembersRow> = sql("select k.id as name, array(select u.user_code from users u \
         left join users s on s.tenant = $1 and s.user_code = u.supervisor \
         where u.tenant = $1 and u.dept_id = k.id and u.active and s.dept_id is distinct from k.id \
         order by u.user_code limit 2) as users from unnest($2) as k(id)")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(departments)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(Members::from).collect())
}

/// The active people of each department, named by id, else by a code that only one has; at most
/// `most` of one.
pub(crate) async fn list_members(
    conn: &Conn,
    tenant: &Tenant,
    names: Vec<String>,
    most: i64,
) -> QueryResult<Vec<Members>> {
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
    Ok(rows.into_iter().map(Members::from).collect())
}
