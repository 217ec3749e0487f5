//! What flow-service promises alone: over HTTP, on a real PostgreSQL, with a bus in memory.

mod definitions;
mod forms;
mod helpers;
mod messages;
mod orders;
mod people;
mod services;
mod timers;
