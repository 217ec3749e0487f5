//! One command carried out: from the command to the next moment at which everything waits.

use chrono::{DateTime, Utc};

use crate::command::{Command, Refusal};
use crate::effect::Effect;
use crate::instance::Instance;
use crate::process::Library;
use crate::trail::Record;

/// What a command did.
#[derive(Clone, Debug)]
pub struct Step {
    /// The instance afterwards.
    pub instance: Instance,
    /// What the world has to do, in order.
    pub effects: Vec<Effect>,
    /// What happened, in order.
    pub trail: Vec<Record>,
}

/// A command that was not carried out, and the instance as it was.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{why}")]
pub struct Refused {
    /// The instance, unchanged.
    pub instance: Box<Instance>,
    /// Why.
    pub why: Refusal,
}

/// Moves an instance by one command. The same input gives the same output.
pub fn advance(
    _library: &Library,
    instance: Instance,
    _command: Command,
    _now: DateTime<Utc>,
) -> Result<Step, Refused> {
    Err(Refused { instance: Box::new(instance), why: Refusal::NotStarted })
}
