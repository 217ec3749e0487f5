//! From what the engine wants to rows to write and facts to tell.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use flow_engine::{Effect, Happened, Library, TaskKind};
use serde_json::Value as Json;

use super::change::{
    Call, Change, Closed, Errand, ErrandKind, Finished, Incident, IncidentKind, Moved, News, Record,
};
use super::{Act, Advanced, Choice, Held, Last, Refusal, Run, Task, foreign, people_incident};
use crate::domain::form::Schema;
use crate::domain::order::{Ended, Ending, Order, Place, State, wire_id};
use crate::domain::people::{People, Wanted};

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
