//! One order with everything it called: what is asked of it becomes a command of the engine, and what
//! the engine wants becomes rows to write and facts to tell.

mod change;
mod operate;
mod people;
mod plan;
mod preview;
#[cfg(test)]
mod properties;
mod settle;
mod substitute;
mod task;
mod tell;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use flow_engine::value::{Value, Variables};
use flow_engine::{Instance, Library, Step};
use shared::id::{FlowCode, Tenant};

use super::approval::{self, Deed, Pick};
use super::approvers::TaskSpec;
use super::calendar::Calendar;
use super::definition::Specs;
use super::form::BUILT_IN;
use super::order::{Head, Order};
use super::people::People;
pub(crate) use change::{
    Change, Closed, Copied, ErrandKind, Finished, Incident, IncidentKind, Moved, News, Opened,
    Operation, Record, RowKey,
};
pub(crate) use preview::{Cancelled, Preview, Voided};
pub(crate) use settle::Settlement;
pub(crate) use task::{Decision, Done, Row, Said, Task};

/// Records that one step may leave; a step's number times this is the number of its first record.
pub(crate) const RECORDS_OF_A_STEP: i64 = 100_000;

/// An order as it stands between two steps.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// The order that was started; those it called are in `orders`.
    pub(crate) id: i64,
    pub(crate) tenant: Tenant,
    /// Steps made; 0 = not stored yet.
    pub(crate) seq: i64,
    pub(crate) head: Head,
    pub(crate) pins: Pins,
    pub(crate) instance: Instance,
    /// By the engine's number of the run.
    pub(crate) orders: BTreeMap<u32, Order>,
    /// Tasks and calls that wait.
    pub(crate) held: BTreeMap<u64, Held>,
    /// Tasks that are decided, oldest first; the newest of them are kept.
    pub(crate) done: Vec<Done>,
    /// Whom the starter or an approver chose for later tasks, by node.
    pub(crate) chosen: BTreeMap<String, Vec<String>>,
    /// The start event, and later the task acted on last.
    pub(crate) last: Last,
    /// The hash of the newest record.
    pub(crate) chain: String,
    /// Whether the same start makes a new order once this one has ended.
    pub(crate) frees_key: bool,
}

/// The versions that an order runs on, chosen when it starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pins {
    pub(crate) processes: Vec<Pin>,
    /// (key of the caller, what it calls, key of what is called)
    pub(crate) links: Vec<(String, String, String)>,
}

/// One process of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pin {
    /// The engine's key.
    pub(crate) key: String,
    pub(crate) flow: FlowCode,
    pub(crate) version: i32,
    pub(crate) process: String,
}

/// Where somebody acted last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Last {
    pub(crate) node: String,
    pub(crate) name: String,
    pub(crate) task: Option<String>,
    pub(crate) handler: Option<String>,
}

/// What waits for somebody outside.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Held {
    Task(Task),
    Call { run: u32 },
}

/// What an order runs on: its processes, and what their user tasks say of approvals.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    pub(crate) library: Library,
    /// By the engine's key of the process and the node.
    pub(crate) specs: Specs,
    /// What the flows are called.
    pub(crate) names: BTreeMap<(FlowCode, i32), String>,
    /// Who manages the flow: `aiflow:manager` of the process that was started.
    pub(crate) manager: Option<String>,
    /// A task's time runs out in working hours.
    pub(crate) needs_calendar: bool,
}

/// What people's tasks depend on beside the order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings<'a> {
    pub(crate) people: &'a People,
    pub(crate) calendar: &'a Calendar,
    /// The flow's manager.
    pub(crate) manager: Option<&'a str>,
    pub(crate) now: DateTime<Utc>,
}

/// What is asked of an order.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Start {
        at: Option<String>,
        variables: Variables,
    },
    Decide {
        wait: u64,
        row: u32,
        choice: Choice,
        decision: Decision,
    },
    Rebut {
        wait: u64,
        row: u32,
        to: Target,
        straight_back: bool,
        decision: Decision,
    },
    /// Something with a task that does not decide it.
    Deed {
        wait: u64,
        row: u32,
        deed: Deed,
        decision: Decision,
    },
    TakeBack {
        wait: u64,
        row: u32,
        decision: Decision,
    },
    /// Something said of a task or of the order; nothing moves.
    Remark {
        row: Option<RowKey>,
        remark: Remark,
        decision: Decision,
    },
    /// Somebody else has what one person has: of one task, or of all.
    Substitute {
        from: String,
        to: Pick,
        /// `agent` or `handover`.
        word: &'static str,
    },
    /// The time of a task has run out. `to` = the superiors of those who have it, where they get it.
    RunOut {
        wait: u64,
        to: BTreeMap<String, Pick>,
    },
    Answer {
        wait: u64,
        answer: Value,
    },
    /// The ERP refused: the element's own rules say which error that is, else `code`.
    Refuse {
        wait: u64,
        code: String,
        message: String,
        answer: Value,
    },
    Fail {
        wait: u64,
        reason: String,
    },
    Fire {
        wait: u64,
    },
    Message {
        name: String,
        wait: Option<u64>,
        variables: Variables,
    },
    Signal {
        name: String,
        variables: Variables,
    },
    Set {
        variables: Variables,
    },
    Retry {
        wait: u64,
    },
    Cancel {
        user: String,
        reason: String,
    },
    /// The initiator wants it back; it ends.
    Recall {
        decision: Decision,
    },
}

/// Where a rebuttal goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Starter,
    Previous,
    Node(String),
}

/// What can be said of a task or an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Remark {
    Copy {
        people: Vec<String>,
    },
    /// These people are reminded of this row for the `count`th time.
    Urge {
        people: Vec<String>,
        count: i32,
    },
    Comment {
        mentions: Vec<String>,
    },
}

/// Which way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Pass,
    Reject,
    /// The task ends with this BPMN error.
    Error(String),
}

/// Why an order is not moved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("任务不存在或已结束")]
    NothingWaits,
    #[error("任务不是分配给 {0} 的")]
    NotAssigned(String),
    #[error(transparent)]
    Approval(approval::Refusal),
    #[error("该流程节点不允许{0}")]
    NotAllowed(&'static str),
    #[error("不能退回到该节点")]
    NotATarget,
    #[error("目标节点与当前节点不在同一层级，不能选择直接返回")]
    NoWayBack,
    #[error("后续已有人处理，不能拿回")]
    TooLate,
    #[error("只有发起人可以撤回")]
    NotStarter,
    #[error("该任务属于其他应用的流程，不能由本应用处理")]
    OtherApplication,
    #[error("流程不能发起：{0}")]
    NobodyFound(String),
    #[error("nothing has changed")]
    Repeated,
    #[error("订单已结束")]
    Over,
    #[error("订单已结束，不能撤销")]
    EndedOtherwise,
    #[error("流程没有可以这样启动的开始节点")]
    NoSuchStart,
    #[error("被调用的流程 {0} 不存在或未上线")]
    NothingToCall(String),
    #[error("the engine refused: {0}")]
    Engine(String),
}

impl From<flow_engine::Refusal> for Refusal {
    fn from(refusal: flow_engine::Refusal) -> Self {
        use flow_engine::Refusal as Engine;
        match refusal {
            Engine::UnknownWait(_) | Engine::NobodyWaits(_) | Engine::WrongKind => {
                Refusal::NothingWaits
            }
            Engine::Over => Refusal::Over,
            Engine::NotATarget => Refusal::NotATarget,
            Engine::NoWayBack => Refusal::NoWayBack,
            Engine::TooLate => Refusal::TooLate,
            Engine::NoSuchStart(_) => Refusal::NoSuchStart,
            Engine::UnknownProcess(key) => Refusal::NothingToCall(key),
            Engine::NotStarted | Engine::AlreadyStarted | Engine::BadSnapshot(_) => {
                Refusal::Engine(refusal.to_string())
            }
        }
    }
}

impl From<approval::Refusal> for Refusal {
    fn from(refusal: approval::Refusal) -> Self {
        match refusal {
            approval::Refusal::NotYours(user) => Refusal::NotAssigned(user),
            approval::Refusal::Over => Refusal::NothingWaits,
            approval::Refusal::TooLate => Refusal::TooLate,
            other => Refusal::Approval(other),
        }
    }
}

/// A step that has not been turned into rows yet.
#[derive(Debug)]
pub(crate) struct Advanced {
    /// With the approval that was acted on as it is now.
    before: Run,
    /// Rows as they were.
    rows: BTreeMap<u64, Vec<Row>>,
    /// What the rows of the tasks that are acted on offered.
    offers: BTreeMap<RowKey, Vec<&'static str>>,
    /// Absent where the engine did not move.
    step: Option<Step>,
    act: Act,
    plan: plan::Plan,
}

impl Act {
    /// One word for the history.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Act::Start { .. } => "start",
            Act::Decide { choice: Choice::Pass, .. } => "pass",
            Act::Decide { choice: Choice::Reject, .. } => "reject",
            Act::Decide { choice: Choice::Error(_), .. } => "error",
            Act::Rebut { .. } => "rebut",
            Act::Deed { deed, .. } => deed_word(deed),
            Act::TakeBack { .. } => "take_back",
            Act::Remark { remark: Remark::Copy { .. }, .. } => "copy",
            Act::Remark { remark: Remark::Urge { .. }, .. } => "urge",
            Act::Remark { remark: Remark::Comment { .. }, .. } => "comment",
            Act::Substitute { word, .. } => word,
            Act::RunOut { .. } => "timeout",
            Act::Recall { .. } => "recall",
            Act::Answer { .. } => "answer",
            Act::Refuse { .. } => "refuse",
            Act::Fail { .. } => "fail",
            Act::Fire { .. } => "timer",
            Act::Message { .. } => "message",
            Act::Signal { .. } => "signal",
            Act::Set { .. } => "variables",
            Act::Retry { .. } => "retry",
            Act::Cancel { .. } => "cancel",
        }
    }

    /// Who acts, with what they say.
    fn decision(&self) -> Option<&Decision> {
        match self {
            Act::Decide { decision, .. }
            | Act::Rebut { decision, .. }
            | Act::Deed { decision, .. }
            | Act::TakeBack { decision, .. }
            | Act::Remark { decision, .. }
            | Act::Recall { decision } => Some(decision),
            _ => None,
        }
    }

    fn actor(&self) -> Option<String> {
        match self {
            Act::Cancel { user, .. } => Some(user.clone()),
            _ => self.decision().map(|decision| decision.user.clone()),
        }
    }
}

/// A deed in the words of the wire.
pub(crate) fn deed_word(deed: &Deed) -> &'static str {
    use super::approval::Place;
    match deed {
        Deed::Pass => "pass",
        Deed::Reject => "reject",
        Deed::Transfer { .. } => "transfer",
        Deed::Delegate { .. } => "delegate",
        Deed::AddSign { place: Place::Before, .. } => "add_sign_before",
        Deed::AddSign { place: Place::After, .. } => "add_sign_after",
        Deed::AddSign { place: Place::Beside, .. } => "add_sign_beside",
        Deed::RemoveSign { .. } => "remove_sign",
        Deed::Claim => "claim",
        Deed::Release => "release",
        Deed::Substitute { .. } => "agent",
        Deed::Undo => "take_back",
    }
}

impl Versions {
    /// What a user task of one of the order's runs says of its approval.
    pub(crate) fn spec(&self, run: &Run, number: u32, node: &str) -> Option<&Arc<TaskSpec>> {
        self.specs.get(run.key_of(number)?)?.get(node)
    }
}

impl Run {
    /// A task that waits, if the number is one's.
    pub(crate) fn task(&self, wait: u64) -> Option<&Task> {
        match self.held.get(&wait)? {
            Held::Task(task) => Some(task),
            Held::Call { .. } => None,
        }
    }

    /// The tasks that wait for people.
    pub(super) fn tasks_for_people(&self) -> impl Iterator<Item = &Task> {
        self.held.keys().filter_map(|wait| self.task(*wait)).filter(|task| task.is_for_people)
    }

    /// The engine's key of the process that a run runs.
    pub(crate) fn key_of(&self, number: u32) -> Option<&str> {
        let order = self.orders.get(&number)?;
        let pin = self.pins.processes.iter().find(|pin| {
            (&pin.flow, pin.version, &pin.process) == (&order.flow, order.version, &order.process)
        });
        pin.map(|pin| pin.key.as_str())
    }

    /// Moves the order by one act.
    pub(crate) fn advance(
        mut self,
        versions: &Versions,
        act: Act,
        now: DateTime<Utc>,
    ) -> Result<Advanced, Refusal> {
        let rows = self.rows();
        let plan = self.plan(versions, &act, now)?;
        let offers = self.offers(versions, &plan.touched());
        if let Some((wait, approval)) = &plan.approval
            && let Some(Held::Task(task)) = self.held.get_mut(wait)
        {
            task.approval = Some(approval.clone());
            task.sync();
        }
        let step = match (&plan.step, &plan.command) {
            (Some(step), _) => Some(step.clone()),
            (None, Some(command)) => {
                let instance = self.instance.clone();
                let moved = flow_engine::advance(&versions.library, instance, command.clone(), now);
                Some(moved.map_err(|refused| refused.why)?)
            }
            (None, None) => None,
        };
        Ok(Advanced { before: self, rows, offers, step, act, plan })
    }

    /// The rows of the tasks that wait.
    pub(super) fn rows(&self) -> BTreeMap<u64, Vec<Row>> {
        let rows = |(wait, held): (&u64, &Held)| match held {
            Held::Task(task) => Some((*wait, task.rows.clone())),
            Held::Call { .. } => None,
        };
        self.held.iter().filter_map(rows).collect()
    }

    /// The step in which a task looks for its people again.
    pub(crate) fn look_again(self, wait: u64) -> Option<Advanced> {
        self.task(wait).filter(|task| task.is_troubled)?;
        let plan = plan::Plan { look_again: Some(wait), ..plan::Plan::default() };
        let (rows, offers) = (self.rows(), BTreeMap::new());
        Some(Advanced { before: self, rows, offers, step: None, act: Act::Retry { wait }, plan })
    }
}

/// What another order sends sets everything but what the house gives an order.
fn foreign(mut variables: Variables) -> Variables {
    variables.retain(|name, _| !BUILT_IN.contains(&name.as_str()));
    variables
}

fn people_incident(task: &Task, reason: String, people: Vec<String>) -> Incident {
    Incident {
        run: task.run,
        kind: IncidentKind::People,
        node: task.node.clone(),
        name: task.name.clone(),
        reason,
        people,
    }
}
