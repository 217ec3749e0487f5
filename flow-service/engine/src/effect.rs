//! What an instance asks of the world, in order.
//!
//! Whatever begins to wait says so once (`OpenTask`, `SetTimer`, `Subscribe`, `CallService`,
//! `Incident`), and says so once when it waits no longer, for whatever reason (`CloseTask`,
//! `ClearTimer`, `Unsubscribe`, `DropCall`, `IncidentOver`); only a call that was answered or given
//! up is not dropped. A cycle that goes on sets its timer again under the same number.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::instance::State;
use crate::value::{Value, Variables};

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A task waits.
    OpenTask(OpenTask),
    /// A task waits no longer.
    CloseTask {
        /// Which.
        wait: u64,
        /// False = taken away.
        completed: bool,
    },
    /// A timer is to fire.
    SetTimer {
        /// Which.
        wait: u64,
        /// When.
        due: DateTime<Utc>,
    },
    /// A timer fired for the last time or is not wanted.
    ClearTimer {
        /// Which.
        wait: u64,
    },
    /// A message or signal is waited for.
    Subscribe {
        /// Which.
        wait: u64,
        /// For what.
        what: Subscription,
    },
    /// It came or is not wanted.
    Unsubscribe {
        /// Which.
        wait: u64,
    },
    /// A service is to be called.
    CallService(CallService),
    /// A call is not wanted any longer.
    DropCall {
        /// Which.
        wait: u64,
    },
    /// A message was thrown that nobody inside waited for.
    Publish {
        /// Its name.
        name: String,
        /// The variables that the thrower sees.
        variables: Variables,
    },
    /// A signal was thrown; subscriptions inside have had it.
    Broadcast {
        /// Its name.
        name: String,
        /// The variables that the thrower sees.
        variables: Variables,
    },
    /// A call activity began another process.
    RunOpened {
        /// Its number in the instance.
        run: u32,
        /// The run that called it.
        parent: u32,
        /// The key of its process.
        process: Arc<str>,
        /// The call activity.
        node: Arc<str>,
    },
    /// A called process ended.
    RunClosed {
        /// Which.
        run: u32,
        /// How.
        state: State,
        /// The end event that ended it.
        end_activity: Option<Arc<str>>,
    },
    /// Something is stuck until somebody retries it.
    Incident {
        /// The number to retry it by.
        wait: u64,
        /// In which run.
        run: u32,
        /// The element.
        node: Arc<str>,
        /// Why, in Chinese.
        reason: String,
    },
    /// It was retried or cancelled.
    IncidentOver {
        /// Which.
        wait: u64,
    },
    /// The instance is over.
    Finish {
        /// How.
        state: State,
        /// The end event that ended it.
        end_activity: Option<Arc<str>>,
        /// The code of the error nobody caught, or why it was cancelled.
        error: Option<String>,
    },
}

/// A task that waits for a person or a message.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenTask {
    /// The number to complete it by.
    pub wait: u64,
    /// In which run.
    pub run: u32,
    /// The element.
    pub node: Arc<str>,
    /// Its name; the id where it has none.
    pub name: Arc<str>,
    /// For whom.
    pub kind: TaskKind,
    /// The one person it is for.
    pub assignee: Option<String>,
    /// The people who may claim it.
    pub candidate_users: Vec<String>,
    /// The groups whose members may claim it.
    pub candidate_groups: Vec<String>,
    /// When it should be done.
    pub due: Option<DateTime<Utc>>,
    /// Its form.
    pub form_key: Option<String>,
    /// Which iteration, from 0, of a repeated task.
    pub loop_index: Option<u32>,
}

/// For whom a task waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskKind {
    /// A person.
    User,
    /// Whoever started the order: it was sent back to its start event.
    Resubmit,
    /// A message; the same wait is subscribed too where the task names one.
    Receive,
}

/// What is subscribed to, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subscription {
    /// A message: one subscription gets it.
    Message(String),
    /// A signal: every subscription gets it.
    Signal(String),
}

/// A call of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct CallService {
    /// The number to answer it by.
    pub wait: u64,
    /// In which run.
    pub run: u32,
    /// The element.
    pub node: Arc<str>,
    /// Its name; the id where it has none.
    pub name: Arc<str>,
    /// Where to.
    pub address: String,
    /// What to send.
    pub body: Value,
}
