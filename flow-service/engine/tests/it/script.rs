//! The language of scripts: one command a line, and effects as lines.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use flow_engine::bpmn;
use flow_engine::value::{Value, Variables};
use flow_engine::{
    Command, Effect, Happened, Instance, Library, Process, State, Step, Subscription, WaitsFor,
    advance, time,
};

/// One order as a script tells it.
pub(crate) struct Story {
    library: Library,
    instance: Instance,
    now: DateTime<Utc>,
    /// What every wait was called when it was opened.
    names: BTreeMap<u64, String>,
}

impl Story {
    pub(crate) fn new(drawing: &str) -> Self {
        let (library, key) = library(drawing);
        let instance = Instance::new(&key);
        let now = time::instant("2025-01-01T00:00:00Z").unwrap();
        Self { library, instance, now, names: BTreeMap::new() }
    }

    /// Carries out one line and says what happens.
    pub(crate) fn go(&mut self, line: &str) -> Vec<String> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "advance" => return self.pass(rest),
            "targets" => return self.targets(first_word(rest)),
            "show" => {
                let variables = self.instance.variables().iter();
                return variables
                    .map(|(name, value)| format!("{name} = {}", value.to_json()))
                    .collect();
            }
            _ => {}
        }
        let Some(command) = self.command(verb, rest) else {
            return vec![format!("nothing to {verb}")];
        };
        self.carry_out(command)
    }

    fn carry_out(&mut self, command: Command) -> Vec<String> {
        let instance = std::mem::replace(&mut self.instance, Instance::new(""));
        let again = Instance::restore(instance.snapshot(), &self.library).unwrap();
        match advance(&self.library, instance, command.clone(), self.now) {
            Ok(step) => {
                let same = advance(&self.library, again, command, self.now).unwrap();
                assert_eq!(same.effects, step.effects, "a restored instance does the same");
                assert_eq!(same.instance.snapshot(), step.instance.snapshot());
                let happened = self.told(&step);
                self.instance = step.instance;
                happened
            }
            Err(refused) => {
                self.instance = *refused.instance;
                vec![format!("refused: {}", refused.why)]
            }
        }
    }

    fn command(&self, verb: &str, rest: &str) -> Option<Command> {
        let (first, tail) = rest.split_once(' ').unwrap_or((rest, ""));
        Some(match verb {
            "start" => match first.strip_prefix('@') {
                Some(at) => Command::Start { at: Some(at.to_owned()), variables: given(tail) },
                None => Command::Start { at: None, variables: given(rest) },
            },
            "complete" => {
                let wait =
                    self.wait(first, |it| matches!(it, WaitsFor::User | WaitsFor::Receive(_)))?;
                Command::CompleteTask { wait, variables: given(tail) }
            }
            "error" => {
                let wait = self.wait(first, |it| {
                    matches!(it, WaitsFor::User | WaitsFor::Receive(_) | WaitsFor::Service)
                })?;
                let code = tail.to_owned();
                let (message, variables) = (String::new(), Variables::new());
                Command::ThrowError { wait, code, message, variables }
            }
            "answer" => {
                let wait = self.wait(first, |it| matches!(it, WaitsFor::Service))?;
                Command::AnswerService { wait, answer: value(tail) }
            }
            "fail" => {
                let wait = self.wait(first, |it| matches!(it, WaitsFor::Service))?;
                Command::FailService { wait, reason: tail.to_owned() }
            }
            "retry" => {
                let wait = self.wait(first, |it| matches!(it, WaitsFor::Incident(_)))?;
                Command::Retry { wait }
            }
            "message" => {
                Command::Message { name: first.to_owned(), wait: None, variables: given(tail) }
            }
            "signal" => Command::Signal { name: first.to_owned(), variables: given(tail) },
            "set" => Command::SetVariables { variables: given(rest) },
            "return" | "straight" => {
                let wait = self.wait(first, |it| matches!(it, WaitsFor::User))?;
                let targets = self.instance.return_targets(wait);
                let visit = targets.iter().find(|it| &*it.node == tail).map_or(0, |it| it.visit);
                Command::Return { wait, visit, straight_back: verb == "straight" }
            }
            "takeback" => {
                let open: Vec<u64> = self.instance.waits().map(|it| it.wait).collect();
                let mut over = self.names.iter().rev().filter(|(wait, _)| !open.contains(wait));
                let wait = *over.find(|(_, name)| *name == first)?.0;
                Command::TakeBack { wait }
            }
            "cancel" => Command::Cancel { reason: rest.to_owned() },
            other => panic!("no such command: {other}"),
        })
    }

    /// Where a task can be sent back to, and what that would take away.
    fn targets(&self, name: &str) -> Vec<String> {
        let Some(wait) = self.wait(name, |it| matches!(it, WaitsFor::User)) else {
            return vec!["nothing waits".into()];
        };
        let names =
            |waits: &[u64]| waits.iter().map(|&it| self.name(it)).collect::<Vec<_>>().join(" ");
        let targets = self.instance.return_targets(wait);
        let tell = targets.iter().map(|it| {
            let straight = if it.same_scope { " (and straight back)" } else { "" };
            format!(
                "to {}{straight}: cancels {}; voids {}",
                it.node,
                names(&it.cancels),
                names(&it.voids)
            )
        });
        tell.collect()
    }

    /// The oldest wait of a node, or of its n-th iteration: `task` or `task#2`.
    fn wait(&self, name: &str, fits: impl Fn(&WaitsFor<'_>) -> bool) -> Option<u64> {
        let of_node = |wait: u64, node: &str| {
            name == node || self.names.get(&wait).is_some_and(|it| it == name)
        };
        let mut waits = self.instance.waits().filter(|it| fits(&it.what));
        waits.find(|it| of_node(it.wait, it.node)).map(|it| it.wait)
    }

    /// Time goes by; timers fire in order, each at its time.
    fn pass(&mut self, length: &str) -> Vec<String> {
        let until = time::Period::parse(length).unwrap().after(self.now).unwrap();
        let mut happened = Vec::new();
        loop {
            let due = self.instance.waits().filter_map(|it| match it.what {
                WaitsFor::Timer(due) if due <= until => Some((due, it.wait)),
                _ => None,
            });
            let Some((due, wait)) = due.min() else { break };
            self.now = self.now.max(due);
            happened.extend(self.carry_out(Command::FireTimer { wait }));
        }
        self.now = until;
        happened
    }

    fn told(&mut self, step: &Step) -> Vec<String> {
        for wait in step.instance.waits() {
            self.names.entry(wait.wait).or_insert_with(|| wait.node.to_owned());
        }
        let mut lines = Vec::new();
        if !step.trail.is_empty() {
            let marks = step.trail.iter().map(|it| {
                let mark = match it.event {
                    Happened::Started => "+",
                    Happened::Completed => "",
                    Happened::Cancelled => "-",
                    Happened::Failed => "!",
                };
                let index = it.loop_index.map(|it| format!("#{it}")).unwrap_or_default();
                format!("{mark}{}{index}", it.node)
            });
            lines.push(format!("went {}", marks.collect::<Vec<_>>().join(" ")));
        }
        for effect in &step.effects {
            if let Effect::OpenTask(open) = effect {
                let index = open.loop_index.map(|it| format!("#{it}")).unwrap_or_default();
                self.names.insert(open.wait, format!("{}{index}", open.node));
            }
            lines.push(self.tell(effect));
        }
        lines
    }

    fn name(&self, wait: u64) -> &str {
        self.names.get(&wait).map_or("?", String::as_str)
    }

    fn tell(&self, effect: &Effect) -> String {
        match effect {
            Effect::OpenTask(open) => {
                let mut whom: Vec<&str> = open.assignee.as_deref().into_iter().collect();
                whom.extend(open.candidate_users.iter().map(String::as_str));
                whom.extend(open.candidate_groups.iter().map(String::as_str));
                let whom =
                    if whom.is_empty() { String::new() } else { format!("({})", whom.join(",")) };
                format!("open {}{whom}", self.name(open.wait))
            }
            Effect::CloseTask { wait, completed: true } => format!("done {}", self.name(*wait)),
            Effect::CloseTask { wait, .. } => format!("take away {}", self.name(*wait)),
            Effect::SetTimer { wait, due } => {
                format!("timer {} in {}", self.name(*wait), time::iso(*due - self.now))
            }
            Effect::ClearTimer { wait } => format!("clear timer {}", self.name(*wait)),
            Effect::Subscribe { wait, what } => {
                let what = match what {
                    Subscription::Message(name) => format!("message {name}"),
                    Subscription::Signal(name) => format!("signal {name}"),
                };
                format!("subscribe {} to {what}", self.name(*wait))
            }
            Effect::Unsubscribe { wait } => format!("unsubscribe {}", self.name(*wait)),
            Effect::CallService(call) => {
                let body = call.body.to_json();
                format!("call {} {} {body}", self.name(call.wait), call.address)
            }
            Effect::DropCall { wait } => format!("drop call {}", self.name(*wait)),
            Effect::Publish { name, .. } => format!("publish {name}"),
            Effect::Broadcast { name, .. } => format!("broadcast {name}"),
            Effect::RunOpened { run, process, .. } => format!("run {run} of {process}"),
            Effect::RunClosed { run, state, .. } => format!("run {run} {}", word(*state)),
            Effect::Incident { node, reason, .. } => format!("incident {node}: {reason}"),
            Effect::IncidentOver { wait } => format!("incident over {}", self.name(*wait)),
            Effect::Finish { state, end_activity, error } => {
                let by = end_activity.as_deref().map(|it| format!(" by {it}")).unwrap_or_default();
                let why = error.as_deref().map(|it| format!(": {it}")).unwrap_or_default();
                format!("finish {}{by}{why}", word(*state))
            }
        }
    }
}

/// All processes of a drawing under their ids, and the first one's id.
pub(crate) fn library(drawing: &str) -> (Library, String) {
    let definitions = bpmn::parse(drawing).unwrap();
    let processes = Process::compile(&definitions).unwrap();
    let key = processes.first().unwrap().id().to_owned();
    let mut library = Library::new();
    for process in processes {
        let id = process.id().to_owned();
        library.insert(&id, Arc::new(process));
    }
    (library, key)
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

fn given(text: &str) -> Variables {
    let pairs = text.split_whitespace().map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, text)| (name.to_owned(), value(text))).collect()
}

fn value(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(json) => Value::from_json(&json),
        Err(_) => text.into(),
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Fresh => "fresh",
        State::Running => "running",
        State::Completed => "completed",
        State::Failed => "failed",
        State::Cancelled => "cancelled",
    }
}
