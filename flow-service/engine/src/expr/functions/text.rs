//! Functions of texts.

use rust_decimal::prelude::ToPrimitive as _;

use super::{Room, unfit};
use crate::value::Value;

/// A new text from a text; null stays null, other things are taken as they are written.
pub(super) fn text(
    of: &Value,
    room: &mut Room,
    change: impl FnOnce(&str) -> String,
) -> Result<Value, String> {
    let changed = match of {
        Value::Null => return Ok(Value::Null),
        Value::Text(text) => change(text),
        Value::List(_) | Value::Map(_) => return Err(unfit(of)),
        other => change(&other.to_string()),
    };
    room.text(changed.len())?;
    Ok(Value::Text(changed))
}

pub(super) fn texts(a: &Value, b: &Value, holds: fn(&str, &str) -> bool) -> Result<Value, String> {
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => Ok(false.into()),
        (Value::Text(a), Value::Text(b)) => Ok(holds(a, b).into()),
        (Value::Text(_), other) | (other, _) => Err(unfit(other)),
    }
}

/// What stands before and after a part; nothing where it does not occur.
pub(super) fn cut(text: &str, part: &Value) -> (String, String) {
    let part = part.to_string();
    let (before, after) = text.split_once(part.as_str()).unwrap_or_default();
    (before.to_owned(), after.to_owned())
}

pub(super) fn position(value: &Value, absent: i64) -> Result<i64, String> {
    match value {
        Value::Null => Ok(absent),
        Value::Number(it) if it.is_integer() => Ok(it.to_i64().unwrap_or(i64::MAX)),
        other => Err(format!("“{}”不能作位置", other.kind())),
    }
}

/// From 1, or from the end where negative.
pub(super) fn substring(text: &str, from: i64, length: i64) -> String {
    let skip = if from < 0 {
        let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        count.saturating_add(from).max(0)
    } else {
        (from - 1).max(0)
    };
    let as_size = |it: i64| usize::try_from(it).unwrap_or(usize::MAX);
    text.chars().skip(as_size(skip)).take(as_size(length)).collect()
}

pub(super) fn index_of(whole: &Value, part: &Value) -> Result<Value, String> {
    let found = match (whole, part) {
        (Value::Null, _) => return Ok(Value::Null),
        (Value::Text(text), Value::Text(part)) => {
            text.split_once(part.as_str()).map(|(before, _)| before.chars().count())
        }
        (Value::List(items), part) => items.iter().position(|it| it.same(part)),
        (other, _) => return Err(unfit(other)),
    };
    Ok(found.map_or(Value::from(-1_i64), Value::from))
}

pub(super) fn replace(
    text: &Value,
    from: &Value,
    to: &Value,
    room: &mut Room,
) -> Result<Value, String> {
    match (text, from, to) {
        (Value::Null, ..) => Ok(Value::Null),
        (Value::Text(text), Value::Text(from), Value::Text(to)) => {
            let count = text.matches(from.as_str()).count();
            room.text(text.len().saturating_add(count.saturating_mul(to.len())))?;
            Ok(Value::Text(text.replace(from.as_str(), to)))
        }
        (other, ..) => Err(unfit(other)),
    }
}

pub(super) fn split(text: &Value, by: &Value, room: &mut Room) -> Result<Value, String> {
    match (text, by) {
        (Value::Null, _) => Ok(Value::Null),
        (Value::Text(text), Value::Text(by)) if !by.is_empty() => {
            let mut parts = Vec::new();
            for part in text.split(by.as_str()) {
                let part = Value::from(part);
                room.copy(&part)?;
                parts.push(part);
            }
            Ok(Value::List(parts))
        }
        (other, _) => Err(unfit(other)),
    }
}

pub(super) fn join(list: &Value, by: &Value, room: &mut Room) -> Result<Value, String> {
    let Value::List(items) = list else {
        return if list == &Value::Null { Ok(Value::Null) } else { Err(unfit(list)) };
    };
    let (mut text, by) = (String::new(), by.to_string());
    for (index, item) in items.iter().filter(|it| **it != Value::Null).enumerate() {
        let item = item.to_string();
        let between = if index == 0 { "" } else { by.as_str() };
        room.text(item.len() + between.len())?;
        text.push_str(between);
        text.push_str(&item);
    }
    Ok(Value::Text(text))
}
