//! Thin clients of the other services.

pub(crate) mod directory;
pub(crate) mod tasks;
