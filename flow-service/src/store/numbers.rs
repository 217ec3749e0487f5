//! Numbers of orders: ids for all, running numbers by flow and month.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Text};
use shared::db::{Conn, QueryResult, sql};

/// New ids of orders; one that is not used is never used again.
pub(crate) async fn take_ids(conn: &Conn, count: usize) -> QueryResult<Vec<i64>> {
    #[derive(QueryableByName)]
    struct IdRow {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let rows: Vec<IdRow> = sql("select nextval('order_numbers') as id from generate_series(1, $1)")
        .bind::<Integer, _>(i32::try_from(count).unwrap_or(i32::MAX))
        .rows(conn)
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// How many running numbers of a flow and month are wanted.
pub(crate) struct Wanted {
    pub(crate) tenant: String,
    pub(crate) flow: String,
    pub(crate) month: String,
    pub(crate) count: i64,
}

/// The last number taken of each, in the order of `wanted`, which names nothing twice.
///
/// The commit need not wait for the disk: whoever uses a number commits after it, and waits.
pub(crate) async fn take_running(conn: &Conn, wanted: &[Wanted]) -> QueryResult<Vec<i64>> {
    #[derive(QueryableByName)]
    struct LastRow {
        #[diesel(sql_type = BigInt)]
        ordinal: i64,
        #[diesel(sql_type = BigInt)]
        last: i64,
    }
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let text = |part: fn(&Wanted) -> &str| wanted.iter().map(part).collect::<Vec<_>>();
    let mut rows: Vec<LastRow> = sql("with quick as materialized (select set_config('synchronous_commit', 'off', true) as is), \
         w as materialized (select * from unnest($1, $2, $3, $4) with ordinality as t(tenant, flow_code, month, count, ordinal)), \
         taken as (insert into running_numbers (tenant, flow_code, month, last) \
         select tenant, flow_code, month, count from w, quick where quick.is = 'off' order by tenant, flow_code, month \
         on conflict (tenant, flow_code, month) do update set last = running_numbers.last + excluded.last \
         returning tenant, flow_code, month, last) \
         select w.ordinal, taken.last from w join taken using (tenant, flow_code, month)")
    .bind::<Array<Text>, _>(text(|wanted| &wanted.tenant))
    .bind::<Array<Text>, _>(text(|wanted| &wanted.flow))
    .bind::<Array<Text>, _>(text(|wanted| &wanted.month))
    .bind::<Array<BigInt>, _>(wanted.iter().map(|wanted| wanted.count).collect::<Vec<_>>())
    .rows(conn)
    .await?;
    rows.sort_by_key(|row| row.ordinal);
    Ok(rows.into_iter().map(|row| row.last).collect())
}
