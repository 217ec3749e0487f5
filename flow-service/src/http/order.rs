//! `/aflow/api/order/*`, `flow/message` and `flow/signal`: orders of our own engine.

use std::collections::{BTreeMap, HashMap};

use actix_web::web::Data;
use actix_web::{get, post, put};
use flow_engine::value::{Value, Variables};
use serde::Serialize;
use serde_json::{Map, Value as Any};
use shared::code::Code;
use shared::fault::Mistake;
use shared::http::body::{Body, Query};
use shared::http::fields::{Fields, Read, TEXT_MAX_CHARS};
use shared::http::json::Json;
use shared::http::reply::{Answer, ApiError, Done, Reply};
use shared::http::server::detached;
use shared::id::{FlowCode, UserCode, check_code};
use shared::identity::{Actor, Caller};
use shared::time;
use utoipa::{IntoParams, ToSchema};

use crate::domain::form::BUILT_IN;
use crate::domain::order::wire_id;
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::cancel_order::CancelOrder;
use crate::usecase::list_open_tasks::{TaskHead, Which};
use crate::usecase::send_message::SendMessage;
use crate::usecase::show_history::{Head, HistoryLine, OperationLine, Stuck};
use crate::usecase::start_order::StartOrder;

/// Variables of one request at most.
const MOST_VARIABLES: usize = 500;

/// People chosen for one task at most.
const MOST_CHOSEN: usize = 100;

/// The longest comment or reason, in characters.
pub(super) const COMMENT_MAX_CHARS: usize = 4_000;

/// Lines of a history that are shown unless asked for otherwise.
const HISTORY_LINES: i32 = 10_000;

/// An object whose members are variables; what the house gives an order cannot be set.
pub(super) fn read_variables(fields: &mut Fields<'_>, name: &'static str) -> Variables {
    let members = match fields.raw(name) {
        None | Some(Json::Null) => return Variables::new(),
        Some(Json::Object(members)) => members.clone(),
        Some(_) => {
            fields.refuse(name, Mistake::Malformed, "应为 JSON 对象");
            return Variables::new();
        }
    };
    if members.len() > MOST_VARIABLES {
        fields.refuse(name, Mistake::Malformed, format!("最多 {MOST_VARIABLES} 项"));
        return Variables::new();
    }
    let mut variables = Variables::new();
    for (key, value) in &members {
        match check_code(key) {
            Err(refusal) => {
                fields.refuse(name, Mistake::Malformed, format!("变量名 {key:?} {refusal}"))
            }
            Ok(()) if BUILT_IN.contains(&key.as_str()) => {
                let place = format!("{name}.{key}");
                fields.refuse(&place, Mistake::Malformed, "是系统变量，不能设置");
            }
            Ok(()) if holds_nul(value) => {
                let place = format!("{name}.{key}");
                fields.refuse(&place, Mistake::Character, "含有控制字符或非法字符");
            }
            Ok(()) => {
                variables.insert(key.clone(), Value::from_json(&Any::from(value)));
            }
        }
    }
    variables
}

/// PostgreSQL keeps no U+0000.
fn holds_nul(json: &Json) -> bool {
    match json {
        Json::Text(text) => text.contains('\0'),
        Json::Array(items) => items.iter().any(holds_nul),
        Json::Object(members) => {
            members.iter().any(|(name, value)| name.contains('\0') || holds_nul(value))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// The values of a form as they were sent; the form of the flow judges them.
fn read_form_data(fields: &mut Fields<'_>) -> Map<String, Any> {
    match fields.raw("formData") {
        None | Some(Json::Null) => Map::new(),
        Some(Json::Object(members)) => {
            members.iter().map(|(name, value)| (name.clone(), Any::from(value))).collect()
        }
        Some(_) => {
            fields.refuse("formData", Mistake::Malformed, "应为 JSON 对象");
            Map::new()
        }
    }
}

/// Who looks: an application sees all of its enterprise, a person what concerns them.
pub(super) fn viewer_of(caller: &Caller) -> Option<UserCode> {
    match &caller.actor {
        Actor::Person(user) => Some(user.clone()),
        Actor::Application { .. } | Actor::Service(_) => None,
    }
}

/// A person names nobody but themselves.
pub(super) fn acting(
    caller: &Caller,
    named: Option<UserCode>,
    field: &str,
) -> Result<UserCode, ApiError> {
    let own = viewer_of(caller);
    match (own, named) {
        (Some(own), Some(named)) if own != named => {
            Err(ApiError::new(Code::NotPermitted, format!("{field} 只能是本人")))
        }
        (Some(own), _) => Ok(own),
        (None, Some(named)) => Ok(named),
        (None, None) => {
            Err(ApiError::bad_fields(vec![shared::fault::FieldError::malformed(field, "不能为空")]))
        }
    }
}

/// An order to start.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct StartOrderIn {
    #[schema(value_type = String)]
    flow_code: FlowCode,
    /// Which process of the drawing; absent = the first that can be executed.
    process_id: Option<String>,
    /// Who starts it; a person only themselves.
    #[schema(value_type = String)]
    initiator: Option<UserCode>,
    /// The ERP's reference. The same start again gives the same order while that runs.
    business_key: Option<String>,
    /// Absent = the flow's name and the business key.
    title: Option<String>,
    /// The values of the flow's form, by component name; names that no component has are ignored.
    #[schema(value_type = Option<Object>)]
    form_data: Map<String, Any>,
    /// Only by an application.
    #[schema(value_type = Option<Object>)]
    variables: Variables,
    /// Whom the starter chooses for tasks that leave it to them: user codes by the task's id.
    #[schema(value_type = Option<Object>)]
    chosen_people: BTreeMap<String, Vec<String>>,
}

impl Read for StartOrderIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            flow_code: fields.code("flowCode"),
            process_id: fields.optional_text("processId", TEXT_MAX_CHARS),
            initiator: fields.optional_code("initiator"),
            business_key: fields.optional_text("businessKey", TEXT_MAX_CHARS),
            title: fields.optional_text("title", TEXT_MAX_CHARS),
            form_data: read_form_data(fields),
            variables: read_variables(fields, "variables"),
            chosen_people: read_chosen(fields, "chosenPeople"),
        }
    }
}

/// User codes by the id of a task.
fn read_chosen(fields: &mut Fields<'_>, name: &'static str) -> BTreeMap<String, Vec<String>> {
    let members = match fields.raw(name) {
        None | Some(Json::Null) => return BTreeMap::new(),
        Some(Json::Object(members)) => members.clone(),
        Some(_) => {
            fields.refuse(name, Mistake::Malformed, "应为 JSON 对象");
            return BTreeMap::new();
        }
    };
    let mut chosen = BTreeMap::new();
    for (node, value) in &members {
        let place = format!("{name}.{node}");
        let Json::Array(items) = value else {
            fields.refuse(&place, Mistake::Malformed, "应为用户编码的数组");
            continue;
        };
        let codes: Vec<String> = items
            .iter()
            .filter_map(|item| match item {
                Json::Text(code) if check_code(code).is_ok() => Some(code.clone()),
                _ => None,
            })
            .collect();
        if codes.len() != items.len() || codes.is_empty() || codes.len() > MOST_CHOSEN {
            let sentence = format!("应为 1 到 {MOST_CHOSEN} 个用户编码");
            fields.refuse(&place, Mistake::Malformed, sentence);
        }
        chosen.insert(node.clone(), codes);
    }
    chosen
}

/// An order that runs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartedOut {
    order_id: i64,
    /// `{flowCode}_{yyyyMM}_{seq}`
    running_number: String,
}

/// Starts an order of a flow that is online.
#[utoipa::path(request_body = StartOrderIn, responses((status = 200, body = StartedOut)), tag = "orders")]
#[post("/aflow/api/order/start")]
pub(crate) async fn start_order(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<StartOrderIn>,
) -> Answer<StartedOut> {
    let request = body.read()?;
    if viewer_of(&caller).is_some() && !request.variables.is_empty() {
        // Conditions trust variables; what a person may say is what the form asks.
        return Err(ApiError::new(Code::NotPermitted, "variables 仅供应用设置，请使用 formData"));
    }
    let wanted = StartOrder {
        flow: request.flow_code,
        process: request.process_id,
        initiator: acting(&caller, request.initiator, "initiator")?,
        business_key: request.business_key.unwrap_or_default(),
        title: request.title,
        form_data: request.form_data,
        variables: request.variables,
        chosen: request.chosen_people,
    };
    let (order_id, running_number) =
        detached(
            async move { usecase::start_order::start_order(&ctx, &caller.tenant, wanted).await },
        )
        .await?;
    Ok(Reply(StartedOut { order_id, running_number }))
}

/// An order to cancel.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct CancelOrderIn {
    order_id: i64,
    /// Who cancels it; a person only themselves, and only what they started.
    #[schema(value_type = String)]
    user_code: Option<UserCode>,
    reason: String,
}

impl Read for CancelOrderIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let reason = fields.optional_lines("reason", COMMENT_MAX_CHARS);
        if reason.is_none() && !fields.is_noted("reason") {
            fields.refuse("reason", Mistake::Malformed, "不能为空");
        }
        Self {
            order_id: fields.long("orderId"),
            user_code: fields.optional_code("userCode"),
            reason: reason.unwrap_or_default(),
        }
    }
}

/// Ends an order as cancelled; its history stays. Cancelling it again is a success.
#[utoipa::path(request_body = CancelOrderIn, responses((status = 200, body = Done)), tag = "orders")]
#[post("/aflow/api/order/cancel")]
pub(crate) async fn cancel_order(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<CancelOrderIn>,
) -> Answer<Done> {
    let request = body.read()?;
    let user = acting(&caller, request.user_code, "userCode")?;
    let only_own = viewer_of(&caller).is_some();
    let wanted = CancelOrder { order: request.order_id, user, reason: request.reason };
    detached(async move {
        usecase::cancel_order::cancel_order(&ctx, &caller.tenant, wanted, only_own).await
    })
    .await?;
    Ok(Reply(Done::new()))
}

/// Which orders to look at: one, or all of a process (the newest 1,000; not for a person).
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct WhichOrdersIn {
    order_id: Option<i64>,
    process_id: Option<String>,
    /// Of a history: only what came after this line; default 0.
    after_seq: Option<i64>,
    /// Of a history: about so many lines, at most 10,000.
    size: Option<i32>,
}

impl Read for WhichOrdersIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let request = Self {
            order_id: fields.optional_long("orderId"),
            process_id: fields.optional_text("processId", TEXT_MAX_CHARS),
            after_seq: fields.optional_long("afterSeq"),
            size: fields.optional_int("size", 1..=HISTORY_LINES),
        };
        let has_process = request.process_id.is_some() || fields.is_noted("processId");
        if request.order_id.is_none() && !has_process && !fields.is_noted("orderId") {
            fields.refuse("orderId", Mistake::Malformed, "请填写 orderId 或 processId");
        }
        request
    }
}

fn which(caller: &Caller, request: &WhichOrdersIn) -> Result<Which, ApiError> {
    match (request.order_id, &request.process_id) {
        (Some(order), _) => Ok(Which::Order(order)),
        (None, Some(_)) if viewer_of(caller).is_some() => {
            Err(ApiError::new(Code::NotPermitted, "请用 orderId 查询"))
        }
        (None, process) => Ok(Which::Process(process.clone().unwrap_or_default())),
    }
}

/// An open task.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OpenTaskOut {
    task_id: String,
    order_id: i64,
    /// The order that was started; the same unless this one was called.
    root_order_id: i64,
    activity_id: String,
    activity_name: String,
    /// `userTask`, or `receiveTask`, which waits for a message.
    activity_type: &'static str,
    /// Rises in the order in which tasks open, over the whole engine.
    created_seq: i64,
    /// Empty where nobody was found yet; the incident says why.
    assignees: Vec<String>,
    dead_line: Option<String>,
}

impl From<TaskHead> for OpenTaskOut {
    fn from(task: TaskHead) -> Self {
        Self {
            task_id: wire_id(task.order, task.wait, task.row),
            order_id: task.order,
            root_order_id: task.root,
            activity_id: task.node,
            activity_name: task.name,
            activity_type: if task.is_for_people { "userTask" } else { "receiveTask" },
            created_seq: task.created_seq,
            assignees: task.assignees,
            dead_line: task.due.map(time::format),
        }
    }
}

/// The open tasks of an order and of everything that it called, oldest first; at most 1,000.
#[utoipa::path(params(WhichOrdersIn), responses((status = 200, body = Vec<OpenTaskOut>)), tag = "orders")]
#[get("/aflow/api/order/tasks")]
pub(crate) async fn list_open_tasks(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<WhichOrdersIn>,
) -> Answer<Vec<OpenTaskOut>> {
    let request = query.read()?;
    let which = which(&caller, &request)?;
    let viewer = viewer_of(&caller);
    let tasks = detached(async move {
        usecase::list_open_tasks::list_open_tasks(&ctx, &caller.tenant, viewer.as_ref(), which)
            .await
    })
    .await?;
    Ok(Reply(tasks.into_iter().map(OpenTaskOut::from).collect()))
}

/// Which order.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct WhichOrderIn {
    order_id: i64,
}

impl Read for WhichOrderIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { order_id: fields.long("orderId") }
    }
}

/// Variables by name.
#[derive(Serialize, ToSchema)]
pub(crate) struct VariablesOut {
    #[schema(value_type = Object)]
    variables: Map<String, Any>,
}

/// The variables of an order as they are now, or as it ended with them. Of a called order those of
/// the order that was started.
#[utoipa::path(params(WhichOrderIn), responses((status = 200, body = VariablesOut)), tag = "orders")]
#[get("/aflow/api/order/variables")]
pub(crate) async fn show_variables(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<WhichOrderIn>,
) -> Answer<VariablesOut> {
    let order = query.read()?.order_id;
    let viewer = viewer_of(&caller);
    let variables = detached(async move {
        usecase::show_variables::show_variables(&ctx, &caller.tenant, viewer.as_ref(), order).await
    })
    .await?;
    Ok(Reply(VariablesOut { variables }))
}

/// Variables to set.
#[derive(ToSchema)]
pub(crate) struct SetVariablesIn {
    #[schema(value_type = Object)]
    variables: Variables,
}

impl Read for SetVariablesIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        if !fields.has("variables") {
            fields.refuse("variables", Mistake::Malformed, "不能为空");
        }
        Self { variables: read_variables(fields, "variables") }
    }
}

/// Sets variables of a running order; conditions look again.
#[utoipa::path(params(WhichOrderIn), request_body = SetVariablesIn, responses((status = 200, body = Done)), tag = "orders")]
#[put("/aflow/api/order/variables")]
pub(crate) async fn set_variables(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<WhichOrderIn>,
    body: Body<SetVariablesIn>,
) -> Answer<Done> {
    caller.application()?;
    let order = query.read()?.order_id;
    let variables = body.read()?.variables;
    detached(async move {
        usecase::set_variables::set_variables(&ctx, &caller.tenant, order, variables).await
    })
    .await?;
    Ok(Reply(Done::new()))
}

/// What happened, and how it stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct HistoryOut {
    /// In the order in which it happened.
    records: Vec<RecordOut>,
    /// What people did, and what rules of the flow did in their place, in the same order.
    operations: Vec<OperationOut>,
    /// The orders with everything that they called.
    orders: Vec<OrderOut>,
    /// What is stuck, and why.
    incidents: Vec<IncidentOut>,
}

/// One thing that happened to one element.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordOut {
    /// Strictly rising over the whole engine.
    seq: i64,
    order_id: i64,
    root_order_id: i64,
    parent_order_id: Option<i64>,
    process_id: String,
    activity_id: String,
    activity_name: String,
    activity_type: String,
    /// `started`, `completed`, `cancelled` or `failed`.
    event: String,
    /// Which iteration of a repeated activity, from 0.
    loop_index: Option<u32>,
    at: String,
}

/// One thing that somebody did.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OperationOut {
    /// Rises with the records': greater than those of the step that it made.
    seq: i64,
    order_id: i64,
    /// Absent where the order as a whole was meant.
    task_id: Option<String>,
    activity_id: String,
    activity_name: String,
    /// `pass`, `reject`, `rebut`, or what was done beside deciding: `transfer`, `add_sign_before` and
    /// so on.
    action: String,
    /// Empty = the house itself, by a rule of the flow.
    user_code: String,
    /// For whom they stood in.
    on_behalf_of: Option<String>,
    comment: Option<String>,
    /// To whom, or whom it was about.
    people: Vec<String>,
    attachments: Vec<AttachmentOut>,
    /// Of an urge: which one it is.
    count: Option<i32>,
    at: String,
}

/// A reference to a file.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttachmentOut {
    name: String,
    url: String,
}

impl From<OperationLine> for OperationOut {
    fn from(line: OperationLine) -> Self {
        let OperationLine { seq, order, at, operation } = line;
        let attachments = operation.attachments.into_iter();
        Self {
            seq,
            order_id: order,
            task_id: operation.task_id,
            activity_id: operation.activity_id,
            activity_name: operation.activity_name,
            action: operation.action,
            user_code: operation.user_code,
            on_behalf_of: operation.on_behalf_of,
            comment: operation.comment,
            people: operation.people,
            attachments: attachments.map(|(name, url)| AttachmentOut { name, url }).collect(),
            count: operation.count,
            at: time::format(at),
        }
    }
}

/// An order, or one that it called.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderOut {
    order_id: i64,
    root_order_id: i64,
    parent_order_id: Option<i64>,
    process_id: String,
    flow_code: String,
    flow_version: i32,
    business_key: String,
    title: String,
    running_number: String,
    initiator: String,
    /// `running`, `completed`, `failed` or `cancelled`. An order with a stuck element is `failed`
    /// until a retry moves it; `endedAt` is absent then.
    state: &'static str,
    /// `pass`, `reject`, `revoke` or `fail`, once it has ended.
    result: Option<String>,
    end_activity_id: Option<String>,
    started_at: String,
    ended_at: Option<String>,
}

impl From<&Head> for OrderOut {
    fn from(head: &Head) -> Self {
        Self {
            order_id: head.id,
            root_order_id: head.root,
            parent_order_id: head.parent,
            process_id: head.process.clone(),
            flow_code: head.flow.clone(),
            flow_version: head.flow_version,
            business_key: head.business_key.clone(),
            title: head.title.clone(),
            running_number: head.running_number.clone(),
            initiator: head.initiator.clone(),
            state: head.state.word(),
            result: head.result.clone(),
            end_activity_id: head.end_activity.clone(),
            started_at: time::format(head.started_at),
            ended_at: head.ended_at.map(time::format),
        }
    }
}

/// Something is stuck until somebody retries it, or what it waits for comes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IncidentOut {
    /// What it is retried by.
    pub(super) incident_id: String,
    pub(super) order_id: i64,
    pub(super) root_order_id: i64,
    /// `element`: the element could not be done. `people`: a task does not find all of its people.
    pub(super) kind: String,
    pub(super) activity_id: String,
    pub(super) activity_name: String,
    pub(super) reason: String,
    pub(super) at: String,
}

impl From<Stuck> for IncidentOut {
    fn from(stuck: Stuck) -> Self {
        Self {
            incident_id: wire_id(stuck.order, stuck.wait, 1),
            order_id: stuck.order,
            root_order_id: stuck.root,
            kind: stuck.kind,
            activity_id: stuck.node,
            activity_name: stuck.name,
            reason: stuck.reason,
            at: time::format(stuck.at),
        }
    }
}

fn record(line: HistoryLine, orders: &HashMap<i64, &Head>) -> Option<RecordOut> {
    let head = orders.get(&line.order)?;
    Some(RecordOut {
        seq: line.seq,
        order_id: line.order,
        root_order_id: head.root,
        parent_order_id: head.parent,
        process_id: head.process.clone(),
        activity_id: line.node,
        activity_name: line.name,
        activity_type: line.kind,
        event: line.event,
        loop_index: line.loop_index,
        at: time::format(line.at),
    })
}

/// What happened to an order and to everything that it called, and how each stands.
#[utoipa::path(params(WhichOrdersIn), responses((status = 200, body = HistoryOut)), tag = "orders")]
#[get("/aflow/api/order/history")]
pub(crate) async fn show_history(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<WhichOrdersIn>,
) -> Answer<HistoryOut> {
    let request = query.read()?;
    let which = which(&caller, &request)?;
    let viewer = viewer_of(&caller);
    let after = request.after_seq.unwrap_or_default();
    let most = usize::try_from(request.size.unwrap_or(HISTORY_LINES)).unwrap_or_default();
    let history = detached(async move {
        let viewer = viewer.as_ref();
        usecase::show_history::show_history(&ctx, &caller.tenant, viewer, which, after, most).await
    })
    .await?;
    let by_id: HashMap<i64, &Head> = history.orders.iter().map(|head| (head.id, head)).collect();
    let lines = history.lines.into_iter();
    Ok(Reply(HistoryOut {
        records: lines.filter_map(|line| record(line, &by_id)).collect(),
        operations: history.operations.into_iter().map(OperationOut::from).collect(),
        orders: history.orders.iter().map(OrderOut::from).collect(),
        incidents: history.stuck.into_iter().map(IncidentOut::from).collect(),
    }))
}

/// A message.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SendMessageIn {
    name: String,
    /// Only this order, or what it called, gets it.
    order_id: Option<i64>,
    /// Only an order with this reference gets it; a flow that it starts gets the reference.
    business_key: Option<String>,
    #[schema(value_type = Option<Object>)]
    variables: Variables,
}

impl Read for SendMessageIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            name: fields.text("name", TEXT_MAX_CHARS),
            order_id: fields.optional_long("orderId"),
            business_key: fields.optional_text("businessKey", TEXT_MAX_CHARS),
            variables: read_variables(fields, "variables"),
        }
    }
}

/// How many got it.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveredOut {
    delivered: usize,
}

/// Sends a message to the one who waits longest for it, or starts the flow that begins with it.
#[utoipa::path(request_body = SendMessageIn, responses((status = 200, body = DeliveredOut)), tag = "orders")]
#[post("/aflow/api/flow/message")]
pub(crate) async fn send_message(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<SendMessageIn>,
) -> Answer<DeliveredOut> {
    caller.application()?;
    let request = body.read()?;
    let wanted = SendMessage {
        name: request.name,
        order: request.order_id,
        business_key: request.business_key,
        variables: request.variables,
    };
    let delivered =
        detached(
            async move { usecase::send_message::send_message(&ctx, &caller.tenant, wanted).await },
        )
        .await?;
    Ok(Reply(DeliveredOut { delivered }))
}

/// A signal.
#[derive(ToSchema)]
pub(crate) struct SendSignalIn {
    name: String,
    #[schema(value_type = Option<Object>)]
    variables: Variables,
}

impl Read for SendSignalIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            name: fields.text("name", TEXT_MAX_CHARS),
            variables: read_variables(fields, "variables"),
        }
    }
}

/// Sends a signal to every order that waits for it and every flow that begins with it.
#[utoipa::path(request_body = SendSignalIn, responses((status = 200, body = DeliveredOut)), tag = "orders")]
#[post("/aflow/api/flow/signal")]
pub(crate) async fn send_signal(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<SendSignalIn>,
) -> Answer<DeliveredOut> {
    caller.application()?;
    let request = body.read()?;
    let delivered = detached(async move {
        let (tenant, name) = (&caller.tenant, &request.name);
        usecase::send_signal::send_signal(&ctx, tenant, name, request.variables).await
    })
    .await?;
    Ok(Reply(DeliveredOut { delivered }))
}
