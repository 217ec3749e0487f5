//! Snapshots written by older versions can still be read.

use std::path::Path;

use chrono::DateTime;
use flow_engine::value::{Value, Variables};
use flow_engine::{Command, Instance, Snapshot, State, WaitsFor, advance};

use crate::script::library;

#[test]
fn a_snapshot_of_version_1_goes_on_to_the_end() {
    let (library, key) = library(&read("process.bpmn"));
    let snapshot: Snapshot = serde_json::from_str(&read("version_1.json")).unwrap();
    assert_eq!((snapshot.version, &snapshot.key), (1, &key));

    let mut instance = Instance::restore(snapshot, &library).unwrap();
    while instance.state() == State::Running {
        let command = serving(&instance);
        instance = advance(&library, instance, command, DateTime::UNIX_EPOCH).unwrap().instance;
    }

    assert_eq!(instance.state(), State::Completed);
    let votes = instance.variables().get("votes");
    assert_eq!(votes, Some(&Value::List(vec![Value::Bool(true), Value::Bool(true)])));
}

#[test]
fn a_snapshot_of_version_1_is_written_as_it_was_read_but_for_the_version() {
    let (library, _) = library(&read("process.bpmn"));
    let snapshot: Snapshot = serde_json::from_str(&read("version_1.json")).unwrap();

    let mut again = Instance::restore(snapshot.clone(), &library).unwrap().snapshot();
    again.version = 1;

    assert_eq!(again, snapshot);
}

#[test]
fn a_snapshot_of_another_drawing_or_of_tomorrow_is_refused() {
    let (library, _) = library(&read("process.bpmn"));
    let text = read("version_1.json");
    for (from, to) in [("\"version\": 1", "\"version\": 99"), ("\"vote\"", "\"veto\"")] {
        assert!(text.contains(from));
        let snapshot: Snapshot = serde_json::from_str(&text.replace(from, to)).unwrap();
        assert!(Instance::restore(snapshot, &library).is_err());
    }
}

fn serving(instance: &Instance) -> Command {
    let chosen = instance.waits().last().unwrap();
    let (wait, variables) = (chosen.wait, Variables::from([("yes".into(), true.into())]));
    match chosen.what {
        WaitsFor::User | WaitsFor::Receive(_) => Command::CompleteTask { wait, variables },
        WaitsFor::Service => Command::AnswerService { wait, answer: Value::Null },
        WaitsFor::Timer(_) => Command::FireTimer { wait },
        WaitsFor::Message(name) => Command::Message { name: name.into(), wait: None, variables },
        WaitsFor::Signal(name) => Command::Signal { name: name.into(), variables },
        WaitsFor::Condition => {
            Command::SetVariables { variables: Variables::from([("amount".into(), 5000.into())]) }
        }
        WaitsFor::Incident(_) => Command::Retry { wait },
    }
}

fn read(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn a_snapshot_of_version_2_remembers_what_was_done() {
    let (library, key) = library(&read("returned.bpmn"));
    let snapshot: Snapshot = serde_json::from_str(&read("version_2.json")).unwrap();
    assert_eq!((snapshot.version, &snapshot.key), (2, &key));

    let mut instance = Instance::restore(snapshot.clone(), &library).unwrap();

    assert_eq!(instance.snapshot(), snapshot);
    let asks = instance.waits().find(|it| it.node == "e").unwrap().wait;
    let targets = instance.return_targets(asks);
    let nodes: Vec<&str> = targets.iter().map(|it| &*it.node).collect();
    assert_eq!(nodes, ["vote", "b", "a", "start"]);
    let b = &targets[1];
    assert_eq!((&b.cancels, &b.voids), (&vec![8, 11, 12], &vec![2, 3, 4, 5, 6, 9, 10]));
    while instance.state() == State::Running {
        let command = serving(&instance);
        instance = advance(&library, instance, command, DateTime::UNIX_EPOCH).unwrap().instance;
    }
    assert_eq!(instance.state(), State::Completed);
}

#[test]
fn what_is_kept_today_is_of_version_2() {
    let (library, key) = library(&read("returned.bpmn"));
    let now = DateTime::UNIX_EPOCH;
    let go = |instance, command| advance(&library, instance, command, now).unwrap().instance;
    let start = Command::Start { at: None, variables: Variables::new() };
    let mut instance = go(Instance::new(&key), start);
    for node in ["a", "b", "x", "y", "vote", "vote", "often", "g"] {
        let wait = instance.waits().find(|it| it.node == node).unwrap().wait;
        instance = go(instance, Command::CompleteTask { wait, variables: Variables::new() });
    }
    let wait = instance.waits().find(|it| it.node == "d").unwrap().wait;
    let target = instance.return_targets(wait).into_iter().find(|it| &*it.node == "a").unwrap();
    let visit = target.visit;
    instance = go(instance, Command::Return { wait, visit, straight_back: true });

    let text = serde_json::to_string_pretty(&instance.snapshot()).unwrap();

    assert_eq!(text.trim(), read("version_2.json").trim());
}
