//! The engine from outside: drawings in, commands in, effects out.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may panic")]

mod blocks;
mod bounds;
mod corpus;
mod golden;
mod graphs;
mod import;
mod process;
mod properties;
mod script;
mod undoing;
