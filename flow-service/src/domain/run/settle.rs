//! From what the engine wants to rows to write and facts to tell.

use std::collections::{BTreeMap, VecDeque};

use flow_engine::{Effect, Happened, TaskKind};

use super::change::{
    Call, Change, Copied, Errand, ErrandKind, Finished, Incident, IncidentKind, Moved, News,
    Record, RowKey,
};
use super::plan::Plan;
use super::task::{Decision, Done, Row, Task};
use super::{Act, Advanced, Held, Last, Refusal, Run, Surroundings, Versions, foreign};
use crate::domain::approval::{Approval, Verdict};
use crate::domain::approvers::{self, Asked};
use crate::domain::form::Schema;
use crate::domain::order::{Ended, Ending, Order, Place, State, wire_id};
use crate::domain::people::Wanted;

/// Decided tasks that an order remembers.
const MOST_DONE: usize = 500;

/// Tasks that may decide themselves in one step.
const MOST_BY_ITSELF: usize = 200;

/// What a step comes to.
#[derive(Debug)]
pub(crate) enum Settlement {
    Moved(Box<Moved>),
    /// These people must be looked up first.
    Ask(Wanted),
}

/// Why settling stops.
pub(super) enum Stop {
    Ask(Wanted),
    Refused(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Stop::Refused(refusal)
    }
}

impl Advanced {
    /// How many orders this step starts by calling them.
    pub(crate) fn called(&self) -> usize {
        let is_call = |effect: &&Effect| matches!(effect, Effect::RunOpened { .. });
        let effects = self.step.iter().flat_map(|step| &step.effects);
        // A task that decides itself may go on to a call.
        let spare = if self.before.pins.links.is_empty() { 0 } else { 8 };
        effects.filter(is_call).count() + spare
    }

    /// Whom the tasks of this step name, as far as it can be told before anything is known.
    pub(crate) fn wanted(&self, versions: &Versions, around: &Surroundings<'_>) -> Wanted {
        let mut all = Wanted::default();
        let Some(step) = &self.step else { return all };
        for effect in &step.effects {
            if let Effect::OpenTask(task) = effect
                && task.kind == TaskKind::User
                && let Some(spec) = versions.spec(&self.before, task.run, &task.node)
            {
                let variables = step.instance.visible(task.wait);
                let asked = self.before.asked_of(&variables, &task.node, around);
                all.add(approvers::wanted(spec, &asked, around.people));
            }
        }
        all
    }

    /// What is to be written and told. `ids` are numbers for the orders that were called; `schema` is
    /// the form of the order.
    pub(crate) fn settle(
        &self,
        versions: &Versions,
        around: &Surroundings<'_>,
        ids: &mut dyn Iterator<Item = i64>,
        schema: &Schema,
    ) -> Result<Settlement, Refusal> {
        let Advanced { before, rows, offers, step, act, plan } = self;
        let mut run = before.clone();
        run.seq += 1;
        if let Some(step) = step {
            run.instance = step.instance.clone();
        }
        if let Some(acted) = &plan.acted {
            run.last = acted.clone();
        }
        if let Act::Decide { decision, .. } = act {
            run.chosen.extend(decision.next_people.clone());
        }
        let change = Change { act: act.word(), actor: act.actor(), ..Change::default() };
        let mut settling = Settling {
            run,
            change,
            news: BTreeMap::new(),
            versions,
            around,
            act,
            plan,
            ending: plan.ending,
            by_itself: plan.concluded.iter().copied().collect(),
            reopened: plan.reopened.clone(),
            gone: BTreeMap::new(),
            ids,
            error: None,
        };
        match settling.go(step.as_ref()) {
            Ok(()) => {}
            Err(Stop::Ask(wanted)) => return Ok(Settlement::Ask(wanted)),
            Err(Stop::Refused(refusal)) => return Err(refusal),
        }
        Ok(Settlement::Moved(Box::new(settling.finish(rows, offers, schema))))
    }
}

impl Run {
    pub(super) fn asked_of<'a>(
        &'a self,
        variables: &'a flow_engine::value::Variables,
        node: &str,
        around: &Surroundings<'a>,
    ) -> Asked<'a> {
        Asked {
            starter: &self.head.initiator,
            manager: around.manager,
            variables,
            chosen: self.chosen.get(node).map(Vec::as_slice).unwrap_or_default(),
            now: around.now,
        }
    }
}

pub(super) struct Settling<'a> {
    pub(super) run: Run,
    pub(super) change: Change,
    pub(super) news: BTreeMap<u32, News>,
    pub(super) versions: &'a Versions,
    pub(super) around: &'a Surroundings<'a>,
    pub(super) act: &'a Act,
    pub(super) plan: &'a Plan,
    pub(super) ending: Ending,
    /// Tasks that need nobody any more, and whether they are passed.
    pub(super) by_itself: VecDeque<(u64, bool)>,
    pub(super) reopened: Option<(String, Approval)>,
    /// Tasks that waited and do no longer, and whether they were completed.
    pub(super) gone: BTreeMap<u64, (Task, bool)>,
    pub(super) ids: &'a mut dyn Iterator<Item = i64>,
    error: Option<String>,
}

impl Settling<'_> {
    fn go(&mut self, step: Option<&flow_engine::Step>) -> Result<(), Stop> {
        if matches!(self.act, Act::Start { .. }) {
            self.change.new_orders.push(0);
        }
        for (wait, approval) in &self.plan.approvals {
            if let Some(Held::Task(task)) = self.run.held.get_mut(wait) {
                task.approval = Some(approval.clone());
                task.sync();
            }
        }
        for operation in &self.plan.operations {
            self.operated(operation.clone());
        }
        if let Some(step) = step {
            self.take_step(step)?;
        }
        if let Some((wait, _)) = &self.plan.approval {
            self.skip_turns(*wait);
        }
        if let Some(wait) = self.plan.look_again {
            self.look_again(wait)?;
        }
        if let Some(wait) = self.plan.ran_out {
            self.arm_again(wait);
        }
        self.decide_by_themselves()?;
        self.void(&self.plan.voids);
        if let Some((run, row)) = self.plan.undone {
            self.news_of(run).voided.push(row);
        }
        Ok(())
    }

    fn take_step(&mut self, step: &flow_engine::Step) -> Result<(), Stop> {
        for effect in &step.effects {
            if let Effect::RunOpened { run, parent, process, .. } = effect {
                let id = self.ids.next().ok_or(Refusal::Engine("no more numbers".to_owned()))?;
                self.open_run(*run, *parent, process, id)?;
            }
        }
        self.note(&step.trail);
        for effect in &step.effects {
            self.take(effect.clone())?;
        }
        Ok(())
    }

    /// Goes on with the tasks that their rules decide.
    fn decide_by_themselves(&mut self) -> Result<(), Stop> {
        for _ in 0..MOST_BY_ITSELF {
            let Some((wait, passed)) = self.by_itself.pop_front() else { return Ok(()) };
            let verdict = if passed { Verdict::Passed } else { Verdict::Rejected };
            let nobody = Decision::default();
            let plan = Plan { ending: Ending::Reject, ..Plan::default() };
            let plan = self.run.conclude(self.versions, wait, verdict, &nobody, plan)?;
            let Some(command) = plan.command else { continue };
            if matches!(command, flow_engine::Command::Cancel { .. }) {
                self.ending = Ending::Reject;
            }
            let instance = self.run.instance.clone();
            let library = &self.versions.library;
            let moved = flow_engine::advance(library, instance, command, self.around.now);
            let step = moved.map_err(|refused| Refusal::from(refused.why))?;
            self.run.instance = step.instance.clone();
            self.void(&plan.voids);
            self.take_step(&step)?;
        }
        Err(Refusal::Engine("too many tasks decide themselves".to_owned()).into())
    }

    /// Decisions that count no longer.
    fn void(&mut self, waits: &[u64]) {
        let mut voided = Vec::new();
        for done in
            self.run.done.iter_mut().filter(|done| !done.is_void && waits.contains(&done.wait))
        {
            done.is_void = true;
            for (number, _) in (1..).zip(&done.task.rows) {
                if done.task.decided(number).is_some() {
                    voided.push((done.task.run, (done.wait, number)));
                }
            }
        }
        for (run, row) in voided {
            self.news_of(run).voided.push(row);
        }
    }

    pub(super) fn operated(&mut self, operation: super::Operation) {
        if operation.action == "copy" {
            let copied = Copied {
                people: operation.people.clone(),
                by: Some(operation.user.clone()),
                comment: operation.said.comment.clone(),
            };
            self.news_of(operation.run).copies.push(copied);
        }
        self.news_of(operation.run).operations.push(operation.clone());
        self.change.operations.push(operation);
    }

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

    pub(super) fn news_of(&mut self, run: u32) -> &mut News {
        self.news.entry(run).or_default()
    }

    fn order_id(&self, run: u32) -> i64 {
        self.run.orders.get(&run).map_or(self.run.id, |order| order.id)
    }

    fn take(&mut self, effect: Effect) -> Result<(), Stop> {
        match effect {
            Effect::OpenTask(task) => self.open_task(&task)?,
            Effect::CloseTask { wait, completed } => self.close_task(wait, completed)?,
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
                let id = wire_id(self.order_id(call.run), call.wait, 1);
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
        Ok(())
    }

    fn open_task(&mut self, open: &flow_engine::OpenTask) -> Result<(), Stop> {
        let mut task = Task::new(open);
        if task.is_for_people {
            self.find_people(open.wait, &mut task)?;
        }
        task.sync();
        self.run.held.insert(open.wait, Held::Task(task));
        Ok(())
    }

    fn close_task(&mut self, wait: u64, completed: bool) -> Result<(), Stop> {
        let Some(Held::Task(task)) = self.run.held.remove(&wait) else { return Ok(()) };
        if task.is_troubled && self.change.incidents.remove(&wait).is_none() {
            self.change.incidents_over.insert(wait);
        }
        if self.change.timeouts.remove(&wait).is_none() {
            self.change.timeouts_cleared.insert(wait);
        }
        if completed && task.approval.is_some() {
            self.copy_to(&task)?;
            self.run.done.push(Done { wait, task: task.clone(), is_void: false });
            let beyond = self.run.done.len().saturating_sub(MOST_DONE);
            self.run.done.drain(..beyond);
        }
        self.gone.insert(wait, (task, completed));
        Ok(())
    }

    /// Those whom the drawing wants to be told of a passed task.
    fn copy_to(&mut self, task: &Task) -> Result<(), Stop> {
        let Some(spec) = self.spec(task).filter(|spec| !spec.copy_to.is_empty()) else {
            return Ok(());
        };
        let variables = self.run.instance.variables();
        let asked = self.run.asked_of(variables, &task.node, self.around);
        let wanted = approvers::wanted_copies(spec, &asked, self.around.people);
        let wanted = wanted.unknown_to(self.around.people);
        if !wanted.is_empty() {
            return Err(Stop::Ask(wanted));
        }
        let people = approvers::copies(spec, &asked, self.around.people);
        if !people.is_empty() {
            let copied = Copied { people, by: None, comment: None };
            self.news_of(task.run).copies.push(copied);
        }
        Ok(())
    }

    fn drop_call(&mut self, wait: u64) {
        let Some(Held::Call { run }) = self.run.held.remove(&wait) else { return };
        let id = wire_id(self.order_id(run), wait, 1);
        let news = self.news_of(run);
        let before = news.calls.len();
        news.calls.retain(|call| call.id != id);
        if news.calls.len() == before {
            news.dropped.push(id);
        }
    }

    fn name_of(&self, run: u32, node: &str) -> String {
        let process = self.run.key_of(run).and_then(|key| self.versions.library.get(key));
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
        let reason = match self.act {
            Act::Cancel { reason, .. } => Some(reason.clone()),
            Act::Decide { decision, .. } | Act::Recall { decision } => {
                decision.said.comment.clone()
            }
            _ if run == 0 => self.error.clone(),
            _ => None,
        };
        self.news_of(run).finished = Some(Finished { ending, last, reason });
        let ended = Ended { state, ending, end_activity, at: self.around.now };
        self.change.ended.insert(run, ended);
    }

    fn finish(
        mut self,
        rows: &BTreeMap<u64, Vec<Row>>,
        offers: &BTreeMap<RowKey, Vec<&'static str>>,
        schema: &Schema,
    ) -> Moved {
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
        self.compare_rows(rows, offers);
        self.news.retain(|_, news| !news.is_empty());
        self.tell_what_is_possible();
        self.tell_values(schema);
        for run in self.news.keys() {
            if let Some(order) = self.run.orders.get_mut(run) {
                order.told += 1;
            }
        }
        Moved { run: self.run, change: self.change, news: self.news }
    }
}
