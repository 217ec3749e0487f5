//! Any text as a drawing: read, checked, and, if it passes, run until it waits and once more.
#![no_main]

use std::sync::Arc;

use chrono::{DateTime, Utc};
use flow_engine::value::Variables;
use flow_engine::{Command, Effect, Instance, Library, Process, advance, bpmn};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(definitions) = bpmn::parse(text) else { return };
    let Ok(processes) = Process::compile(&definitions) else { return };
    let mut library = Library::new();
    let ids: Vec<String> = processes.iter().map(|process| process.id().to_owned()).collect();
    for process in processes {
        library.insert(&process.id().to_owned(), Arc::new(process));
    }
    for id in ids {
        run(&library, &id);
    }
});

fn run(library: &Library, id: &str) {
    let now = DateTime::<Utc>::from_timestamp(1_735_689_600, 0).unwrap_or_default();
    let mut next = vec![Command::Start { at: None, variables: Variables::new() }];
    let mut instance = Instance::new(id);
    for _ in 0..20 {
        let Some(command) = next.pop() else { break };
        let step = match advance(library, instance, command, now) {
            Ok(step) => step,
            Err(refused) => {
                instance = *refused.instance;
                continue;
            }
        };
        for effect in step.effects {
            let variables = Variables::new();
            match effect {
                Effect::OpenTask(task) => {
                    next.push(Command::CompleteTask { wait: task.wait, variables });
                }
                Effect::SetTimer { wait, .. } => next.push(Command::FireTimer { wait }),
                _ => {}
            }
        }
        let json = serde_json::to_string(&step.instance.snapshot()).expect("a snapshot is JSON");
        let snapshot = serde_json::from_str(&json).expect("a snapshot comes back");
        instance = Instance::restore(snapshot, library).expect("an instance comes back");
    }
    let cancel = Command::Cancel { reason: String::new() };
    if let Ok(step) = advance(library, instance, cancel, now) {
        assert_eq!(step.instance.waits().count(), 0, "cancel leaves nothing");
    }
}
