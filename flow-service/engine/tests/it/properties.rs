//! What holds for every drawing and every sequence of commands.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use flow_engine::value::{Value, Variables};
use flow_engine::{
    Command, Effect, Happened, Instance, Library, ReturnTarget, State, Step, WaitsFor, advance,
};
use proptest::prelude::*;
use serde_json::Value as Json;

use crate::blocks::{blocks, drawing};
use crate::script::library;

/// A command before it is known what waits: what to do, and with which of those that could.
type Wish = (u8, u16);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn whoever_serves_all_that_waits_comes_to_the_end_once(
        block in blocks(),
        wishes in prop::collection::vec(any::<Wish>(), 0..40),
    ) {
        let mut order = Order::start(&drawing(&block));
        for wish in wishes {
            let Some(command) = order.serving(wish, false) else { break };
            order.go(command);
        }
        for turn in 0..3_000 {
            let Some(command) = order.serving((0, turn), true) else { break };
            order.go(command);
        }
        prop_assert_eq!(order.state(), State::Completed, "{}", drawing(&block));
        prop_assert_eq!(order.ends, 1, "the end is reached once");
    }

    #[test]
    fn whoever_goes_back_and_forth_comes_to_the_end_once(
        block in blocks(),
        wishes in prop::collection::vec(any::<Wish>(), 0..60),
    ) {
        let mut order = Order::start(&drawing(&block));
        for wish in wishes {
            if wish.0 % 3 == 0 {
                order.go_back(wish);
            } else if let Some(command) = order.serving(wish, false) {
                order.go(command);
            }
        }
        for turn in 0..3_000 {
            let Some(command) = order.serving((0, turn), true) else { break };
            order.go(command);
        }
        prop_assert_eq!(order.state(), State::Completed, "{}", drawing(&block));
        prop_assert_eq!(order.ends, 1, "the end is reached once");
    }

    #[test]
    fn coming_straight_back_changes_nothing(
        block in blocks(),
        wishes in prop::collection::vec(any::<Wish>(), 1..30),
        which in any::<u16>(),
    ) {
        let mut order = Order::start(&drawing(&block));
        for wish in wishes {
            if let Some(command) = order.serving(wish, true) {
                order.go(command);
            }
        }
        let Some((wait, target)) = order.target(which, true) else { return Ok(()) };
        let before = order.places();
        order.go(Command::Return { wait, visit: target.visit, straight_back: true });
        let is_task =
            |it: &flow_engine::Waiting<'_>| matches!(it.what, WaitsFor::User | WaitsFor::Receive(_));
        let last = order.instance.waits().filter(is_task).last().unwrap();
        let (wait, once) = (last.wait, *last.node == *target.node && order.is_plain(last.wait));
        if once {
            order.go(Command::CompleteTask { wait, variables: Variables::new() });
            prop_assert_eq!(order.places(), before, "{}", drawing(&block));
        }
    }

    #[test]
    fn cancelling_leaves_nothing_that_waits(
        block in blocks(),
        wishes in prop::collection::vec(any::<Wish>(), 0..20),
    ) {
        let mut order = Order::start(&drawing(&block));
        for wish in wishes {
            order.go(order.any(wish));
        }
        order.go(Command::Cancel { reason: "enough".into() });
        prop_assert_ne!(order.state(), State::Running);
        prop_assert!(order.open.is_empty(), "{:?}", order.open);
    }

    #[test]
    fn the_same_commands_give_the_same_instance(
        block in blocks(),
        wishes in prop::collection::vec(any::<Wish>(), 0..20),
    ) {
        let drawing = drawing(&block);
        let mut order = Order::start(&drawing);
        let mut commands = Vec::new();
        for wish in wishes {
            let command = order.any(wish);
            commands.push(command.clone());
            order.go(command);
        }
        let mut again = Order::start(&drawing);
        for command in commands {
            again.go(command);
        }
        prop_assert_eq!(again.told, order.told);
        prop_assert_eq!(again.instance.snapshot(), order.instance.snapshot());
    }
}

/// An order with everything it has told, checked after every command.
struct Order {
    library: Library,
    instance: Instance,
    now: DateTime<Utc>,
    /// Waits that the world knows of.
    open: BTreeSet<u64>,
    /// How often the end of the drawing was reached.
    ends: u32,
    told: Vec<Effect>,
    /// Tasks that were done and count.
    done: BTreeSet<u64>,
}

impl Order {
    fn start(drawing: &str) -> Self {
        let (library, key) = library(drawing);
        let mut order = Self {
            library,
            instance: Instance::new(&key),
            now: DateTime::UNIX_EPOCH,
            open: BTreeSet::new(),
            ends: 0,
            told: Vec::new(),
            done: BTreeSet::new(),
        };
        order.go(Command::Start { at: None, variables: Variables::new() });
        order
    }

    /// A task that can be sent back, and where to.
    fn target(&self, which: u16, straight_back: bool) -> Option<(u64, ReturnTarget)> {
        let tasks = self.instance.waits();
        let tasks = tasks.filter(|it| matches!(it.what, WaitsFor::User | WaitsFor::Receive(_)));
        let all = tasks.flat_map(|it| {
            let targets = self.instance.return_targets(it.wait);
            targets.into_iter().map(move |target| (it.wait, target))
        });
        let all: Vec<_> = all.filter(|(_, it)| it.same_scope || !straight_back).collect();
        all.get(usize::from(which) % all.len().max(1)).cloned()
    }

    /// Sends a task back or takes one back, and checks that what happens is what was foretold.
    fn go_back(&mut self, wish: Wish) {
        let done = self.done.iter().nth(usize::from(wish.1) % self.done.len().max(1)).copied();
        if let Some(wait) = done.filter(|_| wish.0.is_multiple_of(4)) {
            if self.instance.can_take_back(wait) {
                self.go(Command::TakeBack { wait });
                assert!(!self.instance.can_take_back(wait), "once is enough");
            }
            return;
        }
        let straight_back = wish.0 % 4 == 1;
        let Some((wait, target)) = self.target(wish.1, straight_back) else { return };
        assert!(target.cancels.contains(&wait));
        let told = self.told.len();
        self.go(Command::Return { wait, visit: target.visit, straight_back });
        let told = &self.told[told..];
        // What is taken away comes first, then the target opens.
        let ends = |it: &&Effect| {
            matches!(
                it,
                Effect::CloseTask { completed: false, .. }
                    | Effect::ClearTimer { .. }
                    | Effect::Unsubscribe { .. }
                    | Effect::DropCall { .. }
                    | Effect::IncidentOver { .. }
                    | Effect::RunClosed { .. }
            )
        };
        let gone = told.iter().take_while(ends).filter_map(|it| match it {
            Effect::CloseTask { wait, .. } => Some(*wait),
            _ => None,
        });
        let foretold = if straight_back {
            BTreeSet::from([wait])
        } else {
            target.cancels.iter().copied().collect()
        };
        let mut gone: BTreeSet<u64> = gone.collect();
        if straight_back {
            // Of a repeated task every iteration that waits.
            gone.retain(|it| *it == wait);
        }
        assert_eq!(gone, foretold, "{target:?}");
        assert!(told.iter().any(|it| matches!(it, Effect::OpenTask(it) if it.node == target.node)));
        if !straight_back {
            assert!(target.voids.iter().all(|it| self.done.remove(it)), "each counts once");
        }
    }

    /// Whether a wait is that of a task that is done once.
    fn is_plain(&self, wait: u64) -> bool {
        let snapshot = serde_json::to_value(self.instance.snapshot()).unwrap();
        let waits = snapshot["waits"].as_array().unwrap();
        let owner = &waits.iter().find(|it| it["number"] == wait).unwrap()["owner"];
        let all = snapshot["activations"].as_array().unwrap();
        all.iter().any(|it| it["id"] == *owner && it["role"] == "single")
    }

    /// Where all tokens are, whatever their numbers and histories.
    fn places(&self) -> Vec<String> {
        let snapshot = serde_json::to_value(self.instance.snapshot()).unwrap();
        let all = snapshot["activations"].as_array().unwrap();
        let find = |id: &Json| all.iter().find(|it| it["id"] == *id);
        let path = |it: &Json| {
            let mut path = String::new();
            let mut at = Some(it);
            while let Some(it) = at {
                path = format!("{}{}/{path}", it["node"], it["index"]);
                at = find(&it["parent"]);
            }
            path
        };
        let mut places: Vec<String> =
            all.iter().filter(|it| it["role"] != "iteration").map(path).collect();
        for it in all {
            let parked = it["more"]["parked"].as_array().into_iter().flatten();
            places.extend(parked.map(|parked| format!("{} {parked}", path(it))));
        }
        places.sort();
        places
    }

    fn state(&self) -> State {
        self.instance.state()
    }

    /// Carries out a command and checks everything that must hold afterwards.
    fn go(&mut self, command: Command) {
        self.now += TimeDelta::minutes(1);
        let before = self.instance.snapshot();
        let text = serde_json::to_string(&before).unwrap();
        let kept = Instance::restore(serde_json::from_str(&text).unwrap(), &self.library).unwrap();
        assert_eq!(kept.snapshot(), before, "nothing is lost in a snapshot");
        let instance = std::mem::replace(&mut self.instance, Instance::new(""));
        match advance(&self.library, instance, command.clone(), self.now) {
            Ok(step) => {
                let same = advance(&self.library, kept, command, self.now).unwrap();
                assert_eq!((&same.effects, &same.trail), (&step.effects, &step.trail));
                assert_eq!(same.instance.snapshot(), step.instance.snapshot());
                self.follow(&step);
                self.instance = step.instance;
                self.check();
            }
            Err(refused) => {
                assert_eq!(refused.instance.snapshot(), before, "a refusal changes nothing");
                self.instance = *refused.instance;
            }
        }
    }

    /// Every wait is opened once and closed once.
    fn follow(&mut self, step: &Step) {
        for effect in &step.effects {
            match effect {
                Effect::OpenTask(open) => self.open(open.wait),
                Effect::CallService(call) => self.open(call.wait),
                Effect::SetTimer { wait, .. } => {
                    self.open.insert(*wait);
                }
                Effect::Subscribe { wait, .. } | Effect::Incident { wait, .. } => self.open(*wait),
                Effect::CloseTask { wait, completed } => {
                    self.close(*wait, step);
                    if *completed {
                        self.done.insert(*wait);
                    }
                }
                Effect::ClearTimer { wait }
                | Effect::DropCall { wait }
                | Effect::IncidentOver { wait } => self.close(*wait, step),
                Effect::Unsubscribe { wait } => {
                    self.open.remove(wait);
                }
                Effect::Publish { .. }
                | Effect::Broadcast { .. }
                | Effect::RunOpened { .. }
                | Effect::RunClosed { .. }
                | Effect::Finish { .. } => {}
            }
        }
        let ends =
            step.trail.iter().filter(|it| &*it.node == "end" && it.event == Happened::Completed);
        self.ends += ends.count() as u32;
        self.told.extend(step.effects.iter().cloned());
    }

    fn open(&mut self, wait: u64) {
        self.open.insert(wait);
    }

    fn close(&mut self, wait: u64, step: &Step) {
        assert!(self.open.remove(&wait), "{wait} was not open: {:?}", step.effects);
    }

    fn check(&self) {
        let waits: BTreeSet<u64> = self.instance.waits().map(|it| it.wait).collect();
        assert_eq!(waits, self.open, "the world knows what waits");
        let snapshot = serde_json::to_value(self.instance.snapshot()).unwrap();
        let activations = snapshot["activations"].as_array().cloned().unwrap_or_default();
        if self.state() != State::Running {
            assert!(waits.is_empty() && activations.is_empty());
            return;
        }
        for scope in &activations {
            check_tokens(scope, &activations);
        }
    }

    /// The command that serves one of the things that wait; `to_the_end` leaves alone what would
    /// happen again and again.
    fn serving(&self, wish: Wish, to_the_end: bool) -> Option<Command> {
        let beside = |node: &str| node.starts_with("beside");
        let mut waits: Vec<_> =
            self.instance.waits().filter(|it| !to_the_end || !beside(it.node)).collect();
        if waits.is_empty() {
            waits = self.instance.waits().collect();
        }
        let chosen = waits.get(usize::from(wish.1) % waits.len().max(1))?;
        let (wait, variables) = (chosen.wait, Variables::new());
        Some(match chosen.what {
            WaitsFor::User | WaitsFor::Receive(None) => Command::CompleteTask { wait, variables },
            WaitsFor::Receive(Some(name)) | WaitsFor::Message(name) => {
                Command::Message { name: name.to_owned(), wait: Some(wait), variables }
            }
            WaitsFor::Signal(name) => Command::Signal { name: name.to_owned(), variables },
            WaitsFor::Timer(_) => Command::FireTimer { wait },
            WaitsFor::Service => Command::AnswerService { wait, answer: Value::Null },
            WaitsFor::Condition => Command::SetVariables { variables },
            WaitsFor::Incident(_) => Command::Retry { wait },
        })
    }

    /// Any command at all, sensible or not.
    fn any(&self, wish: Wish) -> Command {
        let waits = self.instance.waits().map(|it| it.wait).collect::<Vec<_>>();
        let picked = waits.get(usize::from(wish.1) % waits.len().max(1)).copied();
        let wait = picked.unwrap_or(u64::from(wish.1));
        let variables = Variables::from([("count".to_owned(), Value::from(i64::from(wish.1)))]);
        let name = format!("{}{}", if wish.1.is_multiple_of(2) { "m" } else { "s" }, wish.1 % 5);
        match wish.0 % 20 {
            0 => Command::Start { at: None, variables },
            1 => Command::ThrowError { wait, code: "E".into(), message: "no".into(), variables },
            2 => Command::AnswerService { wait, answer: Value::Null },
            3 => Command::FailService { wait, reason: "no".into() },
            4 => Command::Message { name, wait: None, variables },
            5 => Command::Signal { name, variables },
            6 => Command::SetVariables { variables },
            7 => Command::Retry { wait },
            8 => Command::FireTimer { wait },
            9 => Command::Message { name, wait: Some(wait), variables },
            10 => Command::CompleteTask { wait: wait + 1, variables },
            11 => Command::TakeBack { wait: wait.saturating_sub(1) },
            12 => Command::Return { wait, visit: u64::from(wish.1 % 8), straight_back: true },
            13 => Command::Return { wait, visit: u64::from(wish.1 % 8), straight_back: false },
            _ => self.serving(wish, false).unwrap_or(Command::CompleteTask { wait, variables }),
        }
    }
}

/// A scope counts as many tokens as are in it: elements that run and tokens that wait at joins.
fn check_tokens(scope: &Json, activations: &[Json]) {
    let inside =
        activations.iter().filter(|it| it["parent"] == scope["id"] && it["role"] != "root");
    let parked = scope["more"]["parked"].as_array().map_or(0, Vec::len);
    let counted = scope["live"].as_u64().unwrap_or(0);
    let there = (inside.count() + parked) as u64;
    let undoes = scope["role"] == "undoing" || scope["more"]["cancelling"] == true;
    let guard = u64::from(undoes && counted > there);
    assert_eq!(counted, there + guard, "tokens of {scope}");
}
