//! What is told of orders of our own engine: flow-service tells what a step made true, and
//! notify-service tells what an ERP answered to a service task.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Entry, Event};

/// One step moved an order: everything that became true in one commit.
///
/// One event per step, not per task: a consumer sees the change as the unit that it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// What the flow is called; empty in facts of older releases.
    #[serde(default)]
    pub flow_name: String,
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
    /// What people did with tasks beside deciding them, in order; a line of the history each.
    #[serde(default)]
    pub operations: Vec<Operated>,
    /// People who are informed.
    #[serde(default)]
    pub copies: Vec<CopiedTo>,
    /// Tasks decided earlier whose decision counts no longer, because the order went back.
    #[serde(default)]
    pub voided: Vec<String>,
    /// Who may take a decision back as things stand after the step; says all of it, each time.
    #[serde(default)]
    pub take_back: Vec<TakeBack>,
    /// What the initiator may do as things stand after the step: of `recall`, `urge`.
    #[serde(default)]
    pub initiator_actions: Vec<String>,
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The element's id in the drawing.
    pub activity_id: String,
    /// Its name; the id where it has none.
    pub activity_name: String,
}

/// A task of a person that waits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// What its assignees may do with it, in the words of [`Operation`]; empty in facts of older
    /// releases, which offered `pass`, `reject` and `accept`.
    #[serde(default)]
    pub actions: Vec<String>,
    /// Why it is for these people: the rule and the chain that chose each.
    #[serde(default)]
    pub why: Vec<Why>,
}

/// Why a task is for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// Who.
    pub user_code: String,
    /// For whom they stand in: an absent person whose agent they are.
    pub on_behalf_of: Option<String>,
    /// The rule in one Chinese sentence, such as `发起人的第1级部门主管`.
    pub rule: String,
    /// Each step from the rule to the person, in Chinese.
    pub chain: Vec<String>,
}

/// A reference to a file that the house does not keep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// What to show.
    pub name: String,
    /// Where it is: an absolute http(s) address.
    pub url: String,
}

/// What somebody did with a task beside deciding it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operated {
    /// The task; absent where the order as a whole was meant.
    pub task_id: Option<String>,
    /// The element; of the whole order the place acted on last.
    pub place: Place,
    /// `transfer`, `delegate`, `delegate_return`, `add_sign_before`, `add_sign_after`,
    /// `add_sign_beside`, `remove_sign`, `claim`, `release`, `recall`, `take_back`, `copy`, `urge`,
    /// `comment`, `agent`, `handover`, `timeout_remind`, `timeout_transfer`, `skip`, `resubmit`.
    pub action: String,
    /// Who; empty = the house itself, by a rule of the flow.
    pub user_code: String,
    /// For whom they stood in.
    pub on_behalf_of: Option<String>,
    /// What they said.
    pub comment: Option<String>,
    /// To whom or whom it was about.
    pub people: Vec<String>,
    /// References to files.
    pub attachments: Vec<Attachment>,
    /// For an urge: which one it is of this task, from 1.
    pub count: Option<i32>,
    /// For an urge and a reminder: since when the task has waited, RFC 3339.
    #[serde(default)]
    pub waiting_since: Option<String>,
}

/// People who are informed of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CopiedTo {
    /// Who.
    pub people: Vec<String>,
    /// Who wanted it; absent = the flow.
    pub by: Option<String>,
    /// What they said.
    pub comment: Option<String>,
}

/// A person may take a decision back, because nobody has acted on it yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TakeBack {
    /// The task they decided.
    pub task_id: String,
    /// Who.
    pub user_code: String,
}

/// A task that waits no longer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClosedWork {
    /// The task's id.
    pub task_id: String,
    /// The element it comes from.
    pub place: Place,
    /// `pass`, `reject`, `rebut`, or `revoke` where the flow took it away.
    pub result: String,
    /// Who handled it; absent where the flow took it away.
    pub handler: Option<String>,
    /// For whom they stood in.
    #[serde(default)]
    pub on_behalf_of: Option<String>,
    /// What they said.
    pub comment: Option<String>,
    /// References to files.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
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

/// Somebody does something with a task or an order of our own engine: task-service asks flow-service,
/// which answers [`OperationDone`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperateTask {
    /// Which task; absent where the order as a whole is meant.
    pub task_id: Option<String>,
    /// Which order, where no task is named.
    pub order_id: Option<i64>,
    /// Who.
    pub user_code: String,
    /// The application that names them; absent where they ask themselves.
    pub app: Option<String>,
    /// What.
    pub operation: Operation,
    /// What they say.
    pub comment: Option<String>,
    /// References to files.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// Form values they change; with `pass`, `reject` and `rebut`.
    pub form_data: Option<Value>,
    /// Variables they set; with `pass`, by applications alone.
    pub variables: Option<Value>,
    /// Ends the task with this BPMN error instead; with `pass` and `reject`, by applications alone.
    pub bpmn_error_code: Option<String>,
}

/// What can be done with a task or an order (section 6 of the contract).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Operation {
    /// 同意. `next_people`: the people of later nodes that leave the choice to the previous approver,
    /// by node id.
    Pass {
        /// By node id.
        #[serde(default)]
        next_people: BTreeMap<String, Vec<String>>,
    },
    /// 拒绝.
    Reject,
    /// 驳回 to somewhere earlier.
    Rebut {
        /// Where to.
        to: ReturnTo,
        /// False = the order walks the way again; true = it comes straight back here.
        #[serde(default)]
        straight_back: bool,
    },
    /// 转办: the task is somebody else's from now on.
    Transfer {
        /// Whose.
        to: String,
    },
    /// 委派: somebody else says something, then it comes back.
    Delegate {
        /// Who.
        to: String,
    },
    /// 加签.
    AddSign {
        /// `before`, `after` or `beside`.
        place: String,
        /// Who.
        people: Vec<String>,
    },
    /// 减签.
    RemoveSign {
        /// Who.
        people: Vec<String>,
    },
    /// 认领.
    Claim,
    /// 退回认领.
    Release,
    /// 拿回: undoes one's own decision while nobody has acted on it.
    TakeBack,
    /// 撤回 by the initiator; the order goes back to them.
    Recall,
    /// 抄送.
    Copy {
        /// To whom.
        people: Vec<String>,
    },
    /// 催办.
    Urge,
    /// 评论.
    Comment {
        /// Who is mentioned.
        #[serde(default)]
        mentions: Vec<String>,
    },
}

/// Where a rebuttal goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "target", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum ReturnTo {
    /// To the initiator, who fills in again and sends it off.
    Starter,
    /// To the task before.
    Previous,
    /// To an earlier task.
    Node {
        /// The element's id in the drawing.
        activity_id: String,
    },
}

/// What became of an operation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationDone {
    /// What became true, of this order and of others.
    pub facts: Vec<OrderAdvanced>,
    /// Whether anything changed: the same operation a second time changes nothing.
    pub applied: bool,
    /// Of an urge: how many people were reminded.
    pub sent: Option<i64>,
    /// Of an urge that reminded nobody: when it may be tried again, RFC 3339.
    pub next_allowed_at: Option<String>,
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
        flow_name: "销售订单审批".into(),
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
            actions: vec!["pass".into(), "reject".into(), "transfer".into()],
            why: vec![Why {
                user_code: "USER002".into(),
                on_behalf_of: None,
                rule: "发起人的第1级部门主管".into(),
                chain: vec!["发起人 USER001".into(), "部门 DEPT001 的主管 USER002".into()],
            }],
        }],
        closed: vec![ClosedWork {
            task_id: "1000001-1".into(),
            place: place("fill", "填写"),
            result: "pass".into(),
            handler: Some("USER001".into()),
            on_behalf_of: None,
            comment: Some("请审批".into()),
            attachments: vec![Attachment {
                name: "合同.pdf".into(),
                url: "https://erp.example.com/files/1".into(),
            }],
            form_data: Some(json!({ "amount": 10000 })),
        }],
        operations: vec![Operated {
            task_id: Some("1000001-2".into()),
            place: place("approve", "部门经理审批"),
            action: "transfer".into(),
            user_code: "USER003".into(),
            on_behalf_of: None,
            comment: Some("请代为处理".into()),
            people: vec!["USER002".into()],
            attachments: Vec::new(),
            count: None,
            waiting_since: None,
        }],
        copies: vec![CopiedTo {
            people: vec!["USER004".into()],
            by: Some("USER001".into()),
            comment: None,
        }],
        voided: vec!["1000001-0".into()],
        take_back: vec![TakeBack { task_id: "1000001-1".into(), user_code: "USER001".into() }],
        initiator_actions: vec!["recall".into(), "urge".into()],
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
