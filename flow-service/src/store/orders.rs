//! Orders as people and integrators look at them: heads, open tasks, history.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use serde_json::Value;
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;
use uuid::Uuid;

use super::runs::{DetailRead, OperationRead, RecordJson};
use crate::domain::order::{State, parse_wire_id};
use crate::domain::run::RECORDS_OF_A_STEP;

/// The order that a start with this key made, and its running number.
pub(crate) async fn find_start(conn: &Conn, key: Uuid) -> QueryResult<Option<(i64, String)>> {
    #[derive(QueryableByName)]
    struct StartRow {
        #[diesel(sql_type = BigInt)]
        order_id: i64,
        #[diesel(sql_type = Text)]
        running_number: String,
    }
    let row: Option<StartRow> =
        sql("select order_id, running_number from orders where start_key = $1")
            .bind::<SqlUuid, _>(key)
            .optional(conn)
            .await?;
    Ok(row.map(|row| (row.order_id, row.running_number)))
}

/// An order, or one that it called.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) id: i64,
    pub(crate) root: i64,
    pub(crate) parent: Option<i64>,
    pub(crate) process: String,
    pub(crate) flow: String,
    pub(crate) flow_version: i32,
    pub(crate) business_key: String,
    pub(crate) title: String,
    pub(crate) running_number: String,
    pub(crate) initiator: String,
    pub(crate) state: State,
    pub(crate) result: Option<String>,
    pub(crate) end_activity: Option<String>,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

#[derive(QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = BigInt)]
    order_id: i64,
    #[diesel(sql_type = BigInt)]
    root_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    parent_id: Option<i64>,
    #[diesel(sql_type = Text)]
    process_id: String,
    #[diesel(sql_type = Text)]
    flow_code: String,
    #[diesel(sql_type = Integer)]
    flow_version: i32,
    #[diesel(sql_type = Text)]
    business_key: String,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Text)]
    running_number: String,
    #[diesel(sql_type = Text)]
    initiator: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    result: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    end_activity: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    started_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    ended_at: Option<DateTime<Utc>>,
}

impl From<HeadRow> for Head {
    fn from(row: HeadRow) -> Self {
        Head {
            id: row.order_id,
            root: row.root_id,
            parent: row.parent_id,
            process: row.process_id,
            flow: row.flow_code,
            flow_version: row.flow_version,
            business_key: row.business_key,
            title: row.title,
            running_number: row.running_number,
            initiator: row.initiator,
            state: State::stored(&row.state),
            result: row.result,
            end_activity: row.end_activity,
            started_at: row.started_at,
            ended_at: row.ended_at,
        }
    }
}

/// Which orders are looked at: one, or all of a process, each with everything that it called.
#[derive(Clone, Debug)]
pub(crate) enum Which {
    Order(i64),
    Process(String),
}

/// Orders looked at together at most.
const MOST_ORDERS: i64 = 1_000;

/// The orders with everything that they called, callers first. A called order brings what it called
/// itself. Of a process the newest ones count.
pub(crate) async fn list_trees(
    conn: &Conn,
    tenant: &Tenant,
    which: &Which,
) -> QueryResult<Vec<Head>> {
    let (order, process) = match which {
        Which::Order(order) => (Some(*order), None),
        Which::Process(process) => (None, Some(process.as_str())),
    };
    let rows: Vec<HeadRow> = sql("with recursive tree as ( \
           (select o.* from orders o where $2 is not null and o.order_id = $2 and o.tenant = $1 \
            union all \
            (select o.* from orders o where $3 is not null and o.tenant = $1 and o.process_id = $3 order by o.order_id desc limit $4)) \
           union \
           select c.* from tree t join orders c on c.root_id = t.root_id and c.parent_id = t.order_id) \
         select order_id, root_id, parent_id, process_id, flow_code, flow_version, business_key, title, running_number, \
         initiator, state, result, end_activity, started_at, ended_at from tree order by order_id")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Nullable<BigInt>, _>(order)
    .bind::<Nullable<Text>, _>(process)
    .bind::<BigInt, _>(MOST_ORDERS)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(Head::from).collect())
}

/// A task as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct TaskHead {
    pub(crate) order: i64,
    pub(crate) wait: u64,
    pub(crate) row: u32,
    pub(crate) root: i64,
    pub(crate) node: String,
    pub(crate) name: String,
    pub(crate) is_for_people: bool,
    pub(crate) assignees: Vec<String>,
    pub(crate) due: Option<DateTime<Utc>>,
    pub(crate) created_seq: i64,
    pub(crate) result: Option<String>,
    pub(crate) handler: Option<String>,
}

#[derive(QueryableByName)]
struct TaskRow {
    #[diesel(sql_type = BigInt)]
    order_id: i64,
    #[diesel(sql_type = BigInt)]
    wait: i64,
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = BigInt)]
    root_id: i64,
    #[diesel(sql_type = Text)]
    node: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Array<Text>)]
    assignees: Vec<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    due_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    created_seq: i64,
    #[diesel(sql_type = Nullable<Text>)]
    result: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    handler: Option<String>,
}

impl From<TaskRow> for TaskHead {
    fn from(row: TaskRow) -> Self {
        TaskHead {
            order: row.order_id,
            wait: u64::try_from(row.wait).unwrap_or_default(),
            row: u32::try_from(row.number).unwrap_or(1),
            root: row.root_id,
            node: row.node,
            name: row.name,
            is_for_people: row.kind == "user",
            assignees: row.assignees,
            due: row.due_at,
            created_seq: row.created_seq,
            result: row.result,
            handler: row.handler,
        }
    }
}

/// The open tasks of these trees, in the order in which they opened.
pub(crate) async fn list_open_tasks(
    conn: &Conn,
    orders: &[Head],
    most: i64,
) -> QueryResult<Vec<TaskHead>> {
    let mut roots: Vec<i64> = orders.iter().map(|order| order.root).collect();
    roots.dedup();
    let rows: Vec<TaskRow> = sql("select order_id, wait, row as number, root_id, node, name, kind, assignees, due_at, created_seq, \
         result, handler from tasks \
         where root_id = any($1) and closed_at is null and order_id = any($2) order by created_seq limit $3")
    .bind::<Array<BigInt>, _>(roots)
    .bind::<Array<BigInt>, _>(orders.iter().map(|order| order.id).collect::<Vec<_>>())
    .bind::<BigInt, _>(most)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(TaskHead::from).collect())
}

/// One task, open or closed.
pub(crate) async fn show_task(
    conn: &Conn,
    tenant: &Tenant,
    order: i64,
    wait: u64,
    row: u32,
) -> QueryResult<Option<TaskHead>> {
    let found: Option<TaskRow> = sql("select order_id, wait, row as number, root_id, node, name, kind, assignees, due_at, created_seq, \
         result, handler from tasks where tenant = $1 and order_id = $2 and wait = $3 and row = $4")
    .bind::<Text, _>(tenant.as_str())
    .bind::<BigInt, _>(order)
    .bind::<BigInt, _>(i64::try_from(wait).unwrap_or(i64::MAX))
    .bind::<Integer, _>(i32::try_from(row).unwrap_or(i32::MAX))
    .optional(conn)
    .await?;
    Ok(found.map(TaskHead::from))
}

/// Whether a person ever had a task of these orders.
pub(crate) async fn had_task(conn: &Conn, orders: &[Head], user: &str) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct HadRow {
        #[diesel(sql_type = Bool)]
        had: bool,
    }
    let row: HadRow = sql(
        "select exists (select from tasks where order_id = any($1) and $2 = any(assignees)) as had",
    )
    .bind::<Array<BigInt>, _>(orders.iter().map(|order| order.id).collect::<Vec<_>>())
    .bind::<Text, _>(user)
    .row(conn)
    .await?;
    Ok(row.had)
}

/// One line of the history, numbered over the whole engine.
#[derive(Clone, Debug)]
pub(crate) struct HistoryLine {
    pub(crate) seq: i64,
    pub(crate) order: i64,
    pub(crate) node: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) event: String,
    pub(crate) loop_index: Option<u32>,
    pub(crate) at: DateTime<Utc>,
}

/// What somebody did, or what a rule of the flow did for them; numbered like the lines.
#[derive(Clone, Debug)]
pub(crate) struct OperationLine {
    pub(crate) seq: i64,
    pub(crate) order: i64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) operation: OperationRead,
}

/// The history of these trees after the line `after`, at most about `most` lines, steps whole: what
/// happened to elements, and what people did.
pub(crate) async fn list_history(
    conn: &Conn,
    orders: &[Head],
    after: i64,
    most: usize,
) -> QueryResult<(Vec<HistoryLine>, Vec<OperationLine>)> {
    #[derive(QueryableByName)]
    struct StepRow {
        #[diesel(sql_type = BigInt)]
        order_id: i64,
        #[diesel(sql_type = BigInt)]
        no: i64,
        #[diesel(sql_type = Timestamptz)]
        at: DateTime<Utc>,
        #[diesel(sql_type = Jsonb)]
        records: Value,
        #[diesel(sql_type = Nullable<Jsonb>)]
        detail: Option<Value>,
    }
    let mut roots: Vec<i64> = orders.iter().map(|order| order.root).collect();
    roots.dedup();
    let rows: Vec<StepRow> = sql(
        "select order_id, no, at, records, detail from steps where order_id = any($1) and no >= $2 \
         order by no limit $3",
    )
    .bind::<Array<BigInt>, _>(roots)
    .bind::<BigInt, _>(after / RECORDS_OF_A_STEP)
    .bind::<BigInt, _>(i64::try_from(most).unwrap_or(i64::MAX))
    .rows(conn)
    .await?;
    let known: std::collections::HashSet<i64> = orders.iter().map(|order| order.id).collect();
    let malformed = |error| diesel::result::Error::DeserializationError(Box::new(error));
    let (mut lines, mut operations) = (Vec::new(), Vec::new());
    for row in rows {
        let records: Vec<RecordJson> = serde_json::from_value(row.records).map_err(malformed)?;
        let mut seq = row.no * RECORDS_OF_A_STEP;
        for record in records {
            seq += 1;
            if seq > after && known.contains(&record.order) {
                lines.push(HistoryLine {
                    seq,
                    order: record.order,
                    node: record.node,
                    name: record.name,
                    kind: record.kind,
                    event: record.event,
                    loop_index: record.index,
                    at: row.at,
                });
            }
        }
        let detail: DetailRead = match row.detail {
            Some(detail) => serde_json::from_value(detail).map_err(malformed)?,
            None => DetailRead::default(),
        };
        for operation in detail.decisions.into_iter().chain(detail.operations) {
            seq += 1;
            let named = operation.task_id.as_deref().and_then(parse_wire_id);
            let order = named.map_or(row.order_id, |(order, ..)| order);
            if seq > after && known.contains(&order) {
                operations.push(OperationLine { seq, order, at: row.at, operation });
            }
        }
        if lines.len() + operations.len() >= most {
            break;
        }
    }
    Ok((lines, operations))
}

/// An order of the enterprise, if there.
pub(crate) async fn show(conn: &Conn, tenant: &Tenant, order: i64) -> QueryResult<Option<Head>> {
    let row: Option<HeadRow> = sql(
        "select order_id, root_id, parent_id, process_id, flow_code, flow_version, business_key, \
         title, running_number, initiator, state, result, end_activity, started_at, ended_at \
         from orders where tenant = $1 and order_id = $2",
    )
    .bind::<Text, _>(tenant.as_str())
    .bind::<BigInt, _>(order)
    .optional(conn)
    .await?;
    Ok(row.map(Head::from))
}

/// Whether a person started an order or ever had a task of it; absent where there is no such order.
pub(crate) async fn has_part(
    conn: &Conn,
    tenant: &Tenant,
    order: i64,
    user: &str,
) -> QueryResult<Option<bool>> {
    #[derive(QueryableByName)]
    struct PartRow {
        #[diesel(sql_type = Bool)]
        has: bool,
    }
    let row: Option<PartRow> = sql("select o.initiator = $3 or exists (select from tasks t \
         where t.root_id = o.root_id and ($3 = any(t.assignees) or t.handler = $3)) as has \
         from orders o where o.tenant = $1 and o.order_id = $2")
    .bind::<Text, _>(tenant.as_str())
    .bind::<BigInt, _>(order)
    .bind::<Text, _>(user)
    .optional(conn)
    .await?;
    Ok(row.map(|row| row.has))
}
