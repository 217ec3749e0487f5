//! The nouns and rules of flows.

pub(crate) mod apply_rule;
#[cfg_attr(not(test), expect(dead_code, reason = "orders do not hold approvals yet"))]
pub(crate) mod approval;
pub(crate) mod definition;
pub(crate) mod form;
pub(crate) mod order;
pub(crate) mod people;
pub(crate) mod run;
pub(crate) mod running_number;
pub(crate) mod third_party;
pub(crate) mod version;
