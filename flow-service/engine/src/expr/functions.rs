//! The fixed list of functions and methods.

use std::{borrow::Cow, cmp::Ordering};

use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive as _};

use super::room::Room;
use crate::{
    time::{self, Period},
    value::{self, Value},
};

/// A function; what it does is in [`call`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Contains,
    StartsWith,
    EndsWith,
    Size,
    IsEmpty,
    Lower,
    Upper,
    Trim,
    Equals,
    EqualsIgnoreCase,
    /// From 1, with a length.
    Substring,
    /// From 0, up to an end.
    Slice,
    Before,
    After,
    IndexOf,
    Replace,
    Split,
    Join,
    Text,
    Number,
    Sum,
    Minimum,
    Maximum,
    Mean,
    Absolute,
    Floor,
    Ceiling,
    Round,
    Modulo,
    Append,
    Concatenate,
    /// `list.get(0)`, `map.get("a")`
    Get,
    Coalesce,
    IsDefined,
    AnyOf,
    AllOf,
    Date,
    DateAndTime,
    Duration,
    Now,
    Today,
    /// A variable by its name; done by the evaluator.
    GetVariable,
}

/// The most words a function's name has.
pub(super) const LONGEST_NAME: usize = 3;

/// Name, function, fewest and most arguments.
type Entry = (&'static str, Function, usize, usize);

const MANY: usize = 200;

const FUNCTIONS: [Entry; 54] = [
    ("contains", Function::Contains, 2, 2),
    ("list contains", Function::Contains, 2, 2),
    ("startsWith", Function::StartsWith, 2, 2),
    ("starts with", Function::StartsWith, 2, 2),
    ("endsWith", Function::EndsWith, 2, 2),
    ("ends with", Function::EndsWith, 2, 2),
    ("string length", Function::Size, 1, 1),
    ("size", Function::Size, 1, 1),
    ("length", Function::Size, 1, 1),
    ("count", Function::Size, 1, 1),
    ("is empty", Function::IsEmpty, 1, 1),
    ("isEmpty", Function::IsEmpty, 1, 1),
    ("lower case", Function::Lower, 1, 1),
    ("toLowerCase", Function::Lower, 1, 1),
    ("upper case", Function::Upper, 1, 1),
    ("toUpperCase", Function::Upper, 1, 1),
    ("trim", Function::Trim, 1, 1),
    ("substring", Function::Substring, 2, 3),
    ("substring before", Function::Before, 2, 2),
    ("substring after", Function::After, 2, 2),
    ("split", Function::Split, 2, 2),
    ("string join", Function::Join, 1, 2),
    ("join", Function::Join, 1, 2),
    ("string", Function::Text, 1, 1),
    ("number", Function::Number, 1, 1),
    ("sum", Function::Sum, 1, MANY),
    ("min", Function::Minimum, 1, MANY),
    ("max", Function::Maximum, 1, MANY),
    ("mean", Function::Mean, 1, MANY),
    ("abs", Function::Absolute, 1, 1),
    ("floor", Function::Floor, 1, 1),
    ("ceiling", Function::Ceiling, 1, 1),
    ("round", Function::Round, 1, 2),
    ("round half up", Function::Round, 1, 2),
    ("modulo", Function::Modulo, 2, 2),
    ("append", Function::Append, 2, MANY),
    ("concatenate", Function::Concatenate, 1, MANY),
    ("get value", Function::Get, 2, 2),
    ("get or else", Function::Coalesce, 2, 2),
    ("coalesce", Function::Coalesce, 1, MANY),
    ("is defined", Function::IsDefined, 1, 1),
    ("any", Function::AnyOf, 1, MANY),
    ("all", Function::AllOf, 1, MANY),
    ("date", Function::Date, 1, 1),
    ("date and time", Function::DateAndTime, 1, 1),
    ("dateTime", Function::DateAndTime, 1, 1),
    ("duration", Function::Duration, 1, 1),
    ("now", Function::Now, 0, 0),
    ("today", Function::Today, 0, 0),
    ("replace", Function::Replace, 3, 3),
    ("index of", Function::IndexOf, 2, 2),
    ("equals", Function::Equals, 2, 2),
    ("ceil", Function::Ceiling, 1, 1),
    ("indexOf", Function::IndexOf, 2, 2),
];

/// The count of arguments is without what stands before the point.
const METHODS: [Entry; 22] = [
    ("contains", Function::Contains, 1, 1),
    ("startsWith", Function::StartsWith, 1, 1),
    ("endsWith", Function::EndsWith, 1, 1),
    ("size", Function::Size, 0, 0),
    ("length", Function::Size, 0, 0),
    ("isEmpty", Function::IsEmpty, 0, 0),
    ("toLowerCase", Function::Lower, 0, 0),
    ("toUpperCase", Function::Upper, 0, 0),
    ("trim", Function::Trim, 0, 0),
    ("strip", Function::Trim, 0, 0),
    ("equals", Function::Equals, 1, 1),
    ("equalsIgnoreCase", Function::EqualsIgnoreCase, 1, 1),
    ("substring", Function::Slice, 1, 2),
    ("indexOf", Function::IndexOf, 1, 1),
    ("replace", Function::Replace, 2, 2),
    ("split", Function::Split, 1, 1),
    ("get", Function::Get, 1, 1),
    ("containsKey", Function::Contains, 1, 1),
    ("toString", Function::Text, 0, 0),
    ("doubleValue", Function::Number, 0, 0),
    ("getVariable", Function::GetVariable, 1, 1),
    ("intValue", Function::Floor, 0, 0),
];

/// Whether there is a function of this name.
pub(super) fn is_function(name: &str) -> bool {
    FUNCTIONS.iter().any(|(known, ..)| *known == name)
}

/// The function of this name for so many arguments.
pub(super) fn function(name: &str, arguments: usize) -> Result<Function, String> {
    find(&FUNCTIONS, name, arguments)
}

/// The method of this name for so many arguments.
pub(super) fn method(name: &str, arguments: usize) -> Result<Function, String> {
    find(&METHODS, name, arguments)
}

fn find(entries: &[Entry], name: &str, arguments: usize) -> Result<Function, String> {
    let found = entries.iter().find(|(known, ..)| *known == name);
    match found {
        Some((_, function, fewest, most)) if (*fewest..=*most).contains(&arguments) => {
            Ok(*function)
        }
        Some(_) => Err(format!("函数“{name}”的参数个数不对：{arguments}")),
        None => Err(format!("没有函数“{name}”")),
    }
}

/// What a function makes of its arguments.
pub(super) fn call(
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

fn unfit(value: &Value) -> String {
    format!("此函数不能用于{}", value.kind())
}

/// An item of a list by number or a field of an object by name; `None` where there is none.
pub(super) fn member<'v>(
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

fn contains(whole: &Value, part: &Value) -> Result<bool, String> {
    match (whole, part) {
        (Value::Null, _) => Ok(false),
        (Value::List(items), part) => Ok(items.iter().any(|it| it.same(part))),
        (_, Value::Null) => Ok(false),
        (Value::Text(text), part) => Ok(text.contains(&part.to_string())),
        (Value::Map(fields), Value::Text(name)) => Ok(fields.contains_key(name)),
        (other, _) => Err(unfit(other)),
    }
}

fn texts(a: &Value, b: &Value, holds: fn(&str, &str) -> bool) -> Result<Value, String> {
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => Ok(false.into()),
        (Value::Text(a), Value::Text(b)) => Ok(holds(a, b).into()),
        (Value::Text(_), other) | (other, _) => Err(unfit(other)),
    }
}

fn size(of: &Value) -> Result<usize, String> {
    match of {
        Value::Null => Ok(0),
        Value::Text(text) => Ok(text.chars().count()),
        Value::List(items) => Ok(items.len()),
        Value::Map(fields) => Ok(fields.len()),
        other => Err(unfit(other)),
    }
}

/// A new text from a text; null stays null, other things are taken as they are written.
fn text(of: &Value, room: &mut Room, change: impl FnOnce(&str) -> String) -> Result<Value, String> {
    let changed = match of {
        Value::Null => return Ok(Value::Null),
        Value::Text(text) => change(text),
        Value::List(_) | Value::Map(_) => return Err(unfit(of)),
        other => change(&other.to_string()),
    };
    room.text(changed.len())?;
    Ok(Value::Text(changed))
}

/// What stands before and after a part; nothing where it does not occur.
fn cut(text: &str, part: &Value) -> (String, String) {
    let part = part.to_string();
    let (before, after) = text.split_once(part.as_str()).unwrap_or_default();
    (before.to_owned(), after.to_owned())
}

fn position(value: &Value, absent: i64) -> Result<i64, String> {
    match value {
        Value::Null => Ok(absent),
        Value::Number(it) if it.is_integer() => Ok(it.to_i64().unwrap_or(i64::MAX)),
        other => Err(format!("“{}”不能作位置", other.kind())),
    }
}

/// From 1, or from the end where negative.
fn substring(text: &str, from: i64, length: i64) -> String {
    let skip = if from < 0 {
        let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        count.saturating_add(from).max(0)
    } else {
        (from - 1).max(0)
    };
    let as_size = |it: i64| usize::try_from(it).unwrap_or(usize::MAX);
    text.chars().skip(as_size(skip)).take(as_size(length)).collect()
}

fn index_of(whole: &Value, part: &Value) -> Result<Value, String> {
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

fn replace(text: &Value, from: &Value, to: &Value, room: &mut Room) -> Result<Value, String> {
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

fn split(text: &Value, by: &Value, room: &mut Room) -> Result<Value, String> {
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

fn join(list: &Value, by: &Value, room: &mut Room) -> Result<Value, String> {
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

fn as_number(value: &Value) -> Result<Value, String> {
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

fn numeric(of: &Value, change: impl FnOnce(Decimal) -> Option<Decimal>) -> Result<Value, String> {
    match as_number(of)? {
        Value::Number(it) => over(change(it)),
        other => Ok(other),
    }
}

/// A result that may be too great.
pub(super) fn over(result: Option<Decimal>) -> Result<Value, String> {
    result.map(Value::Number).ok_or_else(|| "数字超出范围".to_owned())
}

fn modulo(a: &Value, b: &Value) -> Result<Value, String> {
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
fn flat<'a>(arguments: &'a [Cow<'_, Value>]) -> impl Iterator<Item = &'a Value> {
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
fn numbers(arguments: &[Cow<'_, Value>]) -> Result<Vec<Decimal>, String> {
    let mut numbers = Vec::new();
    for item in flat(arguments) {
        if let Value::Number(number) = as_number(item)? {
            numbers.push(number);
        }
    }
    Ok(numbers)
}

fn total(numbers: &[Decimal]) -> Result<Value, String> {
    if numbers.is_empty() {
        return Ok(Value::Null);
    }
    over(numbers.iter().try_fold(Decimal::ZERO, |sum, it| sum.checked_add(*it)))
}

fn extreme(
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

fn items(list: &Value, room: &mut Room) -> Result<Vec<Value>, String> {
    room.copy(list)?;
    Ok(match list {
        Value::List(items) => items.clone(),
        Value::Null => Vec::new(),
        other => vec![other.clone()],
    })
}

fn instant(value: &Value) -> Result<Option<DateTime<Utc>>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Instant(it) => Ok(Some(*it)),
        Value::Text(text) => time::instant(text).map(Some).map_err(|fault| fault.message),
        other => Err(unfit(other)),
    }
}

/// A length of time; one with months has no fixed length and stays its text, which may be added
/// to an instant like any other.
fn duration(value: &Value) -> Result<Value, String> {
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
