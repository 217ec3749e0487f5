//! Tables of notify-service: one file per aggregate.

pub(crate) mod attempts;
pub(crate) mod budget;
pub(crate) mod changes;
pub(crate) mod claims;
pub(crate) mod deliveries;
pub(crate) mod endpoints;
pub(crate) mod lines;
pub(crate) mod notices;
pub(crate) mod people;
pub(crate) mod push_claims;
pub(crate) mod pushes;
