//! The rest of an order's path, as it is if everybody passes and whatever is waited for comes: the
//! engine goes on with a copy of the order, and nothing of that is kept.

mod people;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use flow_engine::value::{Value, Variables};
use flow_engine::{Command, Effect, Instance, Library, OpenTask, State, TaskKind, WaitsFor};

pub(crate) use people::{Known, Person, Picked};
use people::{Whose, pick, wanted};
pub(crate) use steps::{Step, Way};

/// Commands that one forecast carries out at most.
const MOST_COMMANDS: usize = 200;

/// A user task that will open, or opens more often while it is open.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ahead {
    pub(crate) run: u32,
    /// The engine's key of its process.
    pub(crate) key: String,
    pub(crate) node: String,
    pub(crate) name: String,
    /// The order comes back to its start: whoever started it sends it off again.
    pub(crate) is_resubmit: bool,
    /// The way leads back to a task that was passed on it; it is followed no further.
    pub(crate) is_loop: bool,
    /// What its element sees, for each time that it opens.
    pub(crate) seen: Vec<Variables>,
}

/// What is still to come.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rest {
    /// In the order in which they open.
    pub(crate) ahead: Vec<Ahead>,
    /// Whether the order comes to its end on this way.
    pub(crate) ends: bool,
}

/// Goes on with an order. `keys` are the engine's keys of the processes that its runs run.
pub(crate) fn go_on(
    library: &Library,
    instance: Instance,
    keys: BTreeMap<u32, String>,
    now: DateTime<Utc>,
) -> Rest {
    let path =
        Path { library, instance, keys, now, passed: BTreeMap::new(), rest: Rest::default() };
    path.finish(BTreeSet::new())
}

/// Starts an order of the process that the library has under this key, and goes on with it.
pub(crate) fn begin(
    library: &Library,
    key: &str,
    variables: Variables,
    now: DateTime<Utc>,
) -> Result<Rest, flow_engine::Refusal> {
    let start = Command::Start { at: None, variables };
    let step = flow_engine::advance(library, Instance::new(key), start, now)
        .map_err(|refused| refused.why)?;
    let mut path = Path {
        library,
        instance: step.instance,
        keys: BTreeMap::from([(0, key.to_owned())]),
        now,
        passed: BTreeMap::new(),
        rest: Rest::default(),
    };
    let mut cut = BTreeSet::new();
    path.note(&step.effects, &mut cut);
    Ok(path.finish(cut))
}

/// An order on the way that it will probably take.
struct Path<'a> {
    library: &'a Library,
    instance: Instance,
    keys: BTreeMap<u32, String>,
    now: DateTime<Utc>,
    /// The tasks that were passed on this way.
    passed: BTreeMap<u64, (u32, String)>,
    rest: Rest,
}

impl Path<'_> {
    fn finish(mut self, mut cut: BTreeSet<u64>) -> Rest {
        for _ in 0..MOST_COMMANDS {
            let Some(command) = self.next(&cut) else { break };
            if let Command::FireTimer { wait } = &command {
                self.wait_until_due(*wait);
            }
            let (library, instance, now) = (self.library, self.instance.clone(), self.now);
            let Ok(step) = flow_engine::advance(library, instance, command, now) else { break };
            self.instance = step.instance;
            self.note(&step.effects, &mut cut);
        }
        self.rest.ends = self.instance.state() == State::Completed;
        self.rest
    }

    /// What happens next: of everything that waits, what has waited longest and moves the order. What
    /// interrupts an element or comes beside it does not happen.
    fn next(&mut self, cut: &BTreeSet<u64>) -> Option<Command> {
        let mut found = None;
        for waiting in self.instance.waits().filter(|waiting| !cut.contains(&waiting.wait)) {
            let wait = waiting.wait;
            let kind = self.kind(waiting.run, waiting.node);
            let is_beside = matches!(kind, Some("boundaryEvent" | "startEvent"));
            let command = match waiting.what {
                WaitsFor::User => {
                    let node = waiting.node.to_owned();
                    // Whoever sends an order off again passes nothing.
                    let variables = match is_beside {
                        true => Variables::new(),
                        false => Variables::from([("approved".to_owned(), Value::Bool(true))]),
                    };
                    found = Some((wait, (waiting.run, node)));
                    Command::CompleteTask { wait, variables }
                }
                WaitsFor::Receive(_) => Command::CompleteTask { wait, variables: Variables::new() },
                WaitsFor::Service => Command::AnswerService { wait, answer: success() },
                WaitsFor::Timer(_) if !is_beside => Command::FireTimer { wait },
                WaitsFor::Message(name) if !is_beside => {
                    let (name, variables) = (name.to_owned(), Variables::new());
                    Command::Message { name, wait: Some(wait), variables }
                }
                WaitsFor::Signal(name) if !is_beside => {
                    Command::Signal { name: name.to_owned(), variables: Variables::new() }
                }
                WaitsFor::Timer(_)
                | WaitsFor::Message(_)
                | WaitsFor::Signal(_)
                | WaitsFor::Condition
                | WaitsFor::Incident(_) => continue,
            };
            self.passed.extend(found);
            return Some(command);
        }
        None
    }

    fn kind(&self, run: u32, node: &str) -> Option<&'static str> {
        Some(self.library.get(self.keys.get(&run)?)?.node(node)?.kind)
    }

    fn wait_until_due(&mut self, timer: u64) {
        for waiting in self.instance.waits().filter(|waiting| waiting.wait == timer) {
            if let WaitsFor::Timer(due) = waiting.what {
                self.now = self.now.max(due);
            }
        }
    }

    fn note(&mut self, effects: &[Effect], cut: &mut BTreeSet<u64>) {
        for effect in effects {
            match effect {
                Effect::RunOpened { run, process, .. } => {
                    self.keys.insert(*run, process.to_string());
                }
                Effect::OpenTask(task) if task.kind != TaskKind::Receive => {
                    let waits = self.instance.waits().any(|waiting| waiting.wait == task.wait);
                    if waits && self.open(task) {
                        cut.insert(task.wait);
                    }
                }
                _ => {}
            }
        }
    }

    /// Notes a task that opens; whether the way leads in a circle there.
    fn open(&mut self, task: &OpenTask) -> bool {
        let is_loop = self.leads_back(task);
        let seen = self.instance.visible(task.wait);
        let known = self.rest.ahead.iter_mut().find(|ahead| {
            (ahead.run, ahead.node.as_str(), ahead.is_loop) == (task.run, &*task.node, is_loop)
        });
        match known {
            // Once is enough to say that it is a circle.
            Some(_) if is_loop => {}
            Some(ahead) => ahead.seen.push(seen),
            None => self.rest.ahead.push(Ahead {
                run: task.run,
                key: self.keys.get(&task.run).cloned().unwrap_or_default(),
                node: task.node.to_string(),
                name: task.name.to_string(),
                is_resubmit: task.kind == TaskKind::Resubmit,
                is_loop,
                seen: vec![seen],
            }),
        }
        is_loop
    }

    /// Whether what led to a task includes passing the same task on this way. One that is repeated for
    /// several people, or opens on several branches, does not.
    fn leads_back(&self, task: &OpenTask) -> bool {
        let is_same = |(run, node): &(u32, String)| *run == task.run && **node == *task.node;
        if !self.passed.values().any(is_same) {
            return false;
        }
        let targets = self.instance.return_targets(task.wait);
        let same = targets.iter().find(|it| it.run == task.run && it.node == task.node);
        let passed = |wait: &u64| self.passed.get(wait).is_some_and(is_same);
        same.is_some_and(|target| target.voids.iter().any(passed))
    }
}

/// What a service says that does what it is asked.
fn success() -> Value {
    Value::from_json(&serde_json::json!({"status": 0, "msg": "success", "data": {}}))
}
