//! A flat list of what a drawing contains: for pages that show it and for comparing it with what
//! another tool wrote.

use super::model::{
    Body, Definitions, EventDefinition, Events, Flavour, Kind, Loop, Node, Process, Task,
};

/// What one process contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory<'a> {
    /// The process's id.
    pub process: &'a str,
    /// Its nodes, those of sub-processes after them, in document order of each scope.
    pub nodes: Vec<Item<'a>>,
    /// Its flows, in the same order.
    pub flows: Vec<Flow<'a>>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// Its id.
    pub id: &'a str,
    /// What it is, in BPMN's word: `userTask`, `exclusiveGateway` and so on.
    pub tag: &'static str,
    /// Its name; empty where it has none.
    pub name: &'a str,
    /// The process or sub-process right around it.
    pub parent: &'a str,
    /// The activity that a boundary event is attached to.
    pub attached_to: Option<&'a str>,
    /// Whether a boundary event ends its activity.
    pub interrupting: Option<bool>,
    /// The default flow.
    pub default_flow: Option<&'a str>,
    /// The event definitions: `message`, `timer` and so on.
    pub events: Vec<&'static str>,
    /// Whether it is an event sub-process.
    pub event_sub_process: bool,
    /// The loop characteristics, in BPMN's word.
    pub looping: Option<&'static str>,
}

/// A sequence flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow<'a> {
    /// Its id.
    pub id: &'a str,
    /// The node it leaves.
    pub source: &'a str,
    /// The node it enters.
    pub target: &'a str,
    /// Whether it has a condition.
    pub conditional: bool,
}

/// The processes of a file, whether or not they can be executed; global tasks are none.
pub fn inventory(definitions: &Definitions) -> Vec<Inventory<'_>> {
    definitions.processes.iter().filter(|process| !process.global).map(list).collect()
}

fn list(process: &Process) -> Inventory<'_> {
    let mut inventory = Inventory { process: &process.id, nodes: Vec::new(), flows: Vec::new() };
    inventory.gather(&process.id, &process.body);
    inventory
}

impl<'a> Inventory<'a> {
    fn gather(&mut self, parent: &'a str, body: &'a Body) {
        self.nodes.extend(body.nodes.iter().map(|node| item(parent, node)));
        self.flows.extend(body.flows.iter().map(|flow| Flow {
            id: &flow.id,
            source: &flow.source,
            target: &flow.target,
            conditional: flow.condition.is_some(),
        }));
        for node in &body.nodes {
            if let Kind::SubProcess { body, .. } = &node.kind {
                self.gather(&node.id, body);
            }
        }
    }
}

fn item<'a>(parent: &'a str, node: &'a Node) -> Item<'a> {
    let (attached_to, interrupting) = match &node.kind {
        Kind::Boundary { attached_to, interrupting, .. } => {
            (Some(attached_to.as_str()), Some(*interrupting))
        }
        _ => (None, None),
    };
    Item {
        id: &node.id,
        tag: node.kind.tag(),
        name: node.name.as_deref().unwrap_or_default(),
        parent,
        attached_to,
        interrupting,
        default_flow: node.default_flow.as_deref(),
        events: node.kind.events().map(words).unwrap_or_default(),
        event_sub_process: matches!(node.kind, Kind::SubProcess { flavour: Flavour::Event, .. }),
        looping: node.looping.as_ref().map(|looping| match looping {
            Loop::Standard { .. } => "standardLoopCharacteristics",
            Loop::Multi { .. } => "multiInstanceLoopCharacteristics",
        }),
    }
}

fn words(events: &Events) -> Vec<&'static str> {
    events.definitions.iter().map(EventDefinition::word).collect()
}

impl EventDefinition {
    /// BPMN's word for it, without `EventDefinition`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Signal(_) => "signal",
            Self::Timer(_) => "timer",
            Self::Conditional(_) => "conditional",
            Self::Error(_) => "error",
            Self::Escalation(_) => "escalation",
            Self::Terminate => "terminate",
            Self::Cancel => "cancel",
            Self::Compensate { .. } => "compensate",
            Self::Link(_) => "link",
        }
    }
}

impl Kind {
    /// The event definitions of an event; `None` = it is no event.
    pub fn events(&self) -> Option<&Events> {
        match self {
            Self::Start { events, .. }
            | Self::End { events }
            | Self::Throw { events }
            | Self::Catch { events }
            | Self::Boundary { events, .. } => Some(events),
            Self::Task(_)
            | Self::Exclusive
            | Self::Inclusive
            | Self::Parallel
            | Self::Complex { .. }
            | Self::EventBased { .. }
            | Self::SubProcess { .. }
            | Self::Call { .. } => None,
        }
    }

    /// The name of the element in BPMN.
    pub fn tag(&self) -> &'static str {
        match self {
            Self::Start { .. } => "startEvent",
            Self::End { .. } => "endEvent",
            Self::Throw { .. } => "intermediateThrowEvent",
            Self::Catch { .. } => "intermediateCatchEvent",
            Self::Boundary { .. } => "boundaryEvent",
            Self::Task(task) => task.tag(),
            Self::Exclusive => "exclusiveGateway",
            Self::Inclusive => "inclusiveGateway",
            Self::Parallel => "parallelGateway",
            Self::Complex { .. } => "complexGateway",
            Self::EventBased { .. } => "eventBasedGateway",
            Self::SubProcess { flavour: Flavour::Embedded | Flavour::Event, .. } => "subProcess",
            Self::SubProcess { flavour: Flavour::Transaction, .. } => "transaction",
            Self::SubProcess { flavour: Flavour::AdHoc { .. }, .. } => "adHocSubProcess",
            Self::Call { .. } => "callActivity",
        }
    }
}

impl Task {
    /// The name of the element in BPMN.
    pub fn tag(&self) -> &'static str {
        match self {
            Self::Abstract => "task",
            Self::User => "userTask",
            Self::Manual => "manualTask",
            Self::Service => "serviceTask",
            Self::Send { .. } => "sendTask",
            Self::Receive { .. } => "receiveTask",
            Self::Script { .. } => "scriptTask",
            Self::BusinessRule => "businessRuleTask",
            Self::Global => "globalTask",
        }
    }
}
