//! What a step of an order writes, and what it makes others hear.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use flow_engine::Subscription;
use flow_engine::value::Variables;
use serde_json::Value as Json;

use super::{Last, Run, Task};
use crate::domain::order::{Ended, Ending, Place};

/// What a step writes, beside the order itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    pub(crate) act: &'static str,
    pub(crate) actor: Option<String>,
    pub(crate) new_orders: Vec<u32>,
    pub(crate) ended: BTreeMap<u32, Ended>,
    pub(crate) records: Vec<Record>,
    pub(crate) opened: BTreeMap<u64, Task>,
    pub(crate) closed: BTreeMap<u64, Closed>,
    /// Tasks that got other people.
    pub(crate) assigned: BTreeMap<u64, Task>,
    pub(crate) timers: BTreeMap<u64, DateTime<Utc>>,
    pub(crate) timers_cleared: BTreeSet<u64>,
    pub(crate) subscribed: BTreeMap<u64, Subscription>,
    pub(crate) unsubscribed: BTreeSet<u64>,
    pub(crate) incidents: BTreeMap<u64, Incident>,
    pub(crate) incidents_over: BTreeSet<u64>,
    pub(crate) errands: Vec<Errand>,
}

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) order: i64,
    pub(crate) node: String,
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) event: &'static str,
    pub(crate) loop_index: Option<u32>,
}

/// A task that waits no longer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Closed {
    pub(crate) task: Task,
    pub(crate) result: &'static str,
    pub(crate) handler: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) form_data: Option<Json>,
}

/// Something is stuck.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Incident {
    pub(crate) run: u32,
    pub(crate) kind: IncidentKind,
    pub(crate) node: String,
    pub(crate) name: String,
    pub(crate) reason: String,
    /// The people whose coming may end it.
    pub(crate) people: Vec<String>,
}

/// What is stuck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IncidentKind {
    /// An element of the drawing; the engine tries it again.
    Element,
    /// A task that does not find all of its people.
    People,
}

impl IncidentKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            IncidentKind::Element => "element",
            IncidentKind::People => "people",
        }
    }
}

/// Something thrown that others may wait for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Errand {
    pub(crate) kind: ErrandKind,
    pub(crate) name: String,
    pub(crate) variables: Variables,
}

/// What was thrown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrandKind {
    /// For one who waits.
    Message,
    /// For all who wait.
    Signal,
}

/// A call that a service task wants made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) place: Place,
    pub(crate) address: String,
    pub(crate) body: Json,
}

/// What became true of one order in a step.
#[derive(Clone, Debug, Default)]
pub(crate) struct News {
    pub(crate) started: Option<Place>,
    pub(crate) opened: Vec<(u64, Task)>,
    pub(crate) closed: Vec<(u64, Closed)>,
    pub(crate) calls: Vec<Call>,
    pub(crate) dropped: Vec<String>,
    pub(crate) finished: Option<Finished>,
    pub(crate) form_data: Option<Json>,
    pub(crate) variables: Option<Json>,
}

impl News {
    pub(super) fn is_empty(&self) -> bool {
        self.started.is_none()
            && self.opened.is_empty()
            && self.closed.is_empty()
            && self.calls.is_empty()
            && self.dropped.is_empty()
            && self.finished.is_none()
    }
}

/// How an order ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finished {
    pub(crate) ending: Ending,
    pub(crate) last: Last,
    pub(crate) reason: Option<String>,
}

/// An order after a step, what is to be written, and what is to be told of which run.
#[derive(Debug)]
pub(crate) struct Moved {
    pub(crate) run: Run,
    pub(crate) change: Change,
    pub(crate) news: BTreeMap<u32, News>,
}
