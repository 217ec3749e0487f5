//! From the model to the graph: numbers everything, resolves references, compiles expressions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::graph::*;
use super::vendor;
use super::{Process, Vendor};
use crate::bpmn::model::{self, Body, Definitions, EventDefinition, Events, Kind};
use crate::bpmn::{self, Finding};
use crate::expr::{Expression, Fault};

mod activity;
mod event;
mod start;

use start::{begins_by_itself, starts};

pub(super) fn compile(definitions: &Definitions) -> Result<Vec<Process>, Vec<Finding>> {
    let findings = bpmn::check(definitions);
    if !findings.is_empty() {
        return Err(findings);
    }
    let runs = |process: &&model::Process| process.executable && !process.sketch;
    let executable = definitions.processes.iter().filter(runs);
    let mut findings = Vec::new();
    let mut processes = Vec::new();
    for process in executable {
        let mut builder = Builder::default();
        builder.build(process);
        findings.append(&mut builder.findings);
        processes.push(builder.finish(process));
    }
    if findings.is_empty() { Ok(processes) } else { Err(findings) }
}

/// A process half built.
#[derive(Default)]
struct Builder<'a> {
    /// Every node of the model with the scope it stands in, by index.
    places: Vec<(&'a model::Node, ScopeIx)>,
    /// The model's bodies, by scope index.
    bodies: Vec<&'a Body>,
    /// The scope inside a node.
    inside: BTreeMap<NodeIx, ScopeIx>,
    by_id: BTreeMap<Arc<str>, NodeIx>,
    /// Catching links: (scope, name).
    links: BTreeMap<(ScopeIx, &'a str), NodeIx>,
    nodes: Vec<Node>,
    flows: Vec<Flow>,
    scopes: Vec<Scope>,
    calls: Vec<String>,
    findings: Vec<Finding>,
}

impl<'a> Builder<'a> {
    fn build(&mut self, process: &'a model::Process) {
        self.number(&process.body);
        for ix in 0..self.places.len() {
            let Some(&(node, scope)) = self.places.get(ix) else { break };
            let built = self.node(node, scope, ix as NodeIx);
            self.nodes.push(built);
        }
        for scope in 0..self.bodies.len() {
            let Some(&body) = self.bodies.get(scope) else { break };
            self.connect(body);
            let built = self.scope(body);
            self.scopes.push(built);
        }
    }

    /// Gives every scope and every node its index, outer ones first.
    fn number(&mut self, body: &'a Body) {
        let scope = self.bodies.len() as ScopeIx;
        self.bodies.push(body);
        for node in &body.nodes {
            let ix = self.places.len() as NodeIx;
            self.places.push((node, scope));
            self.by_id.insert(node.id.as_str().into(), ix);
            match &node.kind {
                Kind::SubProcess { body, .. } => {
                    self.inside.insert(ix, self.bodies.len() as ScopeIx);
                    self.number(body);
                }
                Kind::Catch { events } => {
                    for name in links(events) {
                        self.links.insert((scope, name), ix);
                    }
                }
                _ => {}
            }
        }
    }

    fn node(&mut self, node: &'a model::Node, scope: ScopeIx, ix: NodeIx) -> Node {
        Node {
            id: node.id.as_str().into(),
            name: name_or_id(node).into(),
            kind: node.kind.tag(),
            what: self.what(node, scope, ix),
            incoming: Vec::new(),
            outgoing: Vec::new(),
            default: None,
            boundaries: Vec::new(),
            handler: None,
            repeat: self.repeat(node),
            start_quantity: quantity(node.start_quantity),
            completion_quantity: quantity(node.completion_quantity),
            locals: names(&node.data),
        }
    }

    /// Draws the flows, borders and compensations of one body.
    fn connect(&mut self, body: &'a Body) {
        for flow in &body.flows {
            let ends =
                self.by_id.get(flow.source.as_str()).zip(self.by_id.get(flow.target.as_str()));
            let Some((&source, &target)) = ends else { continue };
            let condition = flow.condition.as_deref();
            let condition = condition.and_then(|text| self.formula(&flow.id, flow.line, text));
            let ix = self.flows.len() as FlowIx;
            self.flows.push(Flow { id: flow.id.as_str().into(), source, target, condition });
            if let Some(node) = self.nodes.get_mut(source as usize) {
                node.outgoing.push(ix);
                let (from, _) = self.places.get(source as usize).copied().unzip();
                if from.is_some_and(|from| from.default_flow.as_deref() == Some(&flow.id)) {
                    node.default = Some(ix);
                }
            }
            if let Some(node) = self.nodes.get_mut(target as usize) {
                node.incoming.push(ix);
            }
        }
        for node in &body.nodes {
            let Kind::Boundary { events, attached_to, .. } = &node.kind else { continue };
            let ends = self.by_id.get(node.id.as_str()).zip(self.by_id.get(attached_to.as_str()));
            let Some((&boundary, &host)) = ends else { continue };
            let handler = body.compensations.iter().find(|(from, _)| *from == node.id);
            let handler = handler.and_then(|(_, to)| self.by_id.get(to.as_str()).copied());
            let Some(host) = self.nodes.get_mut(host as usize) else { continue };
            if events.definitions.iter().any(|it| matches!(it, EventDefinition::Compensate { .. }))
            {
                host.handler = handler;
            } else {
                host.boundaries.push(boundary);
            }
        }
    }

    fn scope(&self, body: &Body) -> Scope {
        let mut scope = Scope { locals: names(&body.data), ..Scope::default() };
        let index = |node: &model::Node| self.by_id.get(node.id.as_str()).copied();
        for node in &body.nodes {
            let Kind::SubProcess { flavour: model::Flavour::Event, body } = &node.kind else {
                continue;
            };
            for start in body.nodes.iter().filter(|it| matches!(it.kind, Kind::Start { .. })) {
                scope.reactions.extend(index(node).zip(index(start)));
            }
        }
        let none = |node: &&model::Node| match &node.kind {
            Kind::Start { events, .. } => events.definitions.is_empty(),
            _ => false,
        };
        if body.nodes.iter().any(|node| matches!(node.kind, Kind::Start { .. })) {
            scope.starts.extend(body.nodes.iter().find(none).and_then(index));
        } else {
            let implicit = body.nodes.iter().filter(|node| begins_by_itself(node, body));
            scope.starts.extend(implicit.filter_map(index));
        }
        scope
    }

    fn finish(self, process: &model::Process) -> Process {
        let starts = starts(&process.body);
        let vendors = self.places.iter().map(|(node, _)| Vendor {
            attributes: node.attributes.clone(),
            extensions: node.extensions.clone(),
        });
        Process {
            id: process.id.as_str().into(),
            name: process.name.as_deref().unwrap_or(&process.id).into(),
            starts,
            calls: self.calls,
            by_id: self.by_id,
            vendors: vendors.collect(),
            vendor: Vendor {
                attributes: process.attributes.clone(),
                extensions: process.extensions.clone(),
            },
            graph: Graph {
                nodes: self.nodes,
                flows: self.flows,
                scopes: self.scopes,
                nothing: (nowhere(), no_flow(), Scope::default()),
            },
        }
    }

    /// A text that is always an expression.
    fn formula(&mut self, id: &str, line: u32, text: &str) -> Option<Expression> {
        self.compiled(id, line, Expression::formula(text))
    }

    /// A text that may contain expressions.
    fn template(&mut self, node: &model::Node, text: &str) -> Option<Expression> {
        self.compiled(&node.id, node.line, Expression::template(text))
    }

    fn compiled(
        &mut self,
        id: &str,
        line: u32,
        found: Result<Expression, Fault>,
    ) -> Option<Expression> {
        match found {
            Ok(expression) => Some(expression),
            Err(fault) => {
                let message = format!("表达式有误：{fault}");
                self.finding(id, line, "BAD_EXPRESSION", message);
                None
            }
        }
    }

    fn finding(&mut self, id: &str, line: u32, code: &'static str, message: String) {
        self.findings.push(Finding { element_id: id.to_owned(), line, code, message });
    }
}

fn links(events: &Events) -> impl Iterator<Item = &str> {
    events.definitions.iter().filter_map(|definition| match definition {
        EventDefinition::Link(name) => Some(name.as_deref().unwrap_or_default()),
        _ => None,
    })
}

fn names(data: &[model::DataItem]) -> Vec<String> {
    data.iter().map(|item| item.name.as_ref().unwrap_or(&item.id).clone()).collect()
}

fn name_or_id(node: &model::Node) -> &str {
    node.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&node.id)
}

fn quantity(quantity: i64) -> u32 {
    u32::try_from(quantity).unwrap_or(1).clamp(1, 1_000)
}

fn no_flow() -> Flow {
    Flow { id: "".into(), source: NO_NODE, target: NO_NODE, condition: None }
}

/// What an index outside the graph reads as: a node that does nothing.
fn nowhere() -> Node {
    Node {
        id: "".into(),
        name: "".into(),
        kind: "",
        what: What::Pass,
        incoming: Vec::new(),
        outgoing: Vec::new(),
        default: None,
        boundaries: Vec::new(),
        handler: None,
        repeat: None,
        start_quantity: 1,
        completion_quantity: 1,
        locals: Vec::new(),
    }
}
