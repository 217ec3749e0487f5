//! Whose tasks wait in which orders.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text};
use shared::db::{Conn, QueryResult, sql};
use shared::id::{FlowCode, Tenant};

/// An order that was started and waits for somebody, itself or in what it called.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) order: i64,
    pub(crate) flow: FlowCode,
    pub(crate) version: i32,
    pub(crate) process: String,
}

/// The orders that wait for a person, beginning after `after`, oldest first; where flows are named,
/// only orders of these.
pub(crate) async fn list_orders(
    conn: &Conn,
    tenant: &Tenant,
    user: &str,
    flows: Option<Vec<String>>,
    (after, most): (i64, i64),
) -> QueryResult<Vec<Waiting>> {
    #[derive(QueryableByName)]
    struct WaitingRow {
        #[diesel(sql_type = BigInt)]
        order_id: i64,
        #[diesel(sql_type = Text)]
        flow_code: String,
        #[diesel(sql_type = Integer)]
        flow_version: i32,
        #[diesel(sql_type = Text)]
        process_id: String,
    }
    let rows: Vec<WaitingRow> = sql("select o.order_id, o.flow_code, o.flow_version, o.process_id \
         from (select distinct t.root_id from tasks t \
           where t.tenant = $1 and t.assignees @> array[$2] and t.closed_at is null and t.root_id > $4 offset 0) t \
         cross join lateral (select * from orders o where o.order_id = t.root_id and o.tenant = $1 offset 0) o \
         where $3 is null or o.flow_code = any($3) order by o.order_id limit $5")
    .bind::<Text, _>(tenant.as_str())
        .bind::<Text, _>(user)
        .bind::<Nullable<Array<Text>>, _>(flows)
        .bind::<BigInt, _>(after)
        .bind::<BigInt, _>(most)
        .rows(conn)
        .await?;
    let waiting = |row: WaitingRow| Waiting {
        order: row.order_id,
        flow: FlowCode::stored(row.flow_code),
        version: row.flow_version,
        process: row.process_id,
    };
    Ok(rows.into_iter().map(waiting).collect())
}

/// People who are disabled and for whom something waits: those of `named`, or any, so many at most.
/// Pairs of enterprise and code.
pub(crate) async fn list_leavers(
    conn: &Conn,
    named: Option<&[(String, String)]>,
    most: i64,
) -> QueryResult<Vec<(Tenant, String)>> {
    #[derive(QueryableByName)]
    struct LeaverRow {
        #[diesel(sql_type = Text)]
        tenant: String,
        #[diesel(sql_type = Text)]
        user_code: String,
    }
    let rows: Vec<LeaverRow> = match named {
        Some(people) => {
            let (tenants, codes): (Vec<&str>, Vec<&str>) =
                people.iter().map(|(tenant, code)| (tenant.as_str(), code.as_str())).unzip();
            sql("select distinct p.tenant, p.user_code from unnest($1, $2) as k(tenant, code) \
                 cross join lateral (select * from people p \
                   where p.tenant = k.tenant and p.user_code = k.code and not p.active offset 0) p \
                 cross join lateral (select true as is from tasks t \
                   where t.tenant = p.tenant and t.assignees @> array[p.user_code] and t.closed_at is null limit 1) w limit $3")
            .bind::<Array<Text>, _>(tenants)
            .bind::<Array<Text>, _>(codes)
            .bind::<BigInt, _>(most)
            .rows(conn)
            .await?
        }
        None => {
            sql("select p.tenant, p.user_code from people p \
                 cross join lateral (select true as is from tasks t \
                   where t.tenant = p.tenant and t.assignees @> array[p.user_code] and t.closed_at is null limit 1) w \
                 where not p.active order by p.tenant, p.user_code limit $1")
            .bind::<BigInt, _>(most)
            .rows(conn)
            .await?
        }
    };
    Ok(rows.into_iter().map(|row| (Tenant::stored(row.tenant), row.user_code)).collect())
}

/// The names of those of these flows that an enterprise does not have.
pub(crate) async fn list_unknown_flows(
    conn: &Conn,
    tenant: &Tenant,
    codes: &[FlowCode],
) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct CodeRow {
        #[diesel(sql_type = Text)]
        code: String,
    }
    let rows: Vec<CodeRow> = sql("select k.code from unnest($2) as k(code) where not exists \
         (select from flows f where f.tenant = $1 and f.flow_code = k.code)")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(codes.iter().map(FlowCode::as_str).collect::<Vec<_>>())
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.code).collect())
}
