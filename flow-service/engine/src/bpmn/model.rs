//! The typed tree: what the drawing says, whether or not it can be executed.
//!
//! References to root elements (messages, signals, errors, escalations, reusable event
//! definitions) are resolved here already; references between nodes stay ids, which
//! [`check`](super::check) proves. Expressions stay text until the graph is built.

use super::Finding;

/// A whole file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Definitions {
    /// Processes in document order; after them one for each global task (see [`Process::global`]).
    pub processes: Vec<Process>,
    /// What the text says wrongly and this tree cannot hold, file-wide: ids given twice and the
    /// like. `check` reports them; a drawing with defects can still be stored and shown.
    pub defects: Vec<Finding>,
}

/// One process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Process {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// `isExecutable`; absent counts as true. Where it is false everywhere, every process that is
    /// not empty counts, because whoever publishes such a file wants it to run.
    pub executable: bool,
    /// `isExecutable` is false everywhere and a timer says no time: checked, published, never run.
    pub sketch: bool,
    /// Where it stands in the text, from 1.
    pub line: u32,
    /// Attributes of vendors' namespaces on the element itself, in document order.
    pub attributes: Vec<Attribute>,
    /// `extensionElements` of the process itself.
    pub extensions: Vec<Extension>,
    /// What it is made of.
    pub body: Body,
    /// It stands for a global task of the file, which call activities name: a start, the task
    /// (with the global task's id) and an end.
    pub global: bool,
    /// As [`Definitions::defects`], of this process: references to nothing, elements that cannot
    /// be executed.
    pub defects: Vec<Finding>,
}

/// The inside of a process or sub-process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body {
    /// Activities, events and gateways in document order; boundary events stand beside their host.
    pub nodes: Vec<Node>,
    /// Sequence flows in document order.
    pub flows: Vec<SequenceFlow>,
    /// Data objects and properties: variables of this scope.
    pub data: Vec<DataItem>,
    /// Compensation associations: (boundary event, handler activity).
    pub compensations: Vec<(String, String)>,
}

impl Body {
    /// Its nodes and those inside them, outer ones first.
    pub fn all_nodes(&self) -> Vec<&Node> {
        let mut all: Vec<&Node> = self.nodes.iter().collect();
        let mut next = 0;
        while let Some(node) = all.get(next) {
            if let Kind::SubProcess { body, .. } = &node.kind {
                all.extend(&body.nodes);
            }
            next += 1;
        }
        all
    }
}

/// A data object or a property.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataItem {
    /// Its id.
    pub id: String,
    /// Its name; the variable is named so, else by the id.
    pub name: Option<String>,
}

/// An arrow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SequenceFlow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Where it stands in the text.
    pub line: u32,
    /// The node it leaves.
    pub source: String,
    /// The node it enters.
    pub target: String,
    /// `conditionExpression`, as written.
    pub condition: Option<String>,
}

impl SequenceFlow {
    /// A nameless flow without condition.
    pub(super) fn plain(id: String, line: u32, source: &str, target: &str) -> Self {
        let (source, target) = (source.to_owned(), target.to_owned());
        Self { id, line, source, target, ..Self::default() }
    }
}

/// An activity, event or gateway.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Where it stands in the text.
    pub line: u32,
    /// What it is.
    pub kind: Kind,
    /// How often an activity is done.
    pub looping: Option<Loop>,
    /// `default`: the flow taken when no condition holds.
    pub default_flow: Option<String>,
    /// `isForCompensation`
    pub for_compensation: bool,
    /// `startQuantity`; 1 when absent.
    pub start_quantity: i64,
    /// `completionQuantity`; 1 when absent.
    pub completion_quantity: i64,
    /// Properties of an activity: variables of its own scope. Those of a sub-process are its body's.
    pub data: Vec<DataItem>,
    /// Attributes of vendors' namespaces on the element itself, in document order.
    pub attributes: Vec<Attribute>,
    /// `extensionElements`, each with its own attributes, text and children.
    pub extensions: Vec<Extension>,
}

impl Node {
    /// A nameless node with nothing but a kind.
    pub(super) fn plain(id: String, line: u32, kind: Kind) -> Self {
        Self {
            id,
            name: None,
            line,
            kind,
            looping: None,
            default_flow: None,
            for_compensation: false,
            start_quantity: 1,
            completion_quantity: 1,
            data: Vec::new(),
            attributes: Vec::new(),
            extensions: Vec::new(),
        }
    }
}

/// Whose namespace an extension is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// `http://aiflow/bpmn`
    Aiflow,
    /// `http://flowable.org/bpmn`
    Flowable,
    /// `http://activiti.org/bpmn`
    Activiti,
    /// `http://camunda.org/schema/1.0/bpmn`
    Camunda,
    /// `http://camunda.org/schema/zeebe/1.0`
    Zeebe,
    /// Any other.
    Other,
}

/// A vendor's attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// Whose.
    pub dialect: Dialect,
    /// Its local name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// An element inside `extensionElements`.
#[derive(Clone, Debug, PartialEq)]
pub struct Extension {
    /// Whose.
    pub dialect: Dialect,
    /// Its local name.
    pub name: String,
    /// Its attributes, without namespace: (local name, value).
    pub attributes: Vec<(String, String)>,
    /// Its trimmed text.
    pub text: String,
    /// Elements inside it.
    pub children: Vec<Extension>,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A start event; `interrupting` matters for those of event sub-processes.
    Start { events: Events, interrupting: bool },
    /// An end event.
    End { events: Events },
    /// An intermediate throw event.
    Throw { events: Events },
    /// An intermediate catch event.
    Catch { events: Events },
    /// An event on the border of an activity.
    Boundary { events: Events, attached_to: String, interrupting: bool },
    /// A task.
    Task(Task),
    /// An exclusive gateway.
    Exclusive,
    /// An inclusive gateway.
    Inclusive,
    /// A parallel gateway.
    Parallel,
    /// A complex gateway with its activation condition.
    Complex { activation: Option<String> },
    /// An event-based gateway; `parallel` is `eventGatewayType="Parallel"`.
    EventBased { instantiate: bool, parallel: bool },
    /// A sub-process of any flavour.
    SubProcess { flavour: Flavour, body: Body },
    /// A call of another process, by process id or flow code.
    Call { called: Option<String> },
}

/// The flavours of a sub-process.
#[derive(Clone, Debug, PartialEq)]
pub enum Flavour {
    /// A plain one.
    Embedded,
    /// `triggeredByEvent="true"`
    Event,
    /// A transaction.
    Transaction,
    /// An ad-hoc one.
    AdHoc { sequential: bool, completion: Option<String>, cancel_remaining: bool },
}

/// The kinds of task.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// `task`: passes through.
    Abstract,
    /// A person's.
    User,
    /// `manualTask`: passes through.
    Manual,
    /// Calls out.
    Service,
    /// Throws a message.
    Send { message: Option<String> },
    /// Waits for a message; `instantiate` starts a process.
    Receive { message: Option<String>, instantiate: bool },
    /// A script: its format and text.
    Script { format: Option<String>, script: String },
    /// `businessRuleTask`
    BusinessRule,
    /// `globalTask`, the only node of its [`Process::global`]: passes through.
    Global,
}

impl Kind {
    /// The events of an event; other nodes have none.
    pub fn as_event(&self) -> Option<&Events> {
        match self {
            Kind::Start { events, .. }
            | Kind::End { events }
            | Kind::Throw { events }
            | Kind::Catch { events }
            | Kind::Boundary { events, .. } => Some(events),
            _ => None,
        }
    }
}

/// The event definitions of one event; none = a none event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Events {
    /// In document order; `eventDefinitionRef`s are resolved.
    pub definitions: Vec<EventDefinition>,
    /// `parallelMultiple`: all must happen, not one of them.
    pub parallel: bool,
}

/// What an event throws or waits for. Names are those of the root element referred to (its id
/// where it has no name); a message or signal without a reference is called like its event.
/// `None` = the reference is absent or leads nowhere.
#[derive(Clone, Debug, PartialEq)]
pub enum EventDefinition {
    /// A message, by name.
    Message(Option<String>),
    /// A signal, by name.
    Signal(Option<String>),
    /// A timer.
    Timer(Timer),
    /// A condition, as written.
    Conditional(Option<String>),
    /// An error, by its code (the id where it has none); `None` catches all.
    Error(Option<String>),
    /// An escalation, by its code; `None` catches all.
    Escalation(Option<String>),
    /// Ends everything in its scope.
    Terminate,
    /// Cancels its transaction.
    Cancel,
    /// Compensates one activity, or all of the scope.
    Compensate { activity: Option<String>, wait: bool },
    /// A link, by name.
    Link(Option<String>),
}

/// When a timer fires, as written: text or an expression in `${…}` / `=…`.
#[derive(Clone, Debug, PartialEq)]
pub enum Timer {
    /// `timeDate`
    Date(String),
    /// `timeDuration`
    Duration(String),
    /// `timeCycle`
    Cycle(String),
    /// None of the three, or more than one.
    Unclear,
}

/// How often an activity is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Loop {
    /// `standardLoopCharacteristics`
    Standard { test_before: bool, maximum: Option<i64>, condition: Option<String> },
    /// `multiInstanceLoopCharacteristics`
    Multi {
        sequential: bool,
        /// `loopCardinality`
        cardinality: Option<String>,
        /// The collection: a vendor's attribute, or `loopDataInputRef`.
        collection: Option<String>,
        /// The variable of one element: a vendor's attribute, or `inputDataItem`.
        element: Option<String>,
        /// Where results are gathered (zeebe's outputCollection, `loopDataOutputRef`).
        output_collection: Option<String>,
        /// One result (zeebe's outputElement, `outputDataItem`).
        output_element: Option<String>,
        /// `completionCondition`
        completion: Option<String>,
        /// When an iteration's end throws an event.
        behavior: Behavior,
    },
}

/// `behavior` of a multi-instance activity: when an event is thrown to its boundary.
#[derive(Clone, Debug, PartialEq)]
pub enum Behavior {
    /// Never.
    All,
    /// When the first iteration ends.
    One(Option<EventDefinition>),
    /// When any iteration ends.
    None(Option<EventDefinition>),
    /// As `complexBehaviorDefinition`s say: (condition, event).
    Complex(Vec<(String, EventDefinition)>),
}
