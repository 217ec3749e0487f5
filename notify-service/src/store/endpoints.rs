//! Where each application's ERP is, and how it fares.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use shared::db::{Conn, Prepared, QueryResult, sql};
use shared::id::{AppId, Tenant};

use crate::domain::endpoint::Endpoint;
use crate::domain::health::{Change, Health, PausedBy};

/// An application of an enterprise.
pub(crate) type EndpointKey = (Tenant, AppId);

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Text)]
    tenant: String,
    #[diesel(sql_type = Text)]
    app_id: String,
}

/// Stores an endpoint, or gives it other addresses; what was counted against the old one is
/// forgotten. Gives how many pushes of the application never went out because it had none.
pub(crate) async fn save(tx: &Conn, key: &EndpointKey, endpoint: &Endpoint) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Left {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    sql("insert into erp_endpoints as e (tenant, app_id, base_url, receive_path, log_path) \
         values ($1, $2, $3, $4, $5) on conflict (tenant, app_id) do update set base_url = excluded.base_url, \
         receive_path = excluded.receive_path, log_path = excluded.log_path, failures = 0, failed_order = null, \
         down_since = null, rest_until = null, log_unsupported_until = null, last_error = null, \
         draining = e.draining or e.down_since is not null, updated_at = now()")
    .bind::<Text, _>(key.0.as_str())
    .bind::<Text, _>(key.1.as_str())
    .bind::<Text, _>(endpoint.base.as_str())
    .bind::<Text, _>(endpoint.receive.as_str())
    .bind::<Text, _>(endpoint.log.as_str())
    .run(tx)
    .await?;
    hurry(tx, key).await?;
    let left: Left = sql("select count(*) from erp_pushes where tenant = $1 and app_id = $2 and state = 'not_configured'")
        .bind::<Text, _>(key.0.as_str())
        .bind::<Text, _>(key.1.as_str())
        .row(tx)
        .await?;
    Ok(left.count)
}

/// An endpoint as a person looks at it.
#[derive(Debug, QueryableByName)]
pub(crate) struct EndpointRow {
    #[diesel(sql_type = Text)]
    pub(crate) tenant: String,
    #[diesel(sql_type = Text)]
    pub(crate) app_id: String,
    #[diesel(sql_type = Text)]
    pub(crate) base_url: String,
    #[diesel(sql_type = Text)]
    pub(crate) receive_path: String,
    #[diesel(sql_type = Text)]
    pub(crate) log_path: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) paused_by: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(crate) paused_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(crate) down_since: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(crate) rest_until: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(crate) log_unsupported_until: Option<DateTime<Utc>>,
    #[diesel(sql_type = Bool)]
    pub(crate) draining: bool,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) last_error: Option<String>,
    /// Pushes that are due or wait for their turn, and those that a person has to look at.
    #[diesel(sql_type = BigInt)]
    pub(crate) pending: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) parked: i64,
}

/// The endpoints of an enterprise, or of all.
pub(crate) async fn list(conn: &Conn, tenant: Option<&Tenant>) -> QueryResult<Vec<EndpointRow>> {
    sql("select e.*, p.pending, p.parked from erp_endpoints e cross join lateral (select \
           count(*) filter (where state in ('due', 'waiting')) as pending, \
           count(*) filter (where state in ('parked', 'not_configured')) as parked \
           from erp_pushes where tenant = e.tenant and app_id = e.app_id \
           and state in ('due', 'waiting', 'parked', 'not_configured')) p \
         where $1 is null or e.tenant = $1 order by e.tenant, e.app_id limit 1000")
    .bind::<Nullable<Text>, _>(tenant.map(Tenant::as_str))
    .rows(conn)
    .await
}

/// The applications of these that have an endpoint.
pub(crate) async fn list_configured(
    tx: &Conn,
    tenants: Vec<&str>,
    apps: Vec<&str>,
) -> QueryResult<Vec<(String, String)>> {
    let rows: Vec<KeyRow> =
        sql("select tenant, app_id from erp_endpoints where (tenant, app_id) in \
         (select * from unnest($1, $2))")
        .bind::<Array<Text>, _>(tenants)
        .bind::<Array<Text>, _>(apps)
        .rows(tx)
        .await?;
    Ok(rows.into_iter().map(|row| (row.tenant, row.app_id)).collect())
}

/// The endpoints that have something to send and may be called.
pub(crate) async fn list_due(conn: &Conn) -> QueryResult<Vec<EndpointKey>> {
    let rows: Vec<KeyRow> = sql("select e.tenant, e.app_id from erp_endpoints e \
         cross join lateral (select from erp_pushes p where p.tenant = e.tenant and p.app_id = e.app_id \
           and p.state = 'due' and p.due_at <= now() limit 1) one \
         where e.paused_by is null and (e.rest_until is null or e.rest_until <= now())")
    .rows(conn)
    .await?;
    let key = |row: KeyRow| (Tenant::stored(row.tenant), AppId::stored(row.app_id));
    Ok(rows.into_iter().map(key).collect())
}

/// Locks an endpoint, with what is known of it now.
pub(crate) async fn load(tx: &Conn, key: &EndpointKey) -> QueryResult<Option<Health>> {
    #[derive(QueryableByName)]
    struct HealthRow {
        #[diesel(sql_type = Integer)]
        failures: i32,
        #[diesel(sql_type = Nullable<BigInt>)]
        failed_order: Option<i64>,
        #[diesel(sql_type = Bool)]
        is_down: bool,
        #[diesel(sql_type = Bool)]
        is_long_down: bool,
        #[diesel(sql_type = Bool)]
        is_log_unsupported: bool,
    }
    let row: Option<HealthRow> =
        sql("select failures, failed_order, down_since is not null as is_down, \
         coalesce(down_since < now() - interval '24 hours', false) as is_long_down, \
         log_unsupported_until is not null as is_log_unsupported \
         from erp_endpoints where tenant = $1 and app_id = $2 for no key update")
        .bind::<Text, _>(key.0.as_str())
        .bind::<Text, _>(key.1.as_str())
        .optional(tx)
        .await?;
    Ok(row.map(|row| Health {
        failures: row.failures.unsigned_abs(),
        failed_order: row.failed_order,
        is_down: row.is_down,
        is_long_down: row.is_long_down,
        is_log_unsupported: row.is_log_unsupported,
    }))
}

/// A failure that is written down at the endpoint.
pub(crate) struct Failure<'a> {
    pub(crate) order: i64,
    pub(crate) detail: &'a str,
    /// How long an endpoint that is down is left alone, unless it asked for longer.
    pub(crate) probe_secs: i64,
}

impl Failure<'_> {
    fn bind<'v>(&self, statement: Prepared<'v>) -> Prepared<'v> {
        statement.bind::<BigInt, _>(self.order).bind::<Text, _>(self.detail.to_owned())
    }
}

/// Records what becomes of an endpoint.
pub(crate) async fn save_change(
    tx: &Conn,
    key: &EndpointKey,
    change: &Change,
    failure: &Failure<'_>,
) -> QueryResult<()> {
    let secs = |secs: u64| i64::try_from(secs).unwrap_or(i64::MAX);
    let statement = match change {
        Change::None => return Ok(()),
        Change::Well => {
            sql("update erp_endpoints set failures = 0, failed_order = null, last_error = null, \
             log_unsupported_until = case when log_unsupported_until < now() then null \
               else log_unsupported_until end, updated_at = now() where tenant = $1 and app_id = $2")
        }
        Change::Back => {
            sql("update erp_endpoints set failures = 0, failed_order = null, last_error = null, \
             down_since = null, rest_until = null, draining = true, updated_at = now() \
             where tenant = $1 and app_id = $2")
        }
        Change::Failed { .. } => {
            sql("update erp_endpoints set failures = $5, failed_order = $3, last_error = $4, \
             rest_until = greatest(rest_until, now() + $6 * interval '1 second'), updated_at = now() \
             where tenant = $1 and app_id = $2")
        }
        Change::Down { .. } => sql(
            "update erp_endpoints set failures = failures + 1, failed_order = $3, last_error = $4, \
             down_since = coalesce(down_since, now()), \
             rest_until = greatest(rest_until, now() + $5 * interval '1 second'), updated_at = now() \
             where tenant = $1 and app_id = $2",
        ),
        Change::Paused(_) => {
            sql("update erp_endpoints set paused_by = $5, paused_at = now(), failed_order = $3, \
             last_error = $4, updated_at = now() where tenant = $1 and app_id = $2")
        }
        Change::NoLog { .. } => sql("update erp_endpoints set \
             log_unsupported_until = now() + $3 * interval '1 second', updated_at = now() \
             where tenant = $1 and app_id = $2"),
    };
    let statement = statement.bind::<Text, _>(key.0.as_str()).bind::<Text, _>(key.1.as_str());
    let statement = match change {
        Change::None | Change::Well | Change::Back => statement,
        Change::Failed { failures, rest_secs } => failure
            .bind(statement)
            .bind::<Integer, _>(i32::try_from(*failures).unwrap_or(i32::MAX))
            .bind::<Nullable<BigInt>, _>(rest_secs.map(secs)),
        Change::Down { rest_secs } => {
            failure.bind(statement).bind::<BigInt, _>(rest_secs.map_or(failure.probe_secs, secs))
        }
        Change::Paused(by) => failure.bind(statement).bind::<Text, _>(by.word()),
        Change::NoLog { secs: hours } => statement.bind::<BigInt, _>(secs(*hours)),
    };
    statement.run(tx).await?;
    if matches!(change, Change::Back) {
        hurry(tx, key).await?;
    }
    Ok(())
}

/// Stops the pushes of an endpoint; false if there is none.
pub(crate) async fn pause(tx: &Conn, key: &EndpointKey) -> QueryResult<bool> {
    let done =
        sql("update erp_endpoints set paused_by = $3, paused_at = now(), updated_at = now() \
         where tenant = $1 and app_id = $2")
        .bind::<Text, _>(key.0.as_str())
        .bind::<Text, _>(key.1.as_str())
        .bind::<Text, _>(PausedBy::Person.word())
        .run(tx)
        .await?;
    Ok(done > 0)
}

/// Lets the pushes of an endpoint go on, at a pace; whatever was counted is forgotten.
pub(crate) async fn resume(tx: &Conn, key: &EndpointKey) -> QueryResult<bool> {
    let done = sql("update erp_endpoints set paused_by = null, paused_at = null, failures = 0, failed_order = null, \
         down_since = null, rest_until = null, log_unsupported_until = null, draining = true, updated_at = now() \
         where tenant = $1 and app_id = $2")
    .bind::<Text, _>(key.0.as_str())
    .bind::<Text, _>(key.1.as_str())
    .run(tx)
    .await?;
    hurry(tx, key).await?;
    Ok(done > 0)
}

/// What piled up has gone out: no pace any more.
pub(crate) async fn end_drain(conn: &Conn, key: &EndpointKey) -> QueryResult<()> {
    sql("update erp_endpoints set draining = false where tenant = $1 and app_id = $2 and draining")
        .bind::<Text, _>(key.0.as_str())
        .bind::<Text, _>(key.1.as_str())
        .run(conn)
        .await?;
    Ok(())
}

/// Makes due now what was put off because the endpoint did not work.
async fn hurry(tx: &Conn, key: &EndpointKey) -> QueryResult<()> {
    sql(
        "update erp_pushes set due_at = now() where tenant = $1 and app_id = $2 and state = 'due' \
         and lease is null and due_at > now()",
    )
    .bind::<Text, _>(key.0.as_str())
    .bind::<Text, _>(key.1.as_str())
    .run(tx)
    .await?;
    Ok(())
}
