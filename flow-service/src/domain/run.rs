//! One order with everything it called: what is asked of it becomes a command of the engine, and what
//! the engine wants becomes rows to write and facts to tell.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use flow_engine::bpmn::model::Dialect;
use flow_engine::value::{Value, Variables};
use flow_engine::{Command, Effect, Happened, Instance, Library, Step, Subscription, TaskKind};
use serde_json::Value as Json;
use shared::id::{FlowCode, Tenant};

use super::form::{BUILT_IN, Schema};
use super::order::{Ended, Ending, Head, Order, Place, State, wire_id};
use super::people::{People, Wanted};

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

/// What a step writes, beside the order itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    pub(crate) act: &'static str,
    pub(crate) actor: Option<String>,
    pub(crate) new_orders: Vec<u32>,
    pub(crate) ended: BTreeMap<u32, Ended>,
    pub(crate) records: Vec<Record>,
    pub(crate) opened: BTreeMap<u64, Task>,
    pub(crate) closed: BTreeMap<u64, Closed>,
    /// Tasks that got other people.
    pub(crate) assigned: BTreeMap<u64, Task>,
    pub(crate) timers: BTreeMap<u64, DateTime<Utc>>,
    pub(crate) timers_cleared: BTreeSet<u64>,
    pub(crate) subscribed: BTreeMap<u64, Subscription>,
    pub(crate) unsubscribed: BTreeSet<u64>,
    pub(crate) incidents: BTreeMap<u64, Incident>,
    pub(crate) incidents_over: BTreeSet<u64>,
    pub(crate) errands: Vec<Errand>,
}

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) order: i64,
    pub(crate) node: String,
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) event: &'static str,
    pub(crate) loop_index: Option<u32>,
}

/// A task that waits no longer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Closed {
    pub(crate) task: Task,
    pub(crate) result: &'static str,
    pub(crate) handler: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) form_data: Option<Json>,
}

/// Something is stuck.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Incident {
    pub(crate) run: u32,
    pub(crate) kind: IncidentKind,
    pub(crate) node: String,
    pub(crate) name: String,
    pub(crate) reason: String,
    /// The people whose coming may end it.
    pub(crate) people: Vec<String>,
}

/// What is stuck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IncidentKind {
    /// An element of the drawing; the engine tries it again.
    Element,
    /// A task that does not find all of its people.
    People,
}

impl IncidentKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            IncidentKind::Element => "element",
            IncidentKind::People => "people",
        }
    }
}

/// Something thrown that others may wait for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Errand {
    pub(crate) kind: ErrandKind,
    pub(crate) name: String,
    pub(crate) variables: Variables,
}

/// What was thrown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrandKind {
    /// For one who waits.
    Message,
    /// For all who wait.
    Signal,
}

/// A call that a service task wants made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) place: Place,
    pub(crate) address: String,
    pub(crate) body: Json,
}

/// What became true of one order in a step.
#[derive(Clone, Debug, Default)]
pub(crate) struct News {
    pub(crate) started: Option<Place>,
    pub(crate) opened: Vec<(u64, Task)>,
    pub(crate) closed: Vec<(u64, Closed)>,
    pub(crate) calls: Vec<Call>,
    pub(crate) dropped: Vec<String>,
    pub(crate) finished: Option<Finished>,
    pub(crate) form_data: Option<Json>,
    pub(crate) variables: Option<Json>,
}

impl News {
    fn is_empty(&self) -> bool {
        self.started.is_none()
            && self.opened.is_empty()
            && self.closed.is_empty()
            && self.calls.is_empty()
            && self.dropped.is_empty()
            && self.finished.is_none()
    }
}

/// How an order ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finished {
    pub(crate) ending: Ending,
    pub(crate) last: Last,
    pub(crate) reason: Option<String>,
}

/// An order after a step, what is to be written, and what is to be told of which run.
#[derive(Debug)]
pub(crate) struct Moved {
    pub(crate) run: Run,
    pub(crate) change: Change,
    pub(crate) news: BTreeMap<u32, News>,
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

impl Advanced {
    /// Whom the tasks of this step name.
    pub(crate) fn wanted(&self) -> Wanted {
        let mut all = Wanted::default();
        for effect in &self.step.effects {
            if let Effect::OpenTask(task) = effect
                && task.kind == TaskKind::User
            {
                let (users, groups) = (&task.candidate_users, &task.candidate_groups);
                all.add(Wanted::of(task.assignee.as_deref(), users, groups));
            }
        }
        all
    }

    /// How many orders this step starts by calling them.
    pub(crate) fn called(&self) -> usize {
        let is_call = |effect: &&Effect| matches!(effect, Effect::RunOpened { .. });
        self.step.effects.iter().filter(is_call).count()
    }

    /// What is to be written and told. `ids` are numbers for the orders that were called; `schema` is
    /// the form of the order.
    pub(crate) fn settle(
        self,
        library: &Library,
        people: &People,
        ids: &mut impl Iterator<Item = i64>,
        schema: &Schema,
        now: DateTime<Utc>,
    ) -> Result<Moved, Refusal> {
        let Advanced { before, step, act, ending, acted } = self;
        let mut run = Run { instance: step.instance, seq: before.seq + 1, ..before };
        if let Some(acted) = acted {
            run.last = acted;
        }
        let change = Change { act: act.word(), actor: act.actor(), ..Change::default() };
        let mut settling = Settling {
            run,
            change,
            news: BTreeMap::new(),
            library,
            people,
            act,
            ending,
            now,
            error: None,
        };
        if matches!(settling.act, Act::Start { .. }) {
            settling.change.new_orders.push(0);
        }
        for effect in &step.effects {
            if let Effect::RunOpened { run, parent, process, .. } = effect {
                let id = ids.next().ok_or(Refusal::Engine("no more numbers".to_owned()))?;
                settling.open_run(*run, *parent, process, id)?;
            }
        }
        settling.note(&step.trail);
        for effect in step.effects {
            settling.take(effect);
        }
        Ok(settling.finish(schema))
    }
}

struct Settling<'a> {
    run: Run,
    change: Change,
    news: BTreeMap<u32, News>,
    library: &'a Library,
    people: &'a People,
    act: Act,
    ending: Ending,
    now: DateTime<Utc>,
    error: Option<String>,
}

impl Settling<'_> {
    fn open_run(&mut self, run: u32, parent: u32, key: &str, id: i64) -> Result<(), Refusal> {
        let pin = self.run.pins.processes.iter().find(|pin| pin.key == key);
        let pin = pin.ok_or_else(|| Refusal::NothingToCall(key.to_owned()))?;
        let order = Order {
            id,
            parent: self.run.orders.get(&parent).map(|order| order.id),
            flow: pin.flow.clone(),
            version: pin.version,
            process: pin.process.clone(),
            state: State::Running,
            told: 0,
        };
        self.run.orders.insert(run, order);
        self.change.new_orders.push(run);
        Ok(())
    }

    fn note(&mut self, trail: &[flow_engine::Record]) {
        for record in trail {
            let order = self.run.orders.get(&record.run).map_or(self.run.id, |order| order.id);
            self.change.records.push(Record {
                order,
                node: record.node.to_string(),
                name: record.name.to_string(),
                kind: record.kind,
                event: match record.event {
                    Happened::Started => "started",
                    Happened::Completed => "completed",
                    Happened::Cancelled => "cancelled",
                    Happened::Failed => "failed",
                },
                loop_index: record.loop_index,
            });
            if self.change.new_orders.contains(&record.run) {
                let news = self.news.entry(record.run).or_default();
                if news.started.is_none() {
                    let place =
                        Place { node: record.node.to_string(), name: record.name.to_string() };
                    if record.run == 0 {
                        self.run.last.node = place.node.clone();
                        self.run.last.name = place.name.clone();
                    }
                    news.started = Some(place);
                }
            }
        }
    }

    fn news_of(&mut self, run: u32) -> &mut News {
        self.news.entry(run).or_default()
    }

    fn order_id(&self, run: u32) -> i64 {
        self.run.orders.get(&run).map_or(self.run.id, |order| order.id)
    }

    fn take(&mut self, effect: Effect) {
        match effect {
            Effect::OpenTask(task) => self.open_task(task),
            Effect::CloseTask { wait, completed } => self.close_task(wait, completed),
            Effect::SetTimer { wait, due } => {
                self.change.timers_cleared.remove(&wait);
                self.change.timers.insert(wait, due);
            }
            Effect::ClearTimer { wait } => {
                self.change.timers.remove(&wait);
                self.change.timers_cleared.insert(wait);
            }
            Effect::Subscribe { wait, what } => {
                self.change.unsubscribed.remove(&wait);
                self.change.subscribed.insert(wait, what);
            }
            Effect::Unsubscribe { wait } => {
                self.change.subscribed.remove(&wait);
                self.change.unsubscribed.insert(wait);
            }
            Effect::CallService(call) => {
                self.run.held.insert(call.wait, Held::Call { run: call.run });
                let id = wire_id(self.order_id(call.run), call.wait);
                let place = Place { node: call.node.to_string(), name: call.name.to_string() };
                let body = call.body.to_json();
                let call_of = Call { id, place, address: call.address, body };
                self.news_of(call.run).calls.push(call_of);
            }
            Effect::DropCall { wait } => self.drop_call(wait),
            Effect::Publish { name, variables } => self.change.errands.push(Errand {
                kind: ErrandKind::Message,
                name,
                variables: foreign(variables),
            }),
            Effect::Broadcast { name, variables } => self.change.errands.push(Errand {
                kind: ErrandKind::Signal,
                name,
                variables: foreign(variables),
            }),
            Effect::RunOpened { .. } => {}
            Effect::RunClosed { run, state, end_activity } => {
                self.end(run, state, end_activity.as_deref());
            }
            Effect::Incident { wait, run, node, reason } => {
                let name = self.name_of(run, &node);
                self.change.incidents_over.remove(&wait);
                self.change.incidents.insert(
                    wait,
                    Incident {
                        run,
                        kind: IncidentKind::Element,
                        node: node.to_string(),
                        name,
                        reason,
                        people: Vec::new(),
                    },
                );
            }
            Effect::IncidentOver { wait } => {
                self.change.incidents.remove(&wait);
                self.change.incidents_over.insert(wait);
            }
            Effect::Finish { state, end_activity, error } => {
                self.error = error;
                self.end(0, state, end_activity.as_deref());
            }
        }
    }

    fn open_task(&mut self, task: flow_engine::OpenTask) {
        let is_for_people = task.kind == TaskKind::User;
        let mut held = Task {
            run: task.run,
            node: task.node.to_string(),
            name: task.name.to_string(),
            is_for_people,
            assignees: Vec::new(),
            due: task.due,
            wanted: None,
        };
        if is_for_people {
            let (users, groups) = (&task.candidate_users, &task.candidate_groups);
            let wanted = Wanted::of(task.assignee.as_deref(), users, groups);
            let chosen = self.people.choose(&wanted);
            held.assignees = chosen.users;
            if let Some(reason) = chosen.trouble {
                let incident = people_incident(&held, reason, &wanted);
                self.change.incidents.insert(task.wait, incident);
                held.wanted = Some(wanted);
            }
        }
        self.run.held.insert(task.wait, Held::Task(held.clone()));
        self.change.opened.insert(task.wait, held);
    }

    fn close_task(&mut self, wait: u64, completed: bool) {
        let Some(Held::Task(task)) = self.run.held.remove(&wait) else { return };
        if task.wanted.is_some() && self.change.incidents.remove(&wait).is_none() {
            self.change.incidents_over.insert(wait);
        }
        let was_new = self.change.opened.remove(&wait).is_some();
        if was_new {
            // Nobody has seen it: it never was.
            return;
        }
        let closed = match &self.act {
            Act::Complete { wait: acted, decision } if *acted == wait => Closed {
                task,
                result: match decision.choice {
                    Choice::Pass => "pass",
                    Choice::Reject | Choice::Error(_) => "reject",
                },
                handler: Some(decision.user.clone()),
                comment: decision.comment.clone(),
                form_data: decision.form_data.clone(),
            },
            _ => Closed {
                task,
                result: if completed { "pass" } else { "revoke" },
                handler: None,
                comment: None,
                form_data: None,
            },
        };
        self.change.closed.insert(wait, closed);
    }

    fn drop_call(&mut self, wait: u64) {
        let Some(Held::Call { run }) = self.run.held.remove(&wait) else { return };
        let id = wire_id(self.order_id(run), wait);
        let news = self.news_of(run);
        let before = news.calls.len();
        news.calls.retain(|call| call.id != id);
        if news.calls.len() == before {
            news.dropped.push(id);
        }
    }

    fn name_of(&self, run: u32, node: &str) -> String {
        let order = self.run.orders.get(&run);
        let pin = order.and_then(|order| {
            self.run.pins.processes.iter().find(|pin| {
                (&pin.flow, pin.version, &pin.process)
                    == (&order.flow, order.version, &order.process)
            })
        });
        let process = pin.and_then(|pin| self.library.get(&pin.key));
        let found = process.and_then(|process| process.node(node));
        found.map_or_else(|| node.to_owned(), |node| node.name.to_string())
    }

    fn end(&mut self, run: u32, state: flow_engine::State, end_activity: Option<&str>) {
        let (state, ending) = match state {
            flow_engine::State::Completed => (State::Completed, Ending::Pass),
            flow_engine::State::Failed => (State::Failed, Ending::Fail),
            flow_engine::State::Cancelled => (State::Cancelled, self.ending),
            flow_engine::State::Fresh | flow_engine::State::Running => return,
        };
        if let Some(order) = self.run.orders.get_mut(&run) {
            order.state = state;
        }
        let end_activity = end_activity.map(str::to_owned);
        let last = match &end_activity {
            Some(node) if state != State::Cancelled => {
                let name = self.name_of(run, node);
                Last { node: node.clone(), name, ..self.run.last.clone() }
            }
            _ => self.run.last.clone(),
        };
        let reason = match &self.act {
            Act::Cancel { reason, .. } => Some(reason.clone()),
            Act::Complete { decision, .. } => decision.comment.clone(),
            _ if run == 0 => self.error.clone(),
            _ => None,
        };
        self.news_of(run).finished = Some(Finished { ending, last, reason });
        let ended = Ended { state, ending, end_activity, at: self.now };
        self.change.ended.insert(run, ended);
    }

    fn finish(mut self, schema: &Schema) -> Moved {
        // An answered or given up call is not dropped: it is over all the same.
        if let Act::Answer { wait, .. } | Act::Refuse { wait, .. } | Act::Fail { wait, .. } =
            &self.act
            && !self
                .news
                .values()
                .any(|news| news.calls.iter().any(|call| call.id.ends_with(&format!("-{wait}"))))
        {
            self.run.held.remove(wait);
        }
        for (wait, task) in std::mem::take(&mut self.change.opened) {
            if task.is_for_people && !task.assignees.is_empty() {
                self.news_of(task.run).opened.push((wait, task.clone()));
            }
            self.change.opened.insert(wait, task);
        }
        for (wait, closed) in std::mem::take(&mut self.change.closed) {
            if closed.task.is_for_people && !closed.task.assignees.is_empty() {
                self.news_of(closed.task.run).closed.push((wait, closed.clone()));
            }
            self.change.closed.insert(wait, closed);
        }
        self.news.retain(|_, news| !news.is_empty());
        if let Some(news) = self.news.get_mut(&0)
            && (news.started.is_some() || news.finished.is_some())
        {
            let variables = self.run.instance.variables();
            let form = schema
                .names()
                .filter_map(|name| Some((name.to_owned(), variables.get(name)?.to_json())))
                .collect();
            news.form_data = Some(Json::Object(form));
            let all = variables.iter().map(|(name, value)| (name.clone(), value.to_json()));
            news.variables = Some(Json::Object(all.collect()));
        }
        for run in self.news.keys() {
            if let Some(order) = self.run.orders.get_mut(run) {
                order.told += 1;
            }
        }
        Moved { run: self.run, change: self.change, news: self.news }
    }
}
