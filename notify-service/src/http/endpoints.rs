//! ERP endpoints for `aiflow-admin`: set, list, pause, resume.

use actix_web::web::Data;
use actix_web::{get, post};
use serde::Serialize;
use shared::http::body::{Body, Query};
use shared::http::fields::{Fields, Read};
use shared::http::reply::{Answer, Done, Reply};
use shared::http::server::detached;
use shared::id::{AppId, Tenant};
use shared::identity::Caller;
use utoipa::{IntoParams, ToSchema};

use crate::domain::endpoint::{BaseUrl, Endpoint, LOG_PATH, Path, RECEIVE_PATH};
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::list_endpoints::EndpointRow;

/// Where an application's ERP is.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SetEndpointIn {
    #[schema(value_type = String)]
    enterprise_code: Tenant,
    #[schema(value_type = String)]
    app_id: AppId,
    /// Such as `https://odoo.example.com`; the paths come after it.
    #[schema(value_type = String)]
    base_url: Option<BaseUrl>,
    /// Default `/odoo/api/workflow/receive`.
    #[schema(value_type = Option<String>)]
    receive_path: Option<Path>,
    /// Default `/odoo/api/workflow/approval/log`.
    #[schema(value_type = Option<String>)]
    log_path: Option<Path>,
}

impl Read for SetEndpointIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            enterprise_code: fields.code("enterpriseCode"),
            app_id: fields.code("appId"),
            base_url: fields.parsed("baseUrl", BaseUrl::parse),
            receive_path: fields.optional_parsed("receivePath", Path::parse),
            log_path: fields.optional_parsed("logPath", Path::parse),
        }
    }
}

/// The endpoint is set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointSetOut {
    /// Pushes of the application that never went out because it had no endpoint; replay them.
    not_configured: i64,
}

/// Sets where an application's ERP is; setting again replaces it.
#[utoipa::path(request_body = SetEndpointIn, responses((status = 200, body = EndpointSetOut)), tag = "admin")]
#[post("/aflow/api/admin/erp_endpoint")]
pub(crate) async fn set_endpoint(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<SetEndpointIn>,
) -> Answer<EndpointSetOut> {
    caller.require_service()?;
    let SetEndpointIn { enterprise_code, app_id, base_url, receive_path, log_path } =
        body.read()?;
    let endpoint = Endpoint {
        // Read without a mistake, so it is there.
        base: base_url.unwrap_or_else(|| BaseUrl::stored(String::new())),
        receive: receive_path.unwrap_or_else(|| Path::stored(RECEIVE_PATH.to_owned())),
        log: log_path.unwrap_or_else(|| Path::stored(LOG_PATH.to_owned())),
    };
    let key = (enterprise_code, app_id);
    let not_configured =
        detached(async move { usecase::set_endpoint::set_endpoint(&ctx, key, endpoint).await })
            .await?;
    Ok(Reply(EndpointSetOut { not_configured }))
}

/// Whose endpoints are wanted.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct ListEndpointsIn {
    /// Absent = of all enterprises.
    #[param(value_type = Option<String>)]
    enterprise_code: Option<Tenant>,
}

impl Read for ListEndpointsIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { enterprise_code: fields.optional_code("enterpriseCode") }
    }
}

/// Endpoints.
#[derive(Serialize, ToSchema)]
pub(crate) struct EndpointsOut {
    endpoints: Vec<EndpointOut>,
}

/// An endpoint and how it fares.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointOut {
    enterprise_code: String,
    app_id: String,
    base_url: String,
    receive_path: String,
    log_path: String,
    /// ok, draining, down or paused.
    state: &'static str,
    /// person, failures (a day of them) or gone (410).
    paused_by: Option<String>,
    paused_at: Option<String>,
    down_since: Option<String>,
    /// Nothing is sent before.
    rest_until: Option<String>,
    /// The ERP takes no approval logs; asked again then.
    log_unsupported_until: Option<String>,
    last_error: Option<String>,
    /// Pushes that are due or wait for their turn.
    pending: i64,
    /// Pushes that a person has to look at.
    parked: i64,
}

impl From<EndpointRow> for EndpointOut {
    fn from(row: EndpointRow) -> Self {
        let state = match (&row.paused_by, row.down_since, row.draining) {
            (Some(_), ..) => "paused",
            (None, Some(_), _) => "down",
            (None, None, true) => "draining",
            (None, None, false) => "ok",
        };
        Self {
            enterprise_code: row.tenant,
            app_id: row.app_id,
            base_url: row.base_url,
            receive_path: row.receive_path,
            log_path: row.log_path,
            state,
            paused_by: row.paused_by,
            paused_at: row.paused_at.map(shared::time::format),
            down_since: row.down_since.map(shared::time::format),
            rest_until: row.rest_until.map(shared::time::format),
            log_unsupported_until: row.log_unsupported_until.map(shared::time::format),
            last_error: row.last_error,
            pending: row.pending,
            parked: row.parked,
        }
    }
}

/// Where ERPs are pushed to, and how they fare.
#[utoipa::path(params(ListEndpointsIn), responses((status = 200, body = EndpointsOut)), tag = "admin")]
#[get("/aflow/api/admin/erp_endpoints")]
pub(crate) async fn list_endpoints(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<ListEndpointsIn>,
) -> Answer<EndpointsOut> {
    caller.require_service()?;
    let tenant = query.read()?.enterprise_code;
    let rows = detached(async move { usecase::list_endpoints::list_endpoints(&ctx, tenant).await })
        .await?;
    Ok(Reply(EndpointsOut { endpoints: rows.into_iter().map(EndpointOut::from).collect() }))
}

/// Which endpoint.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct NameEndpointIn {
    #[schema(value_type = String)]
    enterprise_code: Tenant,
    #[schema(value_type = String)]
    app_id: AppId,
}

impl Read for NameEndpointIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { enterprise_code: fields.code("enterpriseCode"), app_id: fields.code("appId") }
    }
}

/// Stops the pushes of an application; they are kept.
#[utoipa::path(request_body = NameEndpointIn, responses((status = 200, body = Done)), tag = "admin")]
#[post("/aflow/api/admin/erp_endpoint/pause")]
pub(crate) async fn pause_endpoint(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<NameEndpointIn>,
) -> Answer<Done> {
    caller.require_service()?;
    let NameEndpointIn { enterprise_code, app_id } = body.read()?;
    let key = (enterprise_code, app_id);
    detached(async move { usecase::pause_endpoint::pause_endpoint(&ctx, key).await }).await?;
    Ok(Reply(Done::new()))
}

/// Lets the pushes of an application go on, whoever stopped them.
#[utoipa::path(request_body = NameEndpointIn, responses((status = 200, body = Done)), tag = "admin")]
#[post("/aflow/api/admin/erp_endpoint/resume")]
pub(crate) async fn resume_endpoint(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<NameEndpointIn>,
) -> Answer<Done> {
    caller.require_service()?;
    let NameEndpointIn { enterprise_code, app_id } = body.read()?;
    let key = (enterprise_code, app_id);
    detached(async move { usecase::resume_endpoint::resume_endpoint(&ctx, key).await }).await?;
    Ok(Reply(Done::new()))
}
