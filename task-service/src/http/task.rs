//! `/aflow/api/task/*`: the lists people look at.

use actix_web::web::Data;
use actix_web::{get, post};
use serde::Serialize;
use shared::fault::Mistake;
use shared::http::body::{Body, Query};
use shared::http::fields::{Fields, Read, TEXT_MAX_CHARS};
use shared::http::reply::{Answer, Done, Reply};
use shared::http::server::detached;
use shared::id::{CODE_MAX_CHARS, FlowCode, UserCode};
use shared::identity::Caller;
use shared::time;
use utoipa::{IntoParams, ToSchema};

use super::order::{PersonOut, person_of};
use crate::domain::own::Why;
use crate::domain::worklist::{List, PageOf, Row, Sort, Summary, Terminal};
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::mark_read::ReadMark;

/// What a list is asked for.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct ListTasksIn {
    /// Whose list; needed by an application, for a person only themselves.
    #[param(value_type = Option<String>)]
    user_code: Option<UserCode>,
    /// From 1; default 1.
    page: Option<i32>,
    /// At most 100; default 20.
    size: Option<i32>,
    /// Part of title, task name or business key.
    keyword: Option<String>,
    #[param(value_type = Option<String>)]
    flow_code: Option<FlowCode>,
    /// `pc` or `mobile`: only what shows there, with that page as link; absent = all, PC links.
    #[param(value_type = Option<String>)]
    terminal: Option<Terminal>,
    /// `newest` (default), `oldest`, `deadLine`.
    #[param(value_type = Option<String>)]
    sort: Sort,
}

impl Read for ListTasksIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let sorts =
            [("newest", Sort::Newest), ("oldest", Sort::Oldest), ("deadLine", Sort::Deadline)];
        Self {
            user_code: fields.optional_code("userCode"),
            page: fields.optional_int("page", 1..=100_000),
            size: fields.optional_int("size", 1..=100),
            keyword: fields.optional_text("keyword", TEXT_MAX_CHARS),
            flow_code: fields.optional_code("flowCode"),
            terminal: fields
                .optional_choice("terminal", &[("pc", Terminal::Pc), ("mobile", Terminal::Mobile)]),
            sort: fields.optional_choice("sort", &sorts).unwrap_or(Sort::Newest),
        }
    }
}

/// One page of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct PageOut {
    total: i64,
    page: i32,
    size: i32,
    rows: Vec<RowOut>,
}

/// One row; times in Asia/Shanghai.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RowOut {
    /// Empty where the row is a whole order.
    task_id: String,
    order_id: i64,
    /// Whose order; ids are the application's own.
    app_id: String,
    /// `third_party` or `native`.
    source: &'static str,
    flow_code: Option<String>,
    flow_name: Option<String>,
    title: String,
    business_key: String,
    task_name: String,
    initiator: PersonOut,
    arrived_at: String,
    handled_at: Option<String>,
    dead_line: Option<String>,
    overdue: bool,
    urged_count: i32,
    read: bool,
    /// The task's result, or the order's where the row is a whole order.
    result: String,
    url: String,
    /// What the person may do with it: the last words of addresses such as `task/transfer`, and
    /// `accept` of `task/complete`. Where the row was dealt with `take_back` at most; where it is a
    /// whole order what its initiator may do, such as `recall`. Nothing for an ERP's.
    actions: Vec<String>,
    /// Why the task is for the person, where the flow says so.
    why: Option<WhyOut>,
}

/// Why a task is for a person.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WhyOut {
    pub(super) user_code: String,
    /// The absent person for whom they stand in.
    pub(super) on_behalf_of: Option<String>,
    /// The rule in one sentence.
    pub(super) rule: String,
    /// Each step from the rule to the person.
    pub(super) chain: Vec<String>,
}

impl From<Why> for WhyOut {
    fn from(why: Why) -> Self {
        let Why { user, on_behalf_of, rule, chain } = why;
        Self { user_code: user, on_behalf_of, rule, chain }
    }
}

impl RowOut {
    fn new(row: Row, now: chrono::DateTime<chrono::Utc>) -> Self {
        let is_waiting = row.handled_at.is_none() && !row.task.is_empty();
        Self {
            overdue: is_waiting && row.deadline.is_some_and(|deadline| deadline < now),
            task_id: row.task,
            order_id: row.number,
            app_id: row.app,
            source: row.source.word(),
            flow_code: row.flow,
            flow_name: row.flow_name,
            title: row.title,
            business_key: row.business_key,
            task_name: row.task_name,
            initiator: PersonOut { code: row.initiator, name: row.initiator_name },
            arrived_at: time::format(row.arrived_at),
            handled_at: row.handled_at.map(time::format),
            dead_line: row.deadline.map(time::format),
            urged_count: row.urged_count,
            read: row.is_read,
            result: row.result,
            url: row.url,
            actions: row.actions,
            why: row.why.map(WhyOut::from),
        }
    }
}

async fn page(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<ListTasksIn>,
    list: List,
) -> Answer<PageOut> {
    let request = query.read()?;
    let user = person_of(&caller, request.user_code, "userCode")?;
    let (page, size) = (request.page.unwrap_or(1), request.size.unwrap_or(20));
    let wanted = PageOf {
        user,
        keyword: request.keyword,
        flow: request.flow_code.map(FlowCode::into_string),
        terminal: request.terminal,
        sort: request.sort,
        page,
        size,
    };
    let now = ctx.clock.now();
    let (rows, total) = detached(async move {
        usecase::list_tasks::list_tasks(&ctx, &caller.tenant, list, wanted).await
    })
    .await?;
    Ok(Reply(PageOut {
        total,
        page,
        size,
        rows: rows.into_iter().map(|row| RowOut::new(row, now)).collect(),
    }))
}

/// What waits for a person.
#[utoipa::path(params(ListTasksIn), responses((status = 200, body = PageOut)), tag = "task centre")]
#[get("/aflow/api/task/todo")]
pub(crate) async fn list_todo(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<ListTasksIn>,
) -> Answer<PageOut> {
    page(ctx, caller, query, List::Todo).await
}

/// What a person has dealt with.
#[utoipa::path(params(ListTasksIn), responses((status = 200, body = PageOut)), tag = "task centre")]
#[get("/aflow/api/task/done")]
pub(crate) async fn list_done(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<ListTasksIn>,
) -> Answer<PageOut> {
    page(ctx, caller, query, List::Done).await
}

/// Copies, and tasks that only inform.
#[utoipa::path(params(ListTasksIn), responses((status = 200, body = PageOut)), tag = "task centre")]
#[get("/aflow/api/task/cc")]
pub(crate) async fn list_copies(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<ListTasksIn>,
) -> Answer<PageOut> {
    page(ctx, caller, query, List::Copies).await
}

/// Orders a person started.
#[utoipa::path(params(ListTasksIn), responses((status = 200, body = PageOut)), tag = "task centre")]
#[get("/aflow/api/task/initiated")]
pub(crate) async fn list_initiated(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<ListTasksIn>,
) -> Answer<PageOut> {
    page(ctx, caller, query, List::Initiated).await
}

/// Whose numbers.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct SummarizeIn {
    /// Needed by an application, for a person only themselves.
    #[param(value_type = Option<String>)]
    user_code: Option<UserCode>,
}

impl Read for SummarizeIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { user_code: fields.optional_code("userCode") }
    }
}

/// The numbers on the tabs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SummaryOut {
    all_todo: i64,
    overdue: i64,
    /// Due within 24 hours.
    soon_overdue: i64,
    /// To-dos that were urged.
    urge: i64,
    unread_cc: i64,
}

impl From<Summary> for SummaryOut {
    fn from(summary: Summary) -> Self {
        Self {
            all_todo: summary.all_todo,
            overdue: summary.overdue,
            soon_overdue: summary.soon_overdue,
            urge: summary.urged,
            unread_cc: summary.unread_copies,
        }
    }
}

/// The numbers on a person's tabs.
#[utoipa::path(params(SummarizeIn), responses((status = 200, body = SummaryOut)), tag = "task centre")]
#[get("/aflow/api/task/summary")]
pub(crate) async fn summarize(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<SummarizeIn>,
) -> Answer<SummaryOut> {
    let user = person_of(&caller, query.read()?.user_code, "userCode")?;
    let summary =
        detached(async move { usecase::summarize::summarize(&ctx, &caller.tenant, &user).await })
            .await?;
    Ok(Reply(summary.into()))
}

/// What was read: a task, or with `orderId` alone everything of that order.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct MarkReadIn {
    /// Needed by an application, for a person only themselves.
    #[schema(value_type = Option<String>)]
    user_code: Option<UserCode>,
    task_id: Option<String>,
    order_id: Option<i64>,
}

impl Read for MarkReadIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let request = Self {
            user_code: fields.optional_code("userCode"),
            task_id: fields.optional_text("taskId", CODE_MAX_CHARS),
            order_id: fields.optional_long("orderId"),
        };
        if request.task_id.is_none() && request.order_id.is_none() && !fields.is_noted("orderId") {
            fields.refuse("taskId", Mistake::Malformed, "taskId 与 orderId 至少填写一个");
        }
        request
    }
}

/// Marks a task or a copy as read.
#[utoipa::path(request_body = MarkReadIn, responses((status = 200, body = Done)), tag = "task centre")]
#[post("/aflow/api/task/read")]
pub(crate) async fn mark_read(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<MarkReadIn>,
) -> Answer<Done> {
    let request = body.read()?;
    let user = person_of(&caller, request.user_code.clone(), "userCode")?;
    detached(async move {
        let mark =
            ReadMark { user: &user, number: request.order_id, task: request.task_id.as_deref() };
        usecase::mark_read::mark_read(&ctx, &caller.tenant, mark).await
    })
    .await?;
    Ok(Reply(Done::new()))
}
