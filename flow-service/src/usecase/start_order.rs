//! Starts an order of a flow that runs here.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use flow_engine::value::Variables;
use serde_json::{Map, Value as Json};
use shared::id::{FlowCode, Tenant, UserCode};
use uuid::Uuid;

use super::Ctx;
use super::create_flow::key_of;
use super::find_people::check_person;
use super::move_order::{Cause, Done, Job, Launch, What, move_order};
use super::work_errands::finish_step;
use crate::domain::definition::Compiled;
use crate::domain::run::Pins;
use crate::error::Error;
use crate::store::definitions;

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct StartOrder {
    pub(crate) flow: FlowCode,
    /// Which process of the drawing; absent = the first.
    pub(crate) process: Option<String>,
    pub(crate) initiator: UserCode,
    pub(crate) business_key: String,
    pub(crate) title: Option<String>,
    pub(crate) form_data: Map<String, Json>,
    pub(crate) variables: Variables,
    /// Whom the starter chooses for tasks, by node.
    pub(crate) chosen: BTreeMap<String, Vec<String>>,
}

/// Gives the order's id and running number. Asking again with the same business key and the same
/// content gives the same order while it runs; without a business key the same request does.
pub(crate) async fn start_order(
    ctx: &Ctx,
    tenant: &Tenant,
    request: StartOrder,
) -> Result<(i64, String), Error> {
    check_person(ctx, tenant, "initiator", request.initiator.as_str()).await?;
    let (compiled, process, pins) =
        online(ctx, tenant, &request.flow, request.process.as_deref()).await?;
    let form = compiled
        .schema
        .fill(&request.form_data)
        .map_err(|mistakes| Error::BadForm { field: "formData", mistakes })?;
    let start_key = start_key(tenant, &request);
    let mut variables = request.variables;
    variables.extend(form);
    let title = request.title.unwrap_or_else(|| title_of(&compiled, &request.business_key));
    let launch = Launch {
        compiled,
        process,
        pins,
        title,
        initiator: request.initiator.into_string(),
        at: None,
        variables,
        chosen: request.chosen,
        start_key,
        frees_key: !request.business_key.is_empty(),
        business_key: request.business_key,
        point: None,
    };
    let done = launch_order(ctx, tenant, launch, Cause::default()).await?;
    let (order, running_number) = (done.order, done.running_number.clone());
    finish_step(ctx, tenant, done).await;
    Ok((order, running_number))
}

/// Starts an order.
pub(super) async fn launch_order(
    ctx: &Ctx,
    tenant: &Tenant,
    launch: Launch,
    cause: Cause,
) -> Result<Done, Error> {
    let job = Job::new(tenant, What::Start(Arc::new(launch))).because_of(cause);
    let done = move_order(ctx, job).await?;
    tracing::info!(order = done.order, number = done.running_number, "order started");
    Ok(done)
}

/// The online version of a flow, one of its processes, and what an order of it runs on.
pub(super) async fn online(
    ctx: &Ctx,
    tenant: &Tenant,
    flow: &FlowCode,
    process: Option<&str>,
) -> Result<(Arc<Compiled>, String, Pins), Error> {
    let conn = ctx.db.connection().await?;
    let names = vec![flow.to_string()];
    let online = definitions::list_online(&conn, tenant, names).await?;
    let Some((_, _, version)) = online.iter().find(|(_, code, _)| code == flow) else {
        return Err(Error::NotOnline(flow.to_string()));
    };
    let compiled = ctx.definitions.load(&conn, tenant, flow, *version).await?;
    let found = compiled.process(process).map(|process| process.id().to_owned());
    let process = found.ok_or_else(|| Error::UnknownProcess {
        flow: flow.to_string(),
        process: process.unwrap_or_default().to_owned(),
    })?;
    let pins = ctx.definitions.pin(&conn, tenant, &compiled, &process).await?;
    Ok((compiled, process, pins))
}

/// What an order is called that nobody has given a title.
pub(super) fn title_of(compiled: &Compiled, business_key: &str) -> String {
    format!("{} {business_key}", compiled.name).trim_end().to_owned()
}

/// With a business key the content is what makes two starts the same; without, only the request is.
fn start_key(tenant: &Tenant, request: &StartOrder) -> Uuid {
    let request_id = match request.business_key.is_empty() {
        true => shared::http::request_id::current().unwrap_or_default(),
        false => String::new(),
    };
    let mut content = format!("{:?}{:?}", request.form_data, request.variables);
    if !request.chosen.is_empty() {
        content.push_str(&format!("{:?}", request.chosen));
    }
    key_of(&[
        "start",
        tenant.as_str(),
        request.flow.as_str(),
        request.process.as_deref().unwrap_or_default(),
        request.initiator.as_str(),
        &request.business_key,
        request.title.as_deref().unwrap_or_default(),
        &content,
        &request_id,
    ])
}

/// The start of a point that fires: the same firing makes one order.
pub(super) fn point_key(point: Uuid, cause: &str) -> Uuid {
    key_of(&["point", &point.to_string(), cause])
}

/// A start point that fired.
pub(super) struct Fired {
    pub(super) point: Uuid,
    pub(super) flow: FlowCode,
    pub(super) version: i32,
    pub(super) process: String,
    pub(super) node: String,
    /// What fired it: the same cause makes one order.
    pub(super) cause: String,
    pub(super) business_key: String,
    pub(super) initiator: String,
    pub(super) variables: Variables,
    /// How often it has fired by now, and when it is due again.
    pub(super) next: Option<(i32, Option<DateTime<Utc>>)>,
}

/// Starts the order of a start point.
pub(super) async fn start_at_point(
    ctx: &Ctx,
    tenant: &Tenant,
    fired: Fired,
    cause: Cause,
) -> Result<Done, Error> {
    let conn = ctx.db.connection().await?;
    let compiled = ctx.definitions.load(&conn, tenant, &fired.flow, fired.version).await?;
    let pins = ctx.definitions.pin(&conn, tenant, &compiled, &fired.process).await?;
    drop(conn);
    let launch = Launch {
        title: title_of(&compiled, &fired.business_key),
        compiled,
        process: fired.process,
        pins,
        initiator: fired.initiator,
        at: Some(fired.node),
        variables: fired.variables,
        chosen: BTreeMap::new(),
        start_key: point_key(fired.point, &fired.cause),
        frees_key: false,
        business_key: fired.business_key,
        point: fired.next.map(|(count, due)| (fired.point, count, due)),
    };
    launch_order(ctx, tenant, launch, cause).await
}
