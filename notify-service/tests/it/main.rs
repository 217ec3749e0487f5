//! notify-service over HTTP and the bus, with a real PostgreSQL, a fake DingTalk and fake ERPs.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may panic")]

mod admin;
mod close;
mod erp;
mod faults;
mod helpers;
mod people;
mod push;
mod rate;
mod tell;
mod warn;
