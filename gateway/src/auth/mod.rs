//! Who calls: a signature, proven, or a session that stands.

mod carried;
pub(crate) mod credentials;
pub(crate) mod csrf;
pub(crate) mod listen;
pub(crate) mod login;
pub(crate) mod presented;
pub(crate) mod refusals;
pub(crate) mod session;
pub(crate) mod signature;
