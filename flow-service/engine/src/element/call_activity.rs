//! Call activities: another process runs inside the instance, with variables of its own.

use crate::effect::Effect;
use crate::instance::{Resume, Role, Run, State, Visit, VisitKind};
use crate::lifecycle::Phase;
use crate::process::{Call, Mapping, NO_NODE, What};
use crate::value::Variables;
use crate::work::{Spot, Work};

/// How deep processes may call each other.
const MAX_DEPTH: usize = 32;

impl Work<'_> {
    /// A call activity begins.
    pub(super) fn begin_call(&mut self, id: u64, spot: &Spot, call: &Call) {
        if let Err(reason) = self.open_run(id, spot, call) {
            self.incident(id, Resume::Begin, reason);
        }
    }

    fn open_run(&mut self, id: u64, spot: &Spot, call: &Call) -> Result<(), String> {
        let called = &call.called;
        let caller = self.instance.run(spot.run).map(|run| run.key.clone()).unwrap_or_default();
        let found = self.library.called(&caller, called);
        let (key, process) = found.ok_or_else(|| format!("被调用的流程 {called} 不存在"))?;
        let scope = process.graph.scope(0);
        if scope.starts.is_empty() {
            return Err(format!("被调用的流程 {called} 没有空白开始节点"));
        }
        if self.depth(id) >= MAX_DEPTH {
            return Err(format!("流程互相调用超过 {MAX_DEPTH} 层"));
        }
        let variables = self.mapped(id, &call.inputs)?;
        let run = u32::try_from(self.instance.runs.len()).ok().ok_or("流程调用过多")?;
        let root = self.spawn(NO_NODE, id, run, Role::Root, 0);
        self.act(id);
        let (node, parent) = (spot.node().id.clone(), spot.run);
        self.effects.push(Effect::RunOpened { run, parent, process: key.clone(), node });
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
        self.open_scope(root, scope);
        self.send_starts(root, scope);
        Ok(())
    }

    /// How many calls an activation is inside of.
    fn depth(&self, id: u64) -> usize {
        let mut depth = 0;
        let mut at = id;
        while let Some(activation) = self.instance.find(at) {
            depth += usize::from(activation.role == Role::Root);
            at = activation.parent;
        }
        depth
    }

    /// Without a mapping of its own everything goes in, and what was set inside comes out.
    fn mapped(&self, from: u64, mapping: &Mapping) -> Result<Variables, String> {
        let mut mapped = if mapping.all { self.visible(from) } else { Variables::new() };
        if let Some(root) = self.instance.find(from).filter(|it| it.role == Role::Root) {
            let touched = root.more.as_ref().map(|more| &more.touched);
            mapped.retain(|name, _| touched.is_some_and(|touched| touched.contains(name)));
        }
        for (source, target) in &mapping.pairs {
            mapped.insert(target.clone(), self.eval(from, source)?);
        }
        Ok(mapped)
    }

    /// The process that a call activity opened is done.
    pub(super) fn finish_call(&mut self, root: u64) {
        let Some(inner) = self.spot(root) else { return };
        let caller = inner.parent;
        let Some(outer) = self.spot(caller) else { return };
        let What::Call(call) = &outer.node().what else { return };
        match self.mapped(root, &call.outputs) {
            Ok(variables) => {
                self.close_waits(root);
                self.remove(root);
                self.close_run(inner.run, State::Completed);
                let kind = VisitKind::Container { of: root };
                let (node, run) = (outer.ix, outer.run);
                self.add_visit(Visit { node, run, scope: caller, ..Visit::of(kind) });
                self.set(caller, variables);
                self.complete(caller);
            }
            Err(reason) => self.incident(caller, Resume::Round, reason),
        }
    }

    /// Tries again to finish the process that a call activity opened.
    pub(super) fn finish_call_again(&mut self, caller: u64) {
        let mut activations = self.instance.activations.iter();
        let root = activations.find(|it| it.parent == caller && it.role == Role::Root);
        if let Some(root) = root.map(|it| it.id) {
            self.later_close(root);
        }
    }
}
