//! Thin clients of the other services.

pub(crate) mod directory;
