//! People, as far as DingTalk needs them.

use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

use crate::domain::person::{DingUser, Person};

/// Makes whoever plans deliveries of these enterprises and whoever changes their people wait for each
/// other: otherwise a delivery may wait for somebody who has just come.
pub(crate) async fn lock(tx: &Conn, tenants: &[&str]) -> QueryResult<()> {
    sql("select count(pg_advisory_xact_lock(hashtext('aiflow people'), h)) \
         from (select distinct hashtext(t) as h from unnest($1) as x(t) order by 1) s")
    .bind::<Array<Text>, _>(tenants.to_vec())
    .run(tx)
    .await?;
    Ok(())
}

/// Stores what is newer than what is known. A person whose mobile or binding changed is looked up
/// at DingTalk again.
pub(crate) async fn save_all(tx: &Conn, people: &[(Tenant, Person)]) -> QueryResult<()> {
    if people.is_empty() {
        return Ok(());
    }
    let text =
        |part: fn(&Person) -> &str| people.iter().map(|(_, one)| part(one)).collect::<Vec<_>>();
    let optional = |part: fn(&Person) -> Option<&str>| {
        people.iter().map(|(_, one)| part(one)).collect::<Vec<_>>()
    };
    sql("insert into people as p (tenant, user_code, name, mobile, dingtalk_user_id, active, revision) \
         select * from unnest($1, $2, $3, $4, $5, $6, $7) \
         on conflict (tenant, user_code) do update set name = excluded.name, mobile = excluded.mobile, \
         dingtalk_user_id = excluded.dingtalk_user_id, active = excluded.active, \
         revision = excluded.revision, \
         ding_userid = case when p.mobile is not distinct from excluded.mobile \
           and p.dingtalk_user_id is not distinct from excluded.dingtalk_user_id then p.ding_userid end, \
         ding_unionid = case when p.mobile is not distinct from excluded.mobile \
           and p.dingtalk_user_id is not distinct from excluded.dingtalk_user_id then p.ding_unionid end \
         where excluded.revision > p.revision")
    .bind::<Array<Text>, _>(people.iter().map(|(tenant, _)| tenant.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(text(|person| &person.code))
    .bind::<Array<Text>, _>(text(|person| &person.name))
    .bind::<Array<Nullable<Text>>, _>(optional(|person| person.mobile.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(optional(|person| person.dingtalk_user_id.as_deref()))
    .bind::<Array<Bool>, _>(people.iter().map(|(_, one)| one.active).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(people.iter().map(|(_, one)| one.revision).collect::<Vec<_>>())
    .run(tx)
    .await?;
    Ok(())
}

/// Remembers who the person is at DingTalk, unless mobile or binding changed meanwhile.
pub(crate) async fn save_ding_user(
    conn: &Conn,
    tenant: &Tenant,
    person: &Person,
    user: &DingUser,
) -> QueryResult<()> {
    sql("update people set ding_userid = $5, ding_unionid = $6 where tenant = $1 and user_code = $2 \
         and mobile is not distinct from $3 and dingtalk_user_id is not distinct from $4")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(person.code.as_str())
    .bind::<Nullable<Text>, _>(person.mobile.as_deref())
    .bind::<Nullable<Text>, _>(person.dingtalk_user_id.as_deref())
    .bind::<Text, _>(user.userid.as_str())
    .bind::<Text, _>(user.unionid.as_str())
    .run(conn)
    .await?;
    Ok(())
}

/// Forgets who these people are at DingTalk: it does not know them by those ids.
pub(crate) async fn forget_ding_users(
    tx: &Conn,
    tenant: &Tenant,
    codes: Vec<String>,
) -> QueryResult<()> {
    if codes.is_empty() {
        return Ok(());
    }
    sql("update people set ding_userid = null, ding_unionid = null \
         where tenant = $1 and user_code = any($2)")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(codes)
    .run(tx)
    .await?;
    Ok(())
}
