//! What is known of orders and tasks of our own engine beside what an ERP's have, too. All of it
//! depends only on which steps were heard, not on when.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

/// Of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnOrder {
    /// What its flow is called; empty in steps of older releases.
    pub(crate) flow_name: String,
    /// (task, person) who may take a decision back, as of the newest step.
    pub(crate) take_back: BTreeSet<(String, String)>,
    /// What the initiator may do, as of the newest step.
    pub(crate) initiator_actions: Vec<String>,
    /// When the step was made that ended it.
    pub(crate) ended_at: Option<DateTime<Utc>>,
    pub(crate) heard: Heard,
}

/// Which steps of an order were heard; they are numbered from 1 without a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// All of them up to this one.
    pub(crate) to: i64,
    /// And these, which came before one that they follow.
    pub(crate) beyond: BTreeSet<i64>,
}

impl Heard {
    /// With one more.
    pub(crate) fn hear(&mut self, seq: i64) {
        if seq > self.to {
            self.beyond.insert(seq);
        }
        while self.beyond.remove(&(self.to + 1)) {
            self.to += 1;
        }
    }
}

/// Of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnTask {
    /// The newest step heard that closed it; absent where none was, or before anybody counted. A
    /// task that is over without it is over for ever.
    pub(crate) closed_seq: Option<i64>,
    /// The newest step heard that made its decision void; 0 = none.
    pub(crate) voided_seq: i64,
    /// How often it was urged.
    pub(crate) urged: i32,
    /// What its assignees may do; empty in steps of older releases.
    pub(crate) actions: Vec<String>,
    /// Why it is for whom it waits.
    pub(crate) why: Vec<Why>,
    /// People of whom only a decision was heard, not that the task opened for them.
    pub(crate) unopened: BTreeSet<String>,
}

/// Why a task is for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Why {
    pub(crate) user: String,
    /// For whom they stand in.
    pub(crate) on_behalf_of: Option<String>,
    pub(crate) rule: String,
    pub(crate) chain: Vec<String>,
}

impl OwnTask {
    /// The decision counts no longer, because the order went back behind it.
    pub(crate) fn is_void(&self) -> bool {
        self.voided_seq > 0 && self.closed_seq.is_none_or(|closed| self.voided_seq >= closed)
    }
}
