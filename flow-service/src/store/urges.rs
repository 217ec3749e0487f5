//! Who was reminded of which order, and when.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

/// Who may be reminded now.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Which reminder it is of each.
    pub(crate) counts: BTreeMap<String, i32>,
    /// When the first of the others may be reminded.
    pub(crate) next_allowed_at: Option<DateTime<Utc>>,
}

/// Notes a reminder for each of these people who may have one. Two at the same time count once.
pub(crate) async fn take(
    conn: &Conn,
    tenant: &Tenant,
    order: i64,
    people: &[&str],
    now: DateTime<Utc>,
    pause: TimeDelta,
    most_a_day: i64,
) -> QueryResult<Taken> {
    #[derive(QueryableByName)]
    struct TakenRow {
        #[diesel(sql_type = Text)]
        user_code: String,
        #[diesel(sql_type = Nullable<Integer>)]
        count: Option<i32>,
        #[diesel(sql_type = Nullable<Timestamptz>)]
        next_at: Option<DateTime<Utc>>,
    }
    let rows: Vec<TakenRow> = sql("with k as (select distinct code from unnest($3) as k(code)), \
         taken as (insert into urges as u (tenant, order_id, user_code, count, day, of_day, last_at) \
           select $1, $2, code, 1, ($4 at time zone 'Asia/Shanghai')::date, 1, $4 from k order by code \
           on conflict (tenant, order_id, user_code) do update set count = u.count + 1, \
             of_day = case when u.day = excluded.day then u.of_day + 1 else 1 end, \
             day = excluded.day, last_at = excluded.last_at \
           where u.last_at <= $4 - make_interval(secs => $5) and (u.day <> excluded.day or u.of_day < $6) \
           returning u.user_code, u.count) \
         select k.code as user_code, t.count, case when t.count is not null then null \
           when u.day = ($4 at time zone 'Asia/Shanghai')::date and u.of_day >= $6 \
             then ((u.day + 1)::timestamp at time zone 'Asia/Shanghai') \
           else u.last_at + make_interval(secs => $5) end as next_at \
         from k left join taken t on t.user_code = k.code \
         left join urges u on u.tenant = $1 and u.order_id = $2 and u.user_code = k.code")
    .bind::<Text, _>(tenant.as_str())
    .bind::<BigInt, _>(order)
    .bind::<Array<Text>, _>(people.to_vec())
    .bind::<Timestamptz, _>(now)
    .bind::<diesel::sql_types::Double, _>(pause.as_seconds_f64())
    .bind::<BigInt, _>(most_a_day)
    .rows(conn)
    .await?;
    let next_allowed_at = rows.iter().filter_map(|row| row.next_at).min();
    let counts = rows.into_iter().filter_map(|row| Some((row.user_code, row.count?))).collect();
    Ok(Taken { counts, next_allowed_at })
}
