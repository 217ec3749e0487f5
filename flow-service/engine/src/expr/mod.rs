//! The one expression language: conditions, assignments, collections and templates.

use crate::value::Value;

/// Why an expression cannot be read, or has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// In Chinese, for whoever drew the flow.
    pub message: String,
    /// Where in the expression, in characters from 0.
    pub at: usize,
}

/// Where names get their values.
pub trait Lookup {
    /// The value of a name; `None` = there is no such name (reads as null).
    fn get(&self, name: &str) -> Option<&Value>;
}

/// A checked expression; holds no reference to its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {}
