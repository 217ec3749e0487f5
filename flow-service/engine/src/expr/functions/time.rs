//! Functions of times.

use chrono::{DateTime, Utc};

use super::unfit;
use crate::{
    time::{self, Period},
    value::Value,
};

pub(super) fn instant(value: &Value) -> Result<Option<DateTime<Utc>>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Instant(it) => Ok(Some(*it)),
        Value::Text(text) => time::instant(text).map(Some).map_err(|fault| fault.message),
        other => Err(unfit(other)),
    }
}

/// A length of time; one with months has no fixed length and stays its text, which may be added
/// to an instant like any other.
pub(super) fn duration(value: &Value) -> Result<Value, String> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Duration(it) => Ok(Value::Duration(*it)),
        Value::Text(text) => {
            let period = Period::parse(text).map_err(|fault| fault.message)?;
            Ok(period.as_delta().map_or_else(|| value.clone(), Value::Duration))
        }
        other => Err(unfit(other)),
    }
}
