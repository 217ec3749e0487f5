//! The nouns and rules of who may come in.

pub(crate) mod application;
