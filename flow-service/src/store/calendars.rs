//! Working time of enterprises.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveTime};
use diesel::QueryableByName;
use diesel::sql_types::{Jsonb, Text};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

use crate::domain::calendar::Calendar;

#[derive(QueryableByName)]
struct CalendarRow {
    #[diesel(sql_type = Jsonb)]
    content: Json,
}

#[derive(Serialize, Deserialize)]
struct ContentJson {
    workdays: Vec<u32>,
    hours: Vec<(String, String)>,
    holidays: Vec<String>,
    working_days: Vec<String>,
}

impl ContentJson {
    fn calendar(self) -> Option<Calendar> {
        let time = |text: &String| text.parse::<NaiveTime>().ok();
        let hours: Option<Vec<_>> =
            self.hours.iter().map(|(from, to)| Some((time(from)?, time(to)?))).collect();
        let days = |texts: &[String]| -> Option<BTreeSet<NaiveDate>> {
            texts.iter().map(|text| text.parse().ok()).collect()
        };
        let workdays = self.workdays.iter().copied().collect();
        Calendar::new(workdays, hours?, days(&self.holidays)?, days(&self.working_days)?).ok()
    }
}

/// What was set; `None` = nothing, and the usual one counts.
pub(crate) async fn find(conn: &Conn, tenant: &Tenant) -> QueryResult<Option<Calendar>> {
    let row: Option<CalendarRow> = sql("select content from calendars where tenant = $1")
        .bind::<Text, _>(tenant.as_str())
        .optional(conn)
        .await?;
    let content = row.and_then(|row| serde_json::from_value::<ContentJson>(row.content).ok());
    Ok(content.and_then(ContentJson::calendar))
}

/// Sets it.
pub(crate) async fn save(tx: &Conn, tenant: &Tenant, calendar: &Calendar) -> QueryResult<usize> {
    let times = |(from, to): &(NaiveTime, NaiveTime)| (from.to_string(), to.to_string());
    let content = ContentJson {
        workdays: calendar.workdays().iter().copied().collect(),
        hours: calendar.hours().iter().map(times).collect(),
        holidays: calendar.holidays().iter().map(NaiveDate::to_string).collect(),
        working_days: calendar.working_days().iter().map(NaiveDate::to_string).collect(),
    };
    sql("insert into calendars (tenant, content) values ($1, $2) \
         on conflict (tenant) do update set content = excluded.content, updated_at = now()")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Jsonb, _>(serde_json::json!(content))
    .run(tx)
    .await
}
