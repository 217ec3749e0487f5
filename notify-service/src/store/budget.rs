//! When an enterprise may call an API next, over all processes, by the database's clock.

use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Double, Text};
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

/// How far ahead a place may be reserved.
const HORIZON_MS: i64 = 8_000;

/// Reserves one call and says in how long it may go out; nothing when the queue is too long.
///
/// Calls get places one `pace` apart, instead of so many a second: wherever DingTalk's second
/// begins, no more than the permitted number falls into it.
pub(crate) async fn reserve(
    conn: &Conn,
    tenant: &Tenant,
    api: &str,
    pace: Duration,
) -> QueryResult<Option<Duration>> {
    #[derive(QueryableByName)]
    struct Place {
        #[diesel(sql_type = Double)]
        wait_ms: f64,
    }
    let place: Option<Place> = sql("insert into call_budget as b (tenant, api, free_at) \
         values ($1, $2, clock_timestamp() + $3 * interval '1 microsecond') \
         on conflict (tenant, api) do update \
         set free_at = greatest(b.free_at, clock_timestamp()) + $3 * interval '1 microsecond' \
         where b.free_at < clock_timestamp() + $4 * interval '1 millisecond' \
         returning extract(epoch from b.free_at - clock_timestamp())::float8 * 1000 \
         - $3::float8 / 1000 as wait_ms")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(api)
    .bind::<BigInt, _>(i64::try_from(pace.as_micros()).unwrap_or(i64::MAX))
    .bind::<BigInt, _>(HORIZON_MS)
    .optional(conn)
    .await?;
    Ok(place.map(|place| Duration::from_secs_f64((place.wait_ms / 1_000.0).max(0.0))))
}

/// Removes the places of enterprises that have not called for long.
pub(crate) async fn delete_old(conn: &Conn) -> QueryResult<usize> {
    sql("delete from call_budget where free_at < now() - interval '1 day'").run(conn).await
}
