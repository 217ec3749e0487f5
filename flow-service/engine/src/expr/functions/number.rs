//! Functions of numbers, and of lists of numbers.

use std::{borrow::Cow, cmp::Ordering};

use rust_decimal::Decimal;

use super::{Room, unfit};
use crate::value::{self, Value};

pub(super) fn as_number(value: &Value) -> Result<Value, String> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Number(it) => Ok(Value::Number(*it)),
        Value::Text(text) => match value::number(text.trim()) {
            Some(number) => Ok(Value::Number(number)),
            None => Err(format!("“{}”不是数字", text.chars().take(40).collect::<String>())),
        },
        other => Err(unfit(other)),
    }
}

pub(super) fn numeric(
    of: &Value,
    change: impl FnOnce(Decimal) -> Option<Decimal>,
) -> Result<Value, String> {
    match as_number(of)? {
        Value::Number(it) => over(change(it)),
        other => Ok(other),
    }
}

/// A result that may be too great.
pub(in crate::expr) fn over(result: Option<Decimal>) -> Result<Value, String> {
    result.map(Value::Number).ok_or_else(|| "数字超出范围".to_owned())
}

pub(super) fn modulo(a: &Value, b: &Value) -> Result<Value, String> {
    let (Value::Number(a), Value::Number(b)) = (as_number(a)?, as_number(b)?) else {
        return Ok(Value::Null);
    };
    if b.is_zero() {
        return Err("除数为零".into());
    }
    let rest = a.checked_rem(b);
    let other_side =
        rest.is_some_and(|it| !it.is_zero() && it.is_sign_negative() != b.is_sign_negative());
    over(if other_side { rest.and_then(|it| it.checked_add(b)) } else { rest })
}

/// The arguments, or the items of the only one if it is a list.
pub(super) fn flat<'a>(arguments: &'a [Cow<'_, Value>]) -> impl Iterator<Item = &'a Value> {
    let list = match arguments {
        [only] => match only.as_ref() {
            Value::List(items) => Some(items.as_slice()),
            _ => None,
        },
        _ => None,
    };
    let alone = if list.is_some() { &[] } else { arguments };
    list.unwrap_or_default().iter().chain(alone.iter().map(|it| it.as_ref()))
}

/// Numbers, nulls left out.
pub(super) fn numbers(arguments: &[Cow<'_, Value>]) -> Result<Vec<Decimal>, String> {
    let mut numbers = Vec::new();
    for item in flat(arguments) {
        if let Value::Number(number) = as_number(item)? {
            numbers.push(number);
        }
    }
    Ok(numbers)
}

pub(super) fn total(numbers: &[Decimal]) -> Result<Value, String> {
    if numbers.is_empty() {
        return Ok(Value::Null);
    }
    over(numbers.iter().try_fold(Decimal::ZERO, |sum, it| sum.checked_add(*it)))
}

pub(super) fn extreme(
    arguments: &[Cow<'_, Value>],
    wanted: Ordering,
    room: &mut Room,
) -> Result<Value, String> {
    let mut best = &Value::Null;
    for item in flat(arguments).filter(|it| **it != Value::Null) {
        let better = match item.order(best) {
            Some(order) => order == wanted,
            None if best == &Value::Null => true,
            None => return Err(format!("不能比较{}与{}", item.kind(), best.kind())),
        };
        if better {
            best = item;
        }
    }
    room.copy(best)?;
    Ok(best.clone())
}
