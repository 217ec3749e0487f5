//! One order and everything it called: tokens, scopes, variables, what it waits for.

use chrono::{DateTime, Utc};

use crate::command::Refusal;
use crate::process::Library;
use crate::snapshot::Snapshot;
use crate::value::Variables;

/// How an instance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not started yet.
    Fresh,
    /// Something waits.
    Running,
    /// Everything is done.
    Completed,
    /// An error left it that nobody caught.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// One run of a process with everything it called.
#[derive(Clone, Debug)]
pub struct Instance {
    pub(crate) key: String,
    pub(crate) state: State,
    pub(crate) variables: Variables,
}

/// One thing that an instance waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting<'a> {
    /// Its number.
    pub wait: u64,
    /// In which run.
    pub run: u32,
    /// The element.
    pub node: &'a str,
    /// Its name; the id where it has none.
    pub name: &'a str,
    /// For what.
    pub what: WaitsFor<'a>,
}

/// What can be waited for.
#[derive(Clone, Debug, PartialEq)]
pub enum WaitsFor<'a> {
    /// A person who completes a user task.
    User,
    /// A message or a completion of a receive task; the message's name if it has one.
    Receive(Option<&'a str>),
    /// The answer of a service.
    Service,
    /// A moment.
    Timer(DateTime<Utc>),
    /// A message of this name.
    Message(&'a str),
    /// A signal of this name.
    Signal(&'a str),
    /// A condition that has to become true.
    Condition,
    /// Somebody who retries; the reason.
    Incident(&'a str),
}

impl Instance {
    /// A fresh one of the process that the library has under this key.
    pub fn new(process_key: &str) -> Self {
        Self { key: process_key.to_owned(), state: State::Fresh, variables: Variables::new() }
    }

    /// How it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// The variables of the root scope; of an ended instance those it ended with.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// Everything it waits for, oldest first.
    pub fn waits(&self) -> impl Iterator<Item = Waiting<'_>> {
        std::iter::empty()
    }

    /// What is needed to go on with it later.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { version: 1, key: self.key.clone() }
    }

    /// The instance that a snapshot was taken of.
    pub fn restore(snapshot: Snapshot, _library: &Library) -> Result<Self, Refusal> {
        Ok(Self::new(&snapshot.key))
    }
}
