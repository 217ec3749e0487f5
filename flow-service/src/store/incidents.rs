//! What is stuck, and why.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

use super::orders::Head;

/// One incident.
#[derive(Clone, Debug)]
pub(crate) struct Stuck {
    pub(crate) tenant: String,
    pub(crate) root: i64,
    pub(crate) order: i64,
    pub(crate) wait: u64,
    /// `element` or `people`.
    pub(crate) kind: String,
    pub(crate) node: String,
    pub(crate) name: String,
    pub(crate) reason: String,
    pub(crate) at: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct StuckRow {
    #[diesel(sql_type = Text)]
    tenant: String,
    #[diesel(sql_type = BigInt)]
    root_id: i64,
    #[diesel(sql_type = BigInt)]
    order_id: i64,
    #[diesel(sql_type = BigInt)]
    wait: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    node: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
}

impl From<StuckRow> for Stuck {
    fn from(row: StuckRow) -> Self {
        let StuckRow { tenant, root_id, order_id, wait, kind, node, name, reason, at } = row;
        let wait = u64::try_from(wait).unwrap_or_default();
        Stuck { tenant, root: root_id, order: order_id, wait, kind, node, name, reason, at }
    }
}

/// What is stuck in these trees.
pub(crate) async fn list_of(conn: &Conn, orders: &[Head]) -> QueryResult<Vec<Stuck>> {
    let mut roots: Vec<i64> = orders.iter().map(|order| order.root).collect();
    roots.dedup();
    let rows: Vec<StuckRow> =
        sql("select tenant, root_id, order_id, wait, kind, node, name, reason, at from incidents \
         where root_id = any($1) and order_id = any($2) order by at, root_id, wait")
        .bind::<Array<BigInt>, _>(roots)
        .bind::<Array<BigInt>, _>(orders.iter().map(|order| order.id).collect::<Vec<_>>())
        .rows(conn)
        .await?;
    Ok(rows.into_iter().map(Stuck::from).collect())
}

/// One incident, by the order and the number it is retried by.
pub(crate) async fn find(
    conn: &Conn,
    tenant: Option<&Tenant>,
    order: i64,
    wait: u64,
) -> QueryResult<Option<Stuck>> {
    let row: Option<StuckRow> = sql("select tenant, root_id, order_id, wait, kind, node, name, reason, at from incidents \
         where root_id = (select root_id from orders where order_id = $1) and wait = $2 and ($3 is null or tenant = $3)")
    .bind::<BigInt, _>(order)
    .bind::<BigInt, _>(i64::try_from(wait).unwrap_or(i64::MAX))
    .bind::<Nullable<Text>, _>(tenant.map(Tenant::as_str))
    .optional(conn)
    .await?;
    Ok(row.map(Stuck::from))
}

/// A page of an enterprise's incidents, oldest first, and how many there are.
pub(crate) async fn list(
    conn: &Conn,
    tenant: &Tenant,
    order: Option<i64>,
    page: i32,
    size: i32,
) -> QueryResult<(Vec<Stuck>, i64)> {
    #[derive(QueryableByName)]
    struct CountRow {
        #[diesel(sql_type = BigInt)]
        total: i64,
    }
    let rows: Vec<StuckRow> = sql("select tenant, root_id, order_id, wait, kind, node, name, reason, at from incidents \
         where tenant = $1 and ($2 is null or order_id = $2 or root_id = $2) order by at, root_id, wait limit $3 offset $4")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Nullable<BigInt>, _>(order)
    .bind::<BigInt, _>(i64::from(size))
    .bind::<BigInt, _>(i64::from(page - 1) * i64::from(size))
    .rows(conn)
    .await?;
    let count: CountRow = sql("select count(*) as total from incidents where tenant = $1 and ($2 is null or order_id = $2 or root_id = $2)")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Nullable<BigInt>, _>(order)
        .row(conn)
        .await?;
    Ok((rows.into_iter().map(Stuck::from).collect(), count.total))
}

/// Tasks that wait for people: those of these people, where some are named, else the oldest. Pairs of
/// enterprise, order, wait.
pub(crate) async fn list_waiting(
    conn: &Conn,
    people: &[(String, String)],
    most: i64,
) -> QueryResult<Vec<(String, i64, u64)>> {
    #[derive(QueryableByName)]
    struct WaitingRow {
        #[diesel(sql_type = Text)]
        tenant: String,
        #[diesel(sql_type = BigInt)]
        root_id: i64,
        #[diesel(sql_type = BigInt)]
        wait: i64,
    }
    let rows: Vec<WaitingRow> = if people.is_empty() {
        sql("select tenant, root_id, wait from incidents where kind = 'people' order by at limit $1")
            .bind::<BigInt, _>(most)
            .rows(conn)
            .await?
    } else {
        sql("select distinct i.tenant, i.root_id, i.wait from unnest($1, $2) as k(tenant, code) \
             join incidents i on i.kind = 'people' and i.people @> array[k.code] and i.tenant = k.tenant limit $3")
        .bind::<Array<Text>, _>(people.iter().map(|(tenant, _)| tenant.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(people.iter().map(|(_, code)| code.as_str()).collect::<Vec<_>>())
        .bind::<BigInt, _>(most)
        .rows(conn)
        .await?
    };
    let waiting =
        |row: WaitingRow| (row.tenant, row.root_id, u64::try_from(row.wait).unwrap_or_default());
    Ok(rows.into_iter().map(waiting).collect())
}
