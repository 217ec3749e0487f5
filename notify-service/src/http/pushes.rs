//! Pushes to ERPs for `aiflow-admin`: list them, look at one, replay, leave out.

use actix_web::web::Data;
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::fault::Mistake;
use shared::http::body::{Body, Query};
use shared::http::fields::{Fields, Read};
use shared::http::reply::{Answer, Done, Reply};
use shared::http::server::detached;
use shared::id::{AppId, Tenant};
use shared::identity::Caller;
use utoipa::{IntoParams, ToSchema};

use crate::domain::push::State;
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::list_pushes::{ListedRow, PageOf};
use crate::usecase::replay_pushes::Replayed;
use crate::usecase::show_push::AttemptRow;

/// States that are replayed as a whole.
const REPLAYABLE: [(&str, State); 4] = [
    ("parked", State::Parked),
    ("not_configured", State::NotConfigured),
    ("not_supported", State::NotSupported),
    ("skipped", State::Skipped),
];

/// Which pushes are wanted.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct ListPushesIn {
    #[param(value_type = String)]
    enterprise_code: Tenant,
    #[param(value_type = Option<String>)]
    app_id: Option<AppId>,
    /// waiting, due, not_configured, delivered, not_supported, refused, failed, parked or skipped.
    #[param(value_type = Option<String>)]
    state: Option<State>,
    order_id: Option<i64>,
    /// From 1; default 1.
    page: Option<i32>,
    /// At most 100; default 20.
    size: Option<i32>,
}

impl Read for ListPushesIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            enterprise_code: fields.code("enterpriseCode"),
            app_id: fields.optional_code("appId"),
            state: fields.optional_choice("state", &State::ALL),
            order_id: fields.optional_long("orderId"),
            page: fields.optional_int("page", 1..=1_000_000),
            size: fields.optional_int("size", 1..=100),
        }
    }
}

/// One page of pushes.
#[derive(Serialize, ToSchema)]
pub(crate) struct PushPageOut {
    total: i64,
    page: i32,
    size: i32,
    rows: Vec<PushOut>,
}

/// A push: one signed call to an ERP about an order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PushOut {
    id: i64,
    enterprise_code: String,
    app_id: String,
    order_id: i64,
    /// start, end, log or call.
    kind: String,
    /// The path of a call.
    address: Option<String>,
    /// The `webhook-id`, the same for every try.
    webhook_id: String,
    state: String,
    attempts: i32,
    /// When it goes out next.
    due_at: Option<String>,
    last_code: Option<String>,
    last_error: Option<String>,
    created_at: String,
    updated_at: String,
}

impl From<&ListedRow> for PushOut {
    fn from(row: &ListedRow) -> Self {
        Self {
            id: row.id,
            enterprise_code: row.tenant.clone(),
            app_id: row.app_id.clone(),
            order_id: row.order_id,
            kind: row.kind.clone(),
            address: row.address.clone(),
            webhook_id: format!("msg_{}", row.message_id.simple()),
            state: row.state.clone(),
            attempts: row.attempts,
            due_at: row.due_at.map(shared::time::format),
            last_code: row.last_code.clone(),
            last_error: row.last_error.clone(),
            created_at: shared::time::format(row.created_at),
            updated_at: shared::time::format(row.updated_at),
        }
    }
}

/// A page of an enterprise's pushes, newest first.
#[utoipa::path(params(ListPushesIn), responses((status = 200, body = PushPageOut)), tag = "admin")]
#[get("/aflow/api/admin/pushes")]
pub(crate) async fn list_pushes(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<ListPushesIn>,
) -> Answer<PushPageOut> {
    caller.require_service()?;
    let request = query.read()?;
    let (page, size) = (request.page.unwrap_or(1), request.size.unwrap_or(20));
    let wanted = PageOf {
        tenant: request.enterprise_code,
        app: request.app_id,
        state: request.state,
        order: request.order_id,
        page,
        size,
    };
    let (rows, total) =
        detached(async move { usecase::list_pushes::list_pushes(&ctx, wanted).await }).await?;
    Ok(Reply(PushPageOut { total, page, size, rows: rows.iter().map(PushOut::from).collect() }))
}

/// Which push is wanted.
#[derive(IntoParams, ToSchema)]
pub(crate) struct NamePushIn {
    id: i64,
}

impl Read for NamePushIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { id: fields.long("id") }
    }
}

/// A push with what is sent and its attempts, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShownPushOut {
    push: PushOut,
    /// What is sent, to the byte.
    body: String,
    attempts: Vec<PushAttemptOut>,
}

/// One attempt.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PushAttemptOut {
    no: i32,
    at: String,
    ok: bool,
    /// How long the ERP took.
    took_ms: i32,
    /// The ERP's `status`, or the HTTP status.
    code: Option<String>,
    detail: Option<String>,
}

impl From<AttemptRow> for PushAttemptOut {
    fn from(row: AttemptRow) -> Self {
        let AttemptRow { no, at, ok, took_ms, code, detail } = row;
        Self { no, at: shared::time::format(at), ok, took_ms, code, detail }
    }
}

/// One push with its attempts.
#[utoipa::path(params(NamePushIn), responses((status = 200, body = ShownPushOut)), tag = "admin")]
#[get("/aflow/api/admin/push")]
pub(crate) async fn show_push(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<NamePushIn>,
) -> Answer<ShownPushOut> {
    caller.require_service()?;
    let id = query.read()?.id;
    let (push, attempts) =
        detached(async move { usecase::show_push::show_push(&ctx, id).await }).await?;
    let attempts = attempts.into_iter().map(PushAttemptOut::from).collect();
    Ok(Reply(ShownPushOut { push: (&push).into(), body: push.body, attempts }))
}

/// One push by its id; or of an application all in one state, or all since an instant.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ReplayPushesIn {
    id: Option<i64>,
    #[schema(value_type = Option<String>)]
    enterprise_code: Option<Tenant>,
    #[schema(value_type = Option<String>)]
    app_id: Option<AppId>,
    /// parked, not_configured, not_supported or skipped.
    #[schema(value_type = Option<String>)]
    state: Option<State>,
    /// Everything but calls that was written since then goes out again, delivered or not.
    #[schema(value_type = Option<String>)]
    since: Option<DateTime<Utc>>,
}

impl Read for ReplayPushesIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let request = Self {
            id: fields.optional_long("id"),
            enterprise_code: fields.optional_code("enterpriseCode"),
            app_id: fields.optional_code("appId"),
            state: fields.optional_choice("state", &REPLAYABLE),
            since: fields.optional_instant("since"),
        };
        let names_app = fields.has("enterpriseCode") && fields.has("appId");
        let names_many = names_app && (fields.has("state") != fields.has("since"));
        if !fields.has("id") && !names_many {
            fields.refuse(
                "id",
                Mistake::Malformed,
                "请填写 id，或同时填写 enterpriseCode、appId 与 state、since 之一",
            );
        }
        request
    }
}

/// How many pushes go out again, at most 1,000 in one request.
#[derive(Serialize, ToSchema)]
pub(crate) struct PushesReplayedOut {
    replayed: usize,
}

/// Sends pushes again, in the order of their lines.
#[utoipa::path(request_body = ReplayPushesIn, responses((status = 200, body = PushesReplayedOut)), tag = "admin")]
#[post("/aflow/api/admin/push/replay")]
pub(crate) async fn replay_pushes(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<ReplayPushesIn>,
) -> Answer<PushesReplayedOut> {
    caller.require_service()?;
    let request = body.read()?;
    let app = request.enterprise_code.zip(request.app_id);
    let wanted = match (request.id, app, request.state, request.since) {
        (Some(id), ..) => Replayed::One(id),
        (None, Some((tenant, app)), Some(state), _) => Replayed::Of(tenant, app, state),
        (None, Some((tenant, app)), None, Some(since)) => Replayed::Since(tenant, app, since),
        (None, ..) => return Ok(Reply(PushesReplayedOut { replayed: 0 })),
    };
    let replayed =
        detached(async move { usecase::replay_pushes::replay_pushes(&ctx, wanted).await }).await?;
    Ok(Reply(PushesReplayedOut { replayed }))
}

/// Leaves a push out, so that those behind it can go; a call counts as failed.
#[utoipa::path(request_body = NamePushIn, responses((status = 200, body = Done)), tag = "admin")]
#[post("/aflow/api/admin/push/skip")]
pub(crate) async fn skip_push(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<NamePushIn>,
) -> Answer<Done> {
    caller.require_service()?;
    let id = body.read()?.id;
    detached(async move { usecase::skip_push::skip_push(&ctx, id).await }).await?;
    Ok(Reply(Done::new()))
}
