//! One order with everything it called: what is asked of it becomes a command of the engine, and what
//! the engine wants becomes rows to write and facts to tell.

mod change;
mod settle;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use flow_engine::bpmn::model::Dialect;
use flow_engine::value::{Value, Variables};
use flow_engine::{Command, Happened, Instance, Library, Step};
use serde_json::Value as Json;
use shared::id::{FlowCode, Tenant};

use super::form::BUILT_IN;
use super::order::{Ending, Head, Order, wire_id};
use super::people::{People, Wanted};
pub(crate) use change::{
    Change, Closed, ErrandKind, Finished, Incident, IncidentKind, Moved, News, Record,
};

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
    /// The start event, and later the task acted on last.
    pub(crate) last: Last,
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
#[expect(clippy::large_enum_variant, reason = "nearly everything that is held is a task")]
pub(crate) enum Held {
    Task(Task),
    Call { run: u32 },
}

/// A task that waits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Task {
    pub(crate) run: u32,
    pub(crate) node: String,
    pub(crate) name: String,
    pub(crate) is_for_people: bool,
    pub(crate) assignees: Vec<String>,
    pub(crate) due: Option<DateTime<Utc>>,
    /// Whom it named, while not all of them can act.
    pub(crate) wanted: Option<Wanted>,
}

/// What is asked of an order.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Start {
        at: Option<String>,
        variables: Variables,
    },
    Complete {
        wait: u64,
        decision: Decision,
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
}

/// What a person decided.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    pub(crate) user: String,
    pub(crate) choice: Choice,
    pub(crate) comment: Option<String>,
    /// Form values and variables that they set.
    pub(crate) variables: Variables,
    pub(crate) form_data: Option<Json>,
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
            Engine::NoSuchStart(_) => Refusal::NoSuchStart,
            Engine::UnknownProcess(key) => Refusal::NothingToCall(key),
            Engine::NotStarted | Engine::AlreadyStarted | Engine::BadSnapshot(_) => {
                Refusal::Engine(refusal.to_string())
            }
        }
    }
}

/// A step of the engine that has not been turned into rows yet.
#[derive(Debug)]
pub(crate) struct Advanced {
    before: Run,
    step: Step,
    act: Act,
    /// How the order ends if the step cancels it.
    ending: Ending,
    /// The place where it ends then.
    acted: Option<Last>,
}

impl Act {
    /// One word for the history.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Act::Start { .. } => "start",
            Act::Complete { decision, .. } => match decision.choice {
                Choice::Pass => "pass",
                Choice::Reject => "reject",
                Choice::Error(_) => "error",
            },
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

    fn actor(&self) -> Option<String> {
        match self {
            Act::Complete { decision, .. } => Some(decision.user.clone()),
            Act::Cancel { user, .. } => Some(user.clone()),
            _ => None,
        }
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

    /// Moves the order by one act.
    pub(crate) fn advance(
        self,
        library: &Library,
        act: Act,
        now: DateTime<Utc>,
    ) -> Result<Advanced, Refusal> {
        if let Act::Refuse { wait, answer, .. } = &act
            && let Some(step) = self.ruled_error(library, *wait, answer, now)
        {
            return Ok(Advanced { before: self, step, act, ending: Ending::Revoke, acted: None });
        }
        let (command, ending, acted) = self.command(library, &act)?;
        let instance = self.instance.clone();
        match flow_engine::advance(library, instance, command, now) {
            Ok(step) => Ok(Advanced { before: self, step, act, ending, acted }),
            Err(refused) => Err(refused.why.into()),
        }
    }

    /// The engine's word for an act, and how and where the order ends if that cancels it.
    fn command(
        &self,
        library: &Library,
        act: &Act,
    ) -> Result<(Command, Ending, Option<Last>), Refusal> {
        let command = match act.clone() {
            Act::Complete { wait, decision } => return self.decide(library, wait, decision),
            Act::Start { at, variables } => Command::Start { at, variables },
            Act::Answer { wait, answer } => Command::AnswerService { wait, answer },
            Act::Refuse { wait, code, message, .. } => {
                Command::ThrowError { wait, code, message, variables: Variables::new() }
            }
            Act::Fail { wait, reason } => Command::FailService { wait, reason },
            Act::Fire { wait } => Command::FireTimer { wait },
            Act::Message { name, wait, variables } => {
                Command::Message { name, wait, variables: foreign(variables) }
            }
            Act::Signal { name, variables } => {
                Command::Signal { name, variables: foreign(variables) }
            }
            Act::Set { variables } => Command::SetVariables { variables },
            Act::Retry { wait } => Command::Retry { wait },
            Act::Cancel { reason, .. } => Command::Cancel { reason },
        };
        let acted = match act {
            Act::Cancel { user, .. } => {
                Some(Last { handler: Some(user.clone()), ..self.last.clone() })
            }
            _ => None,
        };
        Ok((command, Ending::Revoke, acted))
    }

    /// The step in which the element's own rules make an error of a refusal, if one of them does.
    fn ruled_error(
        &self,
        library: &Library,
        wait: u64,
        answer: &Value,
        now: DateTime<Utc>,
    ) -> Option<Step> {
        let command = Command::AnswerService { wait, answer: answer.clone() };
        let step = flow_engine::advance(library, self.instance.clone(), command, now).ok()?;
        let is_error = |record: &flow_engine::Record| {
            record.kind == "serviceTask" && record.event == Happened::Failed
        };
        step.trail.first().is_some_and(is_error).then_some(step)
    }

    /// `pass` completes the task. `reject` ends the order as refused, unless the drawing wants to go
    /// on with `approved = false`.
    fn decide(
        &self,
        library: &Library,
        wait: u64,
        decision: Decision,
    ) -> Result<(Command, Ending, Option<Last>), Refusal> {
        let task = self.task(wait).filter(|task| task.is_for_people);
        let task = task.ok_or(Refusal::NothingWaits)?;
        if !task.assignees.contains(&decision.user) {
            return Err(Refusal::NotAssigned(decision.user));
        }
        let order = self.orders.get(&task.run).ok_or(Refusal::NothingWaits)?;
        let acted = Last {
            node: task.node.clone(),
            name: task.name.clone(),
            task: Some(wire_id(order.id, wait)),
            handler: Some(decision.user.clone()),
        };
        let mut variables = decision.variables;
        let command = match decision.choice {
            Choice::Pass => {
                variables.insert("approved".to_owned(), Value::Bool(true));
                Command::CompleteTask { wait, variables }
            }
            Choice::Reject if self.goes_on_when_rejected(library, order, &task.node) => {
                variables.insert("approved".to_owned(), Value::Bool(false));
                Command::CompleteTask { wait, variables }
            }
            Choice::Reject => Command::Cancel {
                reason: decision.comment.unwrap_or_else(|| "审批不同意".to_owned()),
            },
            Choice::Error(code) => {
                let message = decision.comment.unwrap_or_default();
                Command::ThrowError { wait, code, message, variables }
            }
        };
        Ok((command, Ending::Reject, Some(acted)))
    }

    fn goes_on_when_rejected(&self, library: &Library, order: &Order, node: &str) -> bool {
        let pin = self.pins.processes.iter().find(|pin| {
            (&pin.flow, pin.version, &pin.process) == (&order.flow, order.version, &order.process)
        });
        let node = pin.and_then(|pin| library.get(&pin.key)).and_then(|process| process.node(node));
        node.is_some_and(|node| {
            node.attributes.iter().any(|attribute| {
                attribute.dialect == Dialect::Aiflow
                    && attribute.name == "onReject"
                    && attribute.value == "continue"
            })
        })
    }

    /// Gives a task the people who can act by now; `None` = nothing has changed.
    pub(crate) fn reassign(self, wait: u64, people: &People) -> Option<Moved> {
        let wanted = self.task(wait)?.wanted.clone()?;
        let chosen = people.choose(&wanted);
        let mut run = self;
        run.seq += 1;
        let mut change = Change { act: "assign", ..Change::default() };
        let Some(Held::Task(task)) = run.held.get_mut(&wait) else { return None };
        let is_same = task.assignees == chosen.users;
        task.assignees = chosen.users;
        match chosen.trouble {
            None => {
                task.wanted = None;
                change.incidents_over.insert(wait);
            }
            Some(reason) => {
                if is_same {
                    return None;
                }
                change.incidents.insert(wait, people_incident(task, reason, &wanted));
            }
        }
        let task = task.clone();
        let mut news = BTreeMap::new();
        if !task.assignees.is_empty() {
            let opened = vec![(wait, task.clone())];
            news.insert(task.run, News { opened, ..News::default() });
            if let Some(order) = run.orders.get_mut(&task.run) {
                order.told += 1;
            }
        }
        change.assigned.insert(wait, task);
        Some(Moved { run, change, news })
    }
}

/// What another order sends sets everything but what the house gives an order.
fn foreign(mut variables: Variables) -> Variables {
    variables.retain(|name, _| !BUILT_IN.contains(&name.as_str()));
    variables
}

fn people_incident(task: &Task, reason: String, wanted: &Wanted) -> Incident {
    Incident {
        run: task.run,
        kind: IncidentKind::People,
        node: task.node.clone(),
        name: task.name.clone(),
        reason,
        people: wanted.users.clone(),
    }
}
