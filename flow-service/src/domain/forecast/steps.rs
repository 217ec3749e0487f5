//! An order from its first task to its last: what was done, what waits, and what is to come.

use std::collections::BTreeSet;
use std::sync::Arc;

use flow_engine::value::Variables;

use super::{Ahead, Known, Person, Picked, Rest, Whose, pick, wanted};
use crate::domain::approval::{Mode, Pick, Seat, SeatState};
use crate::domain::approvers::TaskSpec;
use crate::domain::order::Place;
use crate::domain::people::{People, Wanted};
use crate::domain::policy::SamePerson;
use crate::domain::run::{Done, Held, Run, Task, Versions};

/// One task of the way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) place: Place,
    pub(crate) mode: Mode,
    pub(crate) picked: Picked,
    pub(crate) state: StepState,
    pub(crate) is_loop: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepState {
    Done,
    /// It waits now.
    Active,
    Expected,
}

impl StepState {
    /// The word of the interface.
    pub(crate) fn word(self) -> &'static str {
        match self {
            StepState::Done => "done",
            StepState::Active => "active",
            StepState::Expected => "expected",
        }
    }
}

/// The way of an order, with whatever it says of its people.
pub(crate) struct Way<'a> {
    /// Absent where the order has not been started.
    run: Option<&'a Run>,
    rest: &'a Rest,
    /// Tasks that wait and have found nobody, with what their elements see.
    lost: Vec<(&'a Task, Vec<Variables>)>,
    versions: &'a Versions,
}

/// The engine's key of the process, the node.
fn spec<'a>(versions: &'a Versions, key: &str, node: &str) -> Option<&'a Arc<TaskSpec>> {
    versions.specs.get(key)?.get(node)
}

impl<'a> Way<'a> {
    pub(crate) fn new(run: Option<&'a Run>, rest: &'a Rest, versions: &'a Versions) -> Self {
        let held = run.into_iter().flat_map(|run| run.held.iter().map(move |held| (run, held)));
        let lost = held.filter_map(|(run, (wait, held))| match held {
            Held::Task(task) if task.is_for_people && task.approval.is_none() => {
                Some((task, vec![run.instance.visible(*wait)]))
            }
            Held::Task(_) | Held::Call { .. } => None,
        });
        Self { run, rest, lost: lost.collect(), versions }
    }

    /// Whether the order comes to its end on it.
    pub(crate) fn ends(&self) -> bool {
        self.rest.ends
    }

    fn whose<'s>(&'s self, ahead: &'s Ahead) -> Whose<'s> {
        ahead.whose(spec(self.versions, &ahead.key, &ahead.node).map(AsRef::as_ref))
    }

    fn whose_lost<'s>(&'s self, task: &'s Task, seen: &'s [Variables]) -> Whose<'s> {
        let key = self.run.and_then(|run| run.key_of(task.run));
        let spec = key.and_then(|key| spec(self.versions, key, &task.node)).map(AsRef::as_ref);
        Whose { node: &task.node, is_resubmit: task.is_resubmit, spec, seen }
    }

    /// What must be looked up before [`Way::steps`] can say its last word; ask again after looking.
    pub(crate) fn wanted(&self, known: &Known<'_>, people: &People) -> Wanted {
        let ahead = self.rest.ahead.iter().map(|ahead| self.whose(ahead));
        let lost = self.lost.iter().map(|(task, seen)| self.whose_lost(task, seen));
        let tasks: Vec<Whose<'_>> = ahead.chain(lost).collect();
        wanted(&tasks, known, people)
    }

    /// The steps, in the order in which they happened and will happen.
    pub(crate) fn steps(&self, known: &Known<'_>, people: &People) -> Vec<Step> {
        let mut steps: Vec<(u32, Step)> = Vec::new();
        let mut passed: BTreeSet<String> = BTreeSet::new();
        for done in self.run.into_iter().flat_map(|run| &run.done).filter(|done| !done.is_void) {
            let step = done_step(done);
            passed.extend(step.picked.people.iter().map(|person| person.user.clone()));
            steps.push((done.task.run, step));
        }
        for held in self.run.into_iter().flat_map(|run| run.held.values()) {
            match held {
                Held::Task(task) if task.is_for_people => {
                    let step = self.active_step(task, known, people);
                    join(&mut steps, task.run, step);
                }
                Held::Task(_) | Held::Call { .. } => {}
            }
        }
        for ahead in &self.rest.ahead {
            let whose = self.whose(ahead);
            let mut picked = pick(&whose, known, people);
            skip(&whose, &passed, &mut picked);
            if let [only] = picked.people.as_slice() {
                passed.insert(only.user.clone());
            }
            let step = Step {
                place: Place { node: ahead.node.clone(), name: ahead.name.clone() },
                mode: whose.mode(),
                picked,
                state: StepState::Expected,
                is_loop: ahead.is_loop,
            };
            join(&mut steps, ahead.run, step);
        }
        steps.into_iter().map(|(_, step)| step).collect()
    }

    fn active_step(&self, task: &Task, known: &Known<'_>, people: &People) -> Step {
        let lost = self.lost.iter().find(|(lost, _)| std::ptr::eq(*lost, task));
        let (mode, picked) = match (&task.approval, lost) {
            (Some(approval), _) => {
                let seats = approval.seats().iter().filter(|seat| seat.state != SeatState::Gone);
                let people = seats.flat_map(seat_people).collect();
                (approval.mode(), Picked { people, ..Picked::default() })
            }
            (None, Some((task, seen))) => {
                let whose = self.whose_lost(task, seen);
                (whose.mode(), pick(&whose, known, people))
            }
            (None, None) => (Mode::Any, Picked::default()),
        };
        Step { place: task.place(), mode, picked, state: StepState::Active, is_loop: false }
    }
}

/// A task that waits, or will, several times at once, or one time after the other, is one step.
fn join(steps: &mut Vec<(u32, Step)>, run: u32, step: Step) {
    let is_same = |(of, known): &&mut (u32, Step)| {
        *of == run
            && known.place.node == step.place.node
            && known.state != StepState::Done
            && !(known.is_loop || step.is_loop)
    };
    match steps.iter_mut().find(is_same) {
        Some((_, known)) => known.picked.join(step.picked),
        None => steps.push((run, step)),
    }
}

fn done_step(done: &Done) -> Step {
    let approval = done.task.approval.as_ref();
    let is_decided = |seat: &&Seat| matches!(seat.state, SeatState::Passed | SeatState::Rejected);
    let seats = approval.into_iter().flat_map(|approval| approval.seats()).filter(is_decided);
    let people = seats.flat_map(seat_people).filter(|person| !person.user.is_empty());
    Step {
        place: done.task.place(),
        mode: approval.map_or(Mode::Any, |approval| approval.mode()),
        picked: Picked { people: people.collect(), ..Picked::default() },
        state: StepState::Done,
        is_loop: false,
    }
}

/// Who decided a seat, or else everybody who can.
fn seat_people(seat: &Seat) -> Vec<Person> {
    let rule = |user: &str| {
        let pick = seat.picks.iter().find(|pick| pick.user == user);
        pick.map(|pick| pick.rule.clone()).unwrap_or_default()
    };
    match &seat.decided {
        Some(decided) => vec![Person {
            user: decided.user.clone(),
            on_behalf_of: decided.on_behalf_of.clone(),
            rule: rule(&decided.user),
        }],
        None => {
            let holders = seat.holders().into_iter();
            let person = |pick: &Pick| Person {
                user: pick.user.clone(),
                on_behalf_of: pick.on_behalf_of.clone(),
                rule: pick.rule.clone(),
            };
            holders.map(person).collect()
        }
    }
}

/// Somebody who passed before passes by themselves, where the policy says so.
fn skip(whose: &Whose<'_>, passed: &BTreeSet<String>, picked: &mut Picked) {
    let skips = whose.spec.is_some_and(|spec| spec.policy.same_person == SamePerson::Skip);
    if !skips || whose.is_resubmit || picked.people.is_empty() {
        return;
    }
    let has_passed = |person: &Person| passed.contains(&person.user);
    let is_decided = match whose.mode() {
        Mode::Any => picked.people.iter().any(has_passed),
        Mode::All | Mode::Sequence | Mode::Vote { .. } => picked.people.iter().all(has_passed),
    };
    if is_decided {
        picked.by_itself = Some("同一审批人已审批，自动通过".to_owned());
    }
}
