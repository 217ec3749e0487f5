//! What each function makes of its arguments.

use std::{borrow::Cow, cmp::Ordering};

use chrono::{DateTime, Utc};
use rust_decimal::RoundingStrategy;

use super::{
    Function, Room,
    list::{contains, items, member, size},
    number::{as_number, extreme, flat, modulo, numbers, numeric, over, total},
    text::{cut, index_of, join, position, replace, split, substring, text, texts},
    time::{duration, instant},
};
use crate::{time, value::Value};

/// What a function makes of its arguments.
pub(in crate::expr) fn call(
    function: Function,
    arguments: &[Cow<'_, Value>],
    now: DateTime<Utc>,
    room: &mut Room,
) -> Result<Value, String> {
    for argument in arguments {
        room.scan(argument)?;
    }
    let null = Value::Null;
    let argument = |index: usize| arguments.get(index).map_or(&null, |it| it.as_ref());
    let (first, second) = (argument(0), argument(1));
    match function {
        Function::Contains => contains(first, second).map(Value::Bool),
        Function::StartsWith => texts(first, second, |a, b| a.starts_with(b)),
        Function::EndsWith => texts(first, second, |a, b| a.ends_with(b)),
        Function::EqualsIgnoreCase => {
            texts(first, second, |a, b| a.to_lowercase() == b.to_lowercase())
        }
        Function::Equals => Ok(first.same(second).into()),
        Function::Size => size(first).map(Value::from),
        Function::IsEmpty => Ok((first == &Value::Null || size(first) == Ok(0)).into()),
        Function::Lower => text(first, room, |it| it.to_lowercase()),
        Function::Upper => text(first, room, |it| it.to_uppercase()),
        Function::Trim => text(first, room, |it| it.trim().to_owned()),
        Function::Text => Ok(Value::Text(first.to_string())),
        Function::Before => text(first, room, |it| cut(it, second).0),
        Function::After => text(first, room, |it| cut(it, second).1),
        Function::Substring => {
            let from = position(second, 1)?;
            let length = position(argument(2), i64::MAX)?.max(0);
            text(first, room, |it| substring(it, from, length))
        }
        Function::Slice => {
            let from = position(second, 0)?.max(0);
            let length = position(argument(2), i64::MAX)?.saturating_sub(from).max(0);
            text(first, room, |it| substring(it, from.saturating_add(1), length))
        }
        Function::IndexOf => index_of(first, second),
        Function::Replace => replace(first, second, argument(2), room),
        Function::Split => split(first, second, room),
        Function::Join => join(first, second, room),
        Function::Number => as_number(first),
        Function::Sum => total(&numbers(arguments)?),
        Function::Mean => {
            let numbers = numbers(arguments)?;
            match total(&numbers)? {
                Value::Number(sum) => over(sum.checked_div(numbers.len().into())),
                other => Ok(other),
            }
        }
        Function::Minimum => extreme(arguments, Ordering::Less, room),
        Function::Maximum => extreme(arguments, Ordering::Greater, room),
        Function::Absolute => numeric(first, |it| Some(it.abs())),
        Function::Floor => numeric(first, |it| Some(it.floor())),
        Function::Ceiling => numeric(first, |it| Some(it.ceil())),
        Function::Round => {
            let places = u32::try_from(position(second, 0)?.clamp(0, 28)).unwrap_or(0);
            let half_up = RoundingStrategy::MidpointAwayFromZero;
            numeric(first, |it| Some(it.round_dp_with_strategy(places, half_up)))
        }
        Function::Modulo => modulo(first, second),
        Function::Append => {
            let mut items = items(first, room)?;
            for more in arguments.iter().skip(1) {
                room.copy(more)?;
                items.push(more.as_ref().clone());
            }
            Ok(Value::List(items))
        }
        Function::Concatenate => {
            let mut all = Vec::new();
            for list in arguments {
                all.extend(items(list, room)?);
            }
            Ok(Value::List(all))
        }
        Function::Get => {
            let found = member(first, second, 0)?;
            room.copy(found.unwrap_or(&Value::Null))?;
            Ok(found.cloned().unwrap_or_default())
        }
        Function::Coalesce => {
            let found = arguments.iter().find(|it| it.as_ref() != &Value::Null);
            room.copy(found.map_or(&Value::Null, |it| it.as_ref()))?;
            Ok(found.map(|it| it.as_ref().clone()).unwrap_or_default())
        }
        Function::IsDefined => Ok((first != &Value::Null).into()),
        Function::AnyOf => Ok(flat(arguments).any(|it| it == &Value::Bool(true)).into()),
        Function::AllOf => Ok(flat(arguments).all(|it| it == &Value::Bool(true)).into()),
        Function::Date => Ok(match instant(first)? {
            Some(instant) => Value::Instant(time::start_of_day(instant)),
            None => Value::Null,
        }),
        Function::DateAndTime => Ok(instant(first)?.map_or(Value::Null, Value::Instant)),
        Function::Duration => duration(first),
        Function::Now => Ok(Value::Instant(now)),
        Function::Today => Ok(Value::Instant(time::start_of_day(now))),
        Function::GetVariable => Ok(Value::Null),
    }
}
