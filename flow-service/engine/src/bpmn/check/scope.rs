//! Where the rules look: one scope with its arrows, and the file around it.

use std::collections::{BTreeMap, BTreeSet};

use super::Located;
use crate::bpmn::model::{Body, Definitions, Flavour, Kind, Node, Process, SequenceFlow};

/// What rules may ask of the whole file.
pub(super) struct File<'a> {
    /// Processes, global tasks included, by id.
    pub(super) processes: BTreeMap<&'a str, &'a Process>,
    /// Every flow node of the file by id.
    pub(super) nodes: BTreeMap<&'a str, &'a Node>,
}

impl<'a> File<'a> {
    pub(super) fn new(definitions: &'a Definitions) -> Self {
        let mut file = Self { processes: BTreeMap::new(), nodes: BTreeMap::new() };
        for process in &definitions.processes {
            file.processes.entry(&process.id).or_insert(process);
            file.gather(&process.body);
        }
        file
    }

    fn gather(&mut self, body: &'a Body) {
        for node in &body.nodes {
            self.nodes.entry(&node.id).or_insert(node);
            if let Kind::SubProcess { body, .. } = &node.kind {
                self.gather(body);
            }
        }
    }
}

/// What a scope is the inside of.
#[derive(Clone, Copy)]
pub(super) enum Owner<'a> {
    Process(&'a Process),
    Sub(&'a Node, &'a Flavour),
}

impl<'a> Owner<'a> {
    pub(super) fn located(self) -> &'a dyn Located {
        match self {
            Self::Process(process) => process,
            Self::Sub(node, _) => node,
        }
    }
}

/// The inside of a process or sub-process.
pub(super) struct Scope<'a> {
    pub(super) owner: Owner<'a>,
    pub(super) body: &'a Body,
    /// The scope is inside a transaction, however deep.
    pub(super) in_transaction: bool,
    nodes: BTreeMap<&'a str, &'a Node>,
    incoming: BTreeMap<&'a str, Vec<&'a SequenceFlow>>,
    outgoing: BTreeMap<&'a str, Vec<&'a SequenceFlow>>,
    with_boundary: BTreeSet<&'a str>,
}

impl<'a> Scope<'a> {
    pub(super) fn of_process(process: &'a Process) -> Self {
        Self::new(Owner::Process(process), &process.body, false)
    }

    pub(super) fn inner(&self, node: &'a Node, flavour: &'a Flavour, body: &'a Body) -> Self {
        let in_transaction = self.in_transaction || *flavour == Flavour::Transaction;
        Self::new(Owner::Sub(node, flavour), body, in_transaction)
    }

    fn new(owner: Owner<'a>, body: &'a Body, in_transaction: bool) -> Self {
        let nodes = body.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut incoming = BTreeMap::<&str, Vec<_>>::new();
        let mut outgoing = BTreeMap::<&str, Vec<_>>::new();
        for flow in &body.flows {
            incoming.entry(&flow.target).or_default().push(flow);
            outgoing.entry(&flow.source).or_default().push(flow);
        }
        let with_boundary = body.nodes.iter().filter_map(|node| match &node.kind {
            Kind::Boundary { attached_to, .. } => Some(attached_to.as_str()),
            _ => None,
        });
        let with_boundary = with_boundary.collect();
        Self { owner, body, in_transaction, nodes, incoming, outgoing, with_boundary }
    }

    /// A node of this scope.
    pub(super) fn node(&self, id: &str) -> Option<&'a Node> {
        self.nodes.get(id).copied()
    }

    /// The flows that enter a node.
    pub(super) fn incoming(&self, node: &Node) -> &[&'a SequenceFlow] {
        self.incoming.get(node.id.as_str()).map_or(&[], Vec::as_slice)
    }

    /// The flows that leave a node.
    pub(super) fn outgoing(&self, node: &Node) -> &[&'a SequenceFlow] {
        self.outgoing.get(node.id.as_str()).map_or(&[], Vec::as_slice)
    }

    /// Whether an event is attached to a node.
    pub(super) fn has_boundary(&self, node: &Node) -> bool {
        self.with_boundary.contains(node.id.as_str())
    }
}
