//! Steps of orders as they are stored, for whoever looks whether they still are what was written.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

/// An order that was started, and what it keeps of its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chained {
    pub(crate) order: i64,
    /// The hash of its newest step; empty = from before there were hashes, absent = there is no order
    /// behind the row any more.
    pub(crate) kept: Option<String>,
}

/// A step with its JSON as text, so that no number is read and written again.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct StoredStep {
    #[diesel(sql_type = BigInt, column_name = "order_id")]
    pub(crate) order: i64,
    /// Its number over the whole engine.
    #[diesel(sql_type = BigInt)]
    pub(crate) no: i64,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub(crate) act: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) actor: Option<String>,
    #[diesel(sql_type = Text)]
    pub(crate) records: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) detail: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) hash: Option<String>,
}

/// Orders of an enterprise that were started, by number, after this one; or the one of this number.
pub(crate) async fn list_chained(
    conn: &Conn,
    tenant: &Tenant,
    only: Option<i64>,
    after: i64,
    most: i64,
) -> QueryResult<Vec<Chained>> {
    #[derive(QueryableByName)]
    struct ChainedRow {
        #[diesel(sql_type = BigInt)]
        order_id: i64,
        #[diesel(sql_type = Nullable<Text>)]
        kept: Option<String>,
    }
    let rows: Vec<ChainedRow> = sql("select o.order_id, case when i.order_id is not null \
         then coalesce(i.body->>'chain', '') end as kept \
         from orders o left join instances i on i.order_id = o.order_id \
         where o.tenant = $1 and o.parent_id is null and o.order_id > $2 \
         and ($3 is null or o.order_id = $3) order by o.order_id limit $4")
    .bind::<Text, _>(tenant.as_str())
    .bind::<BigInt, _>(after)
    .bind::<Nullable<BigInt>, _>(only)
    .bind::<BigInt, _>(most)
    .rows(conn)
    .await?;
    let chained = |row: ChainedRow| Chained { order: row.order_id, kept: row.kept };
    Ok(rows.into_iter().map(chained).collect())
}

/// Steps of these orders, order by order and each in turn, after this one. The orders are those that
/// [`list_chained`] gave.
pub(crate) async fn list_after(
    conn: &Conn,
    orders: &[i64],
    after: (i64, i64),
    most: i64,
) -> QueryResult<Vec<StoredStep>> {
    sql("select order_id, no, at, act, actor, records::text as records, detail::text as detail, hash \
         from steps where order_id = any($1) and (order_id, no) > ($2, $3) order by order_id, no limit $4")
    .bind::<Array<BigInt>, _>(orders.to_vec())
    .bind::<BigInt, _>(after.0)
    .bind::<BigInt, _>(after.1)
    .bind::<BigInt, _>(most)
    .rows(conn)
    .await
}
