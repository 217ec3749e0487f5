//! The start of the order: at its none start event, or where a message, signal or timer began it.

use crate::instance::{Role, Run, State};
use crate::lifecycle::Phase;
use crate::process::{NO_NODE, NodeIx, What};
use crate::value::Variables;
use crate::work::Work;

impl Work<'_> {
    /// Begins the order.
    pub(crate) fn start(&mut self, at: Option<&str>, variables: Variables) {
        let Some((key, process)) = self.library.entry(&self.instance.key) else { return };
        self.instance.state = State::Running;
        self.instance.variables = Variables::new();
        let root = self.spawn(NO_NODE, 0, 0, Role::Root, 0);
        self.instance.runs.push(Some(Run {
            key,
            process: process.clone(),
            failed: false,
            ended_by: None,
        }));
        if let Some(root) = self.instance.find_mut(root) {
            root.phase = Phase::Active;
            root.variables = variables;
        }
        self.open_scope(root, process.graph.scope(0));
        match at.and_then(|id| process.index_of(id)) {
            None => self.send_starts(root, process.graph.scope(0)),
            Some(node) => self.start_at(root, node),
        }
    }

    /// Begins at the event that has happened.
    fn start_at(&mut self, root: u64, node: NodeIx) {
        let Some(process) = self.instance.run(0).map(|run| run.process.clone()) else { return };
        let graph = &process.graph;
        let mut sources = graph.node(node).incoming.iter().map(|&flow| graph.flow(flow).source);
        let is_choice = |&it: &NodeIx| matches!(graph.node(it).what, What::EventBased { .. });
        self.add_token(root);
        match sources.find(is_choice) {
            Some(gateway) => {
                let id = self.spawn(gateway, root, 0, Role::Single, 0);
                self.choose_at_start(id, node);
            }
            None => {
                let id = self.spawn(node, root, 0, Role::Single, 0);
                self.happen(id);
            }
        }
    }
}
