//! What is told of orders of our own engine: flow-service tells what a step made true, and
//! notify-service tells what an ERP answered to a service task.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Entry, Event};

/// One step moved an order: everything that became true in one commit.
///
/// One event per step, not per task: a consumer sees the change as the unit that it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderAdvanced {
    /// The enterprise's code.
    pub tenant: String,
    /// The application that owns the flow.
    pub app: String,
    /// The order's number, unique over the whole engine.
    pub order_id: i64,
    /// The order that called this one; absent for one that was started.
    pub parent_order_id: Option<i64>,
    /// The ERP's reference; empty where the starter gave none.
    pub business_key: String,
    /// The flow.
    pub flow_code: String,
    /// The version it runs on.
    pub flow_version: i32,
    /// What the order is called in lists.
    pub title: String,
    /// Its running number.
    pub running_number: String,
    /// Who started it; empty where nobody did.
    pub initiator: String,
    /// Rises by one with every step of the order, from 1.
    pub seq: i64,
    /// When the step was made, RFC 3339.
    pub at: String,
    /// Present in the step that started the order.
    pub started: Option<Place>,
    /// Tasks that wait for people now.
    pub opened: Vec<OpenedWork>,
    /// Tasks that wait no longer.
    pub closed: Vec<ClosedWork>,
    /// Calls that service tasks want made.
    pub calls: Vec<ServiceCall>,
    /// Calls that are no longer wanted, by `callId`.
    pub dropped_calls: Vec<String>,
    /// Present in the step that ended the order; nothing follows it.
    pub finished: Option<OrderFinished>,
    /// Form values after the step; absent unless the order started or finished in it.
    pub form_data: Option<Value>,
    /// Variables after the step; absent unless the order started or finished in it.
    pub variables: Option<Value>,
}

/// An element of the drawing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The element's id in the drawing.
    pub activity_id: String,
    /// Its name; the id where it has none.
    pub activity_name: String,
}

/// A task of a person that waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenedWork {
    /// The task's id, unique over the whole engine.
    pub task_id: String,
    /// The element it comes from.
    pub place: Place,
    /// For whom it waits, by user code; the first who handles it ends it for all.
    pub assignees: Vec<String>,
    /// When it should be done, RFC 3339.
    pub due_at: Option<String>,
}

/// A task that waits no longer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClosedWork {
    /// The task's id.
    pub task_id: String,
    /// The element it comes from.
    pub place: Place,
    /// `pass`, `reject`, or `revoke` where the flow took it away.
    pub result: String,
    /// Who handled it; absent where the flow took it away.
    pub handler: Option<String>,
    /// What they said.
    pub comment: Option<String>,
    /// The form values they sent with it.
    pub form_data: Option<Value>,
}

/// A call that a service task wants made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceCall {
    /// Names the call in the answer; unique over the whole engine.
    pub call_id: String,
    /// The service task.
    pub place: Place,
    /// A path below the application's ERP endpoint, such as `/odoo/api/order/approved`.
    pub address: String,
    /// What to send.
    pub body: Value,
}

/// How an order ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderFinished {
    /// `pass`, `reject`, `revoke` (recalled, discarded) or `fail` (an error nobody caught).
    pub result: String,
    /// The end event, or the task acted on last.
    pub place: Place,
    /// The task acted on last; absent where there was none.
    pub task_id: Option<String>,
    /// Who acted last; absent where nobody did.
    pub handler: Option<String>,
    /// Why, where somebody said so.
    pub reason: Option<String>,
}

impl Event for OrderAdvanced {
    const TOPIC: &'static str = "order.advanced";

    fn key(&self) -> String {
        format!("{}/order/{}", self.tenant, self.order_id)
    }
}

/// An ERP answered the call of a service task, or never will.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAnswered {
    /// The enterprise's code.
    pub tenant: String,
    /// The order.
    pub order_id: i64,
    /// Which call.
    pub call_id: String,
    /// `answered` (2xx and status 0), `refused` (status -4001 or -4002) or `failed` (given up).
    pub outcome: String,
    /// The answer's JSON; null where there was none.
    pub answer: Value,
    /// Why it was refused or failed; empty for `answered`.
    pub reason: String,
}

impl Event for ServiceAnswered {
    const TOPIC: &'static str = "service.answered";

    fn key(&self) -> String {
        format!("{}/order/{}", self.tenant, self.order_id)
    }
}

/// A person decides a task of our own engine: task-service asks flow-service, which answers
/// with the facts ([`OrderAdvanced`]) that became true, of this order and of others.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CompleteTask {
    /// Which.
    pub task_id: String,
    /// Who.
    pub user_code: String,
    /// `pass` or `reject`.
    pub action: String,
    /// What they say.
    pub comment: Option<String>,
    /// Form values they change.
    pub form_data: Option<Value>,
    /// Variables they set.
    pub variables: Option<Value>,
    /// Ends the task with this BPMN error instead.
    pub bpmn_error_code: Option<String>,
}

pub(super) fn entries() -> Vec<Entry> {
    let place = |id: &str, name: &str| Place { activity_id: id.into(), activity_name: name.into() };
    let advanced = OrderAdvanced {
        tenant: "COMPANY001".into(),
        app: "APP001".into(),
        order_id: 1_000_001,
        parent_order_id: None,
        business_key: "SO20250124001".into(),
        flow_code: "SALES_APPROVAL".into(),
        flow_version: 1,
        title: "销售订单审批 SO20250124001".into(),
        running_number: "SALES_APPROVAL_202501_0001".into(),
        initiator: "USER001".into(),
        seq: 1,
        at: "2025-01-24T07:30:00+00:00".into(),
        started: Some(place("start", "开始")),
        opened: vec![OpenedWork {
            task_id: "1000001-2".into(),
            place: place("approve", "部门经理审批"),
            assignees: vec!["USER002".into()],
            due_at: Some("2025-01-25T10:00:00+00:00".into()),
        }],
        closed: vec![ClosedWork {
            task_id: "1000001-1".into(),
            place: place("fill", "填写"),
            result: "pass".into(),
            handler: Some("USER001".into()),
            comment: Some("请审批".into()),
            form_data: Some(json!({ "amount": 10000 })),
        }],
        calls: vec![ServiceCall {
            call_id: "1000001-3".into(),
            place: place("tell", "通知ERP"),
            address: "/odoo/api/order/approved".into(),
            body: json!({ "amount": 10000 }),
        }],
        dropped_calls: vec!["1000001-0".into()],
        finished: Some(OrderFinished {
            result: "pass".into(),
            place: place("end", "结束"),
            task_id: Some("1000001-1".into()),
            handler: Some("USER001".into()),
            reason: None,
        }),
        form_data: Some(json!({ "amount": 10000, "customerName": "客户名称" })),
        variables: Some(json!({ "amount": 10000 })),
    };
    let answered = ServiceAnswered {
        tenant: "COMPANY001".into(),
        order_id: 1_000_001,
        call_id: "1000001-3".into(),
        outcome: "answered".into(),
        answer: json!({ "status": 0, "msg": "success", "data": { "success": true } }),
        reason: String::new(),
    };
    vec![
        Entry {
            topic: OrderAdvanced::TOPIC,
            publisher: "flow-service",
            consumers: "task-service, notify-service",
            meaning: "A step moved an order of our own engine.",
            example: serde_json::to_value(advanced).unwrap_or_default(),
        },
        Entry {
            topic: ServiceAnswered::TOPIC,
            publisher: "notify-service",
            consumers: "flow-service",
            meaning: "An ERP answered the call of a service task, or never will.",
            example: serde_json::to_value(answered).unwrap_or_default(),
        },
    ]
}
