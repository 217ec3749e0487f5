//! The values of variables: JSON with exact numbers, and instants and durations in expressions.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

/// A value. Numbers are decimal, so that money is exact.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A number, exact.
    Number(Decimal),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// An object.
    Map(BTreeMap<String, Value>),
    /// An instant; becomes RFC 3339 text in JSON.
    Instant(DateTime<Utc>),
    /// A length of time; becomes ISO 8601 text in JSON.
    Duration(TimeDelta),
}

/// Variables by name.
pub type Variables = BTreeMap<String, Value>;
