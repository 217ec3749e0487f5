//! What task-service tells: tasks of one order opened for people, or closed.

use serde::{Deserialize, Serialize};

use super::{Entry, Event};

/// One write changed which tasks of an order wait for whom.
///
/// One event per write, not per task: title and initiator are said once, and a consumer sees the
/// change as the unit that it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TasksChanged {
    /// The enterprise's code.
    pub tenant: String,
    /// The application the order belongs to.
    pub app: String,
    /// The order's number in the ERP.
    pub order_id: i64,
    /// What the order is called in lists.
    pub title: String,
    /// Who started the order.
    pub initiator: String,
    /// The business key of the order.
    pub business_key: String,
    /// Rises with every change of the order.
    pub seq: i64,
    /// Tasks that wait for someone who has not been told yet.
    pub opened: Vec<OpenedTask>,
    /// Tasks, or people of a task, that wait no longer.
    pub closed: Vec<ClosedTask>,
}

/// A task that waits, and for whom it is new.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenedTask {
    /// The task's id in the ERP.
    pub task_id: String,
    /// The task's name.
    pub name: String,
    /// `handle`, `audit` or `notify`.
    pub node_type: String,
    /// When it should be done, RFC 3339.
    pub due_at: Option<String>,
    /// The people for whom it is new, each with their link.
    pub assignees: Vec<Assignee>,
}

/// A person and where the task opens for them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assignee {
    /// The person.
    pub user_code: String,
    /// The page on a PC.
    pub web_url: String,
    /// The page on a phone.
    pub h5_url: String,
}

/// A task that waits no longer for these people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClosedTask {
    /// The task's id in the ERP.
    pub task_id: String,
    /// The people for whom it ended.
    pub users: Vec<String>,
}

impl Event for TasksChanged {
    const TOPIC: &'static str = "task.changed";

    fn key(&self) -> String {
        format!("{}/{}/{}", self.tenant, self.app, self.order_id)
    }
}

pub(super) fn entry() -> Entry {
    let assignee = Assignee {
        user_code: "USER002".into(),
        web_url: "https://odoo.example.com/web/sales/detail?orderId=123456".into(),
        h5_url: "https://odoo.example.com/h5/sales/detail?orderId=123456".into(),
    };
    let opened = OpenedTask {
        task_id: "TASK001".into(),
        name: "部门经理审批".into(),
        node_type: "audit".into(),
        due_at: Some("2025-01-25T10:00:00+00:00".into()),
        assignees: vec![assignee],
    };
    let example = TasksChanged {
        tenant: "COMPANY001".into(),
        app: "APP001".into(),
        order_id: 123_456,
        title: "销售订单审批流程".into(),
        initiator: "USER001".into(),
        business_key: "SALES_ORDER_20250124001".into(),
        seq: 1,
        opened: vec![opened],
        closed: vec![ClosedTask { task_id: "TASK000".into(), users: vec!["USER001".into()] }],
    };
    Entry {
        topic: TasksChanged::TOPIC,
        publisher: "task-service",
        consumers: "notify-service",
        meaning: "A write changed which tasks of an order wait for whom.",
        example: serde_json::to_value(example).unwrap_or_default(),
    }
}
