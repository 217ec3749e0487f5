//! The executable graph of a checked drawing: everything resolved once, so that running is cheap.

mod build;
mod graph;
mod vendor;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bpmn::Finding;
use crate::bpmn::model::{Attribute, Definitions, Extension, Timer};

pub(crate) use graph::*;

/// A process that can be run; exists only if its drawing was checked.
#[derive(Debug)]
pub struct Process {
    pub(crate) id: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) graph: Graph,
    starts: Vec<StartPoint>,
    calls: Vec<String>,
    by_id: BTreeMap<Arc<str>, NodeIx>,
    vendors: Vec<Vendor>,
    /// Those of the process itself.
    vendor: Vendor,
}

/// What vendors' namespaces say of a node; kept for the service, not looked at while running.
#[derive(Debug, Default)]
struct Vendor {
    attributes: Vec<Attribute>,
    extensions: Vec<Extension>,
}

/// A way to start a process.
#[derive(Clone, Debug, PartialEq)]
pub struct StartPoint {
    /// The start event, or the task or gateway's event that instantiates.
    pub node: String,
    /// Its name; the id where it has none.
    pub name: String,
    /// What starts it.
    pub trigger: Trigger,
}

/// What starts a process.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// Somebody.
    None,
    /// A message of this name.
    Message(String),
    /// A signal of this name.
    Signal(String),
    /// A timer.
    Timer(Timer),
    /// A condition, as written; it sees the variables given at the start.
    Condition(String),
}

/// What a service may want to know of an element.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeInfo {
    /// Its id.
    pub id: Arc<str>,
    /// Its name; the id where it has none.
    pub name: Arc<str>,
    /// What it is, in BPMN's word: `userTask`, `exclusiveGateway` and so on.
    pub kind: &'static str,
    /// Attributes of vendors' namespaces.
    pub attributes: Vec<Attribute>,
    /// `extensionElements`.
    pub extensions: Vec<Extension>,
}

impl Process {
    /// The executable processes of a file in document order, or everything that is wrong with it.
    pub fn compile(definitions: &Definitions) -> Result<Vec<Process>, Vec<Finding>> {
        build::compile(definitions)
    }

    /// The process's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The process's name; the id where it has none.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Every way to start it, in document order.
    pub fn starts(&self) -> Vec<StartPoint> {
        self.starts.clone()
    }

    /// What its call activities name, each once, in document order.
    pub fn calls(&self) -> Vec<String> {
        self.calls.clone()
    }

    /// One element, by id.
    pub fn node(&self, id: &str) -> Option<NodeInfo> {
        self.info_of(*self.by_id.get(id)?)
    }

    /// The process itself.
    pub fn info(&self) -> NodeInfo {
        NodeInfo {
            id: self.id.clone(),
            name: self.name.clone(),
            kind: "process",
            attributes: self.vendor.attributes.clone(),
            extensions: self.vendor.extensions.clone(),
        }
    }

    /// Every user task, those inside sub-processes too, in document order.
    pub fn user_tasks(&self) -> Vec<NodeInfo> {
        let nodes = (0..).zip(&self.graph.nodes);
        let people = nodes.filter(|(_, node)| matches!(node.what, What::User(_)));
        people.filter_map(|(ix, _)| self.info_of(ix)).collect()
    }

    fn info_of(&self, ix: NodeIx) -> Option<NodeInfo> {
        let node = self.graph.nodes.get(ix as usize)?;
        let vendor = self.vendors.get(ix as usize)?;
        Some(NodeInfo {
            id: node.id.clone(),
            name: node.name.clone(),
            kind: node.kind,
            attributes: vendor.attributes.clone(),
            extensions: vendor.extensions.clone(),
        })
    }

    pub(crate) fn index_of(&self, id: &str) -> Option<NodeIx> {
        self.by_id.get(id).copied()
    }
}

/// The processes that one instance may need, by key.
#[derive(Clone, Debug, Default)]
pub struct Library {
    processes: BTreeMap<Arc<str>, Arc<Process>>,
    links: BTreeMap<String, BTreeMap<String, Arc<str>>>,
}

impl Library {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a process under a key, such as `SALES/3/Process_1`.
    pub fn insert(&mut self, key: &str, process: Arc<Process>) {
        self.processes.insert(key.into(), process);
    }

    /// Says which process a call activity of `caller_key` means by `called_name`. Without a link
    /// the name is the key.
    pub fn link(&mut self, caller_key: &str, called_name: &str, callee_key: &str) {
        let links = self.links.entry(caller_key.to_owned()).or_default();
        links.insert(called_name.to_owned(), callee_key.into());
    }

    /// The process under a key.
    pub fn get(&self, key: &str) -> Option<&Arc<Process>> {
        self.processes.get(key)
    }

    /// The process a call activity means, and its key.
    pub(crate) fn called(&self, caller: &str, name: &str) -> Option<(Arc<str>, Arc<Process>)> {
        let key = self.links.get(caller).and_then(|links| links.get(name));
        let (key, process) = self.processes.get_key_value(key.map_or(name, |key| &**key))?;
        Some((key.clone(), process.clone()))
    }

    /// The process under a key, and the key as it is kept.
    pub(crate) fn entry(&self, key: &str) -> Option<(Arc<str>, Arc<Process>)> {
        self.processes.get_key_value(key).map(|(key, process)| (key.clone(), process.clone()))
    }
}
