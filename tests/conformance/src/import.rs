//! Imports: what a drawing holds once it is read, against the corpus's inventory.

use flow_engine::bpmn::model::{
    Body, Definitions, EventDefinition, Events, Flavour, Kind, Loop, Node, Task,
};
use serde_json::{Value, json};

use crate::corpus::Inventory;

/// What is missing or otherwise than the inventory says; processes are told apart by id.
pub fn compare(definitions: &Definitions, expected: &[Inventory]) -> Vec<String> {
    let mut wrong = Vec::new();
    for inventory in expected {
        let process = definitions.processes.iter().find(|it| it.id == inventory.process);
        let Some(process) = process else {
            wrong.push(format!("process {} is missing", inventory.process));
            continue;
        };
        let (mut nodes, mut flows) = (Vec::new(), Vec::new());
        collect(&process.body, &process.id, &mut nodes, &mut flows);
        differences(&inventory.process, &nodes, &inventory.nodes, &mut wrong);
        differences(&inventory.process, &flows, &inventory.flows, &mut wrong);
    }
    let known = |id: &String| expected.iter().any(|it| it.process == *id);
    for process in definitions.processes.iter().filter(|it| !it.global) {
        if !known(&process.id) && !process.body.nodes.is_empty() {
            wrong.push(format!("process {} is not in the inventory", process.id));
        }
    }
    wrong
}

fn differences(place: &str, found: &[Value], expected: &[Value], wrong: &mut Vec<String>) {
    let id = |it: &Value| it.get("id").and_then(Value::as_str).map(str::to_owned);
    let neat = |value: &Value| match value {
        Value::String(text) => json!(text.split_whitespace().collect::<Vec<_>>().join(" ")),
        other => other.clone(),
    };
    for wanted in expected {
        let Some(have) = found.iter().find(|it| id(it) == id(wanted)) else {
            wrong.push(format!("{place}: {} is missing", wanted.get("id").unwrap_or(&Value::Null)));
            continue;
        };
        for (field, value) in wanted.as_object().into_iter().flatten() {
            let have = have.get(field).unwrap_or(&Value::Null);
            let absent_name =
                field == "name" && value.as_str().is_none_or(str::is_empty) && have.is_null();
            if neat(have) != neat(value) && !absent_name {
                let id = id(wanted).unwrap_or_default();
                wrong.push(format!("{place}: {id}: {field} is {have}, expected {value}"));
            }
        }
    }
    for extra in found.iter().filter(|it| !expected.iter().any(|wanted| id(wanted) == id(it))) {
        wrong.push(format!(
            "{place}: {} is not in the inventory",
            extra.get("id").unwrap_or(&Value::Null)
        ));
    }
}

fn collect(body: &Body, parent: &str, nodes: &mut Vec<Value>, flows: &mut Vec<Value>) {
    for node in &body.nodes {
        nodes.push(described(node, parent));
        if let Kind::SubProcess { body, .. } = &node.kind {
            collect(body, &node.id, nodes, flows);
        }
    }
    for flow in &body.flows {
        flows.push(json!({
            "id": flow.id, "source": flow.source, "target": flow.target,
            "condition": flow.condition.is_some(),
        }));
    }
}

fn described(node: &Node, parent: &str) -> Value {
    let mut out = json!({
        "id": node.id, "type": type_of(&node.kind), "name": node.name, "parent": parent,
    });
    let mut set = |name: &str, value: Value| {
        if let Some(fields) = out.as_object_mut() {
            fields.insert(name.to_owned(), value);
        }
    };
    if let Some(default) = &node.default_flow {
        set("default", json!(default));
    }
    match &node.looping {
        Some(Loop::Standard { .. }) => set("loop", json!("standardLoopCharacteristics")),
        Some(Loop::Multi { .. }) => set("loop", json!("multiInstanceLoopCharacteristics")),
        None => {}
    }
    match &node.kind {
        Kind::Boundary { events, attached_to, interrupting } => {
            set("attachedTo", json!(attached_to));
            set("interrupting", json!(interrupting));
            set("events", named(events));
        }
        Kind::Start { events, .. }
        | Kind::End { events }
        | Kind::Throw { events }
        | Kind::Catch { events } => set("events", named(events)),
        Kind::SubProcess { flavour: Flavour::Event, .. } => set("eventSubProcess", json!(true)),
        _ => {}
    }
    out
}

fn type_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Start { .. } => "startEvent",
        Kind::End { .. } => "endEvent",
        Kind::Throw { .. } => "intermediateThrowEvent",
        Kind::Catch { .. } => "intermediateCatchEvent",
        Kind::Boundary { .. } => "boundaryEvent",
        Kind::Task(task) => match task {
            Task::Abstract => "task",
            Task::User => "userTask",
            Task::Manual => "manualTask",
            Task::Service => "serviceTask",
            Task::Send { .. } => "sendTask",
            Task::Receive { .. } => "receiveTask",
            Task::Script { .. } => "scriptTask",
            Task::BusinessRule => "businessRuleTask",
            Task::Global => "globalTask",
        },
        Kind::Exclusive => "exclusiveGateway",
        Kind::Inclusive => "inclusiveGateway",
        Kind::Parallel => "parallelGateway",
        Kind::Complex { .. } => "complexGateway",
        Kind::EventBased { .. } => "eventBasedGateway",
        Kind::SubProcess { flavour, .. } => match flavour {
            Flavour::Embedded | Flavour::Event => "subProcess",
            Flavour::Transaction => "transaction",
            Flavour::AdHoc { .. } => "adHocSubProcess",
        },
        Kind::Call { .. } => "callActivity",
    }
}

fn named(events: &Events) -> Value {
    let name = |definition: &EventDefinition| match definition {
        EventDefinition::Message(_) => "message",
        EventDefinition::Signal(_) => "signal",
        EventDefinition::Timer(_) => "timer",
        EventDefinition::Conditional(_) => "conditional",
        EventDefinition::Error(_) => "error",
        EventDefinition::Escalation(_) => "escalation",
        EventDefinition::Terminate => "terminate",
        EventDefinition::Cancel => "cancel",
        EventDefinition::Compensate { .. } => "compensate",
        EventDefinition::Link(_) => "link",
    };
    events.definitions.iter().map(name).collect::<Vec<_>>().into()
}
