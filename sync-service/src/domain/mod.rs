//! The nouns and rules of the organisation.

pub(crate) mod batch;
pub(crate) mod department;
pub(crate) mod sign_in;
pub(crate) mod user;
