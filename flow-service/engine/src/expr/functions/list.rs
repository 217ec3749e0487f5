//! Functions of lists and objects.

use rust_decimal::prelude::ToPrimitive as _;

use super::{Room, unfit};
use crate::value::Value;

/// An item of a list by number or a field of an object by name; `None` where there is none.
pub(in crate::expr) fn member<'v>(
    of: &'v Value,
    key: &Value,
    base: i64,
) -> Result<Option<&'v Value>, String> {
    match (of, key) {
        (Value::Null, _) | (_, Value::Null) => Ok(None),
        (Value::Map(fields), Value::Text(name)) => Ok(fields.get(name)),
        (Value::List(items), Value::Number(number)) => {
            let Some(index) = number.is_integer().then(|| number.to_i64()).flatten() else {
                return Err(format!("“{number}”不能作下标"));
            };
            // FEEL counts negative numbers from the end.
            let index = match base == 1 && index < 0 {
                true => i64::try_from(items.len()).unwrap_or(i64::MAX).saturating_add(index),
                false => index.saturating_sub(base),
            };
            Ok(usize::try_from(index).ok().and_then(|index| items.get(index)))
        }
        (of, key) => Err(format!("{}不能用{}取值", of.kind(), key.kind())),
    }
}

pub(super) fn contains(whole: &Value, part: &Value) -> Result<bool, String> {
    match (whole, part) {
        (Value::Null, _) => Ok(false),
        (Value::List(items), part) => Ok(items.iter().any(|it| it.same(part))),
        (_, Value::Null) => Ok(false),
        (Value::Text(text), part) => Ok(text.contains(&part.to_string())),
        (Value::Map(fields), Value::Text(name)) => Ok(fields.contains_key(name)),
        (other, _) => Err(unfit(other)),
    }
}

pub(super) fn size(of: &Value) -> Result<usize, String> {
    match of {
        Value::Null => Ok(0),
        Value::Text(text) => Ok(text.chars().count()),
        Value::List(items) => Ok(items.len()),
        Value::Map(fields) => Ok(fields.len()),
        other => Err(unfit(other)),
    }
}

pub(super) fn items(list: &Value, room: &mut Room) -> Result<Vec<Value>, String> {
    room.copy(list)?;
    Ok(match list {
        Value::List(items) => items.clone(),
        Value::Null => Vec::new(),
        other => vec![other.clone()],
    })
}
