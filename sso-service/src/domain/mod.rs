//! The nouns and rules of who may come in.

pub(crate) mod application;
pub(crate) mod binding;
pub(crate) mod login;
pub(crate) mod provider;
pub(crate) mod token;
