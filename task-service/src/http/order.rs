//! `/aflow/api/order/*` beside the snapshots: check, approval log, detail.

use actix_web::web::Data;
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::code::Code;
use shared::fault::FieldError;
use shared::http::body::{Body, Query};
use shared::http::fields::{Fields, Read, TEXT_MAX_CHARS};
use shared::http::reply::{Answer, ApiError, Reply};
use shared::http::server::detached;
use shared::id::{AppId, CODE_MAX_CHARS, UserCode};
use shared::identity::{Actor, Caller};
use shared::time;
use utoipa::{IntoParams, ToSchema};

use super::task::WhyOut;
use crate::domain::approval_log::{ApprovalLog, HandleResult, What};
use crate::domain::attachment::Attachment;
use crate::domain::check::{Belief, Difference, Drift};
use crate::domain::snapshot::OrderKey;
use crate::domain::status::{Source, Status};
use crate::domain::task::{Card, CardState};
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::show_order::{ShowOrder, Shown, Viewer};

const MAX_ORDERS: usize = 1_000;
const MAX_TASKS: usize = 300;
const MAX_LOGS: usize = 300;

/// What the ERP believes of its orders.
#[derive(ToSchema)]
pub(crate) struct CheckOrdersIn {
    orders: Vec<BeliefIn>,
}

/// What the ERP believes of one order.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct BeliefIn {
    order_id: i64,
    #[schema(value_type = String)]
    update_time: DateTime<Utc>,
    version: Option<i64>,
    tasks: Vec<BelievedTaskIn>,
}

/// What the ERP believes of one task.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct BelievedTaskIn {
    task_id: String,
    #[schema(value_type = String)]
    task_status: Status,
}

impl Read for CheckOrdersIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { orders: fields.list("orders", MAX_ORDERS) }
    }
}

impl Read for BeliefIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            order_id: fields.long("orderId|thirdOrderId"),
            update_time: fields.instant("updateTime").unwrap_or_default(),
            version: fields.optional_long("version"),
            tasks: fields.optional_list("tasks", MAX_TASKS),
        }
    }
}

impl Read for BelievedTaskIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            task_id: fields.text("taskId|thirdTaskId", CODE_MAX_CHARS),
            task_status: fields.choice("taskStatus", Status::WORDS).unwrap_or(Status::Ing),
        }
    }
}

impl From<BeliefIn> for Belief {
    fn from(belief: BeliefIn) -> Self {
        Self {
            number: belief.order_id,
            updated_at: belief.update_time,
            version: belief.version,
            tasks: belief.tasks.into_iter().map(|task| (task.task_id, task.task_status)).collect(),
        }
    }
}

/// Only what differs.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckOrdersOut {
    /// How many orders were compared.
    checked: usize,
    differences: Vec<DifferenceOut>,
}

/// One order that differs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DifferenceOut {
    order_id: i64,
    /// `MISSING` here, ours is `OLDER` or `NEWER`, or as old but `DIFFERENT`.
    difference: &'static str,
    tasks: Vec<TaskDifferenceOut>,
}

/// One task that differs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaskDifferenceOut {
    task_id: String,
    /// Absent = not named by the ERP, but open here.
    task_status: Option<&'static str>,
    /// Absent = not stored here.
    stored_status: Option<&'static str>,
}

impl From<Difference> for DifferenceOut {
    fn from(difference: Difference) -> Self {
        let tasks = difference.tasks.into_iter().map(|task| TaskDifferenceOut {
            task_id: task.task,
            task_status: task.theirs.map(Status::word),
            stored_status: task.ours.map(Status::word),
        });
        Self {
            order_id: difference.number,
            difference: match difference.drift {
                Drift::Missing => "MISSING",
                Drift::Older => "OLDER",
                Drift::Newer => "NEWER",
                Drift::Different => "DIFFERENT",
            },
            tasks: tasks.collect(),
        }
    }
}

/// Answers only where the ERP's orders and ours differ, so that it finds drift without resending.
#[utoipa::path(request_body = CheckOrdersIn, responses((status = 200, body = CheckOrdersOut)), tag = "task centre")]
#[post("/aflow/api/order/check")]
pub(crate) async fn check_orders(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<CheckOrdersIn>,
) -> Answer<CheckOrdersOut> {
    let app = caller.application()?.clone();
    let beliefs: Vec<Belief> = body.read()?.orders.into_iter().map(Belief::from).collect();
    let checked = beliefs.len();
    let differences = detached(async move {
        usecase::check_orders::check_orders(&ctx, &caller.tenant, &app, beliefs).await
    })
    .await?;
    Ok(Reply(CheckOrdersOut {
        checked,
        differences: differences.into_iter().map(DifferenceOut::from).collect(),
    }))
}

/// History lines of one order.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct RecordApprovalLogIn {
    order_id: i64,
    business_key: String,
    logs: Vec<ApprovalLogIn>,
}

/// One history line; (order, task, handler, handleTime) names it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ApprovalLogIn {
    task_id: String,
    task_name: Option<String>,
    #[schema(value_type = String)]
    handler_user_code: UserCode,
    /// `APPROVED`, `REJECTED`, `TRANSFERRED`, or `pass`, `reject`, `rebut`, `revoke`.
    #[schema(value_type = String)]
    handle_result: HandleResult,
    handle_comment: Option<String>,
    #[schema(value_type = String)]
    handle_time: DateTime<Utc>,
}

impl Read for RecordApprovalLogIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            order_id: fields.long("orderId|thirdOrderId"),
            business_key: fields.text("businessKey", TEXT_MAX_CHARS),
            logs: fields.list("logs", MAX_LOGS),
        }
    }
}

impl Read for ApprovalLogIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            task_id: fields.text("taskId|thirdTaskId", CODE_MAX_CHARS),
            task_name: fields.optional_text("taskName", TEXT_MAX_CHARS),
            handler_user_code: fields.code("handlerUserCode"),
            handle_result: fields
                .choice("handleResult", HandleResult::WORDS)
                .unwrap_or(HandleResult::Approved),
            handle_comment: fields.optional_lines("handleComment", 4_000),
            handle_time: fields.instant("handleTime").unwrap_or_default(),
        }
    }
}

impl From<ApprovalLogIn> for ApprovalLog {
    fn from(log: ApprovalLogIn) -> Self {
        Self {
            task: log.task_id,
            task_name: log.task_name,
            handler: log.handler_user_code.into_string(),
            what: What::Handled(log.handle_result),
            comment: log.handle_comment,
            handled_at: log.handle_time,
            on_behalf_of: None,
            attachments: Vec::new(),
        }
    }
}

/// How many lines were new.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecordedOut {
    success: bool,
    recorded: usize,
}

/// Adds history lines from the ERP (E 5.3); a repeat adds none, an unknown order is waited for 7 days.
/// Orders of our own engine write their own: NOT_PERMITTED.
#[utoipa::path(request_body = RecordApprovalLogIn, responses((status = 200, body = RecordedOut)), tag = "task centre")]
#[post("/aflow/api/order/approval/log")]
pub(crate) async fn record_approval_log(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<RecordApprovalLogIn>,
) -> Answer<RecordedOut> {
    let app = caller.application()?.clone();
    let request = body.read()?;
    let (number, source) = (request.order_id, Source::ThirdParty);
    let key = OrderKey { tenant: caller.tenant, app, number, source };
    let logs = request.logs.into_iter().map(ApprovalLog::from).collect();
    let recorded = detached(async move {
        usecase::record_approval_log::record_approval_log(&ctx, &key, &request.business_key, logs)
            .await
    })
    .await?;
    Ok(Reply(RecordedOut { success: true, recorded }))
}

/// Which order.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct ShowOrderIn {
    order_id: i64,
    /// Whose order; absent = the calling application's, for a person the only one of that number.
    #[param(value_type = Option<String>)]
    app_id: Option<AppId>,
    /// `third_party` or `native`; absent = an ERP's order where there is one of that number, else one
    /// of our own engine.
    #[param(value_type = Option<String>)]
    source: Option<Source>,
    /// With it an application sees what this person may see; a person may name only themselves.
    #[param(value_type = Option<String>)]
    user_code: Option<UserCode>,
}

impl Read for ShowOrderIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            order_id: fields.long("orderId"),
            app_id: fields.optional_code("appId"),
            source: fields.optional_choice("source", Source::WORDS),
            user_code: fields.optional_code("userCode"),
        }
    }
}

/// An order with its tasks, history and copies.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderOut {
    app_id: String,
    order_id: i64,
    /// `third_party` or `native`.
    source: &'static str,
    flow_code: Option<String>,
    flow_name: Option<String>,
    title: String,
    business_key: String,
    order_status: &'static str,
    order_result: &'static str,
    initiator: PersonOut,
    version: Option<i64>,
    parent_order_id: Option<i64>,
    parent_task_order_id: Option<String>,
    create_time: String,
    update_time: String,
    url: String,
    /// What its initiator may do, of an order of our own engine: `recall`, `urge`.
    initiator_actions: Vec<String>,
    tasks: Vec<OrderTaskOut>,
    history: Vec<HistoryOut>,
    copies: Vec<CopyOut>,
}

/// A person, with the name where it is known.
#[derive(Serialize, ToSchema)]
pub(crate) struct PersonOut {
    pub(super) code: String,
    pub(super) name: Option<String>,
}

/// A task of the order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderTaskOut {
    task_id: String,
    task_name: String,
    task_status: &'static str,
    task_result: &'static str,
    node_type: &'static str,
    dead_line: Option<String>,
    handle_time: Option<String>,
    show_pc: bool,
    show_mobile: bool,
    assignees: Vec<PersonOut>,
    /// It was decided, but the order went back behind it: the decision counts no longer.
    voided: bool,
    /// How often it was urged.
    urged_count: i32,
    /// What the person who looks may do with it; for an application without one, what its assignees
    /// may do.
    actions: Vec<String>,
    /// Why it is for each of its assignees, where the flow says so.
    why: Vec<WhyOut>,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryOut {
    at: String,
    /// `approval` (told by the ERP, or decided here), `operation` (done here beside deciding) or
    /// `audit` (recorded here).
    kind: &'static str,
    /// Of an operation: `transfer`, `delegate`, `delegate_return`, `add_sign_before`, … as `result` has it.
    action: Option<String>,
    task_id: Option<String>,
    task_name: Option<String>,
    /// Absent where the house did it by a rule of the flow.
    handler: Option<PersonOut>,
    /// For whom the handler stood in.
    on_behalf_of: Option<PersonOut>,
    result: String,
    comment: Option<String>,
    /// To whom an operation was, or whom it was about.
    people: Vec<PersonOut>,
    /// References to files.
    attachments: Vec<AttachmentOut>,
}

/// A reference to a file that aiflow does not keep.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttachmentOut {
    name: String,
    url: String,
}

/// A copy.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CopyOut {
    user: PersonOut,
    cc_time: String,
}

impl From<Attachment> for AttachmentOut {
    fn from(file: Attachment) -> Self {
        Self { name: file.name, url: file.url }
    }
}

impl From<Shown> for OrderOut {
    fn from(shown: Shown) -> Self {
        let Shown { order, flow_name, url, names, logs, audits, viewer } = shown;
        let person =
            |code: &str| PersonOut { code: code.to_owned(), name: names.get(code).cloned() };
        let current =
            |(user, card): (&String, &Card)| (card.state != CardState::Gone).then(|| person(user));
        let mut tasks: Vec<_> = order.tasks.values().collect();
        tasks.sort_by_key(|task| task.position);
        let mut history: Vec<(DateTime<Utc>, HistoryOut)> = Vec::new();
        for log in logs {
            let line = HistoryOut {
                at: time::format(log.handled_at),
                kind: if log.action.is_some() { "operation" } else { "approval" },
                handler: Some(&log.handler)
                    .filter(|code| !code.is_empty())
                    .map(|code| person(code)),
                on_behalf_of: log.on_behalf_of.as_deref().map(person),
                people: log.people.iter().map(|code| person(code)).collect(),
                attachments: log.attachments().into_iter().map(AttachmentOut::from).collect(),
                action: log.action,
                task_id: Some(log.task_code).filter(|code| !code.is_empty()),
                task_name: log.task_name,
                result: log.result,
                comment: log.comment,
            };
            history.push((log.handled_at, line));
        }
        for audit in audits {
            let line = HistoryOut {
                at: time::format(audit.at),
                kind: "audit",
                action: None,
                on_behalf_of: None,
                people: Vec::new(),
                attachments: Vec::new(),
                task_id: None,
                task_name: None,
                handler: None,
                result: audit.action,
                comment: Some(audit.detail),
            };
            history.push((audit.at, line));
        }
        history.sort_by_key(|(at, _)| *at);
        OrderOut {
            app_id: order.key.app.to_string(),
            order_id: order.key.number,
            source: order.key.source.word(),
            flow_name,
            url,
            order_status: order.status.word(),
            order_result: order.result.word(),
            initiator: person(&order.initiator),
            create_time: time::format(order.created_at),
            update_time: time::format(order.updated_at),
            initiator_actions: match order.status {
                Status::Over => Vec::new(),
                Status::New | Status::Ing => order.own.initiator_actions.clone(),
            },
            tasks: tasks
                .into_iter()
                .map(|task| OrderTaskOut {
                    voided: task.own.is_void(),
                    urged_count: task.own.urged,
                    actions: order.actions(task, viewer.as_deref()),
                    why: task.own.why.iter().cloned().map(WhyOut::from).collect(),
                    task_id: task.code.clone(),
                    task_name: task.name.clone(),
                    task_status: task.status.word(),
                    task_result: task.result.word(),
                    node_type: task.node_type.word(),
                    dead_line: task.deadline.map(time::format),
                    handle_time: task.handled_at.map(time::format),
                    show_pc: task.show_pc,
                    show_mobile: task.show_mobile,
                    assignees: task.cards.iter().filter_map(current).collect(),
                })
                .collect(),
            history: history.into_iter().map(|(_, line)| line).collect(),
            copies: order
                .copies
                .iter()
                .map(|(user, card)| CopyOut {
                    user: person(user),
                    cc_time: time::format(card.arrived_at),
                })
                .collect(),
            flow_code: order.flow,
            title: order.title,
            business_key: order.business_key,
            version: order.version,
            parent_order_id: order.parent_number,
            parent_task_order_id: order.parent_task,
        }
    }
}

/// An order with its tasks, history and copies. A person sees only orders that concern them.
#[utoipa::path(params(ShowOrderIn), responses((status = 200, body = OrderOut)), tag = "task centre")]
#[get("/aflow/api/order/detail")]
pub(crate) async fn show_order(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<ShowOrderIn>,
) -> Answer<OrderOut> {
    let request = query.read()?;
    let (app, viewer) = match (&caller.actor, request.user_code) {
        (Actor::Application { app, .. }, named) => (
            request.app_id.or(Some(app.clone())),
            named.map_or(Viewer::Application, |user| Viewer::Named(user.into_string())),
        ),
        (Actor::Person(_), named) => {
            (request.app_id, Viewer::Person(person_of(&caller, named, "userCode")?))
        }
        (Actor::Service(_), _) => (request.app_id, Viewer::Application),
    };
    let wanted = ShowOrder { number: request.order_id, app, source: request.source, viewer };
    let shown =
        detached(
            async move { usecase::show_order::show_order(&ctx, &caller.tenant, wanted).await },
        )
        .await?;
    Ok(Reply(shown.into()))
}

/// The person a request is about: the session's own, or the one an application names.
pub(super) fn person_of(
    caller: &Caller,
    named: Option<UserCode>,
    field: &'static str,
) -> Result<String, ApiError> {
    match (&caller.actor, named) {
        (Actor::Person(user), Some(named)) if named != *user => {
            Err(ApiError::new(Code::NotPermitted, "只能查看和处理本人的数据"))
        }
        (Actor::Person(user), _) => Ok(user.to_string()),
        (Actor::Application { .. } | Actor::Service(_), Some(user)) => Ok(user.into_string()),
        (Actor::Application { .. } | Actor::Service(_), None) => {
            Err(ApiError::bad_fields(vec![FieldError::malformed(field, "不能为空")]))
        }
    }
}
