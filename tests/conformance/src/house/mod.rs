//! A house in memory: definitions, orders, messages between them, timers, and a clock that only
//! moves when it is told to. Every step goes through a snapshot, as it would through a database.

mod driver;
mod order;

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use flow_engine::bpmn::{self, model, model::Timer};
use flow_engine::expr::Expression;
use flow_engine::time::{self, Cycle, Period};
use flow_engine::value::{Value, Variables};
use flow_engine::{Command, Effect, Happened, Instance, Library, Process, Trigger, advance};

use crate::driver::Record;
use order::Order;

/// No case needs more steps; a cycle that outruns the clock must not run for ever.
const MOST_STEPS: usize = 100_000;

/// A house in memory.
#[derive(Default)]
pub struct House {
    created: Vec<(String, model::Definitions)>,
    library: Library,
    processes: Vec<Arc<Process>>,
    orders: Vec<Order>,
    thrown: VecDeque<Thrown>,
    starting_timers: Vec<StartingTimer>,
    records: Vec<Record>,
    passed: TimeDelta,
    seq: u64,
    steps: usize,
}

/// What an order threw out of itself.
enum Thrown {
    Message { name: String, variables: Variables },
    Signal { name: String, variables: Variables, by: Option<usize> },
}

/// A start event that waits for its time.
struct StartingTimer {
    process: String,
    node: String,
    due: DateTime<Utc>,
    cycle: Option<(Cycle, DateTime<Utc>, u32)>,
}

impl House {
    /// An empty one; its clock stands at the beginning of 2025.
    pub fn new() -> House {
        House::default()
    }

    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_735_689_600, 0).unwrap_or_default() + self.passed
    }

    fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    fn admit(&mut self, xml: &str) -> Result<model::Definitions, String> {
        bpmn::parse(xml).map_err(|findings| told(&findings))
    }

    fn deploy(&mut self, definitions: &model::Definitions) -> Result<(), String> {
        let processes = Process::compile(definitions).map_err(|findings| told(&findings))?;
        for process in processes {
            let process = Arc::new(process);
            self.library.insert(process.id(), process.clone());
            self.await_starting_timers(&process)?;
            self.processes.push(process);
        }
        Ok(())
    }

    fn await_starting_timers(&mut self, process: &Process) -> Result<(), String> {
        for start in process.starts() {
            let Trigger::Timer(timer) = start.trigger else { continue };
            let (due, cycle) = due(&timer, self.now())?;
            let Some(due) = due else { continue };
            let process = process.id().to_owned();
            self.starting_timers.push(StartingTimer { process, node: start.node, due, cycle });
        }
        Ok(())
    }

    /// Starts an order and lets everything happen that follows; its place in the list.
    fn open_order(
        &mut self,
        process: &str,
        at: Option<String>,
        variables: Variables,
    ) -> Result<usize, String> {
        self.orders.push(Order::new(process));
        let place = self.orders.len() - 1;
        self.step(place, Command::Start { at, variables })?;
        Ok(place)
    }

    /// One command and what it throws, without delivering that yet.
    fn step(&mut self, place: usize, command: Command) -> Result<(), String> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Err(format!("more than {MOST_STEPS} steps"));
        }
        let now = self.now();
        let order = self.orders.get_mut(place).ok_or("no such order")?;
        let instance = order.instance.take().ok_or("the order has no instance")?;
        let step = match advance(&self.library, instance, command, now) {
            Ok(step) => step,
            Err(refused) => {
                let why = refused.why.to_string();
                order.instance = Some(*refused.instance);
                return Err(why);
            }
        };
        order.instance = Some(through_snapshot(step.instance, &self.library)?);
        for record in step.trail {
            let seq = self.next_seq();
            self.records.push(Record {
                seq,
                order: (place + 1).to_string(),
                activity: record.node.to_string(),
                event: match record.event {
                    Happened::Started => "started",
                    Happened::Completed => "completed",
                    Happened::Cancelled => "cancelled",
                    Happened::Failed => "failed",
                }
                .to_owned(),
            });
        }
        for effect in step.effects {
            match effect {
                Effect::Publish { name, variables } => {
                    self.thrown.push_back(Thrown::Message { name, variables });
                }
                Effect::Broadcast { name, variables } => {
                    self.thrown.push_back(Thrown::Signal { name, variables, by: Some(place) });
                }
                effect => {
                    let seq = self.next_seq();
                    let order = self.orders.get_mut(place).ok_or("no such order")?;
                    order.apply(effect, seq);
                }
            }
        }
        Ok(())
    }

    /// Delivers what was thrown until nothing is in the air.
    fn settle(&mut self) -> Result<(), String> {
        loop {
            self.answer_services()?;
            match self.thrown.pop_front() {
                None => return Ok(()),
                Some(Thrown::Message { name, variables }) => self.deliver(&name, variables)?,
                Some(Thrown::Signal { name, variables, by }) => {
                    self.spread(&name, &variables, by)?;
                }
            }
        }
    }

    /// Services are not there to be called; each answers nothing at once.
    fn answer_services(&mut self) -> Result<(), String> {
        for place in 0..self.orders.len() {
            while let Some(wait) = self.orders.get_mut(place).and_then(|it| it.calls.pop_first()) {
                self.step(place, Command::AnswerService { wait, answer: Value::Null })?;
            }
        }
        Ok(())
    }

    /// A message for the oldest subscription, else for a start.
    fn deliver(&mut self, name: &str, variables: Variables) -> Result<(), String> {
        let waiting = self.orders.iter().enumerate().filter_map(|(place, order)| {
            order.message_wait(name).map(|(wait, since)| (since, place, wait))
        });
        if let Some((_, place, wait)) = waiting.min() {
            let name = name.to_owned();
            return self.step(place, Command::Message { name, wait: Some(wait), variables });
        }
        let starts = self.starts(|trigger| *trigger == Trigger::Message(name.to_owned()));
        match starts.into_iter().next() {
            Some((process, node)) => self.open_order(&process, Some(node), variables).map(drop),
            None => Ok(()),
        }
    }

    /// A signal for everybody but its thrower, who had it, and for every start.
    fn spread(
        &mut self,
        name: &str,
        variables: &Variables,
        by: Option<usize>,
    ) -> Result<(), String> {
        let starts = self.starts(|trigger| *trigger == Trigger::Signal(name.to_owned()));
        for place in 0..self.orders.len() {
            let waits = self.orders.get(place).is_some_and(|order| order.awaits_signal(name));
            if waits && by != Some(place) {
                let (name, variables) = (name.to_owned(), variables.clone());
                self.step(place, Command::Signal { name, variables })?;
            }
        }
        for (process, node) in starts {
            self.open_order(&process, Some(node), variables.clone())?;
        }
        Ok(())
    }

    fn starts(&self, matches: impl Fn(&Trigger) -> bool) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for process in &self.processes {
            let start = process.starts().into_iter().find(|start| matches(&start.trigger));
            found.extend(start.map(|start| (process.id().to_owned(), start.node)));
        }
        found
    }

    /// Lets time go by: every timer fires at its own moment.
    fn pass_time(&mut self, time: TimeDelta) -> Result<(), String> {
        let end = self.now() + time;
        while self.fire_next(end)? {
            self.settle()?;
        }
        self.passed += end - self.now();
        Ok(())
    }

    /// Fires the timer that is due first, if one is until then.
    fn fire_next(&mut self, end: DateTime<Utc>) -> Result<bool, String> {
        let timers = self.orders.iter().enumerate();
        let order = timers
            .flat_map(|(place, order)| {
                order.timers.iter().map(move |(wait, due)| (*due, place, *wait))
            })
            .min()
            .filter(|(due, ..)| *due <= end);
        let starting = self.starting_timers.iter().enumerate().map(|(index, it)| (it.due, index));
        let starting = starting.min().filter(|(due, _)| *due <= end);
        match (order, starting) {
            (None, None) => Ok(false),
            (Some((due, place, wait)), other) if other.is_none_or(|(start, _)| due < start) => {
                self.passed += (due - self.now()).max(TimeDelta::zero());
                if let Some(order) = self.orders.get_mut(place) {
                    order.timers.remove(&wait);
                }
                self.step(place, Command::FireTimer { wait })?;
                Ok(true)
            }
            (_, None) => Ok(false),
            (_, Some((due, index))) => {
                self.passed += (due - self.now()).max(TimeDelta::zero());
                let mut timer = self.starting_timers.swap_remove(index);
                let (process, node) = (timer.process.clone(), timer.node.clone());
                if let Some((cycle, set, round)) = timer.cycle
                    && let Some(next) = cycle.due(set, round + 1)
                {
                    timer.due = next;
                    timer.cycle = Some((cycle, set, round + 1));
                    self.starting_timers.push(timer);
                }
                self.open_order(&process, Some(node), Variables::new())?;
                Ok(true)
            }
        }
    }
}

type Due = (Option<DateTime<Utc>>, Option<(Cycle, DateTime<Utc>, u32)>);

/// When a start event's timer is due first.
fn due(timer: &Timer, now: DateTime<Utc>) -> Result<Due, String> {
    let text = |text: &str| -> Result<String, String> {
        let value = Expression::template(text).and_then(|it| it.eval(&Variables::new(), now));
        value.map(|it| it.to_string()).map_err(|fault| fault.to_string())
    };
    let said = |fault: flow_engine::expr::Fault| fault.to_string();
    Ok(match timer {
        Timer::Date(date) => (Some(time::instant(&text(date)?).map_err(said)?), None),
        Timer::Duration(length) => (Period::parse(&text(length)?).map_err(said)?.after(now), None),
        Timer::Cycle(cycle) => {
            let cycle = Cycle::parse(&text(cycle)?).map_err(said)?;
            (cycle.due(now, 0), Some((cycle, now, 0)))
        }
        Timer::Unclear => return Err("a start event's timer is unclear".into()),
    })
}

/// The instance as it is read back from its stored snapshot.
fn through_snapshot(instance: Instance, library: &Library) -> Result<Instance, String> {
    let json = serde_json::to_string(&instance.snapshot()).map_err(|err| err.to_string())?;
    let snapshot = serde_json::from_str(&json).map_err(|err| err.to_string())?;
    Instance::restore(snapshot, library).map_err(|why| format!("snapshot: {why}"))
}

fn told(findings: &[bpmn::Finding]) -> String {
    let told =
        findings.iter().take(3).map(|it| format!("{} [{}] {}", it.element_id, it.code, it.message));
    told.collect::<Vec<_>>().join("; ")
}
