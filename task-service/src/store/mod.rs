//! Tables of task-service: one file per aggregate.

pub(crate) mod approval_logs;
pub(crate) mod audit;
pub(crate) mod cards;
pub(crate) mod flows;
pub(crate) mod orders;
mod own;
pub(crate) mod people;
pub(crate) mod tasks;
