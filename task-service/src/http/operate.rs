//! `/aflow/api/task/{complete, pass, transfer, …}` and `/aflow/api/order/recall`: what people do with
//! tasks and orders of our own engine.

use actix_web::post;
use actix_web::web::Data;
use serde::Serialize;
use shared::code::Code;
use shared::contract::order::{Attachment, Operation};
use shared::http::body::Body;
use shared::http::reply::{Answer, ApiError, Reply};
use shared::http::server::detached;
use shared::id::UserCode;
use shared::identity::{Actor, Caller};
use utoipa::ToSchema;

use super::operation_in::{
    AddSignIn, AttachmentIn, CommentIn, CopyIn, DecideTaskIn, GiveTaskIn, OperateTaskIn,
    PassTaskIn, RebutTaskIn, RecallOrderIn, RejectTaskIn, RemoveSignIn, UrgeIn,
};
use super::order::person_of;
use crate::domain::decision::{Action, Decider};
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::accept_task::Acceptance;
use crate::usecase::operate_task::{Carried, Operate, Subject};

/// What became of an operation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OperatedOut {
    /// Always `true`.
    success: bool,
    /// Whether anything changed: the same operation of the same person a second time changes nothing.
    applied: bool,
    /// Of an urge: how many people were reminded.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<i64>,
    /// Of an urge that reminded nobody: when it may be tried again, in Asia/Shanghai.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_allowed_at: Option<String>,
}

/// Who asks, and in whose name: an application names a person, a person only themselves.
fn decider(caller: &Caller, named: Option<UserCode>) -> Result<Decider, ApiError> {
    let app = match &caller.actor {
        Actor::Application { app, .. } => Some(app.clone()),
        Actor::Person(_) | Actor::Service(_) => None,
    };
    Ok(Decider { user: person_of(caller, named, "userCode")?, app })
}

/// People fill in forms; what a form does not ask for would be theirs to make up.
fn check_carried(decider: &Decider, carried: &Carried) -> Result<(), ApiError> {
    if decider.app.is_none() && (carried.variables.is_some() || carried.bpmn_error.is_some()) {
        let sentence = "variables 和 bpmnErrorCode 只能由应用提交";
        return Err(ApiError::new(Code::NotPermitted, sentence));
    }
    Ok(())
}

/// What is asked for beside who asks.
struct Wanted {
    user_code: Option<UserCode>,
    subject: Subject,
    operation: Operation,
    comment: Option<String>,
    attachments: Vec<AttachmentIn>,
    carried: Carried,
}

impl Wanted {
    fn of(subject: Subject, user_code: Option<UserCode>, operation: Operation) -> Self {
        let (comment, attachments, carried) = Default::default();
        Self { user_code, subject, operation, comment, attachments, carried }
    }
}

/// What an operation on a task wants; `carried` = what goes with it.
macro_rules! wanted {
    ($request:ident, $operation:expr) => {
        wanted!($request, $operation, Carried::default())
    };
    ($request:ident, $operation:expr, $carried:expr) => {
        Wanted {
            comment: $request.comment,
            attachments: $request.attachments,
            carried: $carried,
            ..Wanted::of(Subject::Task($request.task_id), $request.user_code, $operation)
        }
    };
}

async fn operate(ctx: Data<Ctx>, caller: Caller, wanted: Wanted) -> Answer<OperatedOut> {
    let decider = decider(&caller, wanted.user_code)?;
    check_carried(&decider, &wanted.carried)?;
    let operate = Operate {
        subject: wanted.subject,
        decider,
        operation: wanted.operation,
        comment: wanted.comment,
        attachments: wanted.attachments.into_iter().map(Attachment::from).collect(),
        carried: wanted.carried,
    };
    let done = detached(async move {
        usecase::operate_task::operate_task(&ctx, &caller.tenant, operate).await
    })
    .await?;
    Ok(Reply(OperatedOut {
        success: true,
        applied: done.applied,
        sent: done.sent,
        next_allowed_at: done.next_allowed_at.map(shared::time::format),
    }))
}

/// Decides a task of our own engine; the lists show it when the answer arrives. Of two who decide at
/// once one wins, the other gets WRONG_STATE. A third-party task is decided in its ERP:
/// NOT_PERMITTED. `pass`, `reject` and `rebut` are the addresses of those names in one.
#[utoipa::path(request_body = DecideTaskIn, responses((status = 200, body = OperatedOut)), tag = "approval")]
#[post("/aflow/api/task/complete")]
pub(crate) async fn decide_task(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<DecideTaskIn>,
) -> Answer<OperatedOut> {
    let request = body.read()?;
    let carried = Carried {
        form_data: request.form_data,
        variables: request.variables,
        bpmn_error: request.bpmn_error_code,
    };
    let operation = match request.action {
        Action::Pass => Operation::Pass { next_people: request.next_people },
        Action::Reject => Operation::Reject,
        Action::Rebut => {
            Operation::Rebut { to: request.target, straight_back: request.straight_back }
        }
        Action::Accept => {
            let decider = decider(&caller, request.user_code)?;
            check_carried(&decider, &carried)?;
            let acceptance = Acceptance { task: request.task_id, decider };
            let applied = detached(async move {
                usecase::accept_task::accept_task(&ctx, &caller.tenant, acceptance).await
            })
            .await?;
            let (sent, next_allowed_at) = (None, None);
            return Ok(Reply(OperatedOut { success: true, applied, sent, next_allowed_at }));
        }
    };
    operate(ctx, caller, wanted!(request, operation, carried)).await
}

/// Passes a task (同意), by whoever it waits for. The mode of the task says when the order goes on: with
/// the first who passes, when all have, one after the other, or by vote. Repeating it changes nothing;
/// a task that is over is WRONG_STATE, somebody else's NOT_PERMITTED.
#[utoipa::path(request_body = PassTaskIn, responses((status = 200, body = OperatedOut)), tag = "approval")]
#[post("/aflow/api/task/pass")]
pub(crate) async fn pass_task(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<PassTaskIn>,
) -> Answer<OperatedOut> {
    let request = body.read()?;
    let operation = Operation::Pass { next_people: request.next_people };
    let carried = Carried {
        form_data: request.form_data,
        variables: request.variables,
        bpmn_error: request.bpmn_error_code,
    };
    operate(ctx, caller, wanted!(request, operation, carried)).await
}

/// Refuses a task (拒绝), by whoever it waits for: the order ends, or goes where the definition says.
#[utoipa::path(request_body = RejectTaskIn, responses((status = 200, body = OperatedOut)), tag = "approval")]
#[post("/aflow/api/task/reject")]
pub(crate) async fn reject_task(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<RejectTaskIn>,
) -> Answer<OperatedOut> {
    let request = body.read()?;
    let carried = Carried {
        form_data: request.form_data,
        variables: None,
        bpmn_error: request.bpmn_error_code,
    };
    operate(ctx, caller, wanted!(request, Operation::Reject, carried)).await
}

/// Sends the order back (驳回), by whoever the task waits for: to the starter, to the task before, or to
/// an earlier node of `task/return_targets`. Everything between there and here is taken away, and what
/// was decided there counts no longer.
#[utoipa::path(request_body = RebutTaskIn, responses((status = 200, body = OperatedOut)), tag = "approval")]
#[post("/aflow/api/task/rebut")]
pub(crate) async fn rebut_task(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<RebutTaskIn>,
) -> Answer<OperatedOut> {
    let request = body.read()?;
    let operation = Operation::Rebut { to: request.target, straight_back: request.straight_back };
    let carried = Carried { form_data: request.form_data, ..Carried::default() };
    operate(ctx, caller, wanted!(request, operation, carried)).await
}

/// Gives a task to somebody else for good (转办), by whoever it waits for.
#[utoipa::path(request_body = GiveTaskIn, responses((status = 200, body = OperatedOut)), tag = "approval")]
#[post("/aflow/api/task/transfer")]
pub(crate) async fn transfer_task(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<GiveTaskIn>,
) -> Answer<OperatedOut> {
    let request = body.read()?;
    let operation = Operation::Transfer { to: request.to.into_string() };
    operate(ctx, caller, wanted!(request, operation)).await
}

/// Has somebody else say something first (委派), by whoever the task waits for: it comes back to them with
/// the other's result, and they decide.
#[utoipa::path(request_body = GiveTaskIn, responses((status = 200, body = OperatedOut)), tag = "approval")]
#[post("/aflow/api/task/delegate")]
pub(crate) async fn delegate_task(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<GiveTaskIn>,
) -> Answer<OperatedOut> {
    let request = body.read()?;
    let operation = Operation::Delegate { to: request.to.into_string() };
    operate(ctx, caller, wanted!(request, operation)).await
}

/// Wants more people to approve (加签), by whoever the task waits for: before them, after them, or beside
/// them. Somebody who approves here already is INVALID_PARAMETER.
#[utoipa::path(request_body = AddSignIn, responses((status = 200, body = OperatedOut)), tag = "approval")]
#[post("/aflow/api/task/add_sign")]
pub(crate) async fn add_sign(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<AddSignIn>,
) -> Answer<OperatedOut> {
    let request = body.read()?;
    let operation = Operation::AddSign { place: request.place, people: request.people };
    operate(ctx, caller, wanted!(request, operation)).await
}

/// Takes people away again (减签) whom the same person added and who have not decided.
#[utoipa::path(request_body = RemoveSignIn, responses((status = 200, body = OperatedOut)), tag = "approval")]
#[post("/aflow/api/task/remove_sign")]
pub(crate) async fn remove_sign(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<RemoveSignIn>,
) -> Answer<OperatedOut> {
    let request = body.read()?;
    let operation = Operation::RemoveSign { people: request.people };
    operate(ctx, caller, wanted!(request, operation)).await
}

/// Takes a task that waits for several people for oneself (认领).
#[utoipa::path(request_body = OperateTaskIn, responses((status = 200, body = OperatedOut)), tag = "approval")]
#[post("/aflow/api/task/claim")]
pub(crate) async fn claim_task(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<OperateTaskIn>,
) -> Answer<OperatedOut> {
    let request = body.read()?;
    operate(ctx, caller, wanted!(request, Operation::Claim)).await
}

/// Gives a claimed task back to all for whom it waited (退回认领).
#[utoipa::path(request_body = OperateTaskIn, responses((status = 200, body = OperatedOut)), tag = "approval")]
#[post("/aflow/api/task/release")]
pub(crate) async fn release_task(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<OperateTaskIn>,
) -> Answer<OperatedOut> {
    let request = body.read()?;
    operate(ctx, caller, wanted!(request, Operation::Release)).await
}

/// Undoes one's own decision (拿回) while nobody has acted on it; later it is WRONG_STATE. Rows of
/// `task/done` say `take_back` among their `actions` while it is possible.
#[utoipa::path(request_body = OperateTaskIn, responses((status = 200, body = OperatedOut)), tag = "approval")]
#[post("/aflow/api/task/take_back")]
pub(crate) async fn take_back(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<OperateTaskIn>,
) -> Answer<OperatedOut> {
    let request = body.read()?;
    operate(ctx, caller, wanted!(request, Operation::TakeBack)).await
}

/// Informs people (抄送) of a task's order, or of an order: it stands in their `task/cc`.
#[utoipa::path(request_body = CopyIn, responses((status = 200, body = OperatedOut)), tag = "approval")]
#[post("/aflow/api/task/copy")]
pub(crate) async fn copy_people(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<CopyIn>,
) -> Answer<OperatedOut> {
    let request = body.read()?;
    let wanted = Wanted {
        subject: request.subject(),
        user_code: request.user_code,
        operation: Operation::Copy { people: request.people },
        comment: request.comment,
        attachments: request.attachments,
        carried: Carried::default(),
    };
    operate(ctx, caller, wanted).await
}

/// Reminds whoever a task or an order waits for (催办), each person once in 10 minutes and 5 times a day.
/// Where nobody could be reminded, `sent` is 0 and `nextAllowedAt` says when to try again.
#[utoipa::path(request_body = UrgeIn, responses((status = 200, body = OperatedOut)), tag = "approval")]
#[post("/aflow/api/task/urge")]
pub(crate) async fn urge_people(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<UrgeIn>,
) -> Answer<OperatedOut> {
    let request = body.read()?;
    let subject = request.subject();
    let wanted = Wanted {
        comment: request.comment,
        ..Wanted::of(subject, request.user_code, Operation::Urge)
    };
    operate(ctx, caller, wanted).await
}

/// Says something about a task or an order (评论) without deciding it; who is mentioned is told.
#[utoipa::path(request_body = CommentIn, responses((status = 200, body = OperatedOut)), tag = "approval")]
#[post("/aflow/api/task/comment")]
pub(crate) async fn comment_order(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<CommentIn>,
) -> Answer<OperatedOut> {
    let request = body.read()?;
    let wanted = Wanted {
        subject: request.subject(),
        user_code: request.user_code,
        operation: Operation::Comment { mentions: request.mentions },
        comment: Some(request.comment),
        attachments: request.attachments,
        carried: Carried::default(),
    };
    operate(ctx, caller, wanted).await
}

/// Takes a running order back (撤回), by its initiator: what waits is taken away, and they may fill it in
/// again.
#[utoipa::path(request_body = RecallOrderIn, responses((status = 200, body = OperatedOut)), tag = "approval")]
#[post("/aflow/api/order/recall")]
pub(crate) async fn recall_order(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<RecallOrderIn>,
) -> Answer<OperatedOut> {
    let request = body.read()?;
    let subject = Subject::Order(request.order_id);
    let wanted = Wanted {
        comment: request.reason,
        ..Wanted::of(subject, request.user_code, Operation::Recall)
    };
    operate(ctx, caller, wanted).await
}
