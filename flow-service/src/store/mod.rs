//! Tables of flow-service: one file per aggregate.

pub(crate) mod absences;
mod bodies;
pub(crate) mod calendars;
pub(crate) mod definitions;
pub(crate) mod departments;
pub(crate) mod errands;
pub(crate) mod flows;
pub(crate) mod forms;
pub(crate) mod incidents;
pub(crate) mod numbers;
pub(crate) mod orders;
pub(crate) mod people;
pub(crate) mod runs;
pub(crate) mod steps;
mod tasks;
pub(crate) mod third_party;
pub(crate) mod timeouts;
pub(crate) mod timers;
pub(crate) mod urges;
pub(crate) mod waiting;
