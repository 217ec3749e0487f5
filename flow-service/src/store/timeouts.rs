//! When the time of tasks runs out: due by the database's clock, taken by one process at a time.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text};
use shared::db::{Conn, QueryResult, sql};
use shared::id::{FlowCode, Tenant};

/// A task whose time has run out.
pub(crate) struct Due {
    pub(crate) tenant: Tenant,
    pub(crate) order: i64,
    pub(crate) wait: u64,
    /// Absent where nothing of it waits.
    pub(crate) place: Option<Place>,
    /// Who has it.
    pub(crate) people: Vec<String>,
}

/// Where the drawing says what happens then.
pub(crate) struct Place {
    pub(crate) flow: FlowCode,
    pub(crate) version: i32,
    pub(crate) process: String,
    pub(crate) node: String,
}

/// Takes what is due in hand for half a minute. The step itself says when it is due again, or removes it.
pub(crate) async fn claim(conn: &Conn, most: i64) -> QueryResult<Vec<Due>> {
    #[derive(QueryableByName)]
    struct DueRow {
        #[diesel(sql_type = Text)]
        tenant: String,
        #[diesel(sql_type = BigInt)]
        root_id: i64,
        #[diesel(sql_type = BigInt)]
        wait: i64,
        #[diesel(sql_type = Nullable<Text>)]
        flow_code: Option<String>,
        #[diesel(sql_type = Nullable<Integer>)]
        flow_version: Option<i32>,
        #[diesel(sql_type = Nullable<Text>)]
        process_id: Option<String>,
        #[diesel(sql_type = Nullable<Text>)]
        node: Option<String>,
        #[diesel(sql_type = Array<Text>)]
        people: Vec<String>,
    }
    let rows: Vec<DueRow> = sql("with due as (update timeouts t set lease_until = now() + interval '30 seconds' \
         from (select root_id, wait from timeouts where due_at <= now() and (lease_until is null or lease_until < now()) \
               order by due_at limit $1 for update skip locked) d \
         where t.root_id = d.root_id and t.wait = d.wait returning t.tenant, t.root_id, t.wait) \
         select due.tenant, due.root_id, due.wait, o.flow_code, o.flow_version, o.process_id, w.node, \
         coalesce(w.people, '{}') as people from due \
         left join lateral (select t.order_id, t.node, array_agg(distinct p.code) filter (where p.code is not null) as people \
           from tasks t left join lateral unnest(t.assignees) as p(code) on true \
           where t.root_id = due.root_id and t.wait = due.wait and t.closed_at is null group by t.order_id, t.node) w on true \
         left join lateral (select * from orders o where o.order_id = w.order_id offset 0) o on true")
    .bind::<BigInt, _>(most)
    .rows(conn)
    .await?;
    let due = |row: DueRow| Due {
        tenant: Tenant::stored(row.tenant),
        order: row.root_id,
        wait: u64::try_from(row.wait).unwrap_or_default(),
        place: place(row.flow_code, row.flow_version, row.process_id, row.node),
        people: row.people,
    };
    Ok(rows.into_iter().map(due).collect())
}

fn place(
    flow: Option<String>,
    version: Option<i32>,
    process: Option<String>,
    node: Option<String>,
) -> Option<Place> {
    let flow = FlowCode::stored(flow?);
    Some(Place { flow, version: version?, process: process?, node: node? })
}

/// Removes one that nothing waits for.
pub(crate) async fn delete(conn: &Conn, order: i64, wait: u64) -> QueryResult<()> {
    sql("delete from timeouts where root_id = $1 and wait = $2")
        .bind::<BigInt, _>(order)
        .bind::<BigInt, _>(i64::try_from(wait).unwrap_or(i64::MAX))
        .run(conn)
        .await?;
    Ok(())
}
