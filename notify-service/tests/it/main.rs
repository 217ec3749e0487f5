//! notify-service over HTTP and the bus, with a real PostgreSQL and a fake DingTalk.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may panic")]

mod admin;
mod close;
mod faults;
mod helpers;
mod people;
mod push;
mod rate;
mod warn;
