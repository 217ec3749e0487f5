//! The values of variables: JSON with exact numbers, and instants and durations in expressions.

use std::{cmp::Ordering, collections::BTreeMap, fmt};

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde_json::json;

use crate::time;

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

impl Value {
    /// What it is, for people.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "空值",
            Value::Bool(_) => "布尔值",
            Value::Number(_) => "数字",
            Value::Text(_) => "文字",
            Value::List(_) => "列表",
            Value::Map(_) => "对象",
            Value::Instant(_) => "时刻",
            Value::Duration(_) => "时长",
        }
    }

    /// Whether the two are equal when a text that is a number, a truth or a time may stand for it.
    pub fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::List(a), Value::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b))
            }
            (Value::Map(a), Value::Map(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && a.same(b))
            }
            (Value::Null, Value::Null) => true,
            _ => self.order(other) == Some(Ordering::Equal),
        }
    }

    /// Which is greater; `None` = the two cannot be compared. A text that is a number, a truth or
    /// a time may stand for it, because forms send texts.
    pub fn order(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
            (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
            (Value::Instant(a), Value::Instant(b)) => Some(a.cmp(b)),
            (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
            (Value::Text(text), other) => Some(other.read_like(text)?.order(other)?),
            (_, Value::Text(_)) => other.order(self).map(Ordering::reverse),
            _ => None,
        }
    }

    /// A text as a value of this one's kind.
    fn read_like(&self, text: &str) -> Option<Value> {
        match self {
            Value::Number(_) => number(text).map(Value::Number),
            Value::Instant(_) => time::instant(text).ok().map(Value::Instant),
            Value::Duration(_) => time::Period::parse(text).ok()?.as_delta().map(Value::Duration),
            Value::Bool(_) => text.parse().ok().map(Value::Bool),
            Value::Null | Value::Text(_) | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// As JSON for others. Fractions JSON's readers cannot hold are rounded by them anyway, so
    /// they are here; whole numbers beyond 64 bits are ids and become text.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(it) => (*it).into(),
            Value::Number(it) => exact_json(*it).unwrap_or_else(|| match it.to_f64() {
                Some(float) if !it.is_integer() => float.into(),
                _ => it.to_string().into(),
            }),
            Value::Text(it) => it.as_str().into(),
            Value::List(items) => items.iter().map(Value::to_json).collect(),
            Value::Map(fields) => {
                fields.iter().map(|(name, it)| (name.clone(), it.to_json())).collect()
            }
            Value::Instant(_) | Value::Duration(_) => self.to_string().into(),
        }
    }

    /// From others' JSON. A number no decimal can hold (about 29 digits) becomes its text.
    pub fn from_json(json: &serde_json::Value) -> Value {
        match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(it) => Value::Bool(*it),
            serde_json::Value::Number(it) => {
                let text = it.to_string();
                number(&text).map_or(Value::Text(text), Value::Number)
            }
            serde_json::Value::String(it) => Value::Text(it.clone()),
            serde_json::Value::Array(items) => {
                Value::List(items.iter().map(Value::from_json).collect())
            }
            serde_json::Value::Object(fields) => Value::Map(
                fields.iter().map(|(name, it)| (name.clone(), Value::from_json(it))).collect(),
            ),
        }
    }

    /// As JSON from which [`Value::restore`] makes the very same value: what JSON has no word for
    /// becomes `{"$number": "…"}`, `{"$instant": "…"}`, `{"$duration": "…"}`.
    pub fn store(&self) -> serde_json::Value {
        match self {
            Value::Number(it) => {
                exact_json(*it).unwrap_or_else(|| json!({"$number": it.to_string()}))
            }
            Value::Instant(_) => json!({"$instant": self.to_string()}),
            Value::Duration(it) => json!({"$duration": time::iso(*it)}),
            Value::List(items) => items.iter().map(Value::store).collect(),
            Value::Map(fields) => {
                let fields: serde_json::Map<_, _> =
                    fields.iter().map(|(name, it)| (name.clone(), it.store())).collect();
                let looks_like_ours =
                    fields.len() == 1 && fields.keys().all(|k| k.starts_with('$'));
                if looks_like_ours { json!({"$map": fields}) } else { fields.into() }
            }
            Value::Null | Value::Bool(_) | Value::Text(_) => self.to_json(),
        }
    }

    /// Back from [`Value::store`].
    pub fn restore(json: &serde_json::Value) -> Value {
        match json {
            serde_json::Value::Array(items) => {
                Value::List(items.iter().map(Value::restore).collect())
            }
            serde_json::Value::Object(fields) => match single(fields) {
                Some(value) => value,
                None => restore_map(fields),
            },
            plain => Value::from_json(plain),
        }
    }
}

/// One of the objects that stand for what JSON has no word for.
fn single(fields: &serde_json::Map<String, serde_json::Value>) -> Option<Value> {
    let (name, inner) = fields.iter().next().filter(|_| fields.len() == 1)?;
    match (name.as_str(), inner) {
        ("$number", serde_json::Value::String(it)) => number(it).map(Value::Number),
        ("$instant", serde_json::Value::String(it)) => time::instant(it).ok().map(Value::Instant),
        ("$duration", serde_json::Value::String(it)) => {
            time::Period::parse(it).ok()?.as_delta().map(Value::Duration)
        }
        ("$map", serde_json::Value::Object(inner)) => Some(restore_map(inner)),
        _ => None,
    }
}

fn restore_map(fields: &serde_json::Map<String, serde_json::Value>) -> Value {
    Value::Map(fields.iter().map(|(name, it)| (name.clone(), Value::restore(it))).collect())
}

/// The JSON number that reads back as this one, if there is one.
fn exact_json(it: Decimal) -> Option<serde_json::Value> {
    let it = it.normalize();
    if let Some(whole) = it.is_integer().then(|| it.to_i128()).flatten() {
        let signed = i64::try_from(whole).map(serde_json::Value::from);
        return signed.or_else(|_| u64::try_from(whole).map(serde_json::Value::from)).ok();
    }
    let float = serde_json::Number::from_f64(it.to_string().parse().ok()?)?;
    (number(&float.to_string()) == Some(it)).then(|| float.into())
}

/// A number from its text as programs write it (`-1`, `0.5`, `1e3`); fractions beyond what a
/// decimal holds are rounded, numbers too great for one are `None`.
pub fn number(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let plain = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let digits_and_points = plain.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !digits_and_points || !plain.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let mut value: Decimal = mantissa.parse().ok()?;
    for _ in 0..exponent.unsigned_abs().min(400) {
        value = match exponent > 0 {
            true => value.checked_mul(Decimal::TEN)?,
            false => value.checked_div(Decimal::TEN)?,
        };
    }
    Some(value.normalize())
}

/// As people read it: nothing for null, numbers without trailing zeros, times with their zone.
impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => Ok(()),
            Value::Bool(it) => write!(out, "{it}"),
            Value::Number(it) => write!(out, "{}", it.normalize()),
            Value::Text(it) => out.write_str(it),
            Value::List(_) | Value::Map(_) => write!(out, "{}", self.to_json()),
            Value::Instant(it) => out.write_str(&time::rfc3339(*it)),
            Value::Duration(it) => out.write_str(&time::iso(*it)),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<bool> for Value {
    fn from(it: bool) -> Value {
        Value::Bool(it)
    }
}

impl From<i64> for Value {
    fn from(it: i64) -> Value {
        Value::Number(it.into())
    }
}

impl From<i32> for Value {
    fn from(it: i32) -> Value {
        Value::Number(it.into())
    }
}

impl From<usize> for Value {
    fn from(it: usize) -> Value {
        Value::Number(it.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_of_json_survive_to_the_digit() {
        for text in [
            "0.1",
            "12345678901234567890",
            "-9223372036854775808",
            "0",
            "1234567890123.45",
            "1.5e10",
        ] {
            let json: serde_json::Value = serde_json::from_str(text).unwrap();

            let there = Value::from_json(&json);

            assert_eq!(Value::from_json(&there.to_json()), there, "{text}");
            assert_eq!(number(text).map(Value::Number), Some(there), "{text}");
        }
    }

    #[test]
    fn what_json_cannot_hold_is_rounded_or_becomes_text() {
        let third = Value::Number(Decimal::ONE / Decimal::from(3));
        let long = Value::Number(Decimal::MAX);

        assert!(third.to_json().is_f64());
        assert_eq!(long.to_json(), json!("79228162514264337593543950335"));
        assert_eq!(Value::from_json(&json!(1e300)), Value::from("1e+300"));
        assert_eq!(Value::restore(&third.store()), third);
        assert_eq!(Value::restore(&long.store()), long);
    }

    #[test]
    fn a_text_may_stand_for_a_number_a_truth_or_a_time() {
        assert!(Value::from("1.0").same(&Value::from(1)));
        assert!(Value::from(true).same(&Value::from("true")));
        assert_eq!(Value::from("9").order(&Value::from(10)), Some(Ordering::Less));
        assert_eq!(Value::from(10).order(&Value::from("9")), Some(Ordering::Greater));
        assert_eq!(Value::from("x").order(&Value::from(10)), None);
        assert!(!Value::Null.same(&Value::from("")));
        let day = Value::Instant(time::instant("2025-01-01").unwrap());
        assert!(day.same(&Value::from("2024-12-31T16:00:00Z")));
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            (any::<i64>(), 0..20_u32).prop_map(|(n, scale)| Value::Number(Decimal::new(n, scale))),
            ".{0,8}".prop_map(Value::Text),
            (0..253_402_300_799_i64)
                .prop_map(|s| Value::Instant(DateTime::from_timestamp(s, 5_000).unwrap())),
            (-100_000..100_000_i64).prop_map(|ms| Value::Duration(TimeDelta::milliseconds(ms))),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                prop::collection::btree_map("[$a-c]{0,2}|\\$map|\\$number", inner, 0..3)
                    .prop_map(Value::Map),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_stored_value_comes_back_the_same(value in values()) {
            prop_assert_eq!(Value::restore(&value.store()), value);
        }
    }
}
