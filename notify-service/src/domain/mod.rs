//! The nouns and rules of telling people, and of telling ERPs.

pub(crate) mod advance;
pub(crate) mod change;
pub(crate) mod delivery;
pub(crate) mod endpoint;
pub(crate) mod health;
pub(crate) mod link;
pub(crate) mod network;
pub(crate) mod notice;
pub(crate) mod outcome;
pub(crate) mod person;
pub(crate) mod push;
pub(crate) mod schedule;
pub(crate) mod template;
pub(crate) mod verdict;
