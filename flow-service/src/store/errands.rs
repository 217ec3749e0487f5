//! Messages and signals on their way from one order to others.

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Uuid as SqlUuid};
use flow_engine::value::{Value, Variables};
use serde_json::Value as Json;
use shared::db::{Conn, QueryResult, sql};
use shared::id::{FlowCode, Tenant};
use uuid::Uuid;

use super::runs::write_variables;

/// An errand under way.
#[derive(Clone, Debug)]
pub(crate) struct Errand {
    pub(crate) id: Uuid,
    pub(crate) tenant: Tenant,
    pub(crate) task: Task,
    pub(crate) name: String,
    pub(crate) variables: Variables,
    /// The order that threw it.
    pub(crate) origin: Option<i64>,
    pub(crate) depth: i32,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Find one who waits for a message.
    Message,
    /// Find all who wait for a signal.
    Signal,
    /// Give a signal to an order.
    SignalTo(i64),
    /// Start at a point.
    Start(Uuid),
}

#[derive(QueryableByName)]
struct ErrandRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    tenant: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Jsonb)]
    variables: Json,
    #[diesel(sql_type = Nullable<BigInt>)]
    origin: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    target_order: Option<i64>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    target_point: Option<Uuid>,
    #[diesel(sql_type = Integer)]
    depth: i32,
}

impl From<ErrandRow> for Errand {
    fn from(row: ErrandRow) -> Self {
        let task = match (row.kind.as_str(), row.target_order, row.target_point) {
            (_, Some(order), _) => Task::SignalTo(order),
            (_, None, Some(point)) => Task::Start(point),
            ("signal", None, None) => Task::Signal,
            _ => Task::Message,
        };
        let variables = match row.variables {
            Json::Object(fields) => {
                fields.iter().map(|(name, json)| (name.clone(), Value::restore(json))).collect()
            }
            _ => BTreeMap::new(),
        };
        Errand {
            id: row.id,
            tenant: Tenant::stored(row.tenant),
            task,
            name: row.name,
            variables,
            origin: row.origin,
            depth: row.depth,
        }
    }
}

/// Takes errands in hand for half a minute: the ones named, or whatever is due. Whoever writes an errand
/// carries it out at once; the job finds it due three seconds later, if nobody has by then.
pub(crate) async fn claim(
    conn: &Conn,
    ids: Option<Vec<Uuid>>,
    most: i64,
) -> QueryResult<Vec<Errand>> {
    let rows: Vec<ErrandRow> = sql("update errands e set lease_until = now() + interval '30 seconds', attempts = attempts + 1 \
         from (select id from errands where (due_at <= now() or $1 is not null) and (lease_until is null or lease_until < now()) \
               and ($1 is null or id = any($1)) order by due_at, id limit $2 for update skip locked) t \
         where e.id = t.id \
         returning e.id, e.tenant, e.kind, e.name, e.variables, e.origin, e.target_order, e.target_point, e.depth")
    .bind::<Nullable<Array<SqlUuid>>, _>(ids)
    .bind::<BigInt, _>(most)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(Errand::from).collect())
}

/// A signal becomes one errand for each order that waits for it and each flow that it starts, but not
/// for the order that threw it. Gives their ids.
pub(crate) async fn fan_out(conn: &Conn, id: Uuid) -> QueryResult<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct IdRow {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let rows: Vec<IdRow> = sql("with e as (delete from errands where id = $1 returning *), \
         added as (insert into errands (id, tenant, kind, name, variables, origin, target_order, target_point, depth, due_at) \
           select gen_random_uuid(), e.tenant, e.kind, e.name, e.variables, e.origin, t.target_order, t.target_point, e.depth, now() + interval '3 seconds' \
           from e cross join lateral ( \
             select distinct s.root_id as target_order, null::uuid as target_point from subscriptions s \
             where s.tenant = e.tenant and s.kind = 'signal' and s.name = e.name and s.root_id is distinct from e.origin \
             union all \
             select null, p.id from start_points p where p.tenant = e.tenant and p.kind = 'signal' and p.name = e.name) t \
           returning id) select id from added")
    .bind::<SqlUuid, _>(id)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Writes a signal down that somebody sends, unless the very same request was heard before.
pub(crate) async fn add_signal(
    conn: &Conn,
    tenant: &Tenant,
    request: Uuid,
    name: &str,
    variables: &Variables,
) -> QueryResult<()> {
    let variables = write_variables(variables)?;
    sql("with first as (insert into inbox (consumer, event_id) values ('flow', $1) on conflict do nothing returning event_id) \
         insert into errands (id, tenant, kind, name, variables, due_at) \
         select event_id, $2, 'signal', $3, $4::jsonb, now() + interval '3 seconds' from first")
    .bind::<SqlUuid, _>(request)
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(name)
    .bind::<Text, _>(variables)
    .run(conn)
    .await?;
    Ok(())
}

/// Removes an errand that there is nothing left to do for.
pub(crate) async fn delete(conn: &Conn, id: Uuid) -> QueryResult<()> {
    sql("delete from errands where id = $1").bind::<SqlUuid, _>(id).run(conn).await?;
    Ok(())
}

/// Puts an errand off that failed.
pub(crate) async fn put_off(conn: &Conn, id: Uuid, reason: &str) -> QueryResult<()> {
    sql("update errands set lease_until = null, last_error = $2, \
         due_at = now() + least(power(2, attempts), 60) * interval '1 second' where id = $1")
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(reason)
    .run(conn)
    .await?;
    Ok(())
}

/// Whether an errand is still to be carried out.
pub(crate) async fn exists(conn: &Conn, id: Uuid) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct ExistsRow {
        #[diesel(sql_type = Bool)]
        is: bool,
    }
    let row: ExistsRow = sql("select exists (select from errands where id = $1) as is")
        .bind::<SqlUuid, _>(id)
        .row(conn)
        .await?;
    Ok(row.is)
}

/// Whether an event or request was heard before.
pub(crate) async fn was_heard(conn: &Conn, id: Uuid) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct HeardRow {
        #[diesel(sql_type = Bool)]
        is: bool,
    }
    let row: HeardRow =
        sql("select exists (select from inbox where consumer = 'flow' and event_id = $1) as is")
            .bind::<SqlUuid, _>(id)
            .row(conn)
            .await?;
    Ok(row.is)
}

/// The oldest wait for a message in the enterprise; with a business key only of orders that have it.
pub(crate) async fn find_waiting(
    conn: &Conn,
    tenant: &Tenant,
    name: &str,
    business_key: Option<&str>,
) -> QueryResult<Option<(i64, u64)>> {
    #[derive(QueryableByName)]
    struct WaitRow {
        #[diesel(sql_type = BigInt)]
        root_id: i64,
        #[diesel(sql_type = BigInt)]
        wait: i64,
    }
    let row: Option<WaitRow> = match business_key {
        None => {
            sql("select root_id, wait from subscriptions where tenant = $1 and kind = 'message' and name = $2 \
                 order by since, wait limit 1")
            .bind::<Text, _>(tenant.as_str())
            .bind::<Text, _>(name)
            .optional(conn)
            .await?
        }
        Some(key) => {
            sql("select s.root_id, s.wait from orders o join subscriptions s on s.root_id = o.order_id \
                 where o.tenant = $1 and o.business_key = $3 and o.business_key <> '' and o.parent_id is null \
                 and s.kind = 'message' and s.name = $2 order by s.since, s.wait limit 1")
            .bind::<Text, _>(tenant.as_str())
            .bind::<Text, _>(name)
            .bind::<Text, _>(key)
            .optional(conn)
            .await?
        }
    };
    Ok(row.map(|row| (row.root_id, u64::try_from(row.wait).unwrap_or_default())))
}

/// A way to start a flow that is online.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) id: Uuid,
    pub(crate) flow: FlowCode,
    pub(crate) version: i32,
    pub(crate) process: String,
    pub(crate) node: String,
}

/// The start that a message triggers, or the point of that id.
pub(crate) async fn find_point(
    conn: &Conn,
    tenant: &Tenant,
    message: Option<&str>,
    id: Option<Uuid>,
) -> QueryResult<Option<Point>> {
    #[derive(QueryableByName)]
    struct PointRow {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = Text)]
        flow_code: String,
        #[diesel(sql_type = Integer)]
        version: i32,
        #[diesel(sql_type = Text)]
        process_id: String,
        #[diesel(sql_type = Text)]
        node: String,
    }
    let row: Option<PointRow> =
        sql("select id, flow_code, version, process_id, node from start_points where tenant = $1 \
         and (id = $3 or $3 is null) and ($2 is null or (kind = 'message' and name = $2)) \
         order by set_at, id limit 1")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Nullable<Text>, _>(message)
        .bind::<Nullable<SqlUuid>, _>(id)
        .optional(conn)
        .await?;
    Ok(row.map(|row| Point {
        id: row.id,
        flow: FlowCode::stored(row.flow_code),
        version: row.version,
        process: row.process_id,
        node: row.node,
    }))
}
