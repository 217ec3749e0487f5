//! task-service over HTTP and the bus, with a real PostgreSQL and a fake flow-service.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may panic")]

mod away;
mod decide;
mod engine;
mod facts;
mod follow;
mod helpers;
mod numbers;
mod operate;
