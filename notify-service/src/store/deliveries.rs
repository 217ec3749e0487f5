//! Deliveries as events move them, and as people look at them.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

use super::notices::Keys;
use crate::domain::change::Folded;
use crate::domain::delivery::{
    Channel, ENDED_BY_CLOSING, ENDED_BY_DISABLING, Known, PENDING, State,
};
use crate::domain::outcome::NOT_CONFIGURED;
use crate::domain::person::NO_SUCH_USER;

fn words(states: &[State]) -> Vec<&'static str> {
    states.iter().map(|state| state.word()).collect()
}

/// Opens the deliveries of the tasks that opened: due, waiting for the person, or not to go out
/// because the enterprise has no DingTalk. What is there stays as it is, except what was skipped
/// before anything can have gone out.
pub(crate) async fn open_all(tx: &Conn, folded: &Folded, is_configured: bool) -> QueryResult<()> {
    let mut keys = Keys::default();
    let (mut users, mut web, mut h5) = (Vec::new(), Vec::new(), Vec::new());
    for ((key, user), standing) in &folded.standings {
        let Some((web_url, h5_url)) = &standing.links else { continue };
        keys.push(key);
        users.push(user.as_str());
        web.push(web_url.as_str());
        h5.push(h5_url.as_str());
    }
    if users.is_empty() {
        return Ok(());
    }
    sql("insert into deliveries as d (tenant, notice_id, user_code, channel, state, due_at, web_url, h5_url, last_error) \
         select n.tenant, n.id, k.user_code, c.channel, s.state, case when s.state = 'due' then now() end, \
         k.web, k.h5, case when s.state = 'not_configured' then $9 end \
         from unnest($1, $2, $3, $4, $5, $6, $7) as k(tenant, app, code, task, user_code, web, h5) \
         cross join lateral (select * from notices where tenant = k.tenant and app_id = k.app \
           and order_code = k.code and task_code = k.task limit 1) n \
         cross join lateral (select open from recipients where notice_id = n.id \
           and user_code = k.user_code limit 1) r \
         left join lateral (select * from people where tenant = k.tenant \
           and user_code = k.user_code limit 1) p on true \
         cross join (values ('work'), ('todo')) as c(channel) \
         cross join lateral (select case when not r.open then 'skipped' \
           when p.user_code is null then 'waiting_person' when not p.active then 'skipped' \
           when p.mobile is null and p.dingtalk_user_id is null then 'waiting_person' \
           when $8 then 'due' else 'not_configured' end as state) s \
         where c.channel = 'work' or n.node_type in ('handle', 'audit') \
         order by n.id, k.user_code, c.channel \
         on conflict (notice_id, user_code, channel) do update set state = excluded.state, \
         due_at = excluded.due_at, web_url = excluded.web_url, h5_url = excluded.h5_url, \
         tries = 0, updated_at = now() \
         where d.state = 'skipped' and not d.repeated and d.lease is null and excluded.state <> 'skipped'")
    .bind::<Array<Text>, _>(keys.tenants)
    .bind::<Array<Text>, _>(keys.apps)
    .bind::<Array<BigInt>, _>(keys.orders)
    .bind::<Array<Text>, _>(keys.tasks)
    .bind::<Array<Text>, _>(users)
    .bind::<Array<Text>, _>(web)
    .bind::<Array<Text>, _>(h5)
    .bind::<Bool, _>(is_configured)
    .bind::<Text, _>(NOT_CONFIGURED)
    .run(tx)
    .await?;
    Ok(())
}

/// Brings deliveries into line with whether their tasks wait: a to-do of a closed task is to be
/// ticked off, what did not go out is skipped. A to-do that may stand unknown to us stays due, to be
/// found. What a round holds is left to that round.
pub(crate) async fn settle_all(tx: &Conn, folded: &Folded) -> QueryResult<()> {
    let mut keys = Keys::default();
    let mut users = Vec::new();
    for (key, user) in folded.standings.keys() {
        keys.push(key);
        users.push(user.as_str());
    }
    #[derive(QueryableByName)]
    struct NextRow {
        #[diesel(sql_type = BigInt)]
        id: i64,
        #[diesel(sql_type = Text)]
        state: String,
        #[diesel(sql_type = Text)]
        next: String,
    }
    // Found first and changed by number then: as one statement it is planned while the table is small,
    // and goes on reading all of it when it is not.
    let changes: Vec<NextRow> = sql("select * from (select e.id, e.state, case \
             when r.open and e.state = 'finishing' then 'created' \
             when not r.open and e.state = 'created' then 'finishing' \
             when not r.open and e.state = any($6) \
               and not (e.channel = 'todo' and (e.repeated or e.remote_id is not null)) then 'skipped' \
           end as next \
           from unnest($1, $2, $3, $4, $5) as k(tenant, app, code, task, user_code) \
           cross join lateral (select id from notices where tenant = k.tenant and app_id = k.app \
             and order_code = k.code and task_code = k.task limit 1) n \
           cross join lateral (select open from recipients where notice_id = n.id \
             and user_code = k.user_code limit 1) r \
           cross join lateral (select * from deliveries where notice_id = n.id \
             and user_code = k.user_code limit 2) e \
           where e.lease is null) x where x.next is not null")
    .bind::<Array<Text>, _>(keys.tenants)
    .bind::<Array<Text>, _>(keys.apps)
    .bind::<Array<BigInt>, _>(keys.orders)
    .bind::<Array<Text>, _>(keys.tasks)
    .bind::<Array<Text>, _>(users)
    .bind::<Array<Text>, _>(words(&ENDED_BY_CLOSING))
    .rows(tx)
    .await?;
    if changes.is_empty() {
        return Ok(());
    }
    let column = |of: fn(&NextRow) -> &str| changes.iter().map(of).collect::<Vec<_>>();
    sql(
        "update deliveries set state = $2[array_position($1, id)], tries = 0, updated_at = now(), \
         due_at = case when $2[array_position($1, id)] = 'finishing' then now() end \
         where id = any($1) and state = $3[array_position($1, id)] and lease is null",
    )
    .bind::<Array<BigInt>, _>(changes.iter().map(|row| row.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(column(|row| &row.next))
    .bind::<Array<Text>, _>(column(|row| &row.state))
    .run(tx)
    .await?;
    Ok(())
}

/// Makes due what waited for these people, what failed because DingTalk did not know them, and
/// what was skipped while they were disabled; only for tasks that still wait.
pub(crate) async fn wake_people(
    tx: &Conn,
    tenants: Vec<&str>,
    codes: Vec<&str>,
) -> QueryResult<usize> {
    sql("update deliveries d set state = 'due', due_at = now(), tries = 0, updated_at = now() \
         from unnest($1, $2) as k(tenant, user_code) \
         cross join lateral (select * from people where tenant = k.tenant \
           and user_code = k.user_code limit 1) p, recipients r \
         where d.tenant = k.tenant and d.user_code = k.user_code and d.lease is null \
         and r.notice_id = d.notice_id and r.user_code = d.user_code and r.open and p.active \
         and (p.mobile is not null or p.dingtalk_user_id is not null) \
         and d.state in ('waiting_person', 'due', 'not_configured', 'failed', 'skipped') \
         and (d.state = 'waiting_person' or (d.state = 'skipped' and not d.repeated) \
           or (d.state = 'failed' and d.last_code = any($3) and (d.remote_id is null or d.channel = 'work')))")
    .bind::<Array<Text>, _>(tenants)
    .bind::<Array<Text>, _>(codes)
    .bind::<Array<Text>, _>(NO_SUCH_USER.to_vec())
    .run(tx)
    .await
}

/// Skips what has not gone out to people who are disabled.
pub(crate) async fn skip_disabled(
    tx: &Conn,
    tenants: Vec<&str>,
    codes: Vec<&str>,
) -> QueryResult<usize> {
    sql("update deliveries d set state = 'skipped', due_at = null, updated_at = now() \
         from unnest($1, $2) as k(tenant, user_code) \
         cross join lateral (select * from people where tenant = k.tenant \
           and user_code = k.user_code limit 1) p \
         where d.tenant = k.tenant and d.user_code = k.user_code and d.lease is null and not p.active \
         and d.state in ('waiting_person', 'due', 'not_configured', 'failed', 'skipped') \
         and d.state = any($3)")
    .bind::<Array<Text>, _>(tenants)
    .bind::<Array<Text>, _>(codes)
    .bind::<Array<Text>, _>(words(&ENDED_BY_DISABLING))
    .run(tx)
    .await
}

/// The people for whom something waits although they can be found: two processes heard of task and
/// person at the same moment and did not see each other.
pub(crate) async fn list_overlooked(conn: &Conn, most: i64) -> QueryResult<Vec<(String, String)>> {
    #[derive(QueryableByName)]
    struct OverlookedRow {
        #[diesel(sql_type = Text)]
        tenant: String,
        #[diesel(sql_type = Text)]
        user_code: String,
    }
    let rows: Vec<OverlookedRow> = sql("select distinct d.tenant, d.user_code from deliveries d \
         join people p on p.tenant = d.tenant and p.user_code = d.user_code \
         where d.state = 'waiting_person' and d.lease is null \
         and d.state in ('waiting_person', 'due', 'not_configured', 'failed', 'skipped') \
         and (not p.active or p.mobile is not null or p.dingtalk_user_id is not null) limit $1")
    .bind::<BigInt, _>(most)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant, row.user_code)).collect())
}

/// A delivery as a person looks at it.
#[derive(Debug, QueryableByName)]
pub(crate) struct ListedRow {
    #[diesel(sql_type = BigInt)]
    pub(crate) id: i64,
    #[diesel(sql_type = Text)]
    pub(crate) tenant: String,
    #[diesel(sql_type = Text)]
    pub(crate) app_id: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) order_code: i64,
    #[diesel(sql_type = Text)]
    pub(crate) task_code: String,
    #[diesel(sql_type = Text)]
    pub(crate) task_name: String,
    #[diesel(sql_type = Text)]
    pub(crate) user_code: String,
    #[diesel(sql_type = Text)]
    pub(crate) channel: String,
    #[diesel(sql_type = Text)]
    pub(crate) state: String,
    #[diesel(sql_type = Integer)]
    pub(crate) attempts: i32,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(crate) due_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) remote_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) last_code: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) last_error: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) updated_at: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    pub(crate) total: i64,
}

/// What a page of deliveries is asked for.
pub(crate) struct PageOf {
    pub(crate) tenant: Tenant,
    pub(crate) state: Option<State>,
    pub(crate) user: Option<String>,
    pub(crate) order: Option<i64>,
    pub(crate) page: i32,
    pub(crate) size: i32,
}

/// One page, newest first, and how many there are in all.
pub(crate) async fn list(conn: &Conn, wanted: &PageOf) -> QueryResult<(Vec<ListedRow>, i64)> {
    let rows: Vec<ListedRow> = sql("select d.id, d.tenant, n.app_id, n.order_code, n.task_code, n.task_name, \
         d.user_code, d.channel, d.state, d.attempts, d.due_at, d.remote_id, d.last_code, d.last_error, \
         d.created_at, d.updated_at, count(*) over () as total \
         from deliveries d join notices n on n.id = d.notice_id \
         where d.tenant = $1 and ($2 is null or d.state = $2) and ($3 is null or d.user_code = $3) \
         and ($4 is null or n.order_code = $4) order by d.id desc limit $5 offset $6")
    .bind::<Text, _>(wanted.tenant.as_str())
    .bind::<Nullable<Text>, _>(wanted.state.map(State::word))
    .bind::<Nullable<Text>, _>(wanted.user.as_deref())
    .bind::<Nullable<BigInt>, _>(wanted.order)
    .bind::<BigInt, _>(i64::from(wanted.size))
    .bind::<BigInt, _>(i64::from(wanted.page - 1) * i64::from(wanted.size))
    .rows(conn)
    .await?;
    let total = rows.first().map_or(0, |row| row.total);
    Ok((rows, total))
}

/// One delivery.
pub(crate) async fn show(conn: &Conn, id: i64) -> QueryResult<Option<ListedRow>> {
    sql("select d.id, d.tenant, n.app_id, n.order_code, n.task_code, n.task_name, \
         d.user_code, d.channel, d.state, d.attempts, d.due_at, d.remote_id, d.last_code, d.last_error, \
         d.created_at, d.updated_at, 1::bigint as total \
         from deliveries d join notices n on n.id = d.notice_id where d.id = $1")
    .bind::<BigInt, _>(id)
    .optional(conn)
    .await
}

/// How many deliveries of a state there are, and how many of them have something left to do.
#[derive(QueryableByName)]
pub(crate) struct CountRow {
    #[diesel(sql_type = Text)]
    pub(crate) state: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) total: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) pending: i64,
}

/// Counts by state, of one enterprise or of all; openings that wait to be planned are `queued`.
pub(crate) async fn count(conn: &Conn, tenant: Option<&Tenant>) -> QueryResult<Vec<CountRow>> {
    sql("select state, count(*) as total, \
         count(*) filter (where due_at is not null and state = any($2)) as pending \
         from deliveries where $1 is null or tenant = $1 group by state \
         union all select 'queued', count(*), count(*) from changes where $1 is null or tenant = $1 \
         having count(*) > 0 order by state")
    .bind::<Nullable<Text>, _>(tenant.map(Tenant::as_str))
    .bind::<Array<Text>, _>(words(&PENDING))
    .rows(conn)
    .await
}

/// Which deliveries to load for a replay.
pub(crate) enum Replayed {
    One(i64),
    Of(Tenant, State),
}

#[derive(QueryableByName)]
pub(super) struct KnownRow {
    #[diesel(sql_type = BigInt)]
    pub(super) id: i64,
    #[diesel(sql_type = Text)]
    pub(super) channel: String,
    #[diesel(sql_type = Text)]
    pub(super) state: String,
    #[diesel(sql_type = Integer)]
    pub(super) tries: i32,
    #[diesel(sql_type = Bool)]
    pub(super) repeated: bool,
    #[diesel(sql_type = Bool)]
    pub(super) has_remote: bool,
    #[diesel(sql_type = Bool)]
    pub(super) open: bool,
}

impl From<KnownRow> for Known {
    fn from(row: KnownRow) -> Self {
        Known {
            id: row.id,
            channel: Channel::stored(&row.channel),
            state: State::stored(&row.state),
            tries: row.tries.unsigned_abs(),
            repeated: row.repeated,
            has_remote: row.has_remote,
            open: row.open,
        }
    }
}

/// Locks what is to be replayed, at most `most`; rows that a round holds are left out.
pub(crate) async fn load(tx: &Conn, wanted: &Replayed, most: i64) -> QueryResult<Vec<Known>> {
    let (id, tenant, state) = match wanted {
        Replayed::One(id) => (Some(*id), None, None),
        Replayed::Of(tenant, state) => (None, Some(tenant.as_str()), Some(state.word())),
    };
    let rows: Vec<KnownRow> = sql("select d.id, d.channel, d.state, d.tries, d.repeated, \
         d.remote_id is not null as has_remote, r.open from deliveries d \
         join recipients r on r.notice_id = d.notice_id and r.user_code = d.user_code \
         where ($1 is null or d.id = $1) and ($2 is null or (d.tenant = $2 and d.state = $3)) \
         and ($1 is not null or d.lease is null) order by r.notice_id, r.user_code limit $4 \
         for update of r, d")
    .bind::<Nullable<BigInt>, _>(id)
    .bind::<Nullable<Text>, _>(tenant)
    .bind::<Nullable<Text>, _>(state)
    .bind::<BigInt, _>(most)
    .rows(tx)
    .await?;
    Ok(rows.into_iter().map(Known::from).collect())
}

/// Stores where replays put deliveries; they begin anew.
pub(crate) async fn save_replays(tx: &Conn, replays: &[(Known, State)]) -> QueryResult<()> {
    let due = |state: State| PENDING.contains(&state);
    sql("update deliveries d set state = k.state, due_at = case when k.due then now() end, tries = 0, \
         repeated = d.repeated and d.state <> 'blocked', last_code = null, last_error = null, \
         updated_at = now() from unnest($1, $2, $3) as k(id, state, due) where d.id = k.id")
    .bind::<Array<BigInt>, _>(replays.iter().map(|(known, _)| known.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(replays.iter().map(|(_, state)| state.word()).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(replays.iter().map(|(_, state)| due(*state)).collect::<Vec<_>>())
    .run(tx)
    .await?;
    Ok(())
}

/// Removes a batch of deliveries, with their attempts, that ended long ago.
pub(crate) async fn delete_old(conn: &Conn, days: i32, most: i64) -> QueryResult<usize> {
    sql("delete from deliveries where id in (select id from deliveries \
         where due_at is null and updated_at < now() - $1 * interval '1 day' and state <> 'created' limit $2)")
    .bind::<Integer, _>(days)
    .bind::<BigInt, _>(most)
    .run(conn)
    .await
}
