//! Deliveries for `aiflow-admin`: list them, look at one, replay.

use actix_web::web::Data;
use actix_web::{get, post};
use serde::Serialize;
use shared::fault::Mistake;
use shared::http::body::{Body, Query};
use shared::http::fields::{Fields, Read};
use shared::http::reply::{Answer, Reply};
use shared::http::server::detached;
use shared::id::{CODE_MAX_CHARS, Tenant};
use shared::identity::Caller;
use utoipa::{IntoParams, ToSchema};

use crate::domain::delivery::{REPLAYABLE, State};
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::list_deliveries::{ListedRow, PageOf};
use crate::usecase::replay_deliveries::Replayed;
use crate::usecase::show_delivery::AttemptRow;

/// Which deliveries are wanted.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct ListDeliveriesIn {
    #[param(value_type = String)]
    enterprise_code: Tenant,
    /// waiting_person, due, not_configured, sent, delivered, created, finishing, finished, skipped,
    /// blocked, failed or parked.
    #[param(value_type = Option<String>)]
    state: Option<State>,
    user_code: Option<String>,
    order_id: Option<i64>,
    /// From 1; default 1.
    page: Option<i32>,
    /// At most 100; default 20.
    size: Option<i32>,
}

impl Read for ListDeliveriesIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            enterprise_code: fields.code("enterpriseCode"),
            state: fields.optional_choice("state", &State::ALL),
            user_code: fields.optional_text("userCode", CODE_MAX_CHARS),
            order_id: fields.optional_long("orderId"),
            page: fields.optional_int("page", 1..=1_000_000),
            size: fields.optional_int("size", 1..=100),
        }
    }
}

/// One page of deliveries.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryPageOut {
    total: i64,
    page: i32,
    size: i32,
    rows: Vec<DeliveryOut>,
}

/// A delivery: one notice to one person through one channel.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryOut {
    id: i64,
    enterprise_code: String,
    /// Empty for a warning about a session, as `orderId` is 0.
    app_id: String,
    order_id: i64,
    /// Of a warning: the session's id.
    task_id: String,
    task_name: String,
    user_code: String,
    /// work or todo.
    channel: String,
    state: String,
    attempts: i32,
    /// When there is something to do next.
    due_at: Option<String>,
    /// DingTalk's id of the send or the to-do.
    remote_id: Option<String>,
    last_code: Option<String>,
    last_error: Option<String>,
    created_at: String,
    updated_at: String,
}

impl From<ListedRow> for DeliveryOut {
    fn from(row: ListedRow) -> Self {
        Self {
            id: row.id,
            enterprise_code: row.tenant,
            app_id: row.app_id,
            order_id: row.order_code,
            task_id: row.task_code,
            task_name: row.task_name,
            user_code: row.user_code,
            channel: row.channel,
            state: row.state,
            attempts: row.attempts,
            due_at: row.due_at.map(shared::time::format),
            remote_id: row.remote_id,
            last_code: row.last_code,
            last_error: row.last_error,
            created_at: shared::time::format(row.created_at),
            updated_at: shared::time::format(row.updated_at),
        }
    }
}

/// A page of an enterprise's deliveries, newest first.
#[utoipa::path(params(ListDeliveriesIn), responses((status = 200, body = DeliveryPageOut)), tag = "admin")]
#[get("/aflow/api/admin/deliveries")]
pub(crate) async fn list_deliveries(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<ListDeliveriesIn>,
) -> Answer<DeliveryPageOut> {
    caller.require_service()?;
    let request = query.read()?;
    let (page, size) = (request.page.unwrap_or(1), request.size.unwrap_or(20));
    let wanted = PageOf {
        tenant: request.enterprise_code,
        state: request.state,
        user: request.user_code,
        order: request.order_id,
        page,
        size,
    };
    let (rows, total) =
        detached(async move { usecase::list_deliveries::list_deliveries(&ctx, wanted).await })
            .await?;
    Ok(Reply(DeliveryPageOut {
        total,
        page,
        size,
        rows: rows.into_iter().map(DeliveryOut::from).collect(),
    }))
}

/// Which delivery is wanted.
#[derive(IntoParams)]
pub(crate) struct ShowDeliveryIn {
    id: i64,
}

impl Read for ShowDeliveryIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { id: fields.long("id") }
    }
}

/// A delivery with its attempts, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShownDeliveryOut {
    delivery: DeliveryOut,
    attempts: Vec<AttemptOut>,
}

/// One attempt.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttemptOut {
    no: i32,
    at: String,
    /// push, poll, create or finish.
    what: String,
    ok: bool,
    /// DingTalk's code.
    code: Option<String>,
    detail: Option<String>,
}

impl From<AttemptRow> for AttemptOut {
    fn from(row: AttemptRow) -> Self {
        let AttemptRow { no, at, what, ok, code, detail } = row;
        Self { no, at: shared::time::format(at), what, ok, code, detail }
    }
}

/// One delivery with its attempts.
#[utoipa::path(params(ShowDeliveryIn), responses((status = 200, body = ShownDeliveryOut)), tag = "admin")]
#[get("/aflow/api/admin/delivery")]
pub(crate) async fn show_delivery(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<ShowDeliveryIn>,
) -> Answer<ShownDeliveryOut> {
    caller.require_service()?;
    let id = query.read()?.id;
    let (delivery, attempts) =
        detached(async move { usecase::show_delivery::show_delivery(&ctx, id).await }).await?;
    Ok(Reply(ShownDeliveryOut {
        delivery: delivery.into(),
        attempts: attempts.into_iter().map(AttemptOut::from).collect(),
    }))
}

/// One delivery by its id, or all of an enterprise in one state.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ReplayDeliveriesIn {
    id: Option<i64>,
    #[schema(value_type = Option<String>)]
    enterprise_code: Option<Tenant>,
    /// failed, parked, blocked or not_configured.
    #[schema(value_type = Option<String>)]
    state: Option<State>,
}

impl Read for ReplayDeliveriesIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let request = Self {
            id: fields.optional_long("id"),
            enterprise_code: fields.optional_code("enterpriseCode"),
            state: fields.optional_choice("state", &REPLAYABLE),
        };
        let names_many = fields.has("enterpriseCode") && fields.has("state");
        if !fields.has("id") && !names_many {
            fields.refuse(
                "id",
                Mistake::Malformed,
                "请填写 id，或同时填写 enterpriseCode 与 state",
            );
        }
        request
    }
}

/// How many deliveries were made due again, at most 1,000 in one request.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReplayedOut {
    replayed: usize,
}

/// Makes deliveries due again that failed, were parked or blocked, or found DingTalk not configured.
#[utoipa::path(request_body = ReplayDeliveriesIn, responses((status = 200, body = ReplayedOut)), tag = "admin")]
#[post("/aflow/api/admin/delivery/replay")]
pub(crate) async fn replay_deliveries(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<ReplayDeliveriesIn>,
) -> Answer<ReplayedOut> {
    caller.require_service()?;
    let request = body.read()?;
    let wanted = match (request.id, request.enterprise_code, request.state) {
        (Some(id), _, _) => Replayed::One(id),
        (None, Some(tenant), Some(state)) => Replayed::Of(tenant, state),
        (None, _, _) => return Ok(Reply(ReplayedOut { replayed: 0 })),
    };
    let replayed =
        detached(async move { usecase::replay_deliveries::replay_deliveries(&ctx, wanted).await })
            .await?;
    Ok(Reply(ReplayedOut { replayed }))
}
