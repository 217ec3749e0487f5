//! People.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, SmallInt, Text};
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

use crate::domain::user::User;

#[derive(QueryableByName)]
struct UserRow {
    #[diesel(sql_type = Text)]
    user_code: String,
    #[diesel(sql_type = Text)]
    user_name: String,
    #[diesel(sql_type = Nullable<Text>)]
    real_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    mobile: Option<String>,
    #[diesel(sql_type = Text)]
    dept_id: String,
    #[diesel(sql_type = SmallInt)]
    personnel_type: i16,
    #[diesel(sql_type = Nullable<Text>)]
    supervisor: Option<String>,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = Nullable<Text>)]
    dingtalk_user_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    dingtalk_mobile: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    title: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    roles: Vec<String>,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        User {
            code: row.user_code,
            user_name: row.user_name,
            real_name: row.real_name,
            email: row.email,
            mobile: row.mobile,
            dept_id: row.dept_id,
            personnel_type: row.personnel_type,
            supervisor: row.supervisor,
            active: row.active,
            dingtalk_user_id: row.dingtalk_user_id,
            dingtalk_mobile: row.dingtalk_mobile,
            title: row.title,
            roles: row.roles,
        }
    }
}

/// The people named, everybody above them, and whoever holds one of the mobiles. The caller holds
/// the directory's lock, so no row needs one of its own. (`lateral … limit` keeps PostgreSQL, whose
/// plan may be from a time when there were few people, from reading all of an enterprise's.)
pub(crate) async fn load_staff(
    tx: &Conn,
    tenant: &Tenant,
    codes: Vec<String>,
    mobiles: Vec<String>,
) -> QueryResult<Vec<User>> {
    let rows: Vec<UserRow> = sql("with recursive up as ( \
           select named.user_code, named.supervisor from unnest($2) as k(code) cross join lateral \
           (select user_code, supervisor from users where tenant = $1 and user_code = k.code limit 1) named \
           union select above.user_code, above.supervisor from up cross join lateral \
           (select user_code, supervisor from users u where u.tenant = $1 and u.user_code = up.supervisor limit 1) above) \
         select found.* from up cross join lateral \
         (select * from users where tenant = $1 and user_code = up.user_code limit 1) found \
         union select holder.* from unnest($3) as k(mobile) cross join lateral \
         (select * from users where tenant = $1 and mobile = k.mobile and active limit 20) holder")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(codes)
    .bind::<Array<Text>, _>(mobiles)
    .rows(tx)
    .await?;
    Ok(rows.into_iter().map(User::from).collect())
}

/// A person under the directory's lock, if there.
pub(crate) async fn find(tx: &Conn, tenant: &Tenant, code: &str) -> QueryResult<Option<User>> {
    let row: Option<UserRow> = sql("select * from users where tenant = $1 and user_code = $2")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Text, _>(code)
        .optional(tx)
        .await?;
    Ok(row.map(User::from))
}

/// Who is bound to a DingTalk user, if anybody.
pub(crate) async fn find_by_link(
    tx: &Conn,
    tenant: &Tenant,
    link: &str,
) -> QueryResult<Option<User>> {
    let row: Option<UserRow> =
        sql("select * from users where tenant = $1 and dingtalk_user_id = $2")
            .bind::<Text, _>(tenant.as_str())
            .bind::<Text, _>(link)
            .optional(tx)
            .await?;
    Ok(row.map(User::from))
}

/// Stores all with one statement.
pub(crate) async fn save_all(
    tx: &Conn,
    tenant: &Tenant,
    revision: i64,
    users: &[User],
) -> QueryResult<()> {
    if users.is_empty() {
        return Ok(());
    }
    // Lists of different lengths cannot be an array of arrays.
    let roles = users.iter().map(|user| serde_json::json!(user.roles).to_string());
    let text = |part: fn(&User) -> &str| users.iter().map(part).collect::<Vec<_>>();
    let optional = |part: fn(&User) -> Option<&str>| users.iter().map(part).collect::<Vec<_>>();
    sql("insert into users (tenant, revision, user_code, user_name, real_name, email, mobile, dept_id, supervisor, \
         dingtalk_user_id, dingtalk_mobile, personnel_type, active, title, roles) \
         select $1, $2, a, b, c, d, e, f, g, h, i, j, k, l, array(select jsonb_array_elements_text(m::jsonb)) \
         from unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
         as t(a, b, c, d, e, f, g, h, i, j, k, l, m) \
         on conflict (tenant, user_code) do update set revision = excluded.revision, user_name = excluded.user_name, \
         real_name = excluded.real_name, email = excluded.email, mobile = excluded.mobile, dept_id = excluded.dept_id, \
         supervisor = excluded.supervisor, dingtalk_user_id = excluded.dingtalk_user_id, \
         dingtalk_mobile = excluded.dingtalk_mobile, personnel_type = excluded.personnel_type, \
         active = excluded.active, title = excluded.title, roles = excluded.roles, updated_at = now()")
    .bind::<Text, _>(tenant.as_str())
    .bind::<BigInt, _>(revision)
    .bind::<Array<Text>, _>(text(|user| &user.code))
    .bind::<Array<Text>, _>(text(|user| &user.user_name))
    .bind::<Array<Nullable<Text>>, _>(optional(|user| user.real_name.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(optional(|user| user.email.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(optional(|user| user.mobile.as_deref()))
    .bind::<Array<Text>, _>(text(|user| &user.dept_id))
    .bind::<Array<Nullable<Text>>, _>(optional(|user| user.supervisor.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(optional(|user| user.dingtalk_user_id.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(optional(|user| user.dingtalk_mobile.as_deref()))
    .bind::<Array<SmallInt>, _>(users.iter().map(|user| user.personnel_type).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(users.iter().map(|user| user.active).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(optional(|user| user.title.as_deref()))
    .bind::<Array<Text>, _>(roles.collect::<Vec<_>>())
    .run(tx)
    .await?;
    Ok(())
}

/// Notes that the person was created at sign-in.
pub(crate) async fn mark_signed_in(tx: &Conn, tenant: &Tenant, code: &str) -> QueryResult<usize> {
    sql("update users set source = 'sso' where tenant = $1 and user_code = $2")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Text, _>(code)
        .run(tx)
        .await
}

/// Those of `departments` in which active people are.
pub(crate) async fn list_manned(
    conn: &Conn,
    tenant: &Tenant,
    departments: Vec<String>,
) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct MannedRow {
        #[diesel(sql_type = Text)]
        dept_id: String,
    }
    let rows: Vec<MannedRow> = sql(
        "select distinct dept_id from users where tenant = $1 and dept_id = any($2) and active",
    )
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(departments)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.dept_id).collect())
}

/// Those of `codes` that name nobody.
pub(crate) async fn list_unknown(
    conn: &Conn,
    tenant: &Tenant,
    codes: Vec<String>,
) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct UnknownRow {
        #[diesel(sql_type = Text)]
        code: String,
    }
    let rows: Vec<UnknownRow> = sql("select c as code from unnest($2) as t(c) where not exists \
         (select from users u where u.tenant = $1 and u.user_code = c)")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(codes)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.code).collect())
}

/// What a page of people is asked for.
pub(crate) struct PageOf {
    pub(crate) dept_id: Option<String>,
    pub(crate) keyword: Option<String>,
    pub(crate) page: i32,
    pub(crate) size: i32,
}

/// One page of people and how many there are in all.
pub(crate) async fn list(
    conn: &Conn,
    tenant: &Tenant,
    wanted: PageOf,
) -> QueryResult<(Vec<User>, i64)> {
    #[derive(QueryableByName)]
    struct CountRow {
        #[diesel(sql_type = BigInt)]
        total: i64,
    }
    let pattern = wanted.keyword.map(|keyword| {
        let escaped = keyword.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        format!("%{escaped}%")
    });
    let rows: Vec<UserRow> = sql("select * from users where tenant = $1 and ($2 is null or dept_id = $2) \
         and ($3 is null or user_code ilike $3 or user_name ilike $3 or real_name ilike $3 or mobile ilike $3) \
         order by user_code limit $4 offset $5")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Nullable<Text>, _>(wanted.dept_id.clone())
    .bind::<Nullable<Text>, _>(pattern.clone())
    .bind::<BigInt, _>(i64::from(wanted.size))
    .bind::<BigInt, _>(i64::from(wanted.page - 1) * i64::from(wanted.size))
    .rows(conn)
    .await?;
    let count: CountRow = sql("select count(*) as total from users where tenant = $1 and ($2 is null or dept_id = $2) \
         and ($3 is null or user_code ilike $3 or user_name ilike $3 or real_name ilike $3 or mobile ilike $3)")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Nullable<Text>, _>(wanted.dept_id)
    .bind::<Nullable<Text>, _>(pattern)
    .row(conn)
    .await?;
    Ok((rows.into_iter().map(User::from).collect(), count.total))
}
