//! How far the facts of each order are known, and in whose line its pushes stand.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use shared::db::{Conn, QueryResult, sql};

/// An order of an enterprise.
pub(crate) type OrderKey = (String, i64);

/// Makes the rows of these orders, and of the orders in whose lines they stand.
///
/// An order that another one called stands in its caller's line; while the caller's own first fact
/// has not come, the caller counts as the one that the ERP knows.
pub(crate) async fn open_all(tx: &Conn, orders: &[(OrderKey, Option<i64>)]) -> QueryResult<()> {
    let tenants: Vec<&str> = orders.iter().map(|((tenant, _), _)| tenant.as_str()).collect();
    let numbers: Vec<i64> = orders.iter().map(|((_, order), _)| *order).collect();
    let parents: Vec<Option<i64>> = orders.iter().map(|(_, parent)| *parent).collect();
    sql("with own as (select k.tenant, k.order_id, coalesce(p.root_id, k.parent, k.order_id) as root_id \
           from unnest($1, $2, $3) as k(tenant, order_id, parent) \
           left join erp_lines p on p.tenant = k.tenant and p.order_id = k.parent) \
         insert into erp_lines as l (tenant, order_id, root_id) \
         select tenant, order_id, root_id from (select tenant, order_id, root_id, 0 as rank from own \
           union all select tenant, root_id, root_id, 1 from own) every \
         group by tenant, order_id, root_id, rank \
         having rank = 0 or not exists (select from own o where o.tenant = every.tenant and o.order_id = every.root_id) \
         order by tenant, order_id \
         on conflict (tenant, order_id) do update set root_id = excluded.root_id \
         where l.next_seq = 1 and l.root_id = l.order_id and excluded.root_id <> excluded.order_id")
    .bind::<Array<Text>, _>(tenants.clone())
    .bind::<Array<BigInt>, _>(numbers.clone())
    .bind::<Array<Nullable<BigInt>>, _>(parents.clone())
    .run(tx)
    .await?;
    if parents.iter().all(Option::is_none) {
        return Ok(());
    }
    // What these had called before they were heard of stands in their callers' lines, too.
    sql("update erp_lines g set root_id = m.root_id from unnest($1, $2) as k(tenant, order_id) \
         join erp_lines m on m.tenant = k.tenant and m.order_id = k.order_id and m.root_id <> m.order_id \
         where g.tenant = k.tenant and g.root_id = k.order_id and g.root_id <> g.order_id")
    .bind::<Array<Text>, _>(tenants)
    .bind::<Array<BigInt>, _>(numbers)
    .run(tx)
    .await?;
    Ok(())
}

/// Where an order stands.
#[derive(QueryableByName)]
pub(crate) struct LineRow {
    #[diesel(sql_type = Text)]
    pub(crate) tenant: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) order_id: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) root_id: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) next_seq: i64,
    /// Some push of its line has to go before a new one.
    #[diesel(sql_type = Bool)]
    pub(crate) is_held: bool,
}

/// Locks these orders and the lines that they stand in.
pub(crate) async fn load_all(tx: &Conn, orders: &[OrderKey]) -> QueryResult<Vec<LineRow>> {
    let (tenants, numbers) = columns(orders);
    sql("select tenant, order_id from erp_lines where (tenant, order_id) in ( \
           select k.tenant, unnest(array[l.order_id, l.root_id]) from unnest($1, $2) as k(tenant, order_id) \
           join erp_lines l on l.tenant = k.tenant and l.order_id = k.order_id) \
         order by tenant, order_id for update")
    .bind::<Array<Text>, _>(tenants.clone())
    .bind::<Array<BigInt>, _>(numbers.clone())
    .run(tx)
    .await?;
    // What was committed while the lock was waited for is seen by a statement of its own.
    sql("select l.tenant, l.order_id, l.root_id, l.next_seq, exists (select from erp_pushes p \
           where p.tenant = l.tenant and p.line_id = l.root_id and p.holds) as is_held \
         from unnest($1, $2) as k(tenant, order_id) \
         join erp_lines l on l.tenant = k.tenant and l.order_id = k.order_id order by l.tenant, l.order_id")
    .bind::<Array<Text>, _>(tenants)
    .bind::<Array<BigInt>, _>(numbers)
    .rows(tx)
    .await
}

/// Locks the line of a push, so that its order is decided by one at a time.
pub(crate) async fn lock(tx: &Conn, tenant: &str, line: i64) -> QueryResult<()> {
    sql("select from erp_lines where tenant = $1 and order_id = $2 for update")
        .bind::<Text, _>(tenant)
        .bind::<BigInt, _>(line)
        .run(tx)
        .await?;
    Ok(())
}

/// Stores how far these orders are known.
pub(crate) async fn save_all(tx: &Conn, orders: &[(OrderKey, i64)]) -> QueryResult<()> {
    sql("update erp_lines l set next_seq = k.next_seq, updated_at = now() \
         from unnest($1, $2, $3) as k(tenant, order_id, next_seq) \
         where l.tenant = k.tenant and l.order_id = k.order_id")
    .bind::<Array<Text>, _>(
        orders.iter().map(|((tenant, _), _)| tenant.as_str()).collect::<Vec<_>>(),
    )
    .bind::<Array<BigInt>, _>(orders.iter().map(|((_, order), _)| *order).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(orders.iter().map(|(_, next)| *next).collect::<Vec<_>>())
    .run(tx)
    .await?;
    Ok(())
}

/// Takes out the facts of these orders that came too early, as they were heard.
pub(crate) async fn take_early(tx: &Conn, orders: &[OrderKey]) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct EarlyRow {
        #[diesel(sql_type = Text)]
        payload: String,
    }
    let (tenants, numbers) = columns(orders);
    let rows: Vec<EarlyRow> =
        sql("delete from erp_early_facts f using unnest($1, $2) as k(tenant, order_id) \
         where f.tenant = k.tenant and f.order_id = k.order_id returning f.payload")
        .bind::<Array<Text>, _>(tenants)
        .bind::<Array<BigInt>, _>(numbers)
        .rows(tx)
        .await?;
    Ok(rows.into_iter().map(|row| row.payload).collect())
}

/// Puts facts by until what they follow has come.
pub(crate) async fn save_early(tx: &Conn, facts: &[(OrderKey, i64, String)]) -> QueryResult<()> {
    if facts.is_empty() {
        return Ok(());
    }
    sql("insert into erp_early_facts (tenant, order_id, seq, payload) \
         select * from unnest($1, $2, $3, $4) on conflict do nothing")
    .bind::<Array<Text>, _>(
        facts.iter().map(|((tenant, _), ..)| tenant.as_str()).collect::<Vec<_>>(),
    )
    .bind::<Array<BigInt>, _>(facts.iter().map(|((_, order), ..)| *order).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(facts.iter().map(|(_, seq, _)| *seq).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(facts.iter().map(|(.., payload)| payload.as_str()).collect::<Vec<_>>())
    .run(tx)
    .await?;
    Ok(())
}

/// An order of which a fact has been missing for a while.
#[derive(QueryableByName)]
pub(crate) struct GapRow {
    #[diesel(sql_type = Text)]
    pub(crate) tenant: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) order_id: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) next_seq: i64,
}

/// The orders that have waited for a fact for so many minutes.
pub(crate) async fn list_gaps(conn: &Conn, minutes: i64, most: i64) -> QueryResult<Vec<GapRow>> {
    sql("select l.tenant, l.order_id, l.next_seq from erp_lines l where (l.tenant, l.order_id) in ( \
           select tenant, order_id from erp_early_facts where heard_at < now() - $1 * interval '1 minute') \
         limit $2")
    .bind::<BigInt, _>(minutes)
    .bind::<BigInt, _>(most)
    .rows(conn)
    .await
}

/// Removes a batch of orders that have been quiet for long and of which no push is left.
pub(crate) async fn delete_old(conn: &Conn, days: i64, most: i64) -> QueryResult<usize> {
    sql("delete from erp_lines where (tenant, order_id) in (select l.tenant, l.order_id from erp_lines l \
         where l.updated_at < now() - $1 * interval '1 day' \
         and not exists (select from erp_pushes p where p.tenant = l.tenant and p.order_id = l.order_id) \
         and not exists (select from erp_pushes p where p.tenant = l.tenant and p.line_id = l.order_id and p.holds) \
         and not exists (select from erp_early_facts f where f.tenant = l.tenant and f.order_id = l.order_id) \
         limit $2)")
    .bind::<BigInt, _>(days)
    .bind::<BigInt, _>(most)
    .run(conn)
    .await
}

fn columns(orders: &[OrderKey]) -> (Vec<&str>, Vec<i64>) {
    orders.iter().map(|(tenant, order)| (tenant.as_str(), *order)).unzip()
}
