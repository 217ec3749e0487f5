//! Where a process can be started, and where tokens begin by themselves.

use super::{links, model, name_or_id};
use crate::bpmn::model::{Body, EventDefinition, Kind, Task};
use crate::process::{StartPoint, Trigger};

/// Every way to start a process, in document order.
pub(super) fn starts(body: &Body) -> Vec<StartPoint> {
    let mut points = Vec::new();
    let mut add = |node: &model::Node, trigger| {
        points.push(StartPoint {
            node: node.id.clone(),
            name: name_or_id(node).to_owned(),
            trigger,
        });
    };
    let has_start = body.nodes.iter().any(|node| matches!(node.kind, Kind::Start { .. }));
    for node in &body.nodes {
        match &node.kind {
            Kind::Start { events, .. } if events.definitions.is_empty() => add(node, Trigger::None),
            Kind::Start { events, .. } => {
                events.definitions.iter().filter_map(trigger).for_each(|it| add(node, it));
            }
            Kind::Task(Task::Receive { message: Some(message), instantiate: true }) => {
                add(node, Trigger::Message(message.clone()));
            }
            Kind::EventBased { instantiate: true, .. } => {
                for event in body.nodes.iter().filter(|it| follows(it, node, body)) {
                    match &event.kind {
                        Kind::Catch { events } => {
                            events
                                .definitions
                                .iter()
                                .filter_map(trigger)
                                .for_each(|it| add(event, it));
                        }
                        Kind::Task(Task::Receive { message: Some(message), .. }) => {
                            add(event, Trigger::Message(message.clone()));
                        }
                        _ => {}
                    }
                }
            }
            _ if !has_start && begins_by_itself(node, body) => add(node, Trigger::None),
            _ => {}
        }
    }
    points
}

fn trigger(definition: &EventDefinition) -> Option<Trigger> {
    Some(match definition {
        EventDefinition::Message(name) => Trigger::Message(name.clone()?),
        EventDefinition::Signal(name) => Trigger::Signal(name.clone()?),
        EventDefinition::Timer(timer) => Trigger::Timer(timer.clone()),
        EventDefinition::Conditional(condition) => Trigger::Condition(condition.clone()?),
        EventDefinition::Error(_)
        | EventDefinition::Escalation(_)
        | EventDefinition::Terminate
        | EventDefinition::Cancel
        | EventDefinition::Compensate { .. }
        | EventDefinition::Link(_) => return None,
    })
}

fn follows(event: &model::Node, gateway: &model::Node, body: &Body) -> bool {
    body.flows.iter().any(|flow| flow.source == gateway.id && flow.target == event.id)
}

/// Whether a token begins at a node where its scope has no start event.
pub(super) fn begins_by_itself(node: &model::Node, body: &Body) -> bool {
    let possible = match &node.kind {
        Kind::Boundary { .. } | Kind::Start { .. } => false,
        Kind::EventBased { instantiate, .. } => !instantiate,
        Kind::Task(Task::Receive { instantiate, .. }) => !instantiate,
        Kind::SubProcess { flavour, .. } => *flavour != model::Flavour::Event,
        Kind::Catch { events } => links(events).next().is_none(),
        _ => true,
    };
    possible && !node.for_compensation && !body.flows.iter().any(|flow| flow.target == node.id)
}
