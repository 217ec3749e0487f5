//! What ERPs are told, push by push: written, listed, replayed, skipped, removed.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use shared::db::{Conn, QueryResult, sql};
use shared::id::{AppId, Tenant};
use uuid::Uuid;

use super::lines::OrderKey;
use super::push_claims::KnownRow;
use crate::domain::push::{Kind, Known, State};

/// The most attempts shown of one push.
const MOST_SHOWN: i64 = 200;

/// A push that is to be written.
#[derive(Debug)]
pub(crate) struct NewPush {
    pub(crate) tenant: String,
    pub(crate) app: String,
    pub(crate) line: i64,
    pub(crate) order: i64,
    pub(crate) kind: Kind,
    pub(crate) call: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) body: String,
    pub(crate) message_id: Uuid,
    pub(crate) state: State,
    pub(crate) error: Option<&'static str>,
}

/// Writes pushes in the order given.
pub(crate) async fn save_all(tx: &Conn, pushes: &[NewPush]) -> QueryResult<()> {
    if pushes.is_empty() {
        return Ok(());
    }
    let text = |part: fn(&NewPush) -> &str| pushes.iter().map(part).collect::<Vec<&str>>();
    let number = |part: fn(&NewPush) -> i64| pushes.iter().map(part).collect::<Vec<i64>>();
    let maybe = |part: fn(&NewPush) -> Option<&str>| pushes.iter().map(part).collect::<Vec<_>>();
    sql("insert into erp_pushes (tenant, app_id, line_id, order_id, kind, call_id, address, body, message_id, \
         state, holds, last_error, due_at) \
         select tenant, app, line, ordr, kind, call, address, body, message, state, holds, error, \
         case when state = 'due' then now() end \
         from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) with ordinality \
           as k(tenant, app, line, ordr, kind, call, address, body, message, state, holds, error, place) \
         order by place")
    .bind::<Array<Text>, _>(text(|push| &push.tenant))
    .bind::<Array<Text>, _>(text(|push| &push.app))
    .bind::<Array<BigInt>, _>(number(|push| push.line))
    .bind::<Array<BigInt>, _>(number(|push| push.order))
    .bind::<Array<Text>, _>(text(|push| push.kind.word()))
    .bind::<Array<Nullable<Text>>, _>(maybe(|push| push.call.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(maybe(|push| push.address.as_deref()))
    .bind::<Array<Text>, _>(text(|push| &push.body))
    .bind::<Array<SqlUuid>, _>(pushes.iter().map(|push| push.message_id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(text(|push| push.state.word()))
    .bind::<Array<Bool>, _>(
        pushes.iter().map(|push| push.state.holds(push.kind, 0)).collect::<Vec<_>>(),
    )
    .bind::<Array<Nullable<Text>>, _>(maybe(|push| push.error))
    .run(tx)
    .await?;
    Ok(())
}

/// Takes away calls that the flow no longer wants; those in hand are settled by who holds them.
/// Gives the lines that may go on.
pub(crate) async fn drop_calls(
    tx: &Conn,
    calls: &[(String, String)],
) -> QueryResult<Vec<OrderKey>> {
    #[derive(QueryableByName)]
    struct DroppedRow {
        #[diesel(sql_type = Text)]
        tenant: String,
        #[diesel(sql_type = BigInt)]
        line_id: i64,
    }
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<DroppedRow> = sql("update erp_pushes p set unwanted = true, \
         state = case when p.lease is null then 'skipped' else p.state end, holds = p.lease is not null, \
         due_at = case when p.lease is null then null else p.due_at end, \
         last_error = case when p.lease is null then 'the flow no longer wants it' else p.last_error end, \
         updated_at = now() from unnest($1, $2) as k(tenant, call) \
         where p.tenant = k.tenant and p.call_id = k.call and p.state in ('due', 'waiting') \
         returning p.tenant, p.line_id")
    .bind::<Array<Text>, _>(calls.iter().map(|(tenant, _)| tenant.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(calls.iter().map(|(_, call)| call.as_str()).collect::<Vec<_>>())
    .rows(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant, row.line_id)).collect())
}

/// A push as a person looks at it.
#[derive(Debug, QueryableByName)]
pub(crate) struct ListedRow {
    #[diesel(sql_type = BigInt)]
    pub(crate) id: i64,
    #[diesel(sql_type = Text)]
    pub(crate) tenant: String,
    #[diesel(sql_type = Text)]
    pub(crate) app_id: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) order_id: i64,
    #[diesel(sql_type = Text)]
    pub(crate) kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) address: Option<String>,
    #[diesel(sql_type = SqlUuid)]
    pub(crate) message_id: Uuid,
    #[diesel(sql_type = Text)]
    pub(crate) state: String,
    #[diesel(sql_type = Integer)]
    pub(crate) attempts: i32,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(crate) due_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) last_code: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) last_error: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) updated_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub(crate) body: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) total: i64,
}

/// What a page of pushes is asked for.
pub(crate) struct PageOf {
    pub(crate) tenant: Tenant,
    pub(crate) app: Option<AppId>,
    pub(crate) state: Option<State>,
    pub(crate) order: Option<i64>,
    pub(crate) page: i32,
    pub(crate) size: i32,
}

/// One page, newest first, without the bodies, and how many there are in all.
pub(crate) async fn list(conn: &Conn, wanted: &PageOf) -> QueryResult<(Vec<ListedRow>, i64)> {
    let rows: Vec<ListedRow> = sql("select id, tenant, app_id, order_id, kind, address, message_id, state, attempts, \
         due_at, last_code, last_error, created_at, updated_at, '' as body, count(*) over () as total \
         from erp_pushes where tenant = $1 and ($2 is null or app_id = $2) and ($3 is null or state = $3) \
         and ($4 is null or order_id = $4 or line_id = $4) order by id desc limit $5 offset $6")
    .bind::<Text, _>(wanted.tenant.as_str())
    .bind::<Nullable<Text>, _>(wanted.app.as_ref().map(AppId::as_str))
    .bind::<Nullable<Text>, _>(wanted.state.map(State::word))
    .bind::<Nullable<BigInt>, _>(wanted.order)
    .bind::<BigInt, _>(i64::from(wanted.size))
    .bind::<BigInt, _>(i64::from(wanted.page - 1) * i64::from(wanted.size))
    .rows(conn)
    .await?;
    let total = rows.first().map_or(0, |row| row.total);
    Ok((rows, total))
}

/// One push with what is sent.
pub(crate) async fn show(conn: &Conn, id: i64) -> QueryResult<Option<ListedRow>> {
    sql("select id, tenant, app_id, order_id, kind, address, message_id, state, attempts, due_at, last_code, \
         last_error, created_at, updated_at, body, 1::bigint as total from erp_pushes where id = $1")
    .bind::<BigInt, _>(id)
    .optional(conn)
    .await
}

/// One attempt.
#[derive(Debug, QueryableByName)]
pub(crate) struct AttemptRow {
    #[diesel(sql_type = Integer)]
    pub(crate) no: i32,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) at: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    pub(crate) ok: bool,
    #[diesel(sql_type = Integer)]
    pub(crate) took_ms: i32,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) code: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) detail: Option<String>,
}

/// The newest attempts of a push, newest first.
pub(crate) async fn list_attempts(conn: &Conn, id: i64) -> QueryResult<Vec<AttemptRow>> {
    sql("select no, at, ok, took_ms, code, detail from erp_attempts where push_id = $1 \
         order by no desc limit $2")
    .bind::<BigInt, _>(id)
    .bind::<BigInt, _>(MOST_SHOWN)
    .rows(conn)
    .await
}

/// Which pushes are to be sent again.
pub(crate) enum Replayed {
    One(i64),
    /// All of an application in one state.
    Of(Tenant, AppId, State),
    /// All of an application that were written since then, whatever became of them.
    Since(Tenant, AppId, DateTime<Utc>),
}

/// A push that a person wants something of, and its line.
pub(crate) struct Wished {
    pub(crate) known: Known,
    pub(crate) tenant: String,
    pub(crate) line: i64,
    pub(crate) order: i64,
    pub(crate) call: Option<String>,
    pub(crate) is_held: bool,
}

#[derive(QueryableByName)]
struct WishedRow {
    #[diesel(embed)]
    known: KnownRow,
    #[diesel(sql_type = Text)]
    tenant: String,
    #[diesel(sql_type = BigInt)]
    line_id: i64,
    #[diesel(sql_type = BigInt)]
    order_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    call_id: Option<String>,
    #[diesel(sql_type = Bool)]
    is_held: bool,
}

/// Locks what is to be sent again, oldest first and at most `most`, with the lines.
pub(crate) async fn load(tx: &Conn, wanted: &Replayed, most: i64) -> QueryResult<Vec<Wished>> {
    let (id, key, state, since) = match wanted {
        Replayed::One(id) => (Some(*id), None, None, None),
        Replayed::Of(tenant, app, state) => (None, Some((tenant, app)), Some(state.word()), None),
        Replayed::Since(tenant, app, since) => (None, Some((tenant, app)), None, Some(*since)),
    };
    // Lines first: whoever moves a push holds its line.
    let rows: Vec<WishedRow> = sql("with wanted as materialized (select id, tenant, line_id from erp_pushes \
           where ($1 is null or id = $1) and ($2 is null or (tenant = $2 and app_id = $3)) \
           and ($4 is null or state = $4) and ($5 is null or created_at >= $5) \
           and ($1 is not null or state not in ('due', 'waiting')) \
           and ($4 is not null or $1 is not null or kind <> 'call') order by id limit $6), \
         held as materialized (select l.tenant, l.order_id from erp_lines l where (l.tenant, l.order_id) in \
           (select tenant, line_id from wanted) order by l.tenant, l.order_id for update) \
         select p.id, p.kind, p.state, p.tries, p.tenant, p.line_id, p.order_id, p.call_id, \
         p.lease is not null as is_held from erp_pushes p join wanted w on w.id = p.id \
         join held h on h.tenant = w.tenant and h.order_id = w.line_id order by p.id for update of p")
    .bind::<Nullable<BigInt>, _>(id)
    .bind::<Nullable<Text>, _>(key.map(|(tenant, _)| tenant.as_str()))
    .bind::<Nullable<Text>, _>(key.map(|(_, app)| app.as_str()))
    .bind::<Nullable<Text>, _>(state)
    .bind::<Nullable<Timestamptz>, _>(since)
    .bind::<BigInt, _>(most)
    .rows(tx)
    .await?;
    let wished = |row: WishedRow| Wished {
        known: row.known.into(),
        tenant: row.tenant,
        line: row.line_id,
        order: row.order_id,
        call: row.call_id,
        is_held: row.is_held,
    };
    Ok(rows.into_iter().map(wished).collect())
}

/// Puts pushes back into their lines, to begin anew; whose turn it is is decided afterwards.
pub(crate) async fn save_replays(tx: &Conn, ids: &[i64]) -> QueryResult<()> {
    sql("update erp_pushes set state = 'waiting', holds = true, due_at = null, tries = 0, lease = null, \
         last_code = null, last_error = null, updated_at = now() where id = any($1)")
    .bind::<Array<BigInt>, _>(ids.to_vec())
    .run(tx)
    .await?;
    Ok(())
}

/// Makes due the pushes whose turn it is in these locked lines.
pub(crate) async fn promote_all(tx: &Conn, lines: &[OrderKey]) -> QueryResult<()> {
    if lines.is_empty() {
        return Ok(());
    }
    sql("update erp_pushes p set state = 'due', due_at = now(), updated_at = now() from ( \
           select h.id from (select distinct * from unnest($1, $2) as k(tenant, line)) k \
           cross join lateral (select id from erp_pushes where tenant = k.tenant and line_id = k.line and holds \
             order by id limit 1) h) head \
         where p.id = head.id and p.state = 'waiting'")
    .bind::<Array<Text>, _>(lines.iter().map(|(tenant, _)| tenant.as_str()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(lines.iter().map(|(_, line)| *line).collect::<Vec<_>>())
    .run(tx)
    .await?;
    Ok(())
}

/// Leaves a push out.
pub(crate) async fn save_skip(tx: &Conn, id: i64) -> QueryResult<()> {
    sql("update erp_pushes set state = 'skipped', holds = false, due_at = null, lease = null, \
         last_error = 'left out by an administrator', updated_at = now() where id = $1")
    .bind::<BigInt, _>(id)
    .run(tx)
    .await?;
    Ok(())
}

/// How many pushes of a state there are.
#[derive(QueryableByName)]
pub(crate) struct CountRow {
    #[diesel(sql_type = Text)]
    pub(crate) state: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) total: i64,
}

/// Counts by state, of one enterprise or of all; facts that wait for an earlier one are `early`.
pub(crate) async fn count(conn: &Conn, tenant: Option<&Tenant>) -> QueryResult<Vec<CountRow>> {
    sql("select state, count(*) as total from erp_pushes where $1 is null or tenant = $1 group by state \
         union all select 'early', count(*) from erp_early_facts where $1 is null or tenant = $1 \
         having count(*) > 0 order by state")
    .bind::<Nullable<Text>, _>(tenant.map(Tenant::as_str))
    .rows(conn)
    .await
}

/// Removes a batch of pushes, with their attempts, that ended long ago.
pub(crate) async fn delete_old(conn: &Conn, days: i32, most: i64) -> QueryResult<usize> {
    sql("delete from erp_pushes where id in (select id from erp_pushes \
         where due_at is null and updated_at < now() - $1 * interval '1 day' and not holds limit $2)")
    .bind::<Integer, _>(days)
    .bind::<BigInt, _>(most)
    .run(conn)
    .await
}
