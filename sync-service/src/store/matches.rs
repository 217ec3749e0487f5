//! Whom the parts of a sign-in name.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

/// What is looked for.
pub(crate) struct Wanted {
    pub(crate) code: Option<String>,
    pub(crate) bound: Option<String>,
    pub(crate) mobiles: Vec<String>,
    pub(crate) email: Option<String>,
    pub(crate) dingtalk_user_id: Option<String>,
    pub(crate) dingtalk_mobiles: Vec<String>,
}

/// A person and the part that names them.
#[derive(QueryableByName)]
pub(crate) struct Found {
    #[diesel(sql_type = Text)]
    pub(crate) user_code: String,
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
    #[diesel(sql_type = Bool)]
    pub(crate) active: bool,
    #[diesel(sql_type = BigInt)]
    pub(crate) revision: i64,
    #[diesel(sql_type = Text)]
    pub(crate) dept_id: String,
    #[diesel(sql_type = Text)]
    pub(crate) by: String,
}

/// Everybody whom a part names, each part through an index of its own. A mobile that was bound for
/// DingTalk stands there in place of the person's own.
pub(crate) async fn list(conn: &Conn, tenant: &Tenant, wanted: &Wanted) -> QueryResult<Vec<Found>> {
    sql("select u.user_code, coalesce(u.real_name, u.user_name) as name, u.active, u.revision, u.dept_id, t.by from ( \
           select user_code, 'code' as by from users where tenant = $1 and user_code = $2 \
           union all select user_code, 'bound' from users where tenant = $1 and user_code = $3 \
           union all (select user_code, 'mobile' from users where tenant = $1 and mobile = any($4) limit 20) \
           union all (select user_code, 'email' from users where tenant = $1 and lower(email) = lower($5) limit 20) \
           union all select user_code, 'dingtalk' from users where tenant = $1 and dingtalk_user_id = $6 \
           union all (select user_code, 'dingtalkMobile' from users where tenant = $1 and dingtalk_mobile = any($7) limit 20) \
           union all (select user_code, 'dingtalkMobile' from users where tenant = $1 and mobile = any($7) \
             and dingtalk_mobile is null limit 20) \
         ) t join users u on u.tenant = $1 and u.user_code = t.user_code order by u.user_code")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Nullable<Text>, _>(wanted.code.as_deref())
    .bind::<Nullable<Text>, _>(wanted.bound.as_deref())
    .bind::<Array<Text>, _>(wanted.mobiles.as_slice())
    .bind::<Nullable<Text>, _>(wanted.email.as_deref())
    .bind::<Nullable<Text>, _>(wanted.dingtalk_user_id.as_deref())
    .bind::<Array<Text>, _>(wanted.dingtalk_mobiles.as_slice())
    .rows(conn)
    .await
}
