//! Somebody decides a task. One of our own engine is decided by flow-service, which knows what
//! follows; what it answers is applied at once, so that the lists are right when we answer.

use serde_json::Value;
use shared::code::Code;
use shared::contract::order::CompleteTask;
use shared::fault::Fault;
use shared::id::Tenant;

use super::Ctx;
use super::follow_order::follow_order;
use super::write_orders::{Change, Job};
use crate::domain::decision::{Action, Decider, Judgement, Refusal, judge};
use crate::domain::order::Verdict;
use crate::domain::snapshot::OrderKey;
use crate::error::Error;
use crate::store::tasks;

/// A decision.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    pub(crate) task: String,
    pub(crate) decider: Decider,
    pub(crate) action: Action,
    pub(crate) comment: Option<String>,
    pub(crate) form_data: Option<Value>,
    pub(crate) variables: Option<Value>,
    pub(crate) bpmn_error: Option<String>,
}

impl Decision {
    /// What it is to the task: one that ends with an error was not passed.
    fn said(&self) -> Action {
        match (&self.bpmn_error, self.action) {
            (Some(_), Action::Pass) => Action::Reject,
            (_, action) => action,
        }
    }
}

/// Whether anything changed; the same decision of the same person a second time changes nothing.
pub(crate) async fn decide_task(
    ctx: &Ctx,
    tenant: &Tenant,
    decision: Decision,
) -> Result<bool, Error> {
    let (order, judgement) = look(ctx, tenant, &decision).await?;
    match (judgement, decision.action, order) {
        (Judgement::Done, _, _) => Ok(false),
        (Judgement::Go, Action::Accept, Some(order)) => accept(ctx, order, decision).await,
        // flow-service knows tasks of which we have not heard, but not who shall do them when.
        (Judgement::Go, Action::Accept, None) => Err(Error::UnknownTask(decision.task)),
        (Judgement::Go, Action::Pass | Action::Reject | Action::Rebut, _) => {
            complete(ctx, tenant, &decision).await
        }
    }
}

/// The task's order, where we have heard of it, and whether there is anything left to do.
async fn look(
    ctx: &Ctx,
    tenant: &Tenant,
    decision: &Decision,
) -> Result<(Option<OrderKey>, Judgement), Error> {
    let conn = ctx.db.connection().await?;
    let (task, user) = (&decision.task, &decision.decider.user);
    if let Some((order, standing)) = tasks::find_native(&conn, tenant, task, user).await? {
        return Ok((Some(order), judge(&standing, decision.said(), &decision.decider)?));
    }
    if tasks::is_third_party(&conn, tenant, task, user).await? {
        return Err(Refusal::ThirdParty.into());
    }
    match decision.action {
        Action::Rebut => Err(Refusal::RebutNotOffered.into()),
        Action::Pass | Action::Reject | Action::Accept => Ok((None, Judgement::Go)),
    }
}

async fn accept(ctx: &Ctx, order: OrderKey, decision: Decision) -> Result<bool, Error> {
    let change = Change::Accept { task: decision.task, decider: decision.decider };
    let accepted = ctx.writes.submit(Job::new(order, change)).await??;
    Ok(accepted.verdict == Verdict::Applied)
}

async fn complete(ctx: &Ctx, tenant: &Tenant, decision: &Decision) -> Result<bool, Error> {
    let wanted = CompleteTask {
        task_id: decision.task.clone(),
        user_code: decision.decider.user.clone(),
        action: decision.action.word().to_owned(),
        comment: decision.comment.clone(),
        form_data: decision.form_data.clone(),
        variables: decision.variables.clone(),
        bpmn_error_code: decision.bpmn_error.clone(),
    };
    match ctx.flows.complete_task(tenant, &wanted).await {
        Ok(facts) => {
            // Nothing became true: they had said the same before.
            let is_news = !facts.is_empty();
            follow_order(ctx, facts).await?;
            tracing::info!(task = decision.task, action = wanted.action, is_news, "task decided");
            Ok(is_news)
        }
        // Perhaps by the same person a moment ago, and we have heard of it meanwhile.
        Err(refusal) if refusal.code() == Code::WrongState => {
            match look(ctx, tenant, decision).await {
                Ok((_, Judgement::Done)) => Ok(false),
                Ok((_, Judgement::Go)) | Err(_) => Err(refusal),
            }
        }
        Err(refusal) => Err(refusal),
    }
}
