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
