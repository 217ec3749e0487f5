//! The nouns and rules of telling people.

pub(crate) mod change;
pub(crate) mod delivery;
pub(crate) mod notice;
pub(crate) mod outcome;
pub(crate) mod person;
pub(crate) mod schedule;
pub(crate) mod template;
