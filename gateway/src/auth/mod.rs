//! Who calls: a signature, proven.

pub(crate) mod credentials;
pub(crate) mod refusals;
pub(crate) mod signature;
