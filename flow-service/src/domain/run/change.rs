//! What a step of an order writes, and what it makes others hear.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use flow_engine::Subscription;
use flow_engine::value::Variables;
use serde_json::Value as Json;

use super::task::{Said, Task};
use super::{Last, Run};
use crate::domain::approval::Pick;
use crate::domain::order::{Ended, Ending, Place};

/// A row of a task: the engine's number of the wait, and the row's own.
pub(crate) type RowKey = (u64, u32);

/// What a step writes, beside the order itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    pub(crate) act: &'static str,
    pub(crate) actor: Option<String>,
    pub(crate) new_orders: Vec<u32>,
    pub(crate) ended: BTreeMap<u32, Ended>,
    pub(crate) records: Vec<Record>,
    pub(crate) opened: BTreeMap<RowKey, Opened>,
    pub(crate) closed: BTreeMap<RowKey, Closed>,
    /// Rows that got other people.
    pub(crate) assigned: BTreeMap<RowKey, Opened>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) timers: BTreeMap<u64, DateTime<Utc>>,
    pub(crate) timers_cleared: BTreeSet<u64>,
    /// When the time of a task runs out.
    pub(crate) timeouts: BTreeMap<u64, DateTime<Utc>>,
    pub(crate) timeouts_cleared: BTreeSet<u64>,
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

/// A row that waits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Opened {
    pub(crate) task: Task,
    pub(crate) people: Vec<String>,
    /// What its people may do, in the words of the wire.
    pub(crate) actions: Vec<&'static str>,
    /// Why it is for them.
    pub(crate) why: Vec<Pick>,
}

/// A row that waits no longer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Closed {
    pub(crate) task: Task,
    /// Somebody saw it.
    pub(crate) was_seen: bool,
    pub(crate) result: &'static str,
    pub(crate) handler: Option<String>,
    pub(crate) on_behalf_of: Option<String>,
    pub(crate) said: Said,
    pub(crate) form_data: Option<Json>,
}

/// What somebody did beside deciding.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Operation {
    pub(crate) run: u32,
    pub(crate) row: Option<RowKey>,
    pub(crate) place: Place,
    /// In the words of the wire.
    pub(crate) action: &'static str,
    /// Empty = the house, by a rule of the flow.
    pub(crate) user: String,
    pub(crate) on_behalf_of: Option<String>,
    pub(crate) said: Said,
    pub(crate) people: Vec<String>,
    pub(crate) count: Option<i32>,
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

/// People who are informed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Copied {
    pub(crate) people: Vec<String>,
    /// Absent = the flow wants it.
    pub(crate) by: Option<String>,
    pub(crate) comment: Option<String>,
}

/// What became true of one order in a step.
#[derive(Clone, Debug, Default)]
pub(crate) struct News {
    pub(crate) started: Option<Place>,
    pub(crate) opened: Vec<(RowKey, Opened)>,
    pub(crate) closed: Vec<(RowKey, Closed)>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) copies: Vec<Copied>,
    pub(crate) voided: Vec<RowKey>,
    /// Who may take which row's decision back.
    pub(crate) take_back: Vec<(RowKey, String)>,
    pub(crate) initiator_actions: Vec<&'static str>,
    pub(crate) calls: Vec<Call>,
    pub(crate) dropped: Vec<String>,
    pub(crate) finished: Option<Finished>,
    pub(crate) form_data: Option<Json>,
    pub(crate) variables: Option<Json>,
}

impl News {
    /// Whether there is nothing to tell; what could be done now is told with what happened.
    pub(super) fn is_empty(&self) -> bool {
        self.started.is_none()
            && self.opened.is_empty()
            && self.closed.is_empty()
            && self.operations.is_empty()
            && self.copies.is_empty()
            && self.voided.is_empty()
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
