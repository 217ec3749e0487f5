//! An instance while a command is carried out: the list of what is still to do, and the few
//! moves everything else is made of.

mod ending;
mod lineage;
mod returning;
mod variables;
mod waiting;

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::effect::Effect;
use crate::instance::{Activation, Instance, Resume, Role, State};
use crate::lifecycle::Phase;
use crate::process::{FlowIx, Library, Node, NodeIx, Process};
use crate::trail::{Happened, Record};
use crate::value::Variables;

/// How many elements one command may enter before the rest is held.
const MAX_STEPS: u32 = 1_000;
/// How far iterations, each of which adds ten, may raise that.
const MAX_STEPS_EVER: u32 = 20_000;
/// How many elements and tokens an order may have at the same time.
const MAX_TOKENS: usize = 10_000;
const TOO_MANY_TOKENS: &str = "同时进行的节点过多";
const TOO_MANY_STEPS: &str = "无等待的循环：一次操作经过的节点过多";

/// An instance on its way from one quiet moment to the next.
pub(crate) struct Work<'a> {
    pub(crate) library: &'a Library,
    pub(crate) now: DateTime<Utc>,
    pub(crate) instance: Instance,
    pub(crate) effects: Vec<Effect>,
    pub(crate) trail: Vec<Record>,
    /// A variable changed, or a condition is new: conditions have to be looked at.
    pub(crate) changed: bool,
    queue: VecDeque<Job>,
    /// Events that throw messages and signals, once everything else has come to rest.
    throws: VecDeque<u64>,
    steps: u32,
    max_steps: u32,
}

/// Something still to do.
#[derive(Clone, Copy, Debug)]
enum Job {
    /// A token arrives at a node.
    Enter { node: NodeIx, scope: u64, flow: Option<FlowIx>, at: u64 },
    /// No token is left in a scope.
    Close { scope: u64 },
    /// A repeated activity looks how to go on.
    Round { body: u64 },
    /// A compensation goes on to what it undoes next.
    Undo { holder: u64 },
}

/// What is known of a running element: a copy, so that the work can go on around it.
pub(crate) struct Spot {
    pub(crate) process: Arc<Process>,
    pub(crate) ix: NodeIx,
    pub(crate) parent: u64,
    pub(crate) run: u32,
    pub(crate) role: Role,
    pub(crate) index: Option<u32>,
    pub(crate) at: u64,
}

impl Spot {
    pub(crate) fn node(&self) -> &Node {
        self.process.graph.node(self.ix)
    }
}

impl<'a> Work<'a> {
    pub(crate) fn new(library: &'a Library, instance: Instance, now: DateTime<Utc>) -> Self {
        Self {
            library,
            now,
            instance,
            effects: Vec::new(),
            trail: Vec::new(),
            changed: false,
            queue: VecDeque::new(),
            throws: VecDeque::new(),
            steps: 0,
            max_steps: MAX_STEPS,
        }
    }

    /// Goes on until everything waits or nothing is left.
    pub(crate) fn settle(&mut self) {
        while self.instance.state == State::Running {
            if self.queue.len().max(self.instance.activations.len()) > MAX_TOKENS {
                self.end(State::Failed, Some(TOO_MANY_TOKENS.into()));
            } else if std::mem::take(&mut self.changed) {
                self.look_at_conditions();
            } else if let Some(job) = self.queue.pop_front() {
                self.do_job(job);
            } else if !self.join_what_can_join() {
                let Some(thrower) = self.throws.pop_front() else { break };
                self.throw(thrower);
            }
        }
    }

    fn do_job(&mut self, job: Job) {
        match job {
            Job::Enter { node, scope, flow, at } if self.steps >= self.max_steps => {
                self.hold(node, scope, flow, at);
            }
            Job::Enter { node, scope, flow, at } => {
                self.steps += 1;
                self.enter(node, scope, flow, at);
            }
            Job::Close { scope } => self.close(scope),
            Job::Round { body } if self.steps >= self.max_steps => {
                self.incident(body, Resume::Round, TOO_MANY_STEPS.into());
            }
            Job::Round { body } => {
                self.steps += 1;
                self.look_at_round(body);
            }
            Job::Undo { holder } => self.undo_next(holder),
        }
    }

    /// Keeps a token before its node until somebody retries.
    fn hold(&mut self, node: NodeIx, scope: u64, flow: Option<FlowIx>, at: u64) {
        let Some(run) = self.instance.find(scope).map(|it| it.run) else { return };
        let id = self.spawn(node, scope, run, Role::Held, at);
        self.incident(id, Resume::Enter(flow), TOO_MANY_STEPS.into());
    }

    /// Lets a held token go on.
    pub(crate) fn release(&mut self, id: u64, flow: Option<FlowIx>) {
        let Some(spot) = self.spot(id) else { return };
        self.remove(id);
        let (node, scope, at) = (spot.ix, spot.parent, spot.at);
        self.queue.push_back(Job::Enter { node, scope, flow, at });
    }

    /// Iterations that were asked for may take steps of their own.
    pub(crate) fn allow_iterations(&mut self, count: u32) {
        let more = count.saturating_mul(10);
        self.max_steps = self.max_steps.saturating_add(more).min(MAX_STEPS_EVER);
    }

    pub(crate) fn spot(&self, id: u64) -> Option<Spot> {
        let it = self.instance.find(id)?;
        let process = self.instance.run(it.run)?.process.clone();
        let (ix, parent, run, role) = (it.node, it.parent, it.run, it.role);
        Some(Spot { process, ix, parent, run, role, index: it.index, at: it.at })
    }

    pub(crate) fn is_there(&self, id: u64) -> bool {
        self.instance.find(id).is_some()
    }

    /// A new activation; its token has been counted by whoever brings it.
    pub(crate) fn spawn(
        &mut self,
        node: NodeIx,
        parent: u64,
        run: u32,
        role: Role,
        at: u64,
    ) -> u64 {
        self.instance.last_activation += 1;
        let id = self.instance.last_activation;
        self.instance.activations.push(Activation {
            id,
            parent,
            run,
            node,
            role,
            phase: Phase::Activating,
            live: 0,
            index: None,
            at,
            acted: Vec::new(),
            variables: Variables::new(),
            more: None,
        });
        id
    }

    /// Takes an activation out; what it holds has been seen to.
    pub(crate) fn remove(&mut self, id: u64) {
        let found = self.instance.activations.binary_search_by_key(&id, |it| it.id);
        if let Ok(ix) = found {
            self.instance.activations.remove(ix);
        }
    }

    pub(crate) fn phase(&mut self, id: u64, next: Phase) {
        let Some(activation) = self.instance.find_mut(id) else { return };
        debug_assert!(activation.phase.may_become(next), "{:?} to {next:?}", activation.phase);
        activation.phase = next;
    }

    /// One more token in a scope.
    pub(crate) fn add_token(&mut self, scope: u64) {
        if let Some(scope) = self.instance.find_mut(scope) {
            scope.live += 1;
        }
    }

    /// One token less in a scope; the last one closes it.
    pub(crate) fn end_token(&mut self, scope: u64) {
        let Some(it) = self.instance.find_mut(scope) else { return };
        it.live = it.live.saturating_sub(1);
        if it.live == 0 {
            self.queue.push_back(Job::Close { scope });
        }
    }

    /// A new token on its way to a node.
    pub(crate) fn send_token(&mut self, node: NodeIx, scope: u64, flow: Option<FlowIx>, at: u64) {
        self.add_token(scope);
        // One more than there may be is enough to end the order.
        if self.queue.len() <= MAX_TOKENS {
            self.queue.push_back(Job::Enter { node, scope, flow, at });
        }
    }

    pub(crate) fn later_round(&mut self, body: u64) {
        self.queue.push_back(Job::Round { body });
    }

    pub(crate) fn later_undo(&mut self, holder: u64) {
        self.queue.push_back(Job::Undo { holder });
    }

    pub(crate) fn later_close(&mut self, scope: u64) {
        self.queue.push_back(Job::Close { scope });
    }

    pub(crate) fn later_throw(&mut self, thrower: u64) {
        self.throws.push_back(thrower);
    }

    /// Forgets tokens on their way inside a scope.
    fn drop_jobs(&mut self, scope: u64) {
        self.queue.retain(|job| !matches!(job, Job::Enter { scope: it, .. } if *it == scope));
    }

    /// Writes down what happened to an element of the drawing.
    pub(crate) fn record(&mut self, spot: &Spot, event: Happened) {
        if !matches!(spot.role, Role::Single | Role::Iteration) {
            return;
        }
        let node = spot.node();
        self.trail.push(Record {
            run: spot.run,
            node: node.id.clone(),
            name: node.name.clone(),
            kind: node.kind,
            event,
            loop_index: spot.index,
        });
    }

    /// Something is stuck until somebody retries.
    pub(crate) fn incident(&mut self, owner: u64, resume: Resume, reason: String) {
        let Some(node) = self.instance.find(owner).map(|it| it.node) else { return };
        self.incident_of(owner, node, 0, resume, reason);
    }
}
