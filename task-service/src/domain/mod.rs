//! The nouns and rules of the task centre.

pub(crate) mod approval_log;
pub(crate) mod attachment;
pub(crate) mod check;
pub(crate) mod decision;
pub(crate) mod link;
pub(crate) mod order;
pub(crate) mod own;
pub(crate) mod snapshot;
pub(crate) mod status;
pub(crate) mod step;
pub(crate) mod task;
pub(crate) mod worklist;
