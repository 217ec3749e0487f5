//! Working time of an enterprise, for `aiflow-admin calendar`.

use std::collections::BTreeSet;

use actix_web::web::Data;
use actix_web::{get, post};
use chrono::{NaiveDate, NaiveTime};
use serde::Serialize;
use shared::fault::Mistake;
use shared::http::body::{Body, Query};
use shared::http::fields::{Fields, Read};
use shared::http::json::Json;
use shared::http::reply::{Answer, Done, Reply};
use shared::http::server::detached;
use shared::id::Tenant;
use shared::identity::Caller;
use utoipa::{IntoParams, ToSchema};

use crate::domain::calendar::Calendar;
use crate::usecase;
use crate::usecase::Ctx;

/// Special days of one kind in a calendar at most.
const MOST_DAYS: usize = 2_000;

/// Whose calendar is wanted.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct ShowCalendarIn {
    #[param(value_type = String)]
    enterprise_code: Tenant,
}

impl Read for ShowCalendarIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { enterprise_code: fields.code("enterpriseCode") }
    }
}

/// When people work, in Asia/Shanghai.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CalendarOut {
    /// 1 = Monday, to 7.
    workdays: Vec<u32>,
    /// `["09:00", "12:00"]`; `24:00` ends a day.
    hours: Vec<[String; 2]>,
    holidays: Vec<String>,
    working_days: Vec<String>,
}

impl From<Calendar> for CalendarOut {
    fn from(calendar: Calendar) -> Self {
        Self {
            workdays: calendar.workdays().iter().copied().collect(),
            hours: calendar.hours().iter().map(|(from, to)| [clock(*from), clock(*to)]).collect(),
            holidays: calendar.holidays().iter().map(NaiveDate::to_string).collect(),
            working_days: calendar.working_days().iter().map(NaiveDate::to_string).collect(),
        }
    }
}

fn clock(time: NaiveTime) -> String {
    if time == end_of_day() { "24:00".to_owned() } else { time.format("%H:%M").to_string() }
}

fn end_of_day() -> NaiveTime {
    NaiveTime::from_hms_opt(23, 59, 59).unwrap_or_default()
}

/// When people of an enterprise work.
#[utoipa::path(params(ShowCalendarIn), responses((status = 200, body = CalendarOut)), tag = "admin")]
#[get("/aflow/api/admin/calendar")]
pub(crate) async fn show_calendar(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<ShowCalendarIn>,
) -> Answer<CalendarOut> {
    caller.require_service()?;
    let tenant = query.read()?.enterprise_code;
    let calendar =
        detached(async move { usecase::show_calendar::show_calendar(&ctx, &tenant).await });
    Ok(Reply(calendar.await?.into()))
}

/// A calendar for an enterprise.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SetCalendarIn {
    #[schema(value_type = String)]
    enterprise_code: Tenant,
    #[schema(value_type = CalendarOut)]
    calendar: Option<CalendarIn>,
}

/// A calendar as it was sent.
pub(crate) struct CalendarIn(Calendar);

impl Read for SetCalendarIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { enterprise_code: fields.code("enterpriseCode"), calendar: fields.object("calendar") }
    }
}

impl Read for CalendarIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let workdays = read_workdays(fields);
        let hours = read_hours(fields);
        let holidays = read_days(fields, "holidays");
        let working_days = read_days(fields, "workingDays");
        let (Some(workdays), Some(hours)) = (workdays, hours) else {
            return Self(Calendar::default());
        };
        let calendar = Calendar::new(workdays, hours, holidays, working_days);
        Self(calendar.unwrap_or_else(|why| {
            fields.refuse("hours", Mistake::Malformed, why.to_string());
            Calendar::default()
        }))
    }
}

fn read_workdays(fields: &mut Fields<'_>) -> Option<BTreeSet<u32>> {
    let days = match fields.raw("workdays") {
        Some(Json::Array(items)) => items.iter().map(day_of_week).collect(),
        _ => None,
    };
    if days.is_none() {
        fields.refuse("workdays", Mistake::Malformed, "应为 1（周一）到 7（周日）的列表");
    }
    days
}

fn day_of_week(item: &Json) -> Option<u32> {
    match item {
        Json::Number(number) => number
            .as_i64()
            .and_then(|day| u32::try_from(day).ok())
            .filter(|day| (1..=7).contains(day)),
        _ => None,
    }
}

fn read_hours(fields: &mut Fields<'_>) -> Option<Vec<(NaiveTime, NaiveTime)>> {
    let hours = match fields.raw("hours") {
        Some(Json::Array(items)) => items.iter().map(span).collect(),
        _ => None,
    };
    if hours.is_none() {
        fields.refuse("hours", Mistake::Malformed, "应为时段的列表，如 [[\"09:00\",\"18:00\"]]");
    }
    hours
}

fn span(item: &Json) -> Option<(NaiveTime, NaiveTime)> {
    let Json::Array(ends) = item else { return None };
    match ends.as_slice() {
        [Json::Text(from), Json::Text(to)] => Some((time(from)?, time(to)?)),
        _ => None,
    }
}

fn time(text: &str) -> Option<NaiveTime> {
    match text {
        "24:00" => Some(end_of_day()),
        _ => NaiveTime::parse_from_str(text, "%H:%M").ok(),
    }
}

fn read_days(fields: &mut Fields<'_>, name: &str) -> BTreeSet<NaiveDate> {
    let day = |text: &str| text.parse::<NaiveDate>().ok().ok_or("应为日期，如 2026-10-01");
    fields.optional_parsed_list(name, MOST_DAYS, day).into_iter().collect()
}

/// Sets when people of an enterprise work.
#[utoipa::path(request_body = SetCalendarIn, responses((status = 200, body = Done)), tag = "admin")]
#[post("/aflow/api/admin/calendar")]
pub(crate) async fn set_calendar(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<SetCalendarIn>,
) -> Answer<Done> {
    caller.require_service()?;
    let SetCalendarIn { enterprise_code: tenant, calendar } = body.read()?;
    let calendar = calendar.map(|sent| sent.0).unwrap_or_default();
    detached(async move { usecase::set_calendar::set_calendar(&ctx, &tenant, calendar).await })
        .await?;
    Ok(Reply(Done::new()))
}
