//! What sync-service tells others; it listens to nobody.

pub(crate) mod facts;
