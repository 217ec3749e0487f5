//! Tables of sync-service: one file per aggregate.

pub(crate) mod departments;
pub(crate) mod directories;
pub(crate) mod found;
pub(crate) mod matches;
pub(crate) mod users;
