//! Who is away, and who acts for them.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{
    Array, BigInt, Bool, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;
use uuid::Uuid;

use crate::domain::absence::{Absence, Current};

/// An absence as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) id: Uuid,
    pub(crate) tenant: Tenant,
    pub(crate) absence: Absence,
    pub(crate) reason: Option<String>,
    pub(crate) is_cancelled: bool,
}

#[derive(QueryableByName)]
struct AbsenceRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    tenant: String,
    #[diesel(sql_type = Text)]
    user_code: String,
    #[diesel(sql_type = Text)]
    agent: String,
    #[diesel(sql_type = Timestamptz)]
    from_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    to_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    flows: Option<Vec<String>>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Bool)]
    is_cancelled: bool,
}

impl From<AbsenceRow> for Stored {
    fn from(row: AbsenceRow) -> Self {
        let flows = row.flows.map(|flows| flows.into_iter().collect());
        let AbsenceRow { user_code: user, agent, from_at: from, to_at: to, .. } = row;
        Stored {
            id: row.id,
            tenant: Tenant::stored(row.tenant),
            absence: Absence { user, agent, from, to, flows },
            reason: row.reason,
            is_cancelled: row.is_cancelled,
        }
    }
}

/// Absences of an enterprise are changed one after the other, until the transaction ends.
pub(crate) async fn lock_tenant(tx: &Conn, tenant: &Tenant) -> QueryResult<()> {
    sql("select pg_advisory_xact_lock(hashtext('aiflow absences'), hashtext($1))")
        .bind::<Text, _>(tenant.as_str())
        .run(tx)
        .await?;
    Ok(())
}

/// Those that are not over at `since`, oldest first.
pub(crate) async fn list_from(
    conn: &Conn,
    tenant: &Tenant,
    since: DateTime<Utc>,
) -> QueryResult<Vec<Stored>> {
    let rows: Vec<AbsenceRow> = sql("select id, tenant, user_code, agent, from_at, to_at, flows, reason, false as is_cancelled \
         from absences where tenant = $1 and to_at > $2 and cancelled_at is null order by from_at, id")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Timestamptz, _>(since)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(Stored::from).collect())
}

/// A person's absences, the latest first, also those that are over or cancelled.
pub(crate) async fn list_of(
    conn: &Conn,
    tenant: &Tenant,
    user: &str,
    most: i64,
) -> QueryResult<Vec<Stored>> {
    let rows: Vec<AbsenceRow> = sql("select id, tenant, user_code, agent, from_at, to_at, flows, reason, \
         cancelled_at is not null as is_cancelled \
         from absences where tenant = $1 and user_code = $2 order by from_at desc, id desc limit $3")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(user)
    .bind::<BigInt, _>(most)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(Stored::from).collect())
}

/// The absences in which somebody acts for others, as far as they are not over, the next first.
pub(crate) async fn list_by_agent(
    conn: &Conn,
    tenant: &Tenant,
    agent: &str,
    since: DateTime<Utc>,
    most: i64,
) -> QueryResult<Vec<Stored>> {
    let rows: Vec<AbsenceRow> = sql(
        "select id, tenant, user_code, agent, from_at, to_at, flows, reason, false as is_cancelled \
         from absences where tenant = $1 and agent = $2 and to_at > $3 and cancelled_at is null \
         order by from_at, id limit $4",
    )
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(agent)
    .bind::<Timestamptz, _>(since)
    .bind::<BigInt, _>(most)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(Stored::from).collect())
}

/// One absence, cancelled or not.
pub(crate) async fn find(conn: &Conn, tenant: &Tenant, id: Uuid) -> QueryResult<Option<Stored>> {
    let row: Option<AbsenceRow> =
        sql("select id, tenant, user_code, agent, from_at, to_at, flows, reason, \
         cancelled_at is not null as is_cancelled from absences where tenant = $1 and id = $2")
        .bind::<Text, _>(tenant.as_str())
        .bind::<SqlUuid, _>(id)
        .optional(conn)
        .await?;
    Ok(row.map(Stored::from))
}

/// Stores a new one. Whoever does moves its tasks at once if it has begun, and the job leaves it alone
/// for a moment.
pub(crate) async fn insert(tx: &Conn, stored: &Stored) -> QueryResult<()> {
    let flows = stored.absence.flows.as_ref();
    sql("insert into absences (id, tenant, user_code, agent, from_at, to_at, flows, reason, lease_until) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, case when $5 <= now() then now() + interval '30 seconds' end)")
    .bind::<SqlUuid, _>(stored.id)
    .bind::<Text, _>(stored.tenant.as_str())
    .bind::<Text, _>(stored.absence.user.as_str())
    .bind::<Text, _>(stored.absence.agent.as_str())
    .bind::<Timestamptz, _>(stored.absence.from)
    .bind::<Timestamptz, _>(stored.absence.to)
    .bind::<Nullable<Array<Text>>, _>(flows.map(|flows| flows.iter().cloned().collect::<Vec<_>>()))
    .bind::<Nullable<Text>, _>(stored.reason.as_deref())
    .run(tx)
    .await?;
    Ok(())
}

/// Changes why somebody is away.
pub(crate) async fn set_reason(
    tx: &Conn,
    tenant: &Tenant,
    id: Uuid,
    reason: Option<&str>,
) -> QueryResult<()> {
    sql("update absences set reason = $3 where tenant = $1 and id = $2")
        .bind::<Text, _>(tenant.as_str())
        .bind::<SqlUuid, _>(id)
        .bind::<Nullable<Text>, _>(reason)
        .run(tx)
        .await?;
    Ok(())
}

/// Ends an absence that is not over; `true` if it was not.
pub(crate) async fn cancel(
    conn: &Conn,
    tenant: &Tenant,
    id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let changed = sql("update absences set cancelled_at = $3 \
         where tenant = $1 and id = $2 and cancelled_at is null and to_at > $3")
    .bind::<Text, _>(tenant.as_str())
    .bind::<SqlUuid, _>(id)
    .bind::<Timestamptz, _>(now)
    .run(conn)
    .await?;
    Ok(changed == 1)
}

/// Who acts for whom at this moment, and in which flows; an agent who is disabled does not.
pub(crate) async fn list_current(
    conn: &Conn,
    tenant: &Tenant,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Current>> {
    #[derive(QueryableByName)]
    struct CurrentRow {
        #[diesel(sql_type = Text)]
        user_code: String,
        #[diesel(sql_type = Text)]
        agent: String,
        #[diesel(sql_type = Nullable<Array<Text>>)]
        flows: Option<Vec<String>>,
    }
    let rows: Vec<CurrentRow> = sql("select a.user_code, a.agent, a.flows from absences a \
         where a.tenant = $1 and a.from_at <= $2 and a.to_at > $2 and a.cancelled_at is null \
         and not exists (select from people p where p.tenant = a.tenant and p.user_code = a.agent and not p.active) \
         order by a.from_at, a.id")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Timestamptz, _>(now)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.user_code, row.agent, row.flows)).collect())
}

/// Takes current absences in hand whose people have tasks that wait, for two minutes at most.
pub(crate) async fn claim(conn: &Conn, most: i64) -> QueryResult<Vec<Stored>> {
    let rows: Vec<AbsenceRow> = sql("update absences a set lease_until = now() + interval '2 minutes' \
         from (select b.id from absences b cross join lateral (select true as is from tasks t \
                 cross join lateral (select flow_code from orders o where o.order_id = t.root_id offset 0) o \
                 where t.tenant = b.tenant and t.assignees @> array[b.user_code] and t.closed_at is null \
                 and (b.flows is null or o.flow_code = any(b.flows)) limit 1) w \
               where b.from_at <= now() and b.to_at > now() and b.cancelled_at is null \
               and (b.lease_until is null or b.lease_until < now()) \
               order by b.from_at limit $1 for update of b skip locked) d \
         where a.id = d.id \
         returning a.id, a.tenant, a.user_code, a.agent, a.from_at, a.to_at, a.flows, a.reason, false as is_cancelled")
    .bind::<BigInt, _>(most)
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(Stored::from).collect())
}

/// Gives one back; where tasks had to stay they are tried again after `pause_secs`.
pub(crate) async fn release(
    conn: &Conn,
    tenant: &Tenant,
    id: Uuid,
    pause_secs: i32,
) -> QueryResult<()> {
    sql("update absences set lease_until = now() + make_interval(secs => $3) where tenant = $1 and id = $2")
        .bind::<Text, _>(tenant.as_str())
        .bind::<SqlUuid, _>(id)
        .bind::<Double, _>(f64::from(pause_secs))
        .run(conn)
        .await?;
    Ok(())
}
