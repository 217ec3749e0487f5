//! Which pushes one worker holds for half a minute, and what it records of them.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Uuid as SqlUuid};
use shared::db::{Conn, QueryResult, sql};
use uuid::Uuid;

use super::endpoints::EndpointKey;
use crate::domain::endpoint::{BaseUrl, Path};
use crate::domain::push::{Kind, Known, State};
use crate::domain::verdict::Next;

/// Seconds for which a push is held: a place in the queue and the longest call end within them.
const LEASE_SECS: i32 = 30;

/// A push in hand, with everything its call needs.
pub(crate) struct Held {
    pub(crate) known: Known,
    pub(crate) order: i64,
    pub(crate) line: i64,
    pub(crate) call: Option<String>,
    pub(crate) body: String,
    pub(crate) message_id: Uuid,
    pub(crate) is_unwanted: bool,
    pub(crate) base: BaseUrl,
    pub(crate) path: Path,
    /// The endpoint's backlog goes out at a pace.
    pub(crate) is_draining: bool,
    /// It is known that the ERP takes no approval logs.
    pub(crate) has_no_log: bool,
}

#[derive(QueryableByName)]
struct HeldRow {
    #[diesel(embed)]
    known: KnownRow,
    #[diesel(sql_type = BigInt)]
    order_id: i64,
    #[diesel(sql_type = BigInt)]
    line_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    call_id: Option<String>,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = SqlUuid)]
    message_id: Uuid,
    #[diesel(sql_type = Bool)]
    unwanted: bool,
    #[diesel(sql_type = Text)]
    base_url: String,
    #[diesel(sql_type = Text)]
    path: String,
    #[diesel(sql_type = Bool)]
    draining: bool,
    #[diesel(sql_type = Bool)]
    has_no_log: bool,
}

#[derive(QueryableByName)]
pub(super) struct KnownRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Integer)]
    tries: i32,
}

impl From<KnownRow> for Known {
    fn from(row: KnownRow) -> Self {
        Known {
            id: row.id,
            kind: Kind::stored(&row.kind),
            state: State::stored(&row.state),
            tries: row.tries.unsigned_abs(),
        }
    }
}

impl From<HeldRow> for Held {
    fn from(row: HeldRow) -> Self {
        Held {
            known: row.known.into(),
            order: row.order_id,
            line: row.line_id,
            call: row.call_id,
            body: row.body,
            message_id: row.message_id,
            is_unwanted: row.unwanted,
            base: BaseUrl::stored(row.base_url),
            path: Path::stored(row.path),
            is_draining: row.draining,
            has_no_log: row.has_no_log,
        }
    }
}

/// What a worker asks for.
pub(crate) struct Wish {
    pub(crate) lease: Uuid,
    pub(crate) most: i32,
    /// How long an endpoint that is down is left alone after its probe.
    pub(crate) probe_secs: i64,
}

/// Takes what is due at an endpoint. Of one that is down that is a single push, the least tried,
/// so that the one that closed the way does not keep it closed.
pub(crate) async fn claim(conn: &Conn, key: &EndpointKey, wish: &Wish) -> QueryResult<Vec<Held>> {
    let rows: Vec<HeldRow> = sql("with e as (select * from erp_endpoints where tenant = $1 and app_id = $2 \
           and paused_by is null and (rest_until is null or rest_until <= now()) for no key update), \
         picked as (select p.id from erp_pushes p join e on true where p.tenant = $1 and p.app_id = $2 \
           and p.state = 'due' and p.due_at <= now() \
           order by case when e.down_since is not null then p.tries end nulls first, p.due_at \
           limit (select case when down_since is null then $3 else 1 end from e) \
           for update of p skip locked), \
         probed as (update erp_endpoints x set rest_until = now() + $4 * interval '1 second' from e \
           where x.tenant = e.tenant and x.app_id = e.app_id and e.down_since is not null \
           and exists (select from picked)), \
         taken as (update erp_pushes p set lease = $5, due_at = now() + $6 * interval '1 second', \
           attempts = p.attempts + 1, tries = p.tries + 1 from picked where p.id = picked.id returning p.*) \
         select t.id, t.kind, t.state, t.tries, t.order_id, t.line_id, t.call_id, t.body, t.message_id, t.unwanted, \
         e.base_url, case t.kind when 'call' then t.address when 'log' then e.log_path else e.receive_path end as path, \
         e.draining, coalesce(e.log_unsupported_until > now(), false) as has_no_log \
         from taken t join e on true order by t.id")
    .bind::<Text, _>(key.0.as_str())
    .bind::<Text, _>(key.1.as_str())
    .bind::<Integer, _>(wish.most)
    .bind::<BigInt, _>(wish.probe_secs)
    .bind::<SqlUuid, _>(wish.lease)
    .bind::<Integer, _>(LEASE_SECS)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(Held::from).collect())
}

/// What is still held of a push, and whether anybody wants its answer; nothing once the hold is over.
pub(crate) async fn load(tx: &Conn, lease: Uuid, id: i64) -> QueryResult<Option<(Known, bool)>> {
    #[derive(QueryableByName)]
    struct StillRow {
        #[diesel(embed)]
        known: KnownRow,
        #[diesel(sql_type = Bool)]
        unwanted: bool,
    }
    let row: Option<StillRow> = sql("select id, kind, state, tries, unwanted from erp_pushes \
         where id = $2 and lease = $1 and state = 'due' for update")
    .bind::<SqlUuid, _>(lease)
    .bind::<BigInt, _>(id)
    .optional(tx)
    .await?;
    Ok(row.map(|row| (row.known.into(), row.unwanted)))
}

/// Records what follows, ends the hold and writes the ledger; guarded by the lease.
pub(crate) async fn save(
    tx: &Conn,
    lease: Uuid,
    id: i64,
    next: &Next,
    took_ms: i32,
) -> QueryResult<()> {
    let entry = next.entry.as_ref();
    let number = |millis: u64| i64::try_from(millis).unwrap_or(i64::MAX);
    sql("with moved as (update erp_pushes set state = $3, tries = $4, holds = $5, \
           due_at = now() + $6 * interval '1 millisecond', lease = null, \
           attempts = case when $7 then attempts else attempts - 1 end, \
           last_code = case when $7 then $9 else last_code end, \
           last_error = case when $7 then case when $8 and $3 <> 'not_supported' then null else $10 end \
             else coalesce($12, last_error) end, \
           updated_at = now() where id = $2 and lease = $1 returning id, attempts) \
         insert into erp_attempts (push_id, no, ok, took_ms, code, detail) \
         select id, attempts, $8, $11, $9, $10 from moved where $7 on conflict do nothing")
    .bind::<SqlUuid, _>(lease)
    .bind::<BigInt, _>(id)
    .bind::<Text, _>(next.state.word())
    .bind::<Integer, _>(i32::try_from(next.tries).unwrap_or(i32::MAX))
    .bind::<Bool, _>(next.holds)
    .bind::<Nullable<BigInt>, _>(next.due_in_ms.map(number))
    .bind::<Bool, _>(entry.is_some())
    .bind::<Bool, _>(entry.is_some_and(|entry| entry.ok))
    .bind::<Nullable<Text>, _>(entry.and_then(|entry| entry.code.clone()))
    .bind::<Nullable<Text>, _>(entry.and_then(|entry| entry.detail.clone()))
    .bind::<Integer, _>(took_ms)
    .bind::<Nullable<Text>, _>(next.note)
    .run(tx)
    .await?;
    Ok(())
}
