//! For whom the tasks of a forecast will be.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use flow_engine::value::Variables;

use super::Ahead;
use crate::domain::approval::{Mode, Pick};
use crate::domain::approvers::{self, Asked, Auto, TaskSpec};
use crate::domain::people::{People, Wanted};

/// Somebody whose task it will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) user: String,
    pub(crate) on_behalf_of: Option<String>,
    pub(crate) rule: String,
}

/// The people of one task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Picked {
    /// Each person once.
    pub(crate) people: Vec<Person>,
    /// Why somebody is missing.
    pub(crate) trouble: Option<String>,
    /// The task is decided without anybody: the reason.
    pub(crate) by_itself: Option<String>,
}

/// What choosing depends on that is the same for the whole order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    pub(crate) starter: &'a str,
    pub(crate) manager: Option<&'a str>,
    /// Whom the starter or an approver chose, by node.
    pub(crate) chosen: &'a BTreeMap<String, Vec<String>>,
    pub(crate) now: DateTime<Utc>,
}

/// A task, and what it says of its people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whose<'a> {
    pub(crate) node: &'a str,
    /// The starter's, who sends the order off again.
    pub(crate) is_resubmit: bool,
    /// Absent = the drawing says nothing.
    pub(crate) spec: Option<&'a TaskSpec>,
    /// What its element sees, for each time that it opens.
    pub(crate) seen: &'a [Variables],
}

impl Ahead {
    /// The task, with what its drawing says of its people.
    pub(crate) fn whose<'a>(&'a self, spec: Option<&'a TaskSpec>) -> Whose<'a> {
        Whose { node: &self.node, is_resubmit: self.is_resubmit, spec, seen: &self.seen }
    }
}

impl Whose<'_> {
    pub(crate) fn mode(&self) -> Mode {
        self.spec.filter(|_| !self.is_resubmit).map_or(Mode::Any, |spec| spec.mode)
    }
}

fn asked<'a>(known: &Known<'a>, node: &str, variables: &'a Variables) -> Asked<'a> {
    let Known { starter, manager, chosen, now } = *known;
    let chosen = chosen.get(node).map(Vec::as_slice).unwrap_or_default();
    Asked { starter, manager, variables, chosen, now }
}

/// What must be looked up before [`pick`] can say its last word; ask again after looking.
pub(crate) fn wanted(tasks: &[Whose<'_>], known: &Known<'_>, people: &People) -> Wanted {
    let mut all = Wanted::default();
    for task in tasks.iter().filter(|task| !task.is_resubmit) {
        let Some(spec) = task.spec else { continue };
        for seen in task.seen {
            all.add(approvers::wanted(spec, &asked(known, task.node, seen), people));
        }
    }
    all
}

/// For whom a task will be, as things are now.
pub(crate) fn pick(task: &Whose<'_>, known: &Known<'_>, people: &People) -> Picked {
    let mut picked = Picked::default();
    if task.is_resubmit {
        let user = known.starter.to_owned();
        picked.people.push(Person { user, on_behalf_of: None, rule: "发起人".to_owned() });
        return picked;
    }
    let Some(spec) = task.spec else {
        picked.trouble = Some("没有指定处理人".to_owned());
        return picked;
    };
    for seen in task.seen {
        let choice = approvers::choose(spec, &asked(known, task.node, seen), people);
        choice.picks.into_iter().for_each(|pick| picked.add(pick));
        if let Some(trouble) = choice.trouble {
            put(&mut picked.trouble, trouble);
        }
        if let Some(Auto::Skip(reason) | Auto::Refuse(reason)) = choice.auto {
            put(&mut picked.by_itself, reason);
        }
    }
    picked
}

impl Picked {
    fn add(&mut self, pick: Pick) {
        let Pick { user, on_behalf_of, rule, .. } = pick;
        self.add_person(Person { user, on_behalf_of, rule });
    }

    fn add_person(&mut self, person: Person) {
        if self.people.iter().all(|known| known.user != person.user) {
            self.people.push(person);
        }
    }

    /// The same task once more.
    pub(super) fn join(&mut self, other: Picked) {
        other.people.into_iter().for_each(|person| self.add_person(person));
        if let Some(trouble) = other.trouble {
            put(&mut self.trouble, trouble);
        }
        if let Some(reason) = other.by_itself {
            put(&mut self.by_itself, reason);
        }
    }
}

/// Adds a sentence that is not there yet.
fn put(texts: &mut Option<String>, text: String) {
    match texts {
        None => *texts = Some(text),
        Some(known) if known.split('；').any(|one| one == text) => {}
        Some(known) => {
            known.push('；');
            known.push_str(&text);
        }
    }
}
