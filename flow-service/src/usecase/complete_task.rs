//! A person decides a task; task-service asks, and is answered with what became true.

use flow_engine::value::Variables;
use serde_json::{Map, Value as Json};
use shared::contract::order::OrderAdvanced;
use shared::id::Tenant;

use super::Ctx;
use super::move_order::{Job, move_order};
use super::work_errands::work_errands;
use crate::domain::order::{parse_wire_id, wire_id};
use crate::domain::run::{Act, Choice, Decision, Refusal};
use crate::error::Error;
use crate::store::orders;

/// What is asked.
pub(crate) struct CompleteTask {
    pub(crate) task: String,
    pub(crate) user: String,
    pub(crate) action: Action,
    pub(crate) comment: Option<String>,
    pub(crate) form_data: Option<Map<String, Json>>,
    pub(crate) variables: Variables,
    pub(crate) error_code: Option<String>,
}

/// What a person may do with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Pass,
    Reject,
    /// Noted; nothing moves.
    Accept,
    Rebut,
}

/// The facts of this order and of all others that moved. Deciding the same way again changes nothing.
pub(crate) async fn complete_task(
    ctx: &Ctx,
    tenant: &Tenant,
    request: CompleteTask,
) -> Result<Vec<OrderAdvanced>, Error> {
    let unknown = || Error::UnknownTask(request.task.clone());
    let (order, wait) = parse_wire_id(&request.task).ok_or_else(unknown)?;
    let choice = match (&request.error_code, request.action) {
        (_, Action::Rebut) => return Err(Error::NotOffered("驳回")),
        (_, Action::Accept) => return note(ctx, tenant, &request, order, wait).await,
        (Some(code), _) => Choice::Error(code.clone()),
        (None, Action::Pass) => Choice::Pass,
        (None, Action::Reject) => Choice::Reject,
    };
    let mut variables = request.variables.clone();
    if let Some(data) = &request.form_data {
        variables.extend(read_form(ctx, tenant, order, data).await?);
    }
    let decision = Decision {
        user: request.user.clone(),
        choice: choice.clone(),
        comment: request.comment.clone(),
        variables,
        form_data: request.form_data.clone().map(Json::Object),
    };
    let job = Job::act(tenant, order, Act::Complete { wait, decision });
    let done = match move_order(ctx, job).await {
        Ok(done) => done,
        Err(Error::Order(Refusal::NothingWaits | Refusal::Over)) | Err(Error::UnknownOrder(_)) => {
            return closed_before(ctx, tenant, &request, &choice, order, wait).await;
        }
        Err(error) => return Err(error),
    };
    tracing::info!(task = request.task, act = ?request.action, "task decided");
    let mut facts = done.facts;
    facts.extend(work_errands(ctx, done.errands).await);
    Ok(facts)
}

/// What a person says of a task of theirs without deciding it.
async fn note(
    ctx: &Ctx,
    tenant: &Tenant,
    request: &CompleteTask,
    order: i64,
    wait: u64,
) -> Result<Vec<OrderAdvanced>, Error> {
    let conn = ctx.db.connection().await?;
    let task = orders::show_task(&conn, tenant, order, wait).await?;
    let task = task.ok_or_else(|| Error::UnknownTask(request.task.clone()))?;
    if task.is_closed {
        return Err(Error::Order(Refusal::NothingWaits));
    }
    if !task.assignees.contains(&request.user) {
        return Err(Error::Order(Refusal::NotAssigned(request.user.clone())));
    }
    Ok(Vec::new())
}

/// The values that a person changes, as the form of the order's flow wants them.
async fn read_form(
    ctx: &Ctx,
    tenant: &Tenant,
    order: i64,
    data: &Map<String, Json>,
) -> Result<Variables, Error> {
    let conn = ctx.db.connection().await?;
    let head = orders::show(&conn, tenant, order).await?;
    let head = head.ok_or(Error::UnknownTask(wire_id(order, 0)))?;
    let flow = shared::id::FlowCode::stored(head.flow);
    let compiled = ctx.definitions.load(&conn, tenant, &flow, head.flow_version).await?;
    compiled.schema.change(data).map_err(|mistakes| Error::BadForm { field: "formData", mistakes })
}

/// Nothing waits any longer: the same decision again is a success, anything else comes too late.
async fn closed_before(
    ctx: &Ctx,
    tenant: &Tenant,
    request: &CompleteTask,
    choice: &Choice,
    order: i64,
    wait: u64,
) -> Result<Vec<OrderAdvanced>, Error> {
    let conn = ctx.db.connection().await?;
    let task = orders::show_task(&conn, tenant, order, wait).await?;
    let task = task.ok_or_else(|| Error::UnknownTask(request.task.clone()))?;
    let result = match choice {
        Choice::Pass => "pass",
        Choice::Reject | Choice::Error(_) => "reject",
    };
    let is_same = task.handler.as_deref() == Some(request.user.as_str())
        && task.result.as_deref() == Some(result);
    if is_same { Ok(Vec::new()) } else { Err(Error::Order(Refusal::NothingWaits)) }
}
