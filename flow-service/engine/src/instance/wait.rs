//! A thing that an activation waits for.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::WaitsFor;
use crate::process::{FlowIx, NodeIx};

/// A thing that an activation waits for.
#[derive(Clone, Debug)]
pub(crate) struct Wait {
    /// Rises with every wait of the instance.
    pub(crate) number: u64,
    /// With what it goes away: the element itself, the host of a boundary event, the gateway
    /// before an event, the scope of an event sub-process.
    pub(crate) owner: u64,
    /// The element whose wait it is.
    pub(crate) node: NodeIx,
    /// Which of the node's event definitions.
    pub(crate) definition: u32,
    pub(crate) what: What,
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    User,
    Receive(Option<Arc<str>>),
    Service,
    Timer(Clock),
    Message(Arc<str>),
    Signal(Arc<str>),
    /// Whether it held when it was looked at last.
    Condition(bool),
    Incident {
        reason: String,
        resume: Resume,
    },
}

/// A timer that is set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Clock {
    pub(crate) due: DateTime<Utc>,
    /// The cycle it belongs to.
    pub(crate) cycle: Option<Cycle>,
}

/// A cycle that goes on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cycle {
    /// As written, expressions evaluated.
    pub(crate) text: Arc<str>,
    /// When it was set.
    pub(crate) set: DateTime<Utc>,
    /// Which time it fires next, from 0.
    pub(crate) round: u32,
}

/// What a retry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resume {
    /// The element begins again.
    Begin,
    /// The element, whose work is done, tries to leave again.
    Leave,
    /// The repeated activity looks again how to go on.
    Round,
    /// The event waits again.
    Arm,
    /// The held token goes on.
    Enter(Option<FlowIx>),
}

impl What {
    /// As others see it.
    pub(super) fn shown(&self) -> WaitsFor<'_> {
        match self {
            What::User => WaitsFor::User,
            What::Receive(message) => WaitsFor::Receive(message.as_deref()),
            What::Service => WaitsFor::Service,
            What::Timer(clock) => WaitsFor::Timer(clock.due),
            What::Message(name) => WaitsFor::Message(name),
            What::Signal(name) => WaitsFor::Signal(name),
            What::Condition(_) => WaitsFor::Condition,
            What::Incident { reason, .. } => WaitsFor::Incident(reason),
        }
    }
}
