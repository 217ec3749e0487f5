//! The nouns and rules of flows.

pub(crate) mod absence;
pub(crate) mod apply_rule;
pub(crate) mod approval;
pub(crate) mod approvers;
pub(crate) mod calendar;
pub(crate) mod chain;
pub(crate) mod definition;
pub(crate) mod directory;
pub(crate) mod forecast;
pub(crate) mod form;
pub(crate) mod order;
pub(crate) mod people;
pub(crate) mod policy;
pub(crate) mod run;
pub(crate) mod running_number;
pub(crate) mod stand_in;
pub(crate) mod third_party;
pub(crate) mod version;
