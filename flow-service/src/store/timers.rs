//! Timers of orders and of flows: due by the database's clock, taken by one process at a time.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Integer, Text, Timestamptz, Uuid as SqlUuid};
use shared::db::{Conn, QueryResult, sql};
use shared::id::{FlowCode, Tenant};
use uuid::Uuid;

use super::definitions::timer_of;
use crate::domain::definition::StartTimer;

/// A timer of an order that is due.
pub(crate) struct Due {
    pub(crate) tenant: Tenant,
    pub(crate) order: i64,
    pub(crate) wait: u64,
}

/// Takes due timers in hand for half a minute. The step that fires one removes it.
pub(crate) async fn claim(conn: &Conn, most: i64) -> QueryResult<Vec<Due>> {
    #[derive(QueryableByName)]
    struct DueRow {
        #[diesel(sql_type = Text)]
        tenant: String,
        #[diesel(sql_type = BigInt)]
        root_id: i64,
        #[diesel(sql_type = BigInt)]
        wait: i64,
    }
    let rows: Vec<DueRow> = sql("update timers t set lease_until = now() + interval '30 seconds' \
         from (select root_id, wait from timers where due_at <= now() and (lease_until is null or lease_until < now()) \
               order by due_at limit $1 for update skip locked) d \
         where t.root_id = d.root_id and t.wait = d.wait returning t.tenant, t.root_id, t.wait")
    .bind::<BigInt, _>(most)
    .rows(conn)
    .await?;
    let due = |row: DueRow| Due {
        tenant: Tenant::stored(row.tenant),
        order: row.root_id,
        wait: u64::try_from(row.wait).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(due).collect())
}

/// Removes a timer that nothing waits for.
pub(crate) async fn delete(conn: &Conn, order: i64, wait: u64) -> QueryResult<()> {
    sql("delete from timers where root_id = $1 and wait = $2")
        .bind::<BigInt, _>(order)
        .bind::<BigInt, _>(i64::try_from(wait).unwrap_or(i64::MAX))
        .run(conn)
        .await?;
    Ok(())
}

/// A flow that is due to start by itself.
pub(crate) struct DueStart {
    pub(crate) id: Uuid,
    pub(crate) tenant: Tenant,
    pub(crate) flow: FlowCode,
    pub(crate) version: i32,
    pub(crate) process: String,
    pub(crate) node: String,
    pub(crate) timer: Option<StartTimer>,
    pub(crate) set_at: DateTime<Utc>,
    pub(crate) fired: i32,
}

/// Takes due starts in hand for half a minute. The start itself says when the next one is due.
pub(crate) async fn claim_starts(conn: &Conn, most: i64) -> QueryResult<Vec<DueStart>> {
    #[derive(QueryableByName)]
    struct StartRow {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = Text)]
        tenant: String,
        #[diesel(sql_type = Text)]
        flow_code: String,
        #[diesel(sql_type = Integer)]
        version: i32,
        #[diesel(sql_type = Text)]
        process_id: String,
        #[diesel(sql_type = Text)]
        node: String,
        #[diesel(sql_type = Text)]
        kind: String,
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Timestamptz)]
        set_at: DateTime<Utc>,
        #[diesel(sql_type = Integer)]
        fired: i32,
    }
    let rows: Vec<StartRow> = sql("update start_points p set lease_until = now() + interval '30 seconds' \
         from (select id from start_points where due_at <= now() and (lease_until is null or lease_until < now()) \
               order by due_at limit $1 for update skip locked) d \
         where p.id = d.id returning p.id, p.tenant, p.flow_code, p.version, p.process_id, p.node, p.kind, p.name, \
         p.set_at, p.fired")
    .bind::<BigInt, _>(most)
    .rows(conn)
    .await?;
    let due = |row: StartRow| DueStart {
        id: row.id,
        tenant: Tenant::stored(row.tenant),
        flow: FlowCode::stored(row.flow_code),
        version: row.version,
        process: row.process_id,
        node: row.node,
        timer: timer_of(&row.kind, row.name),
        set_at: row.set_at,
        fired: row.fired,
    };
    Ok(rows.into_iter().map(due).collect())
}
