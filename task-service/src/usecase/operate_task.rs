//! Somebody does something with a task or an order of our own engine. flow-service knows who may do it
//! and what follows; what it answers is applied at once, so that the lists are right when we answer.

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::contract::order::{Attachment, OperateTask, Operation};
use shared::id::Tenant;

use super::Ctx;
use super::follow_order::follow_order;
use crate::domain::decision::{self, Action, Decider, Judgement, Refusal};
use crate::error::Error;
use crate::store::tasks;

/// An operation.
#[derive(Clone, Debug)]
pub(crate) struct Operate {
    pub(crate) subject: Subject,
    pub(crate) decider: Decider,
    pub(crate) operation: Operation,
    pub(crate) comment: Option<String>,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) carried: Carried,
}

/// What it is done with.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Task(String),
    Order(i64),
}

/// What goes with a decision.
#[derive(Clone, Debug, Default)]
pub(crate) struct Carried {
    pub(crate) form_data: Option<Value>,
    pub(crate) variables: Option<Value>,
    pub(crate) bpmn_error: Option<String>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Operated {
    /// The same operation of the same person a second time changes nothing.
    pub(crate) applied: bool,
    pub(crate) sent: Option<i64>,
    pub(crate) next_allowed_at: Option<DateTime<Utc>>,
}

impl Operate {
    /// What a decision is to the task: one that ends with an error was not passed. Nothing for what
    /// does not end it.
    fn said(&self) -> Option<Action> {
        match (&self.operation, &self.carried.bpmn_error) {
            (Operation::Pass { .. }, None) => Some(Action::Pass),
            (Operation::Pass { .. }, Some(_)) | (Operation::Reject, _) => Some(Action::Reject),
            (
                Operation::Rebut { .. }
                | Operation::Transfer { .. }
                | Operation::Delegate { .. }
                | Operation::AddSign { .. }
                | Operation::RemoveSign { .. }
                | Operation::Claim
                | Operation::Release
                | Operation::TakeBack
                | Operation::Recall
                | Operation::Copy { .. }
                | Operation::Urge
                | Operation::Comment { .. },
                _,
            ) => None,
        }
    }
}

/// Has it done. Where flow-service does not do it, what is known here may say better why: the same
/// person did the same before, the task is an ERP's, or it is none of theirs.
pub(crate) async fn operate_task(
    ctx: &Ctx,
    tenant: &Tenant,
    operate: Operate,
) -> Result<Operated, Error> {
    let refusal = match ask(ctx, tenant, &operate).await {
        Ok(operated) => return Ok(operated),
        Err(refusal) => refusal,
    };
    match look(ctx, tenant, &operate).await? {
        Judgement::Done => Ok(Operated::default()),
        Judgement::Go => Err(refusal),
    }
}

/// Whether there is anything left to do. flow-service knows tasks of which we have not heard.
async fn look(ctx: &Ctx, tenant: &Tenant, operate: &Operate) -> Result<Judgement, Error> {
    let conn = ctx.db.connection().await?;
    let decider = &operate.decider;
    let is_third_party = match &operate.subject {
        Subject::Task(task) => {
            if let Some((_, standing)) =
                tasks::find_native(&conn, tenant, task, &decider.user).await?
            {
                return Ok(match operate.said() {
                    Some(said) => decision::judge(&standing, said, decider)?,
                    None => decision::judge_other(&standing, decider)?,
                });
            }
            tasks::is_third_party(&conn, tenant, task, &decider.user).await?
        }
        Subject::Order(number) => {
            tasks::is_third_party_order(&conn, tenant, *number, decider).await?
        }
    };
    if is_third_party { Err(Refusal::ThirdParty.into()) } else { Ok(Judgement::Go) }
}

async fn ask(ctx: &Ctx, tenant: &Tenant, operate: &Operate) -> Result<Operated, Error> {
    let (task_id, order_id) = match &operate.subject {
        Subject::Task(task) => (Some(task.clone()), None),
        Subject::Order(number) => (None, Some(*number)),
    };
    let wanted = OperateTask {
        task_id,
        order_id,
        user_code: operate.decider.user.clone(),
        app: operate.decider.app.as_ref().map(ToString::to_string),
        operation: operate.operation.clone(),
        comment: operate.comment.clone(),
        attachments: operate.attachments.clone(),
        form_data: operate.carried.form_data.clone(),
        variables: operate.carried.variables.clone(),
        bpmn_error_code: operate.carried.bpmn_error.clone(),
    };
    let done = ctx.flows.operate_task(tenant, &wanted).await?;
    follow_order(ctx, done.facts).await?;
    let (subject, applied) = (&operate.subject, done.applied);
    tracing::info!(?subject, operation = word(&operate.operation), applied, "operated");
    let next = done.next_allowed_at.and_then(|at| shared::time::parse(&at).ok());
    Ok(Operated { applied, sent: done.sent, next_allowed_at: next })
}

fn word(operation: &Operation) -> &'static str {
    match operation {
        Operation::Pass { .. } => "pass",
        Operation::Reject => "reject",
        Operation::Rebut { .. } => "rebut",
        Operation::Transfer { .. } => "transfer",
        Operation::Delegate { .. } => "delegate",
        Operation::AddSign { .. } => "add_sign",
        Operation::RemoveSign { .. } => "remove_sign",
        Operation::Claim => "claim",
        Operation::Release => "release",
        Operation::TakeBack => "take_back",
        Operation::Recall => "recall",
        Operation::Copy { .. } => "copy",
        Operation::Urge => "urge",
        Operation::Comment { .. } => "comment",
    }
}
