//! Ends: taking elements away with everything inside them, and the end of runs and of the whole.

use super::Work;
use crate::effect::Effect;
use crate::instance::{Role, State};
use crate::lifecycle::Phase;
use crate::trail::Happened;

impl Work<'_> {
    /// Takes an element away with everything inside it. Its token is the caller's to use.
    pub(crate) fn cancel(&mut self, id: u64) {
        self.sweep(id, true, State::Cancelled);
    }

    /// Takes away everything inside a scope; no token is left in it.
    pub(crate) fn cancel_inside(&mut self, scope: u64) {
        self.sweep(scope, false, State::Cancelled);
        self.drop_jobs(scope);
        let Some(it) = self.instance.find_mut(scope) else { return };
        it.live = 0;
        if let Some(more) = &mut it.more {
            more.parked.clear();
            more.fired.clear();
            more.later.clear();
            more.plan.clear();
        }
    }

    /// Everything ends.
    pub(crate) fn end(&mut self, state: State, error: Option<String>) {
        let Some(root) = self.instance.activations.first_mut() else { return };
        let (root, variables) = (root.id, std::mem::take(&mut root.variables));
        let run = self.instance.run(0);
        let end_activity = run.and_then(|run| {
            let node = run.ended_by?;
            Some(run.process.graph.node(node).id.clone())
        });
        self.instance.visits.clear();
        self.sweep(root, true, state);
        self.instance.variables = variables;
        self.instance.state = state;
        self.instance.runs.clear();
        self.effects.push(Effect::Finish { state, end_activity, error });
    }

    /// Takes away whatever is inside an activation, and itself if asked to.
    fn sweep(&mut self, top: u64, with_top: bool, state: State) {
        let mut dead = self.instance.inside(&[top]);
        if !with_top {
            dead.retain(|&id| id != top);
        }
        if dead.is_empty() {
            return;
        }
        let is_dead = |id: u64| dead.binary_search(&id).is_ok();
        self.close_waits_if(|wait| is_dead(wait.owner));
        for &id in dead.iter().rev() {
            let Some(spot) = self.spot(id) else { continue };
            let told = self.instance.find(id).is_some_and(|it| it.phase == Phase::Completing);
            if !told {
                self.phase(id, Phase::Terminating);
                self.record(&spot, Happened::Cancelled);
            }
            if spot.role == Role::Root && spot.run > 0 {
                self.close_run(spot.run, state);
            }
        }
        self.instance.activations.retain(|it| !is_dead(it.id));
        // What was done inside counts as done in what was taken away, however deep it was.
        for visit in &mut self.instance.visits {
            if dead.binary_search(&visit.scope).is_ok() {
                visit.scope = top;
            }
        }
    }

    /// A called process is over.
    pub(crate) fn close_run(&mut self, run: u32, state: State) {
        let Some(slot) = self.instance.runs.get_mut(run as usize) else { return };
        let Some(it) = slot.take() else { return };
        let end_activity = it.ended_by.map(|node| it.process.graph.node(node).id.clone());
        let state = if it.failed { State::Failed } else { state };
        self.effects.push(Effect::RunClosed { run, state, end_activity });
    }
}
