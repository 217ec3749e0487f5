//! An element that runs: where its token stands and what is inside it.

use std::collections::BTreeSet;

use crate::lifecycle::Phase;
use crate::process::NodeIx;
use crate::value::{Value, Variables};

/// An element that runs, or the root of a run.
#[derive(Clone, Debug)]
pub(crate) struct Activation {
    pub(crate) id: u64,
    /// What it is inside of; 0 for a root.
    pub(crate) parent: u64,
    pub(crate) run: u32,
    pub(crate) node: NodeIx,
    pub(crate) role: Role,
    pub(crate) phase: Phase,
    /// Tokens inside: running elements, tokens on their way, tokens that wait at a join.
    pub(crate) live: u32,
    /// Which iteration, from 0.
    pub(crate) index: Option<u32>,
    /// The visit its history ends with; 0 = none known.
    pub(crate) at: u64,
    /// Tasks of it that are done: of a repeated one those of its iterations.
    pub(crate) acted: Vec<u64>,
    /// Its own variables.
    pub(crate) variables: Variables,
    /// What few elements need.
    pub(crate) more: Option<Box<More>>,
}

/// What an activation stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A run of a process.
    Root,
    /// An element as drawn.
    Single,
    /// All iterations of a repeated activity together.
    Body,
    /// One iteration of it.
    Iteration,
    /// A token held before an element because the command took too many steps.
    Held,
    /// A completed sub-process come back to be compensated.
    Undoing,
}

/// What few elements need.
#[derive(Clone, Debug, Default)]
pub(crate) struct More {
    /// Tokens that wait at a join in this scope.
    pub(crate) parked: Vec<Parked>,
    /// Complex gateways that have fired and swallow the rest: (gateway, positions that fired it).
    pub(crate) fired: Vec<(NodeIx, Vec<u32>)>,
    /// What was completed in this scope and can be compensated, oldest first.
    pub(crate) done: Vec<Done>,
    /// An interrupting event sub-process has taken over this scope.
    pub(crate) interrupted: bool,
    /// This transaction is being cancelled.
    pub(crate) cancelling: bool,
    /// How far a repeated activity is.
    pub(crate) rounds: Option<Rounds>,
    /// What this compensation still has to undo, in which scope; the last first.
    pub(crate) plan: Vec<(u64, Done)>,
    /// The compensation that this handler works for.
    pub(crate) holder: Option<u64>,
    /// Variables that were set at the root of a called process: they come out of it.
    pub(crate) touched: BTreeSet<String>,
    /// Where a sequential ad-hoc sub-process goes on, the last first.
    pub(crate) later: Vec<NodeIx>,
    /// A task that is done again goes straight back where it was sent back from: the last first.
    pub(crate) back: Vec<Back>,
}

/// A token that waits at a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parked {
    /// The gateway or activity.
    pub(crate) node: NodeIx,
    /// The position of its flow among the node's incoming ones.
    pub(crate) position: u32,
    /// The visit its history ends with; 0 = none known.
    pub(crate) at: u64,
}

/// Where a task that is done again goes afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Back {
    /// The node that sent it back.
    pub(crate) node: NodeIx,
    /// The visit that is done again.
    pub(crate) visit: u64,
}

/// How far a repeated activity is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rounds {
    pub(crate) total: u32,
    pub(crate) started: u32,
    pub(crate) completed: u32,
    /// The elements of the collection.
    pub(crate) items: Vec<Value>,
    /// What the iterations gave, by index.
    pub(crate) results: Vec<Value>,
}

/// A completed activity that can be compensated.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Done {
    pub(crate) node: NodeIx,
    /// What a sub-process remembers.
    pub(crate) memory: Option<Box<Memory>>,
}

/// A completed sub-process as it was when it completed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Memory {
    pub(crate) variables: Variables,
    pub(crate) done: Vec<Done>,
}

impl Activation {
    /// What few elements need, made if it was not needed before.
    pub(crate) fn more_mut(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }
}
