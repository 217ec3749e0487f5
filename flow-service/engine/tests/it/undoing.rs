//! To go back to something is as if it and all that came of it had not been done: whatever is done
//! in a drawing without structure, the order stands where the rest alone would have brought it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use flow_engine::value::Variables;
use flow_engine::{Command, Effect, Instance, Library, State, TaskKind, WaitsFor, advance};
use proptest::prelude::*;
use serde_json::Value as Json;

use crate::graphs::{Graph, complex_graphs, drawing, graphs};
use crate::script::library;

/// What to do, with which of those that could, and which way to go.
type Wish = (u8, u16, u8);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: cases(), ..Default::default() })]

    #[test]
    fn going_back_is_as_if_it_had_not_been_done(
        graph in graphs(),
        wishes in prop::collection::vec(any::<Wish>(), 0..40),
    ) {
        play(&graph, &wishes)?;
    }

    #[test]
    fn the_same_with_complex_gateways_leaves_every_count_right(
        graph in complex_graphs(),
        wishes in prop::collection::vec(any::<Wish>(), 0..30),
    ) {
        let mut order = Order::new(&drawing(&graph));
        for wish in wishes {
            order.go(wish);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "more cases are asked for by the environment")]
fn cases() -> u32 {
    std::env::var("UNDOING_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(256)
}

fn play(graph: &Graph, wishes: &[Wish]) -> Result<(), TestCaseError> {
    let mut order = Order::new(&drawing(graph));
    for &wish in wishes {
        let told = order.go(wish);
        let (is, should_be) = (shape(&order.instance), order.replayed());
        prop_assert_eq!(
            is,
            should_be,
            "{}\n{}\n{:?}",
            drawing(graph),
            order.story.join("\n"),
            told
        );
    }
    Ok(())
}

/// An order and what counts of what was done in it.
struct Order {
    library: Library,
    instance: Instance,
    /// What was done and counts: the task, its element, its iteration and the way it chose.
    done: Vec<Done>,
    open: Vec<(u64, String, Option<u32>)>,
    story: Vec<String>,
}

#[derive(Clone, Debug)]
struct Done {
    wait: u64,
    node: String,
    index: Option<u32>,
    /// What it belongs to: of a repeated task all iterations together.
    token: u64,
    go: u8,
}

impl Order {
    fn new(drawing: &str) -> Self {
        let (library, key) = library(drawing);
        let instance = Instance::new(&key);
        let mut order =
            Self { library, instance, done: Vec::new(), open: Vec::new(), story: Vec::new() };
        order.carry_out(Command::Start { at: None, variables: Variables::new() });
        order
    }

    fn go(&mut self, (what, which, go): Wish) -> String {
        let picked = self.open.get(usize::from(which) % self.open.len().max(1)).cloned();
        let Some((wait, node, index)) = picked else { return "nothing waits".into() };
        match what % 8 {
            0 | 1 => {
                let targets = self.instance.return_targets(wait);
                let all = BTreeSet::from_iter(targets.iter().map(|it| (it.run, it.node.clone())));
                assert_eq!(all.len(), targets.len(), "each element once: {targets:?}");
                assert!(targets.is_sorted_by(|a, b| a.visit > b.visit), "newest first");
                let Some(target) = targets.get(usize::from(go) % targets.len().max(1)) else {
                    return "no target".into();
                };
                let straight_back = what % 8 == 1 && target.same_scope;
                let command = Command::Return { wait, visit: target.visit, straight_back };
                let iterations = self.iterations_done(wait);
                let before: BTreeSet<u64> = self.open.iter().map(|it| it.0).collect();
                let effects = self.carry_out(command.clone());
                let opened = effects.iter().filter_map(|it| match it {
                    Effect::OpenTask(open) => Some((open.wait, open.node.clone(), open.kind)),
                    _ => None,
                });
                let opened: Vec<_> = opened.collect();
                assert!(opened.iter().any(|it| it.1 == target.node), "{target:?} opens");
                let resubmits = opened.iter().any(|it| it.2 == TaskKind::Resubmit);
                assert_eq!(resubmits, target.is_start);
                if straight_back {
                    self.done.retain(|it| !iterations.contains(&it.wait));
                } else {
                    let gone = effects.iter().filter_map(|it| match it {
                        Effect::CloseTask { wait, completed: false } => Some(*wait),
                        _ => None,
                    });
                    let gone: BTreeSet<u64> = gone.filter(|it| before.contains(it)).collect();
                    assert_eq!(gone, BTreeSet::from_iter(target.cancels.iter().copied()));
                    let count = self.done.len();
                    self.done.retain(|it| !target.voids.contains(&it.wait));
                    assert!(target.is_start || self.done.len() < count, "{target:?}");
                }
                format!("{node}: {command:?} to {target:?}")
            }
            2 => {
                let Some(last) = self.done.get(usize::from(which) % self.done.len().max(1)) else {
                    return "nothing done".into();
                };
                let wait = last.wait;
                let may = self.instance.can_take_back(wait);
                let effects = self.carry_out(Command::TakeBack { wait });
                assert_eq!(may, !effects.is_empty());
                if may {
                    self.done.retain(|it| it.wait != wait);
                }
                format!("take back {wait}: {may}")
            }
            _ => {
                let again = self.comes_straight_back(wait);
                let token = token(&self.instance, wait)["id"].as_u64().unwrap();
                let variables = Variables::from([("go".to_owned(), i64::from(go % 4).into())]);
                self.carry_out(Command::CompleteTask { wait, variables });
                if !again && node != "xstart" {
                    let (node, go) = (node.clone(), go % 4);
                    self.done.push(Done { wait, node, index, token, go });
                }
                format!("complete {wait} {node} go {}", go % 4)
            }
        }
    }

    /// What is done of the repeated task that a wait belongs to.
    fn iterations_done(&self, wait: u64) -> Vec<u64> {
        let token = token(&self.instance, wait);
        let done = token["acted"].as_array().into_iter().flatten();
        done.map(|it| it.as_u64().unwrap()).collect()
    }

    /// A task that was sent back and comes straight back: doing it again changes nothing.
    fn comes_straight_back(&self, wait: u64) -> bool {
        token(&self.instance, wait)["more"]["back"].is_array()
    }

    fn carry_out(&mut self, command: Command) -> Vec<Effect> {
        self.story.push(format!("{command:?}"));
        let before = self.instance.snapshot();
        let text = serde_json::to_string(&before).unwrap();
        let kept = Instance::restore(serde_json::from_str(&text).unwrap(), &self.library).unwrap();
        assert_eq!(kept.snapshot(), before);
        let instance = std::mem::replace(&mut self.instance, Instance::new(""));
        let now = DateTime::UNIX_EPOCH;
        match advance(&self.library, instance, command.clone(), now) {
            Ok(step) => {
                let same = advance(&self.library, kept, command, now).unwrap();
                assert_eq!(same.effects, step.effects);
                self.instance = step.instance;
                for effect in &step.effects {
                    match effect {
                        Effect::OpenTask(it) => {
                            self.open.push((it.wait, it.node.to_string(), it.loop_index));
                        }
                        Effect::CloseTask { wait, .. } => {
                            let ix = self.open.iter().position(|it| it.0 == *wait);
                            self.open.remove(ix.unwrap());
                        }
                        _ => {}
                    }
                }
                let waits: BTreeSet<u64> = self.instance.waits().map(|it| it.wait).collect();
                assert_eq!(waits, self.open.iter().map(|it| it.0).collect());
                check(&self.instance);
                step.effects
            }
            Err(refused) => {
                assert_eq!(refused.instance.snapshot(), before);
                self.instance = *refused.instance;
                Vec::new()
            }
        }
    }

    /// Where the order would stand had only that been done which counts.
    fn replayed(&self) -> Vec<String> {
        let mut waits = self.instance.waits();
        let resubmits = waits.any(|it| it.node == "xstart" && !self.comes_straight_back(it.wait));
        if resubmits {
            assert!(self.done.is_empty());
            return vec!["/+xstart".into()];
        }
        let key = "main";
        let start = Command::Start { at: None, variables: Variables::new() };
        let mut instance = advance(&self.library, Instance::new(key), start, DateTime::UNIX_EPOCH)
            .unwrap()
            .instance;
        let mut meant: BTreeMap<u64, u64> = BTreeMap::new();
        for done in &self.done {
            let snapshot = serde_json::to_value(instance.snapshot()).unwrap();
            // Iterations of one repeated task belong together, whichever of several that is.
            let fits = |wait: &u64| {
                let token = token_of(&snapshot, *wait)["id"].as_u64().unwrap();
                let same = match meant.get(&done.token) {
                    Some(meant) => *meant == token,
                    None => !meant.values().any(|it| *it == token),
                };
                same && index_of(&snapshot, *wait) == done.index
            };
            let waits = instance.waits().filter(|it| it.what == WaitsFor::User);
            let wait = waits.filter(|it| it.node == done.node).map(|it| it.wait).find(fits);
            let Some(wait) = wait else { return vec![format!("{done:?} does not wait")] };
            meant.insert(done.token, token_of(&snapshot, wait)["id"].as_u64().unwrap());
            let variables = Variables::from([("go".to_owned(), i64::from(done.go).into())]);
            let command = Command::CompleteTask { wait, variables };
            instance =
                advance(&self.library, instance, command, DateTime::UNIX_EPOCH).unwrap().instance;
        }
        shape(&instance)
    }
}

/// What a wait belongs to; of a repeated task all iterations together.
fn token(instance: &Instance, wait: u64) -> Json {
    token_of(&serde_json::to_value(instance.snapshot()).unwrap(), wait)
}

fn token_of(snapshot: &Json, wait: u64) -> Json {
    let all = snapshot["activations"].as_array().unwrap();
    let waits = snapshot["waits"].as_array().unwrap();
    let owner = &waits.iter().find(|it| it["number"] == wait).unwrap()["owner"];
    let owner = all.iter().find(|it| it["id"] == *owner).unwrap();
    let body = all.iter().find(|it| it["id"] == owner["parent"] && it["role"] == "body");
    body.unwrap_or(owner).clone()
}

fn index_of(snapshot: &Json, wait: u64) -> Option<u32> {
    let waits = snapshot["waits"].as_array().unwrap();
    let owner = &waits.iter().find(|it| it["number"] == wait).unwrap()["owner"];
    let all = snapshot["activations"].as_array().unwrap();
    let owner = all.iter().find(|it| it["id"] == *owner).unwrap();
    owner["index"].as_u64().map(|it| it as u32)
}

/// Where all tokens are, whatever their numbers and histories. A task that comes straight back
/// stands for where it comes back to.
fn shape(instance: &Instance) -> Vec<String> {
    let snapshot = serde_json::to_value(instance.snapshot()).unwrap();
    if instance.state() != State::Running {
        return vec![format!("{:?}", instance.state())];
    }
    let all = snapshot["activations"].as_array().unwrap();
    let find = |id: &Json| all.iter().find(|it| it["id"] == *id);
    let stands_for = |it: &Json| match it["more"]["back"].get(0) {
        Some(back) => (back[0].as_str().unwrap().to_owned(), true),
        None => (it["node"].as_str().unwrap_or_default().to_owned(), false),
    };
    let path = |it: &Json| {
        let mut path = String::new();
        let mut at = Some(it);
        while let Some(it) = at {
            path = format!("{}{}/{path}", stands_for(it).0, it["index"]);
            at = find(&it["parent"]);
        }
        path.replace("null", "")
    };
    let mut lines = Vec::new();
    for it in all.iter().filter(|it| it["role"] != "root" && it["role"] != "iteration") {
        let (node, again) = stands_for(it);
        let parent = find(&it["parent"]).unwrap();
        // How often a repeated task was done counts only where it has not been sent back.
        let rounds = it["more"]["rounds"]["completed"].as_u64().filter(|_| !again);
        let rounds = rounds.filter(|it| *it > 0).map(|it| format!(" {it} done"));
        lines.push(format!("{}+{node}{}", path(parent), rounds.unwrap_or_default()));
    }
    for it in all {
        for parked in it["more"]["parked"].as_array().into_iter().flatten() {
            lines.push(format!("{}{} by {}", path(it), parked[0], parked[1]));
        }
    }
    lines.sort();
    lines
}

/// A scope counts as many tokens as are in it.
fn check(instance: &Instance) {
    let snapshot = serde_json::to_value(instance.snapshot()).unwrap();
    let all = snapshot["activations"].as_array().cloned().unwrap_or_default();
    for scope in &all {
        let inside = all.iter().filter(|it| it["parent"] == scope["id"]).count();
        let parked = scope["more"]["parked"].as_array().map_or(0, Vec::len);
        assert_eq!(scope["live"].as_u64().unwrap_or(0), (inside + parked) as u64, "{scope}");
    }
}
