//! Rounds: which deliveries one worker holds for half a minute, and what it records of them.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;
use uuid::Uuid;

use super::deliveries::KnownRow;
use crate::domain::delivery::{Channel, Errand, Known, PENDING, State};
use crate::domain::notice::{Notice, TaskKey};
use crate::domain::outcome::Next;
use crate::domain::person::{DingUser, Person};

/// Seconds for which a round holds its deliveries.
const LEASE_SECS: i32 = 30;

/// A delivery in hand, with everything its errand needs.
pub(crate) struct Claimed {
    pub(crate) known: Known,
    pub(crate) user: String,
    pub(crate) notice: Notice,
    pub(crate) web_url: String,
    pub(crate) h5_url: String,
    /// DingTalk's ids of the send or to-do and of the person.
    pub(crate) remote: Option<(String, String)>,
    pub(crate) person: Option<Person>,
    pub(crate) ding_user: Option<DingUser>,
}

#[derive(QueryableByName)]
struct ClaimedRow {
    #[diesel(embed)]
    known: KnownRow,
    #[diesel(sql_type = Text)]
    tenant: String,
    #[diesel(sql_type = Text)]
    user_code: String,
    #[diesel(sql_type = Text)]
    app_id: String,
    #[diesel(sql_type = BigInt)]
    order_code: i64,
    #[diesel(sql_type = Text)]
    task_code: String,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Text)]
    task_name: String,
    #[diesel(sql_type = Text)]
    node_type: String,
    #[diesel(sql_type = Text)]
    initiator: String,
    #[diesel(sql_type = Text)]
    business_key: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    task_due_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Text)]
    note: String,
    #[diesel(sql_type = Text)]
    web_url: String,
    #[diesel(sql_type = Text)]
    h5_url: String,
    #[diesel(sql_type = Nullable<Text>)]
    remote_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    remote_user: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    mobile: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    dingtalk_user_id: Option<String>,
    #[diesel(sql_type = Nullable<Bool>)]
    active: Option<bool>,
    #[diesel(sql_type = Nullable<BigInt>)]
    revision: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    ding_userid: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    ding_unionid: Option<String>,
}

impl From<ClaimedRow> for Claimed {
    fn from(row: ClaimedRow) -> Self {
        let person = match (row.name, row.active, row.revision) {
            (Some(name), Some(active), Some(revision)) => Some(Person {
                code: row.user_code.clone(),
                name,
                mobile: row.mobile,
                dingtalk_user_id: row.dingtalk_user_id,
                active,
                revision,
            }),
            _ => None,
        };
        let ding_user = match (row.ding_userid, row.ding_unionid) {
            (Some(userid), Some(unionid)) => Some(DingUser { userid, unionid }),
            _ => None,
        };
        Claimed {
            known: row.known.into(),
            user: row.user_code,
            notice: Notice {
                key: TaskKey {
                    tenant: row.tenant,
                    app: row.app_id,
                    order: row.order_code,
                    task: row.task_code,
                },
                title: row.title,
                task_name: row.task_name,
                node_type: row.node_type,
                initiator: row.initiator,
                business_key: row.business_key,
                due_at: row.task_due_at,
                note: row.note,
            },
            web_url: row.web_url,
            h5_url: row.h5_url,
            remote: row.remote_id.zip(row.remote_user),
            person,
            ding_user,
        }
    }
}

/// The enterprises for which something is due, found by leaps through the index.
pub(crate) async fn list_tenants_due(conn: &Conn) -> QueryResult<Vec<Tenant>> {
    #[derive(QueryableByName)]
    struct TenantRow {
        #[diesel(sql_type = Text)]
        tenant: String,
    }
    let rows: Vec<TenantRow> = sql("with recursive t(tenant) as ( \
           (select tenant from deliveries where due_at is not null order by tenant limit 1) \
           union all \
           select (select d.tenant from deliveries d where d.due_at is not null and d.tenant > t.tenant \
                   order by d.tenant limit 1) from t where t.tenant is not null) \
         select t.tenant from t where t.tenant is not null and exists (select from unnest($1) as s(state), \
           unnest(array['work', 'todo']) as c(channel), lateral (select from deliveries d \
             where d.tenant = t.tenant and d.state = s.state and d.channel = c.channel \
             and d.due_at <= now() limit 1) one)")
    .bind::<Array<Text>, _>(PENDING.map(State::word).to_vec())
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(|row| Tenant::stored(row.tenant)).collect())
}

/// The kinds of errands. A round takes as many of each, so that all of them keep DingTalk's pace.
const LANES: [(State, Channel); 4] = [
    (State::Due, Channel::Work),
    (State::Due, Channel::Todo),
    (State::Sent, Channel::Work),
    (State::Finishing, Channel::Todo),
];

/// Deliveries of one kind in a round: about six seconds' worth of calls.
const MOST: i32 = 100;

/// Takes what is due under `lease`. What an earlier round held and never recorded may have had its
/// effect already.
pub(crate) async fn claim(conn: &Conn, tenant: &Tenant, lease: Uuid) -> QueryResult<Vec<Claimed>> {
    let rows: Vec<ClaimedRow> = sql("with picked as (select p.id from unnest($2, $3) as lane(state, channel) \
           cross join lateral (select d.id from deliveries d where d.tenant = $1 and d.state = lane.state \
             and d.channel = lane.channel and d.due_at <= now() order by d.due_at limit $4 \
             for update skip locked) p), \
         taken as (update deliveries d set lease = $5, due_at = now() + $6 * interval '1 second', \
           repeated = d.repeated or (d.lease is not null and d.state = 'due'), \
           attempts = d.attempts + 1, tries = d.tries + 1 \
           from picked where d.id = picked.id returning d.*) \
         select t.id, t.channel, t.state, t.tries, t.repeated, t.remote_id is not null as has_remote, r.open, \
         t.tenant, t.user_code, n.app_id, n.order_code, n.task_code, n.title, n.task_name, n.node_type, \
         n.initiator, n.business_key, n.due_at as task_due_at, n.note, t.web_url, t.h5_url, t.remote_id, t.remote_user, \
         p.name, p.mobile, p.dingtalk_user_id, p.active, p.revision, p.ding_userid, p.ding_unionid \
         from taken t join notices n on n.id = t.notice_id \
         join recipients r on r.notice_id = t.notice_id and r.user_code = t.user_code \
         left join people p on p.tenant = t.tenant and p.user_code = t.user_code order by t.id")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(LANES.map(|(state, _)| state.word()).to_vec())
    .bind::<Array<Text>, _>(LANES.map(|(_, channel)| channel.word()).to_vec())
    .bind::<Integer, _>(MOST)
    .bind::<SqlUuid, _>(lease)
    .bind::<Integer, _>(LEASE_SECS)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(Claimed::from).collect())
}

/// Locks what this round still holds of `ids`, with what is true now.
pub(crate) async fn load(tx: &Conn, lease: Uuid, ids: &[i64]) -> QueryResult<Vec<Known>> {
    let rows: Vec<KnownRow> = sql("select d.id, d.channel, d.state, d.tries, d.repeated, \
         d.remote_id is not null as has_remote, r.open from deliveries d \
         join recipients r on r.notice_id = d.notice_id and r.user_code = d.user_code \
         where d.id = any($2) and d.lease = $1 order by r.notice_id, r.user_code for update of r, d")
    .bind::<SqlUuid, _>(lease)
    .bind::<Array<BigInt>, _>(ids.to_vec())
    .rows(tx)
    .await?;
    Ok(rows.into_iter().map(Known::from).collect())
}

fn what(errand: Option<Errand>) -> &'static str {
    match errand {
        Some(Errand::Push) => "push",
        Some(Errand::Poll) => "poll",
        Some(Errand::Create) => "create",
        Some(Errand::Finish) => "finish",
        None => "none",
    }
}

/// Records what follows, ends the hold and writes the ledger; guarded by the lease.
pub(crate) async fn save_all(tx: &Conn, lease: Uuid, nexts: &[(Known, Next)]) -> QueryResult<()> {
    let column = |part: fn(&Next) -> Option<String>| {
        nexts.iter().map(|(_, next)| part(next)).collect::<Vec<_>>()
    };
    let flag =
        |part: fn(&Next) -> bool| nexts.iter().map(|(_, next)| part(next)).collect::<Vec<_>>();
    let ids: Vec<i64> = nexts.iter().map(|(known, _)| known.id).collect();
    let due: Vec<Option<i64>> = nexts
        .iter()
        .map(|(_, next)| next.due_in_ms.map(|millis| i64::try_from(millis).unwrap_or(i64::MAX)))
        .collect();
    let tries: Vec<i32> =
        nexts.iter().map(|(_, next)| i32::try_from(next.tries).unwrap_or(i32::MAX)).collect();
    sql("with moved as (update deliveries d set state = k.state, tries = k.tries, repeated = k.repeated, \
           due_at = now() + k.due_ms * interval '1 millisecond', lease = null, \
           attempts = case when k.noted then d.attempts else d.attempts - 1 end, \
           remote_id = coalesce(k.remote_id, d.remote_id), remote_user = coalesce(k.remote_user, d.remote_user), \
           last_code = case when not k.noted then d.last_code when k.ok then null else k.code end, \
           last_error = case when not k.noted then d.last_error when k.ok then null else k.detail end, \
           updated_at = now() \
           from unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
             as k(id, state, due_ms, tries, repeated, remote_id, remote_user, noted, ok, code, detail, what) \
           where d.id = k.id and d.lease = $1 \
           returning d.id, d.attempts, k.noted, k.what, k.ok, k.code, k.detail) \
         insert into attempts (delivery_id, no, what, ok, code, detail) \
         select id, attempts, what, ok, code, detail from moved where noted on conflict do nothing")
    .bind::<SqlUuid, _>(lease)
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Array<Text>, _>(nexts.iter().map(|(_, next)| next.state.word()).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(due)
    .bind::<Array<Integer>, _>(tries)
    .bind::<Array<Bool>, _>(flag(|next| next.repeated))
    .bind::<Array<Nullable<Text>>, _>(column(|next| next.remote.as_ref().map(|remote| remote.0.clone())))
    .bind::<Array<Nullable<Text>>, _>(column(|next| next.remote.as_ref().map(|remote| remote.1.clone())))
    .bind::<Array<Bool>, _>(flag(|next| next.entry.is_some()))
    .bind::<Array<Bool>, _>(flag(|next| next.entry.as_ref().is_some_and(|entry| entry.ok)))
    .bind::<Array<Nullable<Text>>, _>(column(|next| next.entry.as_ref().and_then(|entry| entry.code.clone())))
    .bind::<Array<Nullable<Text>>, _>(column(|next| next.entry.as_ref().and_then(|entry| entry.detail.clone())))
    .bind::<Array<Text>, _>(nexts.iter().map(|(known, _)| what(known.errand())).collect::<Vec<_>>())
    .run(tx)
    .await?;
    Ok(())
}
