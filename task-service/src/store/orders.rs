//! Orders with their tasks and cards: whole aggregates, many at once, a handful of statements.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use futures_util::try_join;
use shared::db::{Conn, Lines, Prepared, QueryResult, sql};
use shared::id::{AppId, Tenant};
use uuid::Uuid;

use super::audit::Record;
use super::own;
use crate::domain::approval_log::{ApprovalLog, Operated, What};
use crate::domain::order::Order;
use crate::domain::own::OwnOrder;
use crate::domain::snapshot::OrderKey;
use crate::domain::status::{NodeType, OrderResult, Source, Status, TaskResult};
use crate::domain::task::{Card, CardState, Task};

#[derive(QueryableByName)]
struct OrderRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    tenant: String,
    #[diesel(sql_type = Text)]
    app_id: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Nullable<Text>)]
    flow_code: Option<String>,
    #[diesel(sql_type = Text)]
    business_key: String,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Text)]
    initiator: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Text)]
    result: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    version: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    parent_number: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    parent_task: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Nullable<Text>)]
    own_text: Option<String>,
}

#[derive(QueryableByName)]
struct TaskRow {
    #[diesel(sql_type = SqlUuid)]
    order_id: Uuid,
    #[diesel(sql_type = Text)]
    task_code: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Text)]
    result: String,
    #[diesel(sql_type = Text)]
    node_type: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    deadline: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    handled_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Bool)]
    show_pc: bool,
    #[diesel(sql_type = Bool)]
    show_mobile: bool,
    #[diesel(sql_type = Integer)]
    position: i32,
    #[diesel(sql_type = Nullable<BigInt>)]
    opened_seq: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    own_text: Option<String>,
}

#[derive(QueryableByName)]
struct CardRow {
    #[diesel(sql_type = SqlUuid)]
    order_id: Uuid,
    #[diesel(sql_type = Text)]
    task_code: String,
    #[diesel(sql_type = Text)]
    user_code: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Timestamptz)]
    arrived_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    handled_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Bool)]
    told: bool,
}

impl From<OrderRow> for Order {
    fn from(row: OrderRow) -> Self {
        let source = source_of(&row.source);
        Order {
            own: match source {
                Source::Native => own::order_of(row.own_text.as_deref(), row.version),
                Source::ThirdParty => OwnOrder::default(),
            },
            id: row.id,
            key: OrderKey {
                tenant: Tenant::stored(row.tenant),
                app: AppId::stored(row.app_id),
                number: row.number,
                source,
            },
            flow: row.flow_code,
            business_key: row.business_key,
            title: row.title,
            initiator: row.initiator,
            status: Status::stored(&row.status).unwrap_or(Status::Ing),
            result: OrderResult::stored(&row.result).unwrap_or(OrderResult::Ing),
            version: row.version,
            parent_number: row.parent_number,
            parent_task: row.parent_task,
            created_at: row.created_at,
            updated_at: row.updated_at,
            seq: row.seq,
            tasks: BTreeMap::new(),
            copies: BTreeMap::new(),
        }
    }
}

impl From<TaskRow> for Task {
    fn from(row: TaskRow) -> Self {
        Task {
            code: row.task_code,
            name: row.name,
            status: Status::stored(&row.status).unwrap_or(Status::Ing),
            result: TaskResult::stored(&row.result).unwrap_or(TaskResult::New),
            node_type: NodeType::stored(&row.node_type).unwrap_or(NodeType::Audit),
            deadline: row.deadline,
            handled_at: row.handled_at,
            show_pc: row.show_pc,
            show_mobile: row.show_mobile,
            position: row.position,
            opened_seq: row.opened_seq,
            own: own::task_of(row.own_text.as_deref()),
            cards: BTreeMap::new(),
        }
    }
}

/// The meaning of a stored word.
pub(super) fn source_of(word: &str) -> Source {
    Source::stored(word).unwrap_or(Source::ThirdParty)
}

/// The meaning of a stored word.
pub(super) fn state_of(word: &str) -> CardState {
    match word {
        "open" => CardState::Open,
        "done" => CardState::Done,
        _ => CardState::Gone,
    }
}

fn state_word(state: CardState) -> &'static str {
    match state {
        CardState::Open => "open",
        CardState::Done => "done",
        CardState::Gone => "gone",
    }
}

fn kind_word(node_type: NodeType) -> &'static str {
    match node_type {
        NodeType::Handle | NodeType::Audit => "todo",
        NodeType::Notify => "read",
    }
}

/// The orders of `keys` that exist, with everything in them. Read without a lock: [`save_all`] writes
/// only what nobody else has changed meanwhile.
pub(crate) async fn list_by_keys(
    conn: &Conn,
    keys: &[&OrderKey],
) -> QueryResult<HashMap<OrderKey, Order>> {
    let rows: Vec<OrderRow> =
        sql("select o.*, o.own::text as own_text from unnest($1, $2, $3, $4) as k(tenant, app_id, number, source) \
         cross join lateral (select * from orders o \
         where o.tenant = k.tenant and o.number = k.number and o.app_id = k.app_id and o.source = k.source limit 1) o")
        .bind::<Array<Text>, _>(keys.iter().map(|key| key.tenant.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(keys.iter().map(|key| key.app.as_str()).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(keys.iter().map(|key| key.number).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(keys.iter().map(|key| key.source.word()).collect::<Vec<_>>())
        .rows(conn)
        .await?;
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let mut orders: HashMap<Uuid, Order> =
        rows.into_iter().map(|row| (row.id, row.into())).collect();
    let ids: Vec<Uuid> = orders.keys().copied().collect();
    // Looked up one by one: planned once, `any` takes each list for ten orders.
    let tasks = sql("select t.*, t.own::text as own_text from unnest($1) as k(id) \
         cross join lateral (select * from tasks where order_id = k.id offset 0) t")
    .bind::<Array<SqlUuid>, _>(ids.clone());
    let cards = sql("select c.* from unnest($1) as k(id) cross join lateral (select order_id, task_code, \
         user_code, state, arrived_at, handled_at, told from cards where order_id = k.id offset 0) c")
    .bind::<Array<SqlUuid>, _>(ids);
    let (tasks, cards) = try_join!(tasks.rows::<TaskRow>(conn), cards.rows::<CardRow>(conn))?;
    for row in tasks {
        if let Some(order) = orders.get_mut(&row.order_id) {
            order.tasks.insert(row.task_code.clone(), row.into());
        }
    }
    for row in cards {
        put_card(&mut orders, row);
    }
    Ok(orders.into_values().map(|order| (order.key.clone(), order)).collect())
}

fn put_card(orders: &mut HashMap<Uuid, Order>, row: CardRow) {
    let Some(order) = orders.get_mut(&row.order_id) else { return };
    let state = state_of(&row.state);
    let card =
        Card { state, arrived_at: row.arrived_at, handled_at: row.handled_at, told: row.told };
    if row.task_code.is_empty() {
        order.copies.insert(row.user_code, card);
    } else if let Some(task) = order.tasks.get_mut(&row.task_code) {
        task.cards.insert(row.user_code, card);
    }
}

/// The business keys of the application's orders of this number: an ERP's, one of our own.
pub(crate) async fn list_business_keys(
    conn: &Conn,
    key: &OrderKey,
) -> QueryResult<Vec<(Source, String)>> {
    #[derive(QueryableByName)]
    struct KeyRow {
        #[diesel(sql_type = Text)]
        source: String,
        #[diesel(sql_type = Text)]
        business_key: String,
    }
    let rows: Vec<KeyRow> = sql(
        "select source, business_key from orders where tenant = $1 and number = $2 and app_id = $3",
    )
    .bind::<Text, _>(key.tenant.as_str())
    .bind::<BigInt, _>(key.number)
    .bind::<Text, _>(key.app.as_str())
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (source_of(&row.source), row.business_key)).collect())
}

/// The orders of this number: one of each application that has such an order, one of our own.
pub(crate) async fn list_keys(
    conn: &Conn,
    tenant: &Tenant,
    number: i64,
) -> QueryResult<Vec<OrderKey>> {
    #[derive(QueryableByName)]
    struct AppRow {
        #[diesel(sql_type = Text)]
        app_id: String,
        #[diesel(sql_type = Text)]
        source: String,
    }
    let rows: Vec<AppRow> =
        sql("select app_id, source from orders where tenant = $1 and number = $2 \
         order by app_id, source limit 20")
        .bind::<Text, _>(tenant.as_str())
        .bind::<BigInt, _>(number)
        .rows(conn)
        .await?;
    let key = |row: AppRow| OrderKey {
        tenant: tenant.clone(),
        app: AppId::stored(row.app_id),
        number,
        source: source_of(&row.source),
    };
    Ok(rows.into_iter().map(key).collect())
}

/// What one write stores: whole orders as they are to be, as they were, and what is said of them.
pub(crate) struct Write<'a> {
    pub(crate) orders: &'a [&'a Order],
    pub(crate) before: &'a HashMap<OrderKey, Order>,
    pub(crate) records: &'a [Record],
    pub(crate) now: DateTime<Utc>,
    /// The announcements, and the order that each belongs to.
    pub(crate) facts: Lines,
    pub(crate) facts_of: Vec<Uuid>,
    /// Lines of history that our own engine adds, and the order that each belongs to.
    pub(crate) lines: &'a [(&'a Order, ApprovalLog)],
}

/// Stores orders with the tasks and cards that differ, their audit records and announcements: one
/// statement, so that each order is stored with everything of it or not at all. Gives the ids of
/// those that were stored; an order that somebody else changed since it was read is left alone.
pub(crate) async fn save_all(conn: &Conn, write: Write<'_>) -> QueryResult<HashSet<Uuid>> {
    #[derive(QueryableByName)]
    struct StoredRow {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    if write.orders.is_empty() {
        return Ok(HashSet::new());
    }
    let Write { orders, before, records, now, facts, facts_of, lines } = write;
    let text = if lines.is_empty() { SAVE } else { SAVE_WITH_LINES };
    let statement = bind_heads(sql(text), orders, before);
    let tasks = changed_tasks(orders, before);
    let statement = bind_tasks(statement, &tasks);
    let statement = bind_cards(statement, &changed_cards(orders, &tasks, before));
    let statement = bind_records(statement, records, now);
    let statement = bind_facts(statement, facts, facts_of);
    let statement = if lines.is_empty() { statement } else { bind_lines(statement, lines) };
    let stored: Vec<StoredRow> = statement.rows(conn).await?;
    Ok(stored.into_iter().map(|row| row.id).collect())
}

/// `sent` are the orders as they are to be, with the number they were read at (0 = new); `stored`
/// those of them for which that still holds. Everything else is written for these alone.
macro_rules! save_sql {
    ($also:literal) => {
        concat!("\
    with sent as materialized (select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) \
        as s(id, tenant, app_id, number, flow_code, business_key, title, initiator, status, result, version, \
        parent_number, parent_task, created_at, updated_at, seq, source, base, own)), \
    added as (insert into orders (id, tenant, app_id, number, flow_code, business_key, title, initiator, status, result, \
        version, parent_number, parent_task, created_at, updated_at, seq, source, own) \
        select id, tenant, app_id, number, flow_code, business_key, title, initiator, status, result, \
        version, parent_number, parent_task, created_at, updated_at, seq, source, own::jsonb from sent where base = 0 \
        on conflict do nothing returning id), \
    changed as (update orders o set flow_code = s.flow_code, business_key = s.business_key, title = s.title, \
        initiator = s.initiator, status = s.status, result = s.result, version = s.version, \
        parent_number = s.parent_number, parent_task = s.parent_task, created_at = s.created_at, \
        updated_at = s.updated_at, seq = s.seq, own = s.own::jsonb, stored_at = now() \
        from sent s where s.base > 0 and o.id = s.id and o.seq = s.base returning o.id), \
    stored as (select id from added union all select id from changed), \
    saved_tasks as (insert into tasks (order_id, task_code, name, status, result, node_type, deadline, handled_at, \
        show_pc, show_mobile, position, opened_seq, own) \
        select order_id, a, b, c, d, e, f, g, h, i, j, k, l::jsonb \
        from unnest($20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32) \
        as t(order_id, a, b, c, d, e, f, g, h, i, j, k, l) \
        where t.order_id in (select id from stored) \
        on conflict (order_id, task_code) do update set name = excluded.name, status = excluded.status, \
        result = excluded.result, node_type = excluded.node_type, deadline = excluded.deadline, \
        handled_at = excluded.handled_at, show_pc = excluded.show_pc, show_mobile = excluded.show_mobile, \
        opened_seq = excluded.opened_seq, own = excluded.own), \
    saved_cards as (insert into cards (order_id, task_code, user_code, tenant, kind, state, arrived_at, handled_at, told, \
        deadline, show_pc, show_mobile, urged_count) \
        select * from unnest($33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45) \
        as c(order_id, a, b, c, d, e, f, g, h, i, j, k, l) \
        where c.order_id in (select id from stored) \
        on conflict (order_id, task_code, user_code) do update set kind = excluded.kind, state = excluded.state, \
        arrived_at = excluded.arrived_at, handled_at = excluded.handled_at, told = excluded.told, \
        deadline = excluded.deadline, show_pc = excluded.show_pc, show_mobile = excluded.show_mobile, urged_count = excluded.urged_count), \
    saved_records as (insert into audit_records (tenant, order_id, action, detail, request_id, at) \
        select r.*, $51 from unnest($46, $47, $48, $49, $50) as r(tenant, order_id, action, detail, request_id) \
        where r.order_id in (select id from stored)), \
    announced as (insert into outbox (topic, event_id, key, payload, request_id) \
        select $57, f.event_id, f.key, f.payload, f.request_id \
        from unnest($52, $53, $54, $55, $56) as f(order_id, event_id, key, payload, request_id) \
        where f.order_id in (select id from stored))", $also, " select id from stored")
    };
}

const SAVE: &str = save_sql!("");

const SAVE_WITH_LINES: &str = save_sql!(
    ", \
    saved_lines as (insert into approval_logs (tenant, app_id, number, source, task_code, task_name, handler, \
        handled_at, result, comment, line, action, people, on_behalf_of, attachments, waiting) \
        select s.tenant, s.app_id, s.number, s.source, l.a, l.b, l.c, l.d, l.e, l.f, l.g, l.h, \
        (select array_agg(one) from jsonb_array_elements_text(l.i::jsonb) one), l.j, l.k::jsonb, false \
        from unnest($58, $59, $60, $61, $62, $63, $64, $65, $66, $67, $68, $69) \
        as l(order_id, a, b, c, d, e, f, g, h, i, j, k) join sent s on s.id = l.order_id \
        where l.order_id in (select id from stored) on conflict do nothing)"
);

fn changed_tasks<'a>(
    orders: &[&'a Order],
    before: &HashMap<OrderKey, Order>,
) -> Vec<(&'a Order, &'a Task)> {
    orders
        .iter()
        .flat_map(|order| order.tasks.values().map(move |task| (*order, task)))
        .filter(|(order, task)| stored_task(before, order, task) != Some(task))
        .collect()
}

fn stored_task<'b>(
    before: &'b HashMap<OrderKey, Order>,
    order: &Order,
    task: &Task,
) -> Option<&'b Task> {
    before.get(&order.key)?.tasks.get(&task.code)
}

fn changed_cards<'a>(
    orders: &[&'a Order],
    changed_tasks: &[(&'a Order, &'a Task)],
    before: &HashMap<OrderKey, Order>,
) -> Vec<CardWrite<'a>> {
    let mut cards = Vec::new();
    for (order, task) in changed_tasks.iter().copied() {
        let old = stored_task(before, order, task);
        // A card repeats some of its task's columns for the lists: then all cards are written.
        let same_columns = old.is_some_and(|old| {
            (old.deadline, old.node_type, old.show_pc, old.show_mobile, old.own.urged)
                == (task.deadline, task.node_type, task.show_pc, task.show_mobile, task.own.urged)
        });
        for (user, card) in &task.cards {
            if !same_columns || old.and_then(|old| old.cards.get(user)) != Some(card) {
                cards.push(CardWrite { order, task: Some(task), user, card });
            }
        }
    }
    for order in orders {
        let old = before.get(&order.key);
        for (user, card) in &order.copies {
            if old.and_then(|old| old.copies.get(user)) != Some(card) {
                cards.push(CardWrite { order, task: None, user, card });
            }
        }
    }
    cards
}

fn bind_heads<'v>(
    statement: Prepared<'v>,
    orders: &[&'v Order],
    before: &HashMap<OrderKey, Order>,
) -> Prepared<'v> {
    let text =
        |part: fn(&Order) -> &str| orders.iter().map(|order| part(order)).collect::<Vec<_>>();
    let optional = |part: fn(&Order) -> Option<&str>| {
        orders.iter().map(|order| part(order)).collect::<Vec<_>>()
    };
    let long = |part: fn(&Order) -> i64| orders.iter().map(|order| part(order)).collect::<Vec<_>>();
    let optional_long = |part: fn(&Order) -> Option<i64>| {
        orders.iter().map(|order| part(order)).collect::<Vec<_>>()
    };
    let instant = |part: fn(&Order) -> DateTime<Utc>| {
        orders.iter().map(|order| part(order)).collect::<Vec<_>>()
    };
    let base = |order: &&Order| before.get(&order.key).map_or(0, |old| old.seq);
    let own = |order: &&Order| match order.key.source {
        Source::Native => own::write_order(&order.own),
        Source::ThirdParty => None,
    };
    statement
        .bind::<Array<SqlUuid>, _>(orders.iter().map(|order| order.id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(text(|order| order.key.tenant.as_str()))
        .bind::<Array<Text>, _>(text(|order| order.key.app.as_str()))
        .bind::<Array<BigInt>, _>(long(|order| order.key.number))
        .bind::<Array<Nullable<Text>>, _>(optional(|order| order.flow.as_deref()))
        .bind::<Array<Text>, _>(text(|order| &order.business_key))
        .bind::<Array<Text>, _>(text(|order| &order.title))
        .bind::<Array<Text>, _>(text(|order| &order.initiator))
        .bind::<Array<Text>, _>(text(|order| order.status.word()))
        .bind::<Array<Text>, _>(text(|order| order.result.word()))
        .bind::<Array<Nullable<BigInt>>, _>(optional_long(|order| order.version))
        .bind::<Array<Nullable<BigInt>>, _>(optional_long(|order| order.parent_number))
        .bind::<Array<Nullable<Text>>, _>(optional(|order| order.parent_task.as_deref()))
        .bind::<Array<Timestamptz>, _>(instant(|order| order.created_at))
        .bind::<Array<Timestamptz>, _>(instant(|order| order.updated_at))
        .bind::<Array<BigInt>, _>(long(|order| order.seq))
        .bind::<Array<Text>, _>(text(|order| order.key.source.word()))
        .bind::<Array<BigInt>, _>(orders.iter().map(base).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(orders.iter().map(own).collect::<Vec<_>>())
}

fn bind_tasks<'v>(statement: Prepared<'v>, tasks: &[(&'v Order, &'v Task)]) -> Prepared<'v> {
    let text =
        |part: fn(&Task) -> &str| tasks.iter().map(|(_, task)| part(task)).collect::<Vec<_>>();
    let instant = |part: fn(&Task) -> Option<DateTime<Utc>>| {
        tasks.iter().map(|(_, task)| part(task)).collect::<Vec<_>>()
    };
    let flag =
        |part: fn(&Task) -> bool| tasks.iter().map(|(_, task)| part(task)).collect::<Vec<_>>();
    let positions: Vec<i32> = tasks.iter().map(|(_, task)| task.position).collect();
    let opened: Vec<Option<i64>> = tasks.iter().map(|(_, task)| task.opened_seq).collect();
    let own = |(_, task): &(&Order, &Task)| task.opened_seq.and(own::write_task(&task.own));
    let own: Vec<Option<String>> = tasks.iter().map(own).collect();
    statement
        .bind::<Array<SqlUuid>, _>(tasks.iter().map(|(order, _)| order.id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(text(|task| &task.code))
        .bind::<Array<Text>, _>(text(|task| &task.name))
        .bind::<Array<Text>, _>(text(|task| task.status.word()))
        .bind::<Array<Text>, _>(text(|task| task.result.word()))
        .bind::<Array<Text>, _>(text(|task| task.node_type.word()))
        .bind::<Array<Nullable<Timestamptz>>, _>(instant(|task| task.deadline))
        .bind::<Array<Nullable<Timestamptz>>, _>(instant(|task| task.handled_at))
        .bind::<Array<Bool>, _>(flag(|task| task.show_pc))
        .bind::<Array<Bool>, _>(flag(|task| task.show_mobile))
        .bind::<Array<Integer>, _>(positions)
        .bind::<Array<Nullable<BigInt>>, _>(opened)
        .bind::<Array<Nullable<Text>>, _>(own)
}

struct CardWrite<'a> {
    order: &'a Order,
    /// Absent for a copy of the whole order.
    task: Option<&'a Task>,
    user: &'a str,
    card: &'a Card,
}

fn bind_cards<'v>(statement: Prepared<'v>, cards: &[CardWrite<'v>]) -> Prepared<'v> {
    fn column<'v, T>(cards: &[CardWrite<'v>], part: impl Fn(&CardWrite<'v>) -> T) -> Vec<T> {
        cards.iter().map(part).collect()
    }
    let shown = |part: fn(&Task) -> bool| column(cards, move |card| card.task.is_none_or(part));
    statement
        .bind::<Array<SqlUuid>, _>(column(cards, |write| write.order.id))
        .bind::<Array<Text>, _>(column(cards, |write| write.task.map_or("", |task| &task.code)))
        .bind::<Array<Text>, _>(column(cards, |write| write.user))
        .bind::<Array<Text>, _>(column(cards, |write| write.order.key.tenant.as_str()))
        .bind::<Array<Text>, _>(column(cards, |write| {
            write.task.map_or("copy", |task| kind_word(task.node_type))
        }))
        .bind::<Array<Text>, _>(column(cards, |write| state_word(write.card.state)))
        .bind::<Array<Timestamptz>, _>(column(cards, |write| write.card.arrived_at))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(cards, |write| write.card.handled_at))
        .bind::<Array<Bool>, _>(column(cards, |write| write.card.told))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(cards, |write| {
            write.task.and_then(|task| task.deadline)
        }))
        .bind::<Array<Bool>, _>(shown(|task| task.show_pc))
        .bind::<Array<Bool>, _>(shown(|task| task.show_mobile))
        .bind::<Array<Integer>, _>(column(cards, |write| {
            write.task.map_or(0, |task| task.own.urged)
        }))
}

fn bind_records<'v>(
    statement: Prepared<'v>,
    records: &'v [Record],
    now: DateTime<Utc>,
) -> Prepared<'v> {
    let text = |part: fn(&Record) -> &str| records.iter().map(part).collect::<Vec<_>>();
    statement
        .bind::<Array<Text>, _>(text(|record| &record.tenant))
        .bind::<Array<SqlUuid>, _>(records.iter().map(|record| record.order).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(text(|record| record.action))
        .bind::<Array<Text>, _>(text(|record| &record.detail))
        .bind::<Array<Nullable<Text>>, _>(
            records.iter().map(|record| record.request_id.as_deref()).collect::<Vec<_>>(),
        )
        .bind::<Timestamptz, _>(now)
}

fn bind_facts<'v>(statement: Prepared<'v>, facts: Lines, orders: Vec<Uuid>) -> Prepared<'v> {
    statement
        .bind::<Array<SqlUuid>, _>(orders)
        .bind::<Array<SqlUuid>, _>(facts.ids)
        .bind::<Array<Text>, _>(facts.keys)
        .bind::<Array<Text>, _>(facts.payloads)
        .bind::<Array<Nullable<Text>>, _>(facts.requests)
        .bind::<Text, _>(facts.topic)
}

fn bind_lines<'v>(statement: Prepared<'v>, lines: &'v [(&'v Order, ApprovalLog)]) -> Prepared<'v> {
    fn column<'v, T>(
        lines: &'v [(&'v Order, ApprovalLog)],
        part: impl Fn(&'v ApprovalLog) -> T,
    ) -> Vec<T> {
        lines.iter().map(|(_, line)| part(line)).collect()
    }
    statement
        .bind::<Array<SqlUuid>, _>(lines.iter().map(|(order, _)| order.id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(column(lines, |line| line.task.as_str()))
        .bind::<Array<Nullable<Text>>, _>(column(lines, |line| line.task_name.as_deref()))
        .bind::<Array<Text>, _>(column(lines, |line| line.handler.as_str()))
        .bind::<Array<Timestamptz>, _>(column(lines, |line| line.handled_at))
        .bind::<Array<Text>, _>(column(lines, |line| line.what.word()))
        .bind::<Array<Nullable<Text>>, _>(column(lines, |line| line.comment.as_deref()))
        .bind::<Array<BigInt>, _>(column(lines, |line| operated(line).map_or(0, |one| one.no)))
        .bind::<Array<Nullable<Text>>, _>(column(lines, |line| {
            operated(line).map(|one| one.action.as_str())
        }))
        .bind::<Array<Nullable<Text>>, _>(column(lines, |line| {
            operated(line).and_then(|one| own::write_words(&one.people))
        }))
        .bind::<Array<Nullable<Text>>, _>(column(lines, |line| line.on_behalf_of.as_deref()))
        .bind::<Array<Nullable<Text>>, _>(column(lines, |line| {
            own::write_attachments(&line.attachments)
        }))
}

fn operated(line: &ApprovalLog) -> Option<&Operated> {
    match &line.what {
        What::Operated(operated) => Some(operated),
        What::Handled(_) => None,
    }
}
