//! Incidents for `aiflow-admin`: list them, retry one.

use actix_web::web::Data;
use actix_web::{get, post};
use serde::Serialize;
use shared::fault::Mistake;
use shared::http::body::{Body, Query};
use shared::http::fields::{Fields, Read, TEXT_MAX_CHARS};
use shared::http::reply::{Answer, Done, Reply};
use shared::http::server::detached;
use shared::id::Tenant;
use shared::identity::Caller;
use utoipa::{IntoParams, ToSchema};

use super::order::IncidentOut;
use crate::domain::order::parse_wire_id;
use crate::usecase;
use crate::usecase::Ctx;

/// Which incidents are wanted.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct ListIncidentsIn {
    #[param(value_type = String)]
    enterprise_code: Tenant,
    order_id: Option<i64>,
    /// From 1; default 1.
    page: Option<i32>,
    /// At most 100; default 20.
    size: Option<i32>,
}

impl Read for ListIncidentsIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            enterprise_code: fields.code("enterpriseCode"),
            order_id: fields.optional_long("orderId"),
            page: fields.optional_int("page", 1..=1_000_000),
            size: fields.optional_int("size", 1..=100),
        }
    }
}

/// One page of incidents.
#[derive(Serialize, ToSchema)]
pub(crate) struct IncidentPageOut {
    total: i64,
    page: i32,
    size: i32,
    rows: Vec<IncidentOut>,
}

/// What is stuck in an enterprise, oldest first.
#[utoipa::path(params(ListIncidentsIn), responses((status = 200, body = IncidentPageOut)), tag = "admin")]
#[get("/aflow/api/admin/incidents")]
pub(crate) async fn list_incidents(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<ListIncidentsIn>,
) -> Answer<IncidentPageOut> {
    caller.require_service()?;
    let request = query.read()?;
    let (page, size) = (request.page.unwrap_or(1), request.size.unwrap_or(20));
    let (tenant, order) = (request.enterprise_code, request.order_id);
    let (rows, total) = detached(async move {
        usecase::list_incidents::list_incidents(&ctx, &tenant, order, page, size).await
    })
    .await?;
    let rows = rows.into_iter().map(IncidentOut::from).collect();
    Ok(Reply(IncidentPageOut { total, page, size, rows }))
}

/// Which incident to retry.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct RetryIncidentIn {
    #[schema(value_type = String)]
    incident_id: Option<(i64, u64)>,
}

impl Read for RetryIncidentIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let text = fields.text("incidentId", TEXT_MAX_CHARS);
        let incident_id = parse_wire_id(&text).map(|(order, wait, _)| (order, wait));
        if incident_id.is_none() && !fields.is_noted("incidentId") {
            fields.refuse("incidentId", Mistake::Malformed, "应为 orderId-编号");
        }
        Self { incident_id }
    }
}

/// Tries again what is stuck.
#[utoipa::path(request_body = RetryIncidentIn, responses((status = 200, body = Done)), tag = "admin")]
#[post("/aflow/api/admin/incident/retry")]
pub(crate) async fn retry_incident(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<RetryIncidentIn>,
) -> Answer<Done> {
    caller.require_service()?;
    let (order, wait) = body.read()?.incident_id.unwrap_or_default();
    detached(async move { usecase::retry_incident::retry_incident(&ctx, order, wait).await })
        .await?;
    Ok(Reply(Done::new()))
}
