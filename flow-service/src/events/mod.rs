//! What flow-service tells others; it listens to nobody yet.

pub(crate) mod facts;
