//! Errors and escalations go outwards until somebody catches them.

use std::sync::Arc;

use crate::instance::{Role, State};
use crate::lifecycle::Phase;
use crate::process::{Await, NodeIx, What};
use crate::trail::Happened;
use crate::value::Variables;
use crate::work::Work;

/// Who catches something on its way out.
struct Catcher {
    /// The activity with the event on its border, or the scope of the event sub-process.
    owner: u64,
    /// The catching event.
    event: NodeIx,
    interrupting: bool,
    on_border: bool,
}

/// How well an event fits what is thrown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Any,
    Exactly,
}

impl Work<'_> {
    /// An error leaves an element; without a catcher the whole instance fails.
    pub(crate) fn throw_error(&mut self, from: u64, code: Option<&Arc<str>>, message: String) {
        let fit = |awaited: &Await| match awaited {
            Await::Error(it) => fits(it.as_ref(), code),
            _ => None,
        };
        let catcher = self.catcher(from, fit);
        self.fail_runs(from, catcher.as_ref().map_or(0, |it| it.owner));
        match catcher {
            Some(catcher) => self.catch(&catcher, true),
            None => self.end(State::Failed, Some(message)),
        }
    }

    /// Called processes that an error goes through have failed.
    fn fail_runs(&mut self, from: u64, to: u64) {
        let mut at = from;
        while let Some(activation) = self.instance.find(at).filter(|it| it.id != to) {
            let (role, run) = (activation.role, activation.run);
            at = activation.parent;
            if let Some(Some(run)) = self.instance.runs.get_mut(run as usize)
                && role == Role::Root
            {
                run.failed = true;
            }
        }
    }

    /// A task ends with an error.
    pub(crate) fn fail_element(&mut self, id: u64, code: &str, message: &str) {
        let Some(spot) = self.spot(id) else { return };
        self.act(id);
        self.record(&spot, Happened::Failed);
        self.phase(id, Phase::Completing);
        let text = if message.is_empty() { code.to_owned() } else { format!("{code}：{message}") };
        let code: Option<Arc<str>> = (!code.is_empty()).then(|| code.into());
        self.throw_error(id, code.as_ref(), text);
    }

    /// An escalation leaves an element; without a catcher nothing happens.
    pub(super) fn escalate(&mut self, from: u64, code: Option<&Arc<str>>) {
        let fit = |awaited: &Await| match awaited {
            Await::Escalation(it) => fits(it.as_ref(), code),
            _ => None,
        };
        if let Some(catcher) = self.catcher(from, fit) {
            self.catch(&catcher, false);
        }
    }

    fn catch(&mut self, catcher: &Catcher, always_interrupts: bool) {
        let interrupting = catcher.interrupting || always_interrupts;
        if catcher.on_border {
            self.fire_boundary(catcher.owner, catcher.event, interrupting, Variables::new());
        } else {
            self.react(catcher.owner, catcher.event, interrupting, Variables::new());
        }
    }

    /// The nearest catcher going outwards; on one level the one that fits exactly.
    fn catcher(&self, from: u64, fit: impl Fn(&Await) -> Option<Fit>) -> Option<Catcher> {
        let mut at = from;
        loop {
            let spot = self.spot(at)?;
            let graph = &spot.process.graph;
            let best = |events: &mut dyn Iterator<Item = NodeIx>, owner, on_border| {
                let mut best: Option<(Fit, Catcher)> = None;
                for event in events {
                    let (awaits, interrupting) = match &graph.node(event).what {
                        What::Boundary { awaits, interrupting, .. }
                        | What::Start { awaits, interrupting } => (awaits, *interrupting),
                        _ => continue,
                    };
                    let Some(fit) = awaits.of.iter().filter_map(&fit).max() else { continue };
                    if best.as_ref().is_none_or(|(other, _)| fit > *other) {
                        best = Some((fit, Catcher { owner, event, interrupting, on_border }));
                    }
                }
                best.map(|(_, catcher)| catcher)
            };
            if matches!(spot.role, Role::Single | Role::Body) {
                let found = best(&mut spot.node().boundaries.iter().copied(), at, true);
                if found.is_some() {
                    return found;
                }
            }
            let outer = self.instance.find(spot.parent)?;
            let is_scope = spot.role != Role::Root && outer.role != Role::Body;
            let interrupted = outer.more.as_ref().is_some_and(|more| more.interrupted);
            if is_scope && !interrupted {
                let reactions = graph.inside(outer.node).reactions.iter();
                let found = best(&mut reactions.map(|(_, start)| *start), outer.id, false);
                if found.is_some() {
                    return found;
                }
            }
            at = spot.parent;
        }
    }

    /// Remembers the end event a run reached last.
    pub(super) fn ended_by(&mut self, run: u32, node: NodeIx) {
        if let Some(Some(run)) = self.instance.runs.get_mut(run as usize) {
            run.ended_by = Some(node);
        }
    }
}

fn fits(caught: Option<&Arc<str>>, thrown: Option<&Arc<str>>) -> Option<Fit> {
    match (caught, thrown) {
        (None, _) => Some(Fit::Any),
        (Some(caught), Some(thrown)) if caught == thrown => Some(Fit::Exactly),
        (Some(_), _) => None,
    }
}
