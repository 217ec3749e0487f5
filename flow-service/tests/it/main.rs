//! What flow-service promises alone: over HTTP, on a real PostgreSQL, with a bus in memory.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may panic")]

mod absences;
mod calendar;
mod definitions;
mod forms;
mod helpers;
mod leavers;
mod messages;
mod operations;
mod orders;
mod paths;
mod people;
mod races;
mod services;
mod timeouts;
mod timers;
mod verify;
