//! The fake DingTalk over real HTTP: every rule it enforces, also the ones that hurt.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may panic")]

mod contact;
mod department;
mod desk;
mod fault;
mod helpers;
mod message;
mod rate;
mod receivers;
mod todo;
mod todo_life;
mod token;
