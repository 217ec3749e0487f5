//! The graph itself: nodes, flows and scopes by index, with compiled expressions.

use std::sync::Arc;

use crate::expr::Expression;

/// A node by its place in [`Graph::nodes`].
pub(crate) type NodeIx = u32;
/// A flow by its place in [`Graph::flows`].
pub(crate) type FlowIx = u32;
/// A scope by its place in [`Graph::scopes`]; 0 is the process itself.
pub(crate) type ScopeIx = u32;

/// Stands where there is no node: the root of a run.
pub(crate) const NO_NODE: NodeIx = NodeIx::MAX;

/// Nodes, flows and scopes of one process.
#[derive(Debug)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) flows: Vec<Flow>,
    pub(crate) scopes: Vec<Scope>,
    /// What an index outside the graph reads as.
    pub(crate) nothing: (Node, Flow, Scope),
}

impl Graph {
    pub(crate) fn node(&self, ix: NodeIx) -> &Node {
        self.nodes.get(ix as usize).unwrap_or(&self.nothing.0)
    }

    pub(crate) fn flow(&self, ix: FlowIx) -> &Flow {
        self.flows.get(ix as usize).unwrap_or(&self.nothing.1)
    }

    pub(crate) fn scope(&self, ix: ScopeIx) -> &Scope {
        self.scopes.get(ix as usize).unwrap_or(&self.nothing.2)
    }

    /// The scope inside a node; the process itself for the root.
    pub(crate) fn inside(&self, ix: NodeIx) -> &Scope {
        match self.nodes.get(ix as usize).map(|node| &node.what) {
            Some(What::Scope { body, .. }) => self.scope(*body),
            Some(_) => &self.nothing.2,
            None => self.scope(0),
        }
    }
}

/// An arrow.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) id: Arc<str>,
    pub(crate) source: NodeIx,
    pub(crate) target: NodeIx,
    pub(crate) condition: Option<Expression>,
}

/// The inside of a process or sub-process.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// Where a token begins when nothing in particular triggers: the none start events, or what
    /// has no incoming flow where there is no start event.
    pub(crate) starts: Vec<NodeIx>,
    /// Its event sub-processes: (sub-process, start event).
    pub(crate) reactions: Vec<(NodeIx, NodeIx)>,
    /// Data objects and properties.
    pub(crate) locals: Vec<String>,
}

/// An activity, event or gateway.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) id: Arc<str>,
    pub(crate) name: Arc<str>,
    /// BPMN's word for it.
    pub(crate) kind: &'static str,
    pub(crate) what: What,
    pub(crate) incoming: Vec<FlowIx>,
    pub(crate) outgoing: Vec<FlowIx>,
    pub(crate) default: Option<FlowIx>,
    /// Events on its border, those for compensation left out.
    pub(crate) boundaries: Vec<NodeIx>,
    /// What compensates it.
    pub(crate) handler: Option<NodeIx>,
    pub(crate) repeat: Option<Repeat>,
    pub(crate) start_quantity: u32,
    pub(crate) completion_quantity: u32,
    /// Properties of an activity.
    pub(crate) locals: Vec<String>,
}

/// What a node does.
#[derive(Debug)]
pub(crate) enum What {
    /// Nothing: it is done as soon as it is reached.
    Pass,
    /// A start event; of an event sub-process it says what triggers it.
    Start { awaits: Awaits, interrupting: bool },
    /// An end or intermediate event that throws.
    Throw(Vec<Throw>),
    /// An intermediate event that waits.
    Catch(Awaits),
    /// An event on the border of a node.
    Boundary { awaits: Awaits, host: NodeIx, interrupting: bool },
    /// A person's task.
    User(Box<UserTask>),
    /// Waits for a message.
    Receive { message: Option<Arc<str>> },
    /// Calls out.
    Service(Box<ServiceTask>),
    /// Evaluates inside: (variable, expression) line by line.
    Script(Vec<(Option<String>, Expression)>),
    /// One outgoing flow.
    Exclusive,
    /// Every outgoing flow that holds; joins what can still come.
    Inclusive,
    /// Every outgoing flow; joins one token of every incoming flow.
    Parallel,
    /// Joins when its condition says so.
    Complex { activation: Option<Expression> },
    /// The first event decides; with `parallel` all of them happen.
    EventBased { parallel: bool },
    /// A sub-process.
    Scope { body: ScopeIx, flavour: Flavour },
    /// Another process.
    Call(Box<Call>),
}

/// The flavours of a sub-process that run differently.
#[derive(Debug)]
pub(crate) enum Flavour {
    /// Embedded.
    Plain,
    /// Triggered by an event.
    Event,
    /// Can be cancelled.
    Transaction,
    /// Without order.
    AdHoc { sequential: bool, completion: Option<Expression>, cancel_remaining: bool },
}

/// What an event waits for.
#[derive(Debug, Default)]
pub(crate) struct Awaits {
    pub(crate) of: Vec<Await>,
    /// All of them, not one of them.
    pub(crate) all: bool,
}

/// One thing to wait for.
#[derive(Debug)]
pub(crate) enum Await {
    Message(Arc<str>),
    Signal(Arc<str>),
    Timer(TimerRule),
    Condition(Expression),
    /// By code; `None` catches all.
    Error(Option<Arc<str>>),
    /// By code; `None` catches all.
    Escalation(Option<Arc<str>>),
    Compensation,
    Cancel,
}

/// When a timer fires.
#[derive(Debug)]
pub(crate) enum TimerRule {
    Date(Expression),
    Duration(Expression),
    Cycle(Expression),
}

/// One thing an event throws.
#[derive(Debug)]
pub(crate) enum Throw {
    Message(Arc<str>),
    Signal(Arc<str>),
    Error(Option<Arc<str>>),
    Escalation(Option<Arc<str>>),
    Terminate,
    Cancel,
    /// One activity, or everything around.
    Compensate(Option<NodeIx>),
    /// Goes on at the catching event of this name.
    Link(NodeIx),
}

/// A person's task.
#[derive(Debug, Default)]
pub(crate) struct UserTask {
    pub(crate) assignee: Option<Expression>,
    pub(crate) candidate_users: Option<Expression>,
    pub(crate) candidate_groups: Option<Expression>,
    pub(crate) due: Option<Expression>,
    pub(crate) form_key: Option<Expression>,
}

/// A service task, or a business rule written as an expression.
#[derive(Debug)]
pub(crate) enum ServiceTask {
    /// Calls the ERP.
    Call {
        address: Expression,
        inputs: Vec<(String, Expression)>,
        outputs: Vec<(String, Expression)>,
        /// (code, when)
        errors: Vec<(Arc<str>, Expression)>,
    },
    /// Is evaluated inside; its value goes into the variable.
    Inside { value: Expression, variable: Option<String> },
}

/// A call activity.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) called: Arc<str>,
    pub(crate) inputs: Mapping,
    pub(crate) outputs: Mapping,
}

/// Which variables go over.
#[derive(Debug, Default)]
pub(crate) struct Mapping {
    pub(crate) all: bool,
    /// (source, target)
    pub(crate) pairs: Vec<(Expression, String)>,
}

/// How often an activity is done.
#[derive(Debug)]
pub(crate) enum Repeat {
    Standard { test_before: bool, maximum: Option<u32>, condition: Option<Expression> },
    Multi(Box<Multi>),
}

/// A multi-instance activity.
#[derive(Debug)]
pub(crate) struct Multi {
    pub(crate) sequential: bool,
    pub(crate) cardinality: Option<Expression>,
    pub(crate) collection: Option<Expression>,
    pub(crate) element: Option<String>,
    /// (variable, one result)
    pub(crate) output: Option<(String, Expression)>,
    pub(crate) completion: Option<Expression>,
    /// Events thrown to its border: (only at the first end, condition, event).
    pub(crate) signals: Vec<(bool, Option<Expression>, Throw)>,
}
