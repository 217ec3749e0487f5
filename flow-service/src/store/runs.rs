//! Orders as they run: whole instances read at once, and one statement for everything that steps write.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use flow_engine::Subscription;
use serde::{Deserialize, Serialize};
use shared::db::{Conn, Lines, Prepared, QueryResult, sql};
use shared::id::Tenant;
use uuid::Uuid;

use super::bodies;
pub(crate) use super::bodies::Read;
use crate::domain::order::{Order, wire_id};
use crate::domain::run::{
    Change, Closed, ErrandKind, Incident, Opened, RECORDS_OF_A_STEP, Record, RowKey, Run, Task,
};

/// Stands between the codes of a list in one text: no code holds it.
const BETWEEN: &str = "\u{1f}";

/// The orders that these numbers belong to, by number: a called order belongs to the one that was
/// started. Read without a lock: [`save_all`] writes only what nobody else has changed meanwhile.
pub(crate) async fn list(
    conn: &Conn,
    wanted: &[(&Tenant, i64)],
) -> QueryResult<HashMap<i64, Read>> {
    #[derive(QueryableByName)]
    struct RunRow {
        #[diesel(sql_type = BigInt)]
        asked: i64,
        #[diesel(sql_type = BigInt)]
        order_id: i64,
        #[diesel(sql_type = Text)]
        tenant: String,
        #[diesel(sql_type = BigInt)]
        seq: i64,
        #[diesel(sql_type = Text)]
        body: String,
    }
    let rows: Vec<RunRow> = sql("select k.number as asked, i.order_id, i.tenant, i.seq, i.body::text as body \
         from unnest($1, $2) as k(tenant, number) \
         cross join lateral (select root_id from orders o where o.order_id = k.number and o.tenant = k.tenant limit 1) o \
         cross join lateral (select * from instances i where i.order_id = o.root_id limit 1) i")
    .bind::<Array<Text>, _>(wanted.iter().map(|(tenant, _)| tenant.as_str()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(wanted.iter().map(|(_, number)| *number).collect::<Vec<_>>())
    .rows(conn)
    .await?;
    let read = |row: RunRow| -> QueryResult<(i64, Read)> {
        let tenant = Tenant::stored(row.tenant);
        Ok((row.asked, Read::parse(row.order_id, tenant, row.seq, &row.body)?))
    };
    rows.into_iter().map(read).collect()
}

/// What one step stores.
pub(crate) struct Write {
    pub(crate) run: Run,
    pub(crate) change: Change,
    /// Of a start: what a repeat of it would have, too.
    pub(crate) start_key: Option<Uuid>,
    /// The errand that this step carries out.
    pub(crate) errand: Option<Uuid>,
    /// The event that this step hears.
    pub(crate) heard: Option<Uuid>,
    /// The start point that fired, how often it has by now, and when it is due again.
    pub(crate) point: Option<(Uuid, i32, Option<DateTime<Utc>>)>,
    /// The ids of the errands that the step leaves behind, in their order.
    pub(crate) errand_ids: Vec<Uuid>,
    /// What people did and decided in the step, as text of JSON.
    pub(crate) detail: Option<String>,
}

/// Stores all of them with everything of each, or nothing of it: an order that somebody else moved
/// since it was read, and a start whose key is taken, are left alone. Gives the ids of those stored.
pub(crate) async fn save_all(
    conn: &Conn,
    writes: &[Write],
    facts: Lines,
    facts_of: Vec<i64>,
    now: DateTime<Utc>,
) -> QueryResult<HashSet<i64>> {
    #[derive(QueryableByName)]
    struct StoredRow {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    if writes.is_empty() {
        return Ok(HashSet::new());
    }
    let statement = bind_instances(sql(SAVE), writes)?.bind::<Timestamptz, _>(now);
    let statement = bind_orders(statement, writes);
    let statement = bind_tasks(statement, writes);
    let statement = bind_waits(statement, writes);
    let statement = bind_incidents(statement, writes);
    let statement = bind_errands(statement, writes)?;
    let statement = statement
        .bind::<Array<BigInt>, _>(facts_of)
        .bind::<Array<SqlUuid>, _>(facts.ids)
        .bind::<Array<Text>, _>(facts.keys)
        .bind::<Array<Text>, _>(facts.payloads)
        .bind::<Array<Nullable<Text>>, _>(facts.requests)
        .bind::<Text, _>(facts.topic);
    let statement = bind_rows(statement, writes);
    let stored: Vec<StoredRow> = statement.rows(conn).await?;
    Ok(stored.into_iter().map(|row| row.id).collect())
}

/// `sent` are the orders as they are to be, with the number they were read at (0 = new); `stored`
/// those of them for which that still holds. Everything else is written for these alone.
const SAVE: &str = "\
    with sent as materialized (select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $92, $93) \
        as s(id, tenant, base, body, act, actor, records, errand, detail, hash)), \
    fresh as materialized (select f.*, s.tenant from unnest($10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26) \
        as f(order_id, root_id, parent_id, run, app_id, flow_code, flow_version, process_id, business_key, title, \
        running_number, initiator, state, result, end_activity, ended_at, start_key) join sent s on s.id = f.root_id), \
    begun as (insert into orders (order_id, root_id, run, tenant, app_id, flow_code, flow_version, process_id, business_key, \
        title, running_number, initiator, state, result, end_activity, started_at, ended_at, start_key) \
        select order_id, root_id, run, tenant, app_id, flow_code, flow_version, process_id, business_key, \
        title, running_number, initiator, state, result, end_activity, $9, ended_at, start_key \
        from fresh where order_id = root_id \
        on conflict (start_key) do nothing returning order_id as id), \
    moved as (update instances i set seq = s.base + 1, body = s.body::jsonb from sent s \
        where s.base > 0 and i.order_id = s.id and i.seq = s.base \
        and (s.errand is null or exists (select from errands e where e.id = s.errand)) returning i.order_id as id), \
    stored as (select id from begun union all select id from moved), \
    placed as (insert into instances (order_id, tenant, seq, body) \
        select s.id, s.tenant, 1, s.body::jsonb from sent s join begun b on b.id = s.id), \
    called as (insert into orders (order_id, root_id, parent_id, run, tenant, app_id, flow_code, flow_version, process_id, \
        business_key, title, running_number, initiator, state, result, end_activity, started_at, ended_at) \
        select order_id, root_id, parent_id, run, tenant, app_id, flow_code, flow_version, process_id, \
        business_key, title, running_number, initiator, state, result, end_activity, $9, ended_at \
        from fresh where order_id <> root_id and root_id in (select id from stored)), \
    over as (update orders o set state = e.state, result = e.result, end_activity = e.end_activity, ended_at = $9, \
        start_key = case when e.frees then null else o.start_key end \
        from unnest($27, $28, $29, $30, $31, $32) as e(order_id, root_id, state, result, end_activity, frees) \
        where o.order_id = e.order_id and e.root_id in (select id from stored)), \
    stepped as (insert into steps (order_id, at, act, actor, records, detail, hash) \
        select s.id, $9, s.act, s.actor, s.records::jsonb, s.detail::jsonb, s.hash from sent s where s.id in (select id from stored) \
        returning order_id as id, no), \
    opened as (insert into tasks (order_id, wait, row, root_id, tenant, node, name, kind, assignees, due_at, created_seq) \
        select t.order_id, t.wait, t.row, t.root_id, s.tenant, t.node, t.name, t.kind, string_to_array(t.assignees, chr(31)), t.due_at, \
        p.no * 100000 + t.ordinal from unnest($33, $34, $35, $36, $37, $38, $39, $40, $41, $89) \
        as t(order_id, wait, root_id, node, name, kind, assignees, due_at, ordinal, row) \
        join stepped p on p.id = t.root_id join sent s on s.id = t.root_id), \
    closed as (update tasks t set closed_at = $9, result = c.result, handler = c.handler \
        from unnest($42, $43, $44, $45, $46, $90) as c(order_id, wait, root_id, result, handler, row) \
        where t.order_id = c.order_id and t.wait = c.wait and t.row = c.row and c.root_id in (select id from stored)), \
    assigned as (update tasks t set assignees = string_to_array(c.assignees, chr(31)) \
        from unnest($47, $48, $49, $50, $91) as c(order_id, wait, root_id, assignees, row) \
        where t.order_id = c.order_id and t.wait = c.wait and t.row = c.row and c.root_id in (select id from stored)), \
    set_timers as (insert into timers (root_id, wait, tenant, due_at) \
        select t.root_id, t.wait, s.tenant, t.due_at from unnest($51, $52, $53) as t(root_id, wait, due_at) \
        join sent s on s.id = t.root_id where t.root_id in (select id from stored) \
        on conflict (root_id, wait) do update set due_at = excluded.due_at, lease_until = null), \
    cleared_timers as (delete from timers t using unnest($54, $55) as c(root_id, wait) \
        where t.root_id = c.root_id and t.wait = c.wait and c.root_id in (select id from stored)), \
    runs_out as (insert into timeouts (root_id, wait, tenant, due_at) \
        select t.root_id, t.wait, s.tenant, t.due_at from unnest($94, $95, $96) as t(root_id, wait, due_at) \
        join sent s on s.id = t.root_id where t.root_id in (select id from stored) \
        on conflict (root_id, wait) do update set due_at = excluded.due_at, lease_until = null), \
    in_time as (delete from timeouts t using unnest($97, $98) as c(root_id, wait) \
        where t.root_id = c.root_id and t.wait = c.wait and c.root_id in (select id from stored)), \
    subscribed as (insert into subscriptions (root_id, wait, tenant, kind, name) \
        select t.root_id, t.wait, s.tenant, t.kind, t.name from unnest($56, $57, $58, $59) as t(root_id, wait, kind, name) \
        join sent s on s.id = t.root_id where t.root_id in (select id from stored) \
        on conflict (root_id, wait) do update set kind = excluded.kind, name = excluded.name), \
    unsubscribed as (delete from subscriptions t using unnest($60, $61) as c(root_id, wait) \
        where t.root_id = c.root_id and t.wait = c.wait and c.root_id in (select id from stored)), \
    stuck as (insert into incidents (root_id, wait, order_id, tenant, kind, node, name, reason, people, at) \
        select t.root_id, t.wait, t.order_id, s.tenant, t.kind, t.node, t.name, t.reason, string_to_array(t.people, chr(31)), $9 \
        from unnest($62, $63, $64, $65, $66, $67, $68, $69) as t(root_id, wait, order_id, kind, node, name, reason, people) \
        join sent s on s.id = t.root_id where t.root_id in (select id from stored) \
        on conflict (root_id, wait) do update set reason = excluded.reason, people = excluded.people, at = excluded.at), \
    freed as (delete from incidents t using unnest($70, $71) as c(root_id, wait) \
        where t.root_id = c.root_id and t.wait = c.wait and c.root_id in (select id from stored)), \
    sent_out as (insert into errands (id, tenant, kind, name, variables, origin, due_at, depth) \
        select e.id, s.tenant, e.kind, e.name, e.variables::jsonb, e.root_id, now() + interval '3 seconds', \
        coalesce((select o.depth + 1 from errands o where o.id = s.errand), 0) \
        from unnest($72, $73, $74, $75, $76) as e(root_id, id, kind, name, variables) \
        join sent s on s.id = e.root_id where e.root_id in (select id from stored)), \
    carried_out as (delete from errands e using sent s where e.id = s.errand and s.id in (select id from stored)), \
    heard as (insert into inbox (consumer, event_id) select 'flow', h.event_id from unnest($77, $78) as h(root_id, event_id) \
        where h.root_id in (select id from stored) on conflict do nothing), \
    fired as (update start_points p set fired = f.fired, due_at = f.due_at, lease_until = null \
        from unnest($79, $80, $81, $82) as f(root_id, id, fired, due_at) \
        where p.id = f.id and f.root_id in (select id from stored)), \
    announced as (insert into outbox (topic, event_id, key, payload, request_id) \
        select $88, f.event_id, f.key, f.payload, f.request_id \
        from unnest($83, $84, $85, $86, $87) as f(root_id, event_id, key, payload, request_id) \
        where f.root_id in (select id from stored)) \
    select id from stored";

fn bind_instances<'v>(statement: Prepared<'v>, writes: &'v [Write]) -> QueryResult<Prepared<'v>> {
    let (mut texts, mut records) = (Vec::new(), Vec::new());
    for write in writes {
        texts.push(bodies::write(&write.run)?);
        records.push(write_records(&write.change.records)?);
    }
    Ok(statement
        .bind::<Array<BigInt>, _>(writes.iter().map(|write| write.run.id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(
            writes.iter().map(|write| write.run.tenant.as_str()).collect::<Vec<_>>(),
        )
        .bind::<Array<BigInt>, _>(writes.iter().map(|write| write.run.seq - 1).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(texts)
        .bind::<Array<Text>, _>(writes.iter().map(|write| write.change.act).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(
            writes.iter().map(|write| write.change.actor.as_deref()).collect::<Vec<_>>(),
        )
        .bind::<Array<Text>, _>(records)
        .bind::<Array<Nullable<SqlUuid>>, _>(
            writes.iter().map(|write| write.errand).collect::<Vec<_>>(),
        ))
}

/// One record as it is stored.
#[derive(Serialize, Deserialize)]
pub(super) struct RecordJson {
    pub(super) order: i64,
    pub(super) node: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) event: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) index: Option<u32>,
}

pub(crate) fn write_records(records: &[Record]) -> QueryResult<String> {
    let json = |record: &Record| RecordJson {
        order: record.order,
        node: record.node.clone(),
        name: record.name.clone(),
        kind: record.kind.to_owned(),
        event: record.event.to_owned(),
        index: record.loop_index,
    };
    debug_assert!((records.len() as i64) < RECORDS_OF_A_STEP);
    serde_json::to_string(&records.iter().map(json).collect::<Vec<_>>())
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
}

/// What people did and decided in a step, as it is stored; absent where they did nothing.
#[derive(Serialize)]
struct DetailJson<'v> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    decisions: Vec<DecisionJson<'v>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    operations: Vec<OperationJson<'v>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DecisionJson<'v> {
    task_id: String,
    activity_id: &'v str,
    activity_name: &'v str,
    result: &'v str,
    user_code: &'v str,
    on_behalf_of: Option<&'v str>,
    comment: Option<&'v str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    attachments: &'v [(String, String)],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OperationJson<'v> {
    task_id: Option<String>,
    activity_id: &'v str,
    activity_name: &'v str,
    action: &'v str,
    user_code: &'v str,
    on_behalf_of: Option<&'v str>,
    comment: Option<&'v str>,
    people: &'v [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    attachments: &'v [(String, String)],
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<i32>,
}

/// What is read of it; what older releases did not write is absent.
#[derive(Default, Deserialize)]
pub(super) struct DetailRead {
    #[serde(default)]
    pub(super) decisions: Vec<OperationRead>,
    #[serde(default)]
    pub(super) operations: Vec<OperationRead>,
}

/// A decision, whose action is its result, or an operation.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OperationRead {
    pub(crate) task_id: Option<String>,
    pub(crate) activity_id: String,
    #[serde(default)]
    pub(crate) activity_name: String,
    #[serde(alias = "result")]
    pub(crate) action: String,
    pub(crate) user_code: String,
    pub(crate) on_behalf_of: Option<String>,
    pub(crate) comment: Option<String>,
    #[serde(default)]
    pub(crate) people: Vec<String>,
    /// (name, address)
    #[serde(default)]
    pub(crate) attachments: Vec<(String, String)>,
    #[serde(default)]
    pub(crate) count: Option<i32>,
}

pub(crate) fn write_detail(run: &Run, change: &Change) -> QueryResult<Option<String>> {
    let order = |number: u32| run.orders.get(&number).map_or(run.id, |order| order.id);
    let id = |number: u32, row: &RowKey| wire_id(order(number), row.0, row.1);
    let decided = change.closed.iter().filter_map(|(row, closed)| {
        Some(DecisionJson {
            task_id: id(closed.task.run, row),
            activity_id: &closed.task.node,
            activity_name: &closed.task.name,
            result: closed.result,
            user_code: closed.handler.as_deref()?,
            on_behalf_of: closed.on_behalf_of.as_deref(),
            comment: closed.said.comment.as_deref(),
            attachments: &closed.said.attachments,
        })
    });
    let operated = change.operations.iter().map(|operation| OperationJson {
        task_id: operation.row.as_ref().map(|row| id(operation.run, row)),
        activity_id: &operation.place.node,
        activity_name: &operation.place.name,
        action: operation.action,
        user_code: &operation.user,
        on_behalf_of: operation.on_behalf_of.as_deref(),
        comment: operation.said.comment.as_deref(),
        people: &operation.people,
        attachments: &operation.said.attachments,
        count: operation.count,
    });
    let detail = DetailJson { decisions: decided.collect(), operations: operated.collect() };
    if detail.decisions.is_empty() && detail.operations.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(&detail)
        .map(Some)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
}

/// A row that belongs to an order which was started.
struct Of<'v, T> {
    write: &'v Write,
    row: T,
}

fn rows<'v, T>(writes: &'v [Write], of: impl Fn(&'v Write) -> Vec<T>) -> Vec<Of<'v, T>> {
    writes
        .iter()
        .flat_map(|write| of(write).into_iter().map(move |row| Of { write, row }))
        .collect()
}

fn roots<T>(rows: &[Of<'_, T>]) -> Vec<i64> {
    rows.iter().map(|of| of.write.run.id).collect()
}

fn column<'v, T, V>(rows: &[Of<'v, T>], part: impl Fn(&Of<'v, T>) -> V) -> Vec<V> {
    rows.iter().map(part).collect()
}

fn bind_orders<'v>(statement: Prepared<'v>, writes: &'v [Write]) -> Prepared<'v> {
    let fresh = rows(writes, |write| {
        let orders = write.change.new_orders.iter();
        orders
            .filter_map(|run| Some((*run, write.run.orders.get(run)?)))
            .collect::<Vec<(u32, &'v Order)>>()
    });
    let ended_of = |of: &Of<'v, (u32, &'v Order)>| of.write.change.ended.get(&of.row.0);
    let statement = statement
        .bind::<Array<BigInt>, _>(column(&fresh, |of| of.row.1.id))
        .bind::<Array<BigInt>, _>(roots(&fresh))
        .bind::<Array<Nullable<BigInt>>, _>(column(&fresh, |of| of.row.1.parent))
        .bind::<Array<Integer>, _>(column(&fresh, |of| i32::try_from(of.row.0).unwrap_or(i32::MAX)))
        .bind::<Array<Text>, _>(column(&fresh, |of| of.write.run.head.app.as_str()))
        .bind::<Array<Text>, _>(column(&fresh, |of| of.row.1.flow.as_str()))
        .bind::<Array<Integer>, _>(column(&fresh, |of| of.row.1.version))
        .bind::<Array<Text>, _>(column(&fresh, |of| of.row.1.process.as_str()))
        .bind::<Array<Text>, _>(column(&fresh, |of| of.write.run.head.business_key.as_str()))
        .bind::<Array<Text>, _>(column(&fresh, |of| of.write.run.head.title.as_str()))
        .bind::<Array<Text>, _>(column(&fresh, |of| of.write.run.head.running_number.as_str()))
        .bind::<Array<Text>, _>(column(&fresh, |of| of.write.run.head.initiator.as_str()))
        .bind::<Array<Text>, _>(column(&fresh, |of| of.row.1.state.word()))
        .bind::<Array<Nullable<Text>>, _>(column(&fresh, |of| {
            ended_of(of).map(|ended| ended.ending.word())
        }))
        .bind::<Array<Nullable<Text>>, _>(column(&fresh, |of| {
            ended_of(of).and_then(|ended| ended.end_activity.as_deref())
        }))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(&fresh, |of| {
            ended_of(of).map(|ended| ended.at)
        }))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(&fresh, |of| {
            let is_over_and_free = of.write.run.frees_key && ended_of(of).is_some();
            if is_over_and_free { None } else { of.write.start_key }
        }));
    let ended = rows(writes, |write| {
        let known = write.change.ended.iter();
        known
            .filter(|(run, _)| !write.change.new_orders.contains(run))
            .filter_map(|(run, ended)| Some((write.run.orders.get(run)?.id, ended)))
            .collect()
    });
    statement
        .bind::<Array<BigInt>, _>(column(&ended, |of| of.row.0))
        .bind::<Array<BigInt>, _>(roots(&ended))
        .bind::<Array<Text>, _>(column(&ended, |of| of.row.1.state.word()))
        .bind::<Array<Text>, _>(column(&ended, |of| of.row.1.ending.word()))
        .bind::<Array<Nullable<Text>>, _>(column(&ended, |of| of.row.1.end_activity.as_deref()))
        .bind::<Array<Bool>, _>(column(&ended, |of| of.write.run.frees_key))
}

fn joined(codes: &[String]) -> String {
    codes.join(BETWEEN)
}

fn order_of(write: &Write, run: u32) -> i64 {
    write.run.orders.get(&run).map_or(write.run.id, |order| order.id)
}

fn number(wait: u64) -> i64 {
    i64::try_from(wait).unwrap_or(i64::MAX)
}

/// A row of a task, with what is to be written of it.
type RowOf<'v, T> = (&'v RowKey, &'v T);

fn opened_rows(writes: &[Write]) -> Vec<Of<'_, RowOf<'_, Opened>>> {
    rows(writes, |write| write.change.opened.iter().collect())
}

fn closed_rows(writes: &[Write]) -> Vec<Of<'_, RowOf<'_, Closed>>> {
    rows(writes, |write| write.change.closed.iter().collect())
}

fn assigned_rows(writes: &[Write]) -> Vec<Of<'_, RowOf<'_, Opened>>> {
    rows(writes, |write| write.change.assigned.iter().collect())
}

fn bind_tasks<'v>(statement: Prepared<'v>, writes: &'v [Write]) -> Prepared<'v> {
    let (opened, closed, assigned) =
        (opened_rows(writes), closed_rows(writes), assigned_rows(writes));
    let kind = |task: &Task| if task.is_for_people { "user" } else { "receive" };
    statement
        .bind::<Array<BigInt>, _>(column(&opened, |of| order_of(of.write, of.row.1.task.run)))
        .bind::<Array<BigInt>, _>(column(&opened, |of| number(of.row.0.0)))
        .bind::<Array<BigInt>, _>(roots(&opened))
        .bind::<Array<Text>, _>(column(&opened, |of| of.row.1.task.node.as_str()))
        .bind::<Array<Text>, _>(column(&opened, |of| of.row.1.task.name.as_str()))
        .bind::<Array<Text>, _>(column(&opened, |of| kind(&of.row.1.task)))
        .bind::<Array<Text>, _>(column(&opened, |of| joined(&of.row.1.people)))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(&opened, |of| of.row.1.task.due))
        // Waits are numbered in the order in which they begin.
        .bind::<Array<BigInt>, _>(column(&opened, |of| {
            of.write.change.opened.range(..of.row.0).count() as i64
        }))
        .bind::<Array<BigInt>, _>(column(&closed, |of| order_of(of.write, of.row.1.task.run)))
        .bind::<Array<BigInt>, _>(column(&closed, |of| number(of.row.0.0)))
        .bind::<Array<BigInt>, _>(roots(&closed))
        .bind::<Array<Text>, _>(column(&closed, |of| of.row.1.result))
        .bind::<Array<Nullable<Text>>, _>(column(&closed, |of| of.row.1.handler.as_deref()))
        .bind::<Array<BigInt>, _>(column(&assigned, |of| order_of(of.write, of.row.1.task.run)))
        .bind::<Array<BigInt>, _>(column(&assigned, |of| number(of.row.0.0)))
        .bind::<Array<BigInt>, _>(roots(&assigned))
        .bind::<Array<Text>, _>(column(&assigned, |of| joined(&of.row.1.people)))
}

/// The numbers of rows, what was done, and when the time of tasks runs out.
fn bind_rows<'v>(statement: Prepared<'v>, writes: &'v [Write]) -> Prepared<'v> {
    let row = |key: &RowKey| i32::try_from(key.1).unwrap_or(i32::MAX);
    let timeouts =
        rows(writes, |write| write.change.timeouts.iter().collect::<Vec<(&u64, &DateTime<Utc>)>>());
    let in_time = rows(writes, |write| write.change.timeouts_cleared.iter().collect::<Vec<_>>());
    statement
        .bind::<Array<Integer>, _>(column(&opened_rows(writes), |of| row(of.row.0)))
        .bind::<Array<Integer>, _>(column(&closed_rows(writes), |of| row(of.row.0)))
        .bind::<Array<Integer>, _>(column(&assigned_rows(writes), |of| row(of.row.0)))
        .bind::<Array<Nullable<Text>>, _>(
            writes.iter().map(|write| write.detail.as_deref()).collect::<Vec<_>>(),
        )
        .bind::<Array<Text>, _>(
            writes.iter().map(|write| write.run.chain.as_str()).collect::<Vec<_>>(),
        )
        .bind::<Array<BigInt>, _>(roots(&timeouts))
        .bind::<Array<BigInt>, _>(column(&timeouts, |of| number(*of.row.0)))
        .bind::<Array<Timestamptz>, _>(column(&timeouts, |of| *of.row.1))
        .bind::<Array<BigInt>, _>(roots(&in_time))
        .bind::<Array<BigInt>, _>(column(&in_time, |of| number(*of.row)))
}

fn bind_waits<'v>(statement: Prepared<'v>, writes: &'v [Write]) -> Prepared<'v> {
    let timers =
        rows(writes, |write| write.change.timers.iter().collect::<Vec<(&u64, &DateTime<Utc>)>>());
    let cleared = rows(writes, |write| write.change.timers_cleared.iter().collect::<Vec<_>>());
    let subscribed = rows(writes, |write| {
        write.change.subscribed.iter().collect::<Vec<(&u64, &'v Subscription)>>()
    });
    let unsubscribed = rows(writes, |write| write.change.unsubscribed.iter().collect::<Vec<_>>());
    let word = |what: &'v Subscription| match what {
        Subscription::Message(name) => ("message", name.as_str()),
        Subscription::Signal(name) => ("signal", name.as_str()),
    };
    statement
        .bind::<Array<BigInt>, _>(roots(&timers))
        .bind::<Array<BigInt>, _>(column(&timers, |of| number(*of.row.0)))
        .bind::<Array<Timestamptz>, _>(column(&timers, |of| *of.row.1))
        .bind::<Array<BigInt>, _>(roots(&cleared))
        .bind::<Array<BigInt>, _>(column(&cleared, |of| number(*of.row)))
        .bind::<Array<BigInt>, _>(roots(&subscribed))
        .bind::<Array<BigInt>, _>(column(&subscribed, |of| number(*of.row.0)))
        .bind::<Array<Text>, _>(column(&subscribed, |of| word(of.row.1).0))
        .bind::<Array<Text>, _>(column(&subscribed, |of| word(of.row.1).1))
        .bind::<Array<BigInt>, _>(roots(&unsubscribed))
        .bind::<Array<BigInt>, _>(column(&unsubscribed, |of| number(*of.row)))
}

fn bind_incidents<'v>(statement: Prepared<'v>, writes: &'v [Write]) -> Prepared<'v> {
    let stuck =
        rows(writes, |write| write.change.incidents.iter().collect::<Vec<(&u64, &'v Incident)>>());
    let over = rows(writes, |write| write.change.incidents_over.iter().collect::<Vec<_>>());
    statement
        .bind::<Array<BigInt>, _>(roots(&stuck))
        .bind::<Array<BigInt>, _>(column(&stuck, |of| number(*of.row.0)))
        .bind::<Array<BigInt>, _>(column(&stuck, |of| order_of(of.write, of.row.1.run)))
        .bind::<Array<Text>, _>(column(&stuck, |of| of.row.1.kind.word()))
        .bind::<Array<Text>, _>(column(&stuck, |of| of.row.1.node.as_str()))
        .bind::<Array<Text>, _>(column(&stuck, |of| of.row.1.name.as_str()))
        .bind::<Array<Text>, _>(column(&stuck, |of| of.row.1.reason.as_str()))
        .bind::<Array<Text>, _>(column(&stuck, |of| joined(&of.row.1.people)))
        .bind::<Array<BigInt>, _>(roots(&over))
        .bind::<Array<BigInt>, _>(column(&over, |of| number(*of.row)))
}

pub(super) fn errand_word(kind: ErrandKind) -> &'static str {
    match kind {
        ErrandKind::Message => "message",
        ErrandKind::Signal => "signal",
    }
}

/// Variables as text of JSON from which they can be restored.
pub(super) fn write_variables(variables: &flow_engine::value::Variables) -> QueryResult<String> {
    let stored: BTreeMap<&str, serde_json::Value> =
        variables.iter().map(|(name, value)| (name.as_str(), value.store())).collect();
    serde_json::to_string(&stored)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
}

fn bind_errands<'v>(statement: Prepared<'v>, writes: &'v [Write]) -> QueryResult<Prepared<'v>> {
    let errands = rows(writes, |write| {
        write.errand_ids.iter().copied().zip(&write.change.errands).collect::<Vec<_>>()
    });
    let variables = errands
        .iter()
        .map(|of| write_variables(&of.row.1.variables))
        .collect::<QueryResult<Vec<_>>>()?;
    let heard = rows(writes, |write| write.heard.into_iter().collect::<Vec<_>>());
    let points = rows(writes, |write| write.point.into_iter().collect::<Vec<_>>());
    Ok(statement
        .bind::<Array<BigInt>, _>(roots(&errands))
        .bind::<Array<SqlUuid>, _>(column(&errands, |of| of.row.0))
        .bind::<Array<Text>, _>(column(&errands, |of| errand_word(of.row.1.kind)))
        .bind::<Array<Text>, _>(column(&errands, |of| of.row.1.name.as_str()))
        .bind::<Array<Text>, _>(variables)
        .bind::<Array<BigInt>, _>(roots(&heard))
        .bind::<Array<SqlUuid>, _>(column(&heard, |of| of.row))
        .bind::<Array<BigInt>, _>(roots(&points))
        .bind::<Array<SqlUuid>, _>(column(&points, |of| of.row.0))
        .bind::<Array<Integer>, _>(column(&points, |of| of.row.1))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(&points, |of| of.row.2)))
}
