//! What happened, in order; whoever stores it numbers it.

use std::sync::Arc;

/// One thing that happened to one element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// In which run.
    pub run: u32,
    /// The element.
    pub node: Arc<str>,
    /// Its name; the id where it has none.
    pub name: Arc<str>,
    /// What it is, in BPMN's word: `userTask`, `exclusiveGateway` and so on.
    pub kind: &'static str,
    /// What happened.
    pub event: Happened,
    /// Which iteration, from 0, of a repeated activity.
    pub loop_index: Option<u32>,
}

/// What can happen to an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// It began.
    Started,
    /// It was done.
    Completed,
    /// It was taken away.
    Cancelled,
    /// An error left it.
    Failed,
}
