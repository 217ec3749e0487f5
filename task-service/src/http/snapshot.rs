//! `POST /aflow/api/order/sync/task`: an ERP's order as it stands.

use std::collections::BTreeSet;

use actix_web::post;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::fault::Mistake;
use shared::http::body::Body;
use shared::http::fields::{Fields, Read, TEXT_MAX_CHARS};
use shared::http::reply::{Answer, Reply};
use shared::http::server::detached;
use shared::id::{CODE_MAX_CHARS, FlowCode, UserCode};
use shared::identity::Caller;
use utoipa::ToSchema;

use crate::domain::order::{Absorbed, TaskOutcome, Verdict};
use crate::domain::snapshot::{CopySnapshot, Snapshot, TaskSnapshot};
use crate::domain::status::{
    NodeType, OrderResult, Status, TaskResult, order_pair_fits, task_pair_fits,
};
use crate::usecase;
use crate::usecase::Ctx;

const MAX_TASKS: usize = 300;
const MAX_COPIES: usize = 200;
const MAX_ASSIGNEES: usize = 100;

/// A snapshot of an order. Tasks that are absent stay as they are, unless `syncMode` is `REPLACE`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SyncTaskIn {
    /// Alias `thirdOrderId`; a number or a string of digits.
    order_id: i64,
    /// Alias `thirdFlowCode`; absent = the application's only online flow.
    #[schema(value_type = Option<String>)]
    flow_code: Option<FlowCode>,
    /// What lists call the order (ours); absent = the flow's title and the business key.
    title: Option<String>,
    /// `new`, `ing` (default), `over`.
    #[schema(value_type = Option<String>)]
    order_status: Status,
    /// `ing`, `pass`, `reject`, `revoke`, `delete`.
    #[schema(value_type = String)]
    order_result: OrderResult,
    #[schema(value_type = String)]
    initiator: UserCode,
    version: Option<i64>,
    parent_order_id: Option<i64>,
    parent_task_order_id: Option<String>,
    business_key: String,
    /// `yyyy-MM-dd HH:mm:ss` in Asia/Shanghai, or ISO-8601 with an offset.
    #[schema(value_type = String)]
    create_time: DateTime<Utc>,
    #[schema(value_type = String)]
    update_time: DateTime<Utc>,
    #[schema(value_type = Option<Vec<CopyIn>>)]
    cc_users: Vec<CopyIn>,
    tasks: Vec<TaskIn>,
    /// `MERGE` (default) or `REPLACE` (ours).
    #[schema(value_type = Option<String>)]
    sync_mode: bool,
}

/// Who gets a copy.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct CopyIn {
    #[schema(value_type = String)]
    user_code: UserCode,
    #[schema(value_type = String)]
    cc_time: DateTime<Utc>,
}

impl Read for CopyIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            user_code: fields.code("userCode"),
            cc_time: fields.instant("ccTime").unwrap_or_default(),
        }
    }
}

/// One task.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct TaskIn {
    /// Alias `thirdTaskId`.
    task_id: String,
    task_name: String,
    /// 1 to 100 user codes; the first who handles the task ends it for all.
    assignee_user_code: Vec<String>,
    /// `new`, `ing` (default), `over`.
    #[schema(value_type = Option<String>)]
    task_status: Status,
    /// `new`, `accept`, `pass`, `reject`, `revoke`, `rebut`.
    #[schema(value_type = String)]
    task_result: TaskResult,
    /// Needed while the task is open.
    #[schema(value_type = Option<String>)]
    dead_line: Option<DateTime<Utc>>,
    /// `handle`, `audit` (default), `notify`.
    #[schema(value_type = Option<String>)]
    node_type: NodeType,
    /// Absent on a task that is over = now, with a warning.
    #[schema(value_type = Option<String>)]
    handle_time: Option<DateTime<Utc>>,
    /// Default true.
    #[schema(value_type = Option<bool>)]
    show_pc: bool,
    /// Default true.
    #[schema(value_type = Option<bool>)]
    show_mobile: bool,
}

impl Read for TaskIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let status = fields.optional_choice("taskStatus", Status::WORDS);
        let result = fields.choice("taskResult", TaskResult::WORDS);
        let is_default = !fields.has("taskStatus");
        if let (Some(result), Some(status)) = (result, status.or(is_default.then_some(Status::Ing)))
            && !task_pair_fits(status, result)
        {
            let message =
                format!("taskStatus={} 时 taskResult 不能为 {}", status.word(), result.word());
            fields.refuse("taskResult", Mistake::Malformed, message);
        }
        let codes = fields.parsed_list("assigneeUserCode", 1..=MAX_ASSIGNEES, UserCode::parse);
        let mut seen = BTreeSet::new();
        Self {
            task_id: fields.text("taskId|thirdTaskId", CODE_MAX_CHARS),
            task_name: fields.text("taskName", TEXT_MAX_CHARS),
            assignee_user_code: codes
                .into_iter()
                .map(UserCode::into_string)
                .filter(|code| seen.insert(code.clone()))
                .collect(),
            task_status: status.unwrap_or(Status::Ing),
            task_result: result.unwrap_or(TaskResult::New),
            dead_line: fields.optional_instant("deadLine"),
            node_type: fields
                .optional_choice("nodeType", NodeType::WORDS)
                .unwrap_or(NodeType::Audit),
            handle_time: fields.optional_instant("handleTime"),
            show_pc: fields.optional_flag("showPc").unwrap_or(true),
            show_mobile: fields.optional_flag("showMobile").unwrap_or(true),
        }
    }
}

impl Read for SyncTaskIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let status = fields.optional_choice("orderStatus", Status::WORDS);
        let result = fields.choice("orderResult", OrderResult::OF_ERPS);
        let is_default = !fields.has("orderStatus");
        let standing = status.or(is_default.then_some(Status::Ing));
        if let (Some(result), Some(status)) = (result, standing)
            && !order_pair_fits(status, result)
        {
            let message =
                format!("orderStatus={} 时 orderResult 不能为 {}", status.word(), result.word());
            fields.refuse("orderResult", Mistake::Malformed, message);
        }
        let created = fields.instant("createTime");
        let updated = fields.instant("updateTime");
        if let (Some(created), Some(updated)) = (created, updated)
            && updated < created
        {
            fields.refuse("updateTime", Mistake::Malformed, "不能早于 createTime");
        }
        let tasks: Vec<TaskIn> = fields.list("tasks", MAX_TASKS);
        check_tasks(fields, &tasks, standing == Some(Status::Over));
        Self {
            order_id: fields.long("orderId|thirdOrderId"),
            flow_code: fields.optional_code("flowCode|thirdFlowCode"),
            title: fields.optional_text("title", TEXT_MAX_CHARS),
            order_status: status.unwrap_or(Status::Ing),
            order_result: result.unwrap_or(OrderResult::Ing),
            initiator: fields.code("initiator"),
            version: fields.optional_long("version"),
            parent_order_id: fields.optional_long("parentOrderId"),
            parent_task_order_id: fields.optional_text("parentTaskOrderId", TEXT_MAX_CHARS),
            business_key: fields.text("businessKey", TEXT_MAX_CHARS),
            create_time: created.unwrap_or_default(),
            update_time: updated.unwrap_or_default(),
            cc_users: fields.optional_list("ccUsers", MAX_COPIES),
            tasks,
            sync_mode: fields
                .optional_choice("syncMode", &[("MERGE", false), ("REPLACE", true)])
                .unwrap_or_default(),
        }
    }
}

/// What can only be seen beside the other tasks and the order.
fn check_tasks(fields: &mut Fields<'_>, tasks: &[TaskIn], order_is_over: bool) {
    let mut seen = BTreeSet::new();
    for (index, task) in tasks.iter().enumerate() {
        let is_open = task.task_status != Status::Over && !order_is_over;
        if is_open && task.dead_line.is_none() {
            fields.refuse(
                &format!("tasks[{index}].deadLine"),
                Mistake::Malformed,
                "未完成的任务必须填写",
            );
        }
        if !task.task_id.is_empty() && !seen.insert(&task.task_id) {
            fields.refuse(
                &format!("tasks[{index}].taskId"),
                Mistake::Malformed,
                "与前面的任务重复",
            );
        }
    }
}

impl From<SyncTaskIn> for Snapshot {
    fn from(request: SyncTaskIn) -> Self {
        let copy =
            |copy: CopyIn| CopySnapshot { user: copy.user_code.into_string(), at: copy.cc_time };
        let task = |task: TaskIn| TaskSnapshot {
            code: task.task_id,
            name: task.task_name,
            assignees: task.assignee_user_code,
            status: task.task_status,
            result: task.task_result,
            deadline: task.dead_line,
            node_type: task.node_type,
            handled_at: task.handle_time,
            show_pc: task.show_pc,
            show_mobile: task.show_mobile,
        };
        Snapshot {
            number: request.order_id,
            flow: request.flow_code,
            title: request.title,
            status: request.order_status,
            result: request.order_result,
            initiator: request.initiator.into_string(),
            version: request.version,
            parent_number: request.parent_order_id,
            parent_task: request.parent_task_order_id,
            business_key: request.business_key,
            created_at: request.create_time,
            updated_at: request.update_time,
            copies: request.cc_users.into_iter().map(copy).collect(),
            tasks: request.tasks.into_iter().map(task).collect(),
            replace: request.sync_mode,
        }
    }
}

/// What became of a snapshot.
#[derive(Serialize, ToSchema)]
pub(crate) struct SyncTaskOut {
    /// Always `true`: nothing applied is a success, too.
    success: bool,
    applied: bool,
    /// `STALE` or `UNCHANGED`, where nothing was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    warnings: Vec<String>,
    tasks: Vec<TaskOutcomeOut>,
}

/// What became of one task.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaskOutcomeOut {
    task_id: String,
    /// `created`, `updated`, `unchanged`, `closed`.
    outcome: &'static str,
}

impl From<Absorbed> for SyncTaskOut {
    fn from(absorbed: Absorbed) -> Self {
        let outcome = |(task_id, outcome)| TaskOutcomeOut {
            task_id,
            outcome: match outcome {
                TaskOutcome::Created => "created",
                TaskOutcome::Updated => "updated",
                TaskOutcome::Unchanged => "unchanged",
                TaskOutcome::Closed => "closed",
            },
        };
        let reason = match absorbed.verdict {
            Verdict::Applied => None,
            Verdict::Stale => Some("STALE"),
            Verdict::Unchanged => Some("UNCHANGED"),
        };
        Self {
            success: true,
            applied: reason.is_none(),
            reason,
            warnings: absorbed.warnings,
            tasks: absorbed.outcomes.into_iter().map(outcome).collect(),
        }
    }
}

/// Takes over an ERP's order as it stands (E 4.3). Older snapshots lose; the lists show the change
/// when the answer arrives; whoever has a new task is pushed in DingTalk.
#[utoipa::path(request_body = SyncTaskIn, responses((status = 200, body = SyncTaskOut)), tag = "task centre")]
#[post("/aflow/api/order/sync/task")]
pub(crate) async fn sync_task(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<SyncTaskIn>,
) -> Answer<SyncTaskOut> {
    let app = caller.application()?.clone();
    let request = body.read()?;
    let absorbed = detached(async move {
        usecase::sync_task::sync_task(&ctx, &caller.tenant, &app, request.into()).await
    })
    .await?;
    Ok(Reply(absorbed.into()))
}
