//! The way of a token through an element: enter, begin, complete, leave; one family a file.

mod boundary;
mod call_activity;
mod compensation;
mod error;
mod event;
mod event_gateway;
mod inclusive;
mod join;
mod repeat;
mod script;
mod service_task;
mod start;
mod sub_process;
mod throw;
mod timer;
mod user_task;

pub(crate) use user_task::opened;

use crate::instance::{Done, Memory, Parked, Resume, Role};
use crate::lifecycle::Phase;
use crate::process::{FlowIx, NodeIx, What};
use crate::trail::Happened;
use crate::work::{Spot, Work};

/// The outgoing flows a token takes.
enum Way {
    /// All of them.
    Every,
    /// These.
    These(Vec<FlowIx>),
}

impl Work<'_> {
    /// A token arrives at a node, by a flow or from nowhere.
    pub(crate) fn enter(&mut self, node: NodeIx, scope: u64, flow: Option<FlowIx>, at: u64) {
        let Some(run) = self.instance.find(scope).map(|it| it.run) else { return };
        let Some(process) = self.instance.run(run).map(|it| it.process.clone()) else { return };
        let drawn = process.graph.node(node);
        if join::waits_for_more(drawn) {
            let position =
                drawn.incoming.iter().position(|&it| Some(it) == flow).unwrap_or_default();
            self.arrive(&process, scope, Parked { node, position: position as u32, at });
        } else {
            self.activate(node, scope, run, at);
        }
    }

    /// A node begins with the token it got.
    pub(crate) fn activate(&mut self, node: NodeIx, scope: u64, run: u32, at: u64) {
        let Some(process) = self.instance.run(run).map(|it| it.process.clone()) else { return };
        let drawn = process.graph.node(node);
        let role = if drawn.repeat.is_some() { Role::Body } else { Role::Single };
        let id = self.spawn(node, scope, run, role, at);
        self.activate_spawned(id);
    }

    /// The same for an activation that is there already.
    pub(crate) fn activate_spawned(&mut self, id: u64) {
        let Some(spot) = self.spot(id) else { return };
        let drawn = spot.node();
        if !drawn.locals.is_empty() {
            self.declare(id, &drawn.locals);
        }
        if waits(&drawn.what) {
            self.record(&spot, Happened::Started);
        }
        if !drawn.boundaries.is_empty() {
            self.arm_boundaries(id, &spot);
            if std::mem::take(&mut self.changed) {
                self.look_at_conditions();
            }
        }
        self.begin(id);
    }

    /// An element begins its own work, for the first time or after an incident.
    pub(crate) fn begin(&mut self, id: u64) {
        let Some(spot) = self.spot(id) else { return };
        self.phase(id, Phase::Active);
        if spot.role == Role::Body {
            return self.begin_rounds(id, &spot);
        }
        match &spot.node().what {
            What::Pass
            | What::Start { .. }
            | What::Boundary { .. }
            | What::Exclusive
            | What::Inclusive
            | What::Parallel
            | What::Complex { .. } => self.complete(id),
            What::Throw(throws) => self.begin_throw(id, throws),
            What::Catch(awaits) => self.arm(id, spot.ix, awaits),
            What::User(task) => self.begin_user(id, &spot, task),
            What::Receive { message } => self.begin_receive(id, &spot, message.clone()),
            What::Service(task) => self.begin_service(id, &spot, task),
            What::Script(lines) => self.begin_script(id, lines),
            What::EventBased { .. } => self.begin_choice(id, &spot),
            What::Scope { body, .. } => self.begin_scope(id, &spot, *body),
            What::Call(call) => self.begin_call(id, &spot, call),
        }
    }

    /// An element's own work is done.
    pub(crate) fn complete(&mut self, id: u64) {
        let Some(spot) = self.spot(id) else { return };
        if !is_gateway(&spot.node().what) {
            self.tell_completed(id, &spot);
        }
        if spot.role == Role::Iteration {
            return self.complete_iteration(id, &spot);
        }
        self.close_waits(id);
        let more = self.instance.find(id).and_then(|it| it.more.as_ref());
        if let Some(holder) = more.and_then(|more| more.holder) {
            self.remove(id);
            self.end_token(spot.parent);
            return self.later_undo(holder);
        }
        if more.is_some_and(|more| !more.back.is_empty()) {
            return self.leave_straight_back(id, &spot);
        }
        match self.way(id, &spot) {
            Ok(way) => self.leave(id, &spot, &way),
            Err(reason) => self.incident(id, Resume::Leave, reason),
        }
    }

    /// Writes down, once, that an element's own work is done.
    pub(crate) fn tell_completed(&mut self, id: u64, spot: &Spot) {
        let told = self.instance.find(id).is_none_or(|it| it.phase == Phase::Completing);
        if !told {
            self.phase(id, Phase::Completing);
            self.record(spot, Happened::Completed);
        }
    }

    /// An element is left: its token goes on by every flow it takes.
    fn leave(&mut self, id: u64, spot: &Spot, way: &Way) {
        self.tell_completed(id, spot);
        self.remember(id, spot);
        let at = self.visited(id, spot);
        let drawn = spot.node();
        let flows = match way {
            Way::Every => &drawn.outgoing,
            Way::These(flows) => flows,
        };
        for &flow in flows {
            let target = spot.process.graph.flow(flow).target;
            for _ in 0..drawn.completion_quantity {
                self.send_token(target, spot.parent, Some(flow), at);
            }
        }
        self.finish(id, spot);
    }

    /// An element that was left is over.
    pub(crate) fn finish(&mut self, id: u64, spot: &Spot) {
        if spot.node().kind == "endEvent" {
            self.ended_by(spot.run, spot.ix);
            self.act(id);
        }
        self.phase(id, Phase::Completed);
        self.remove(id);
        self.look_at_ad_hoc(spot.parent);
        self.end_token(spot.parent);
    }

    /// Which flows an element takes when it is left.
    fn way(&self, id: u64, spot: &Spot) -> Result<Way, String> {
        let drawn = spot.node();
        let graph = &spot.process.graph;
        let conditional = |&flow: &FlowIx| graph.flow(flow).condition.is_some();
        let unconditional = matches!(drawn.what, What::Parallel | What::EventBased { .. });
        let plain = drawn.default.is_none() && !drawn.outgoing.iter().any(conditional);
        let exclusive = matches!(drawn.what, What::Exclusive);
        if unconditional || (plain && !(exclusive && drawn.outgoing.len() > 1)) {
            return Ok(Way::Every);
        }
        let mut taken = Vec::new();
        for &flow in &drawn.outgoing {
            if drawn.default == Some(flow) {
                continue;
            }
            let holds = match &graph.flow(flow).condition {
                Some(condition) => self.holds(id, condition)?,
                None => true,
            };
            if holds {
                taken.push(flow);
                if exclusive {
                    break;
                }
            }
        }
        if taken.is_empty() {
            let default = drawn.default.ok_or("没有条件成立的出口")?;
            taken.push(default);
        }
        Ok(Way::These(taken))
    }

    /// Keeps what is needed to compensate an activity later.
    pub(crate) fn remember(&mut self, id: u64, spot: &Spot) {
        let drawn = spot.node();
        if drawn.handler.is_some() {
            let memory = None;
            let done = Done { node: spot.ix, memory };
            return self.add_done(spot.parent, vec![done]);
        }
        let done = match spot.role {
            Role::Body => self.take_done(id),
            Role::Single | Role::Iteration => {
                let memory = self.memory(id, spot);
                memory
                    .map(|memory| Done { node: spot.ix, memory: Some(memory) })
                    .into_iter()
                    .collect()
            }
            Role::Root | Role::Held | Role::Undoing => Vec::new(),
        };
        self.add_done(spot.parent, done);
    }

    /// What a completed sub-process has to remember: nothing, if nothing in it can be compensated.
    fn memory(&mut self, id: u64, spot: &Spot) -> Option<Box<Memory>> {
        if !matches!(spot.node().what, What::Scope { .. }) {
            return None;
        }
        let done = self.take_done(id);
        let reacts = self.compensation_start(spot).is_some();
        if done.is_empty() && !reacts {
            return None;
        }
        let activation = self.instance.find_mut(id)?;
        let variables = std::mem::take(&mut activation.variables);
        Some(Box::new(Memory { variables, done }))
    }

    fn take_done(&mut self, id: u64) -> Vec<Done> {
        let more = self.instance.find_mut(id).and_then(|it| it.more.as_mut());
        more.map(|more| std::mem::take(&mut more.done)).unwrap_or_default()
    }

    fn add_done(&mut self, scope: u64, done: Vec<Done>) {
        if done.is_empty() {
            return;
        }
        if let Some(scope) = self.instance.find_mut(scope) {
            scope.more_mut().done.extend(done);
        }
    }
}

/// A gateway's work is to choose: it is done when it is left.
fn is_gateway(what: &What) -> bool {
    matches!(what, What::Exclusive | What::Inclusive | What::Parallel | What::Complex { .. })
}

/// Whether a node may wait, so that its beginning is worth telling.
fn waits(what: &What) -> bool {
    match what {
        What::Catch(_)
        | What::User(_)
        | What::Receive { .. }
        | What::Service(_)
        | What::Script(_)
        | What::EventBased { .. }
        | What::Scope { .. }
        | What::Call(_) => true,
        What::Pass
        | What::Start { .. }
        | What::Throw(_)
        | What::Boundary { .. }
        | What::Exclusive
        | What::Inclusive
        | What::Parallel
        | What::Complex { .. } => false,
    }
}
