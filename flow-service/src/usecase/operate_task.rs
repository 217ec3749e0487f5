//! Somebody does something with a task or an order; task-service asks, and is answered with what
//! became true.

use chrono::{DateTime, Utc};
use flow_engine::value::Variables;
use serde_json::{Map, Value as Json};
use shared::contract::order::OrderAdvanced;
use shared::id::Tenant;

use super::Ctx;
use super::find_people::find_active;
use super::move_order::{Job, move_order};
use super::urge_people::urge_people;
use super::work_errands::work_errands;
use crate::domain::approval::{Deed, Pick, Place};
use crate::domain::order::{parse_wire_id, wire_id};
use crate::domain::run::{Act, Choice, Decision, Refusal, Remark, RowKey, Target};
use crate::error::Error;
use crate::store::orders;

/// What is asked.
pub(crate) struct OperateTask {
    /// Of an order as a whole there is no row.
    pub(crate) order: i64,
    pub(crate) row: Option<RowKey>,
    pub(crate) operation: Operation,
    pub(crate) decision: Decision,
    pub(crate) form_data: Option<Map<String, Json>>,
    pub(crate) error_code: Option<String>,
}

/// What can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Pass,
    Reject,
    Rebut { to: Target, straight_back: bool },
    Transfer { to: String },
    Delegate { to: String },
    AddSign { place: Place, people: Vec<String> },
    RemoveSign { people: Vec<String> },
    Claim,
    Release,
    TakeBack,
    Recall,
    Copy { people: Vec<String> },
    Urge,
    Comment { mentions: Vec<String> },
}

/// What became of it.
#[derive(Debug, Default)]
pub(crate) struct Operated {
    /// Of this order and of all others that moved.
    pub(crate) facts: Vec<OrderAdvanced>,
    pub(crate) applied: bool,
    /// Of an urge: who many were reminded, and when the next may be.
    pub(crate) sent: Option<i64>,
    pub(crate) next_allowed_at: Option<DateTime<Utc>>,
}

/// The order and the row that an id on the wire names.
pub(crate) fn row_of(task: &str) -> Option<(i64, RowKey)> {
    let (order, wait, row) = parse_wire_id(task)?;
    Some((order, (wait, row)))
}

/// Doing the same again changes nothing.
pub(crate) async fn operate_task(
    ctx: &Ctx,
    tenant: &Tenant,
    request: OperateTask,
) -> Result<Operated, Error> {
    let (order, row) = (request.order, request.row);
    if request.operation == Operation::Urge {
        return urge_people(ctx, tenant, order, row, request.decision).await;
    }
    let act = match act(ctx, tenant, &request).await? {
        Some(act) => act,
        None => return Ok(Operated::default()),
    };
    let done = match move_order(ctx, Job::act(tenant, order, act)).await {
        Ok(done) => done,
        Err(Error::Order(Refusal::Repeated)) => return Ok(Operated::default()),
        Err(Error::Order(Refusal::NothingWaits | Refusal::Over) | Error::UnknownOrder(_)) => {
            return closed_before(ctx, tenant, &request).await;
        }
        Err(error) => return Err(error),
    };
    tracing::info!(order, operation = ?request.operation, "task operated");
    let mut facts = done.facts;
    facts.extend(work_errands(ctx, done.errands).await);
    Ok(Operated { facts, applied: true, ..Operated::default() })
}

/// What it is to the order; nothing where it was done before.
async fn act(ctx: &Ctx, tenant: &Tenant, request: &OperateTask) -> Result<Option<Act>, Error> {
    let mut decision = request.decision.clone();
    if let Some(data) = &request.form_data {
        decision.variables.extend(read_form(ctx, tenant, request.order, data).await?);
        decision.form_data = Some(Json::Object(data.clone()));
    }
    let here = || request.row.ok_or(Error::Order(Refusal::NothingWaits));
    let word = |deed| -> Result<Act, Error> {
        let (wait, row) = here()?;
        Ok(Act::Deed { wait, row, deed, decision: decision.clone() })
    };
    let pick = |user: String, rule: &str| Pick {
        chain: vec![format!("{}：{}", rule, decision.user)],
        rule: rule.to_owned(),
        user,
        on_behalf_of: None,
    };
    Ok(Some(match request.operation.clone() {
        Operation::Pass | Operation::Reject => {
            for (node, people) in &decision.next_people {
                let found = find_active(ctx, tenant, "nextPeople", people).await;
                found.inspect_err(|_| {
                    tracing::debug!(node, "people chosen for a task cannot act")
                })?;
            }
            let choice = match (&request.error_code, &request.operation) {
                (Some(code), _) => Choice::Error(code.clone()),
                (None, Operation::Pass) => Choice::Pass,
                (None, _) => Choice::Reject,
            };
            let (wait, row) = here()?;
            Act::Decide { wait, row, choice, decision }
        }
        Operation::Rebut { to, straight_back } => {
            let (wait, row) = here()?;
            Act::Rebut { wait, row, to, straight_back, decision }
        }
        Operation::Transfer { to } => {
            find_active(ctx, tenant, "to", std::slice::from_ref(&to)).await?;
            word(Deed::Transfer { to: pick(to, "转办") })?
        }
        Operation::Delegate { to } => {
            find_active(ctx, tenant, "to", std::slice::from_ref(&to)).await?;
            word(Deed::Delegate { to: pick(to, "委派") })?
        }
        Operation::AddSign { place, people } => {
            find_active(ctx, tenant, "people", &people).await?;
            let people = people.into_iter().map(|user| pick(user, "加签")).collect();
            word(Deed::AddSign { place, people })?
        }
        Operation::RemoveSign { people } => word(Deed::RemoveSign { people })?,
        Operation::Claim => word(Deed::Claim)?,
        Operation::Release => word(Deed::Release)?,
        Operation::TakeBack => {
            let (wait, row) = here()?;
            Act::TakeBack { wait, row, decision }
        }
        Operation::Recall => Act::Recall { decision },
        Operation::Copy { people } => {
            find_active(ctx, tenant, "people", &people).await?;
            return remark(ctx, tenant, request, Remark::Copy { people }, decision).await;
        }
        Operation::Comment { mentions } => {
            find_active(ctx, tenant, "mentions", &mentions).await?;
            return remark(ctx, tenant, request, Remark::Comment { mentions }, decision).await;
        }
        // Asked elsewhere.
        Operation::Urge => return Ok(None),
    }))
}

/// Whoever has or had a part in an order may say something of it; the same thing said by the same
/// request counts once.
async fn remark(
    ctx: &Ctx,
    tenant: &Tenant,
    request: &OperateTask,
    remark: Remark,
    decision: Decision,
) -> Result<Option<Act>, Error> {
    let conn = ctx.db.connection().await?;
    let user = decision.user.as_str();
    let has_part = orders::has_part(&conn, tenant, request.order, user).await?;
    match has_part {
        None => Err(match request.row {
            Some((wait, row)) => Error::UnknownTask(wire_id(request.order, wait, row)),
            None => Error::UnknownOrder(request.order),
        }),
        Some(false) if decision.app.is_none() => {
            Err(Error::Order(Refusal::NotAssigned(user.to_owned())))
        }
        Some(_) => Ok(Some(Act::Remark { row: request.row, remark, decision })),
    }
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
    let head = head.ok_or(Error::UnknownTask(wire_id(order, 0, 1)))?;
    let flow = shared::id::FlowCode::stored(head.flow);
    let compiled = ctx.definitions.load(&conn, tenant, &flow, head.flow_version).await?;
    compiled.schema.change(data).map_err(|mistakes| Error::BadForm { field: "formData", mistakes })
}

/// Nothing waits any longer: the same decision again is a success, anything else comes too late.
async fn closed_before(
    ctx: &Ctx,
    tenant: &Tenant,
    request: &OperateTask,
) -> Result<Operated, Error> {
    let conn = ctx.db.connection().await?;
    let Some((wait, row)) = request.row else {
        let head = orders::show(&conn, tenant, request.order).await?;
        let head = head.ok_or(Error::UnknownOrder(request.order))?;
        let is_recalled = head.result.as_deref() == Some("revoke");
        return match request.operation {
            Operation::Recall if head.initiator != request.decision.user => {
                Err(Error::Order(Refusal::NotStarter))
            }
            Operation::Recall if is_recalled => Ok(Operated::default()),
            _ => Err(Error::Order(Refusal::Over)),
        };
    };
    let unknown = || Error::UnknownTask(wire_id(request.order, wait, row));
    let task = orders::show_task(&conn, tenant, request.order, wait, row).await?;
    let task = task.ok_or_else(unknown)?;
    let result = match (&request.operation, &request.error_code) {
        (Operation::Pass, None) => "pass",
        (Operation::Rebut { .. }, _) => "rebut",
        (Operation::Pass | Operation::Reject, _) => "reject",
        _ => return Err(Error::Order(Refusal::NothingWaits)),
    };
    let is_same = task.handler.as_deref() == Some(request.decision.user.as_str())
        && task.result.as_deref() == Some(result);
    if is_same { Ok(Operated::default()) } else { Err(Error::Order(Refusal::NothingWaits)) }
}
