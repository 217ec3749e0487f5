//! Operators: comparison, arithmetic, times moved by durations.

use std::cmp::Ordering;

use rust_decimal::{Decimal, prelude::ToPrimitive as _};

use super::{ast::Operator, functions, room::Room};
use crate::{
    time::{self, Period},
    value::Value,
};

/// The greatest exponent of `**`.
const MAX_EXPONENT: u64 = 1_000;

/// What an operator makes of two values.
pub(super) fn apply(
    operator: Operator,
    a: &Value,
    b: &Value,
    room: &mut Room,
) -> Result<Value, String> {
    match operator {
        Operator::Equal | Operator::Unequal => {
            room.scan(a)?;
            Ok((a.same(b) == (operator == Operator::Equal)).into())
        }
        Operator::Less | Operator::AtMost | Operator::Greater | Operator::AtLeast => {
            room.scan(a)?;
            compare(operator, a, b).map(Value::Bool)
        }
        Operator::Add
        | Operator::Subtract
        | Operator::Multiply
        | Operator::Divide
        | Operator::Remainder
        | Operator::Power => arithmetic(operator, a, b, room),
    }
}

pub(super) fn compare(operator: Operator, a: &Value, b: &Value) -> Result<bool, String> {
    if a == &Value::Null || b == &Value::Null {
        return Ok(false);
    }
    let Some(order) = a.order(b) else {
        return Err(format!("不能比较{}与{}", a.kind(), b.kind()));
    };
    Ok(match operator {
        Operator::Less => order == Ordering::Less,
        Operator::AtMost => order != Ordering::Greater,
        Operator::Greater => order == Ordering::Greater,
        Operator::AtLeast => order != Ordering::Less,
        _ => order == Ordering::Equal,
    })
}

pub(super) fn arithmetic(
    operator: Operator,
    a: &Value,
    b: &Value,
    room: &mut Room,
) -> Result<Value, String> {
    match (operator, a, b) {
        (_, Value::Null, _) | (_, _, Value::Null) => Ok(Value::Null),
        (Operator::Add | Operator::Subtract, Value::Instant(_) | Value::Duration(_), _)
        | (Operator::Add, _, Value::Instant(_)) => moved(operator, a, b),
        (Operator::Multiply, Value::Duration(delta), Value::Number(times))
        | (Operator::Multiply, Value::Number(times), Value::Duration(delta)) => {
            let times = times.is_integer().then(|| times.to_i32()).flatten();
            let product = times.and_then(|times| delta.checked_mul(times));
            product.map(Value::Duration).ok_or_else(|| "时长超出范围".to_owned())
        }
        (Operator::Add, Value::Text(_), other) | (Operator::Add, other, Value::Text(_)) => {
            if matches!(other, Value::List(_) | Value::Map(_)) {
                return Err(format!("文字不能与{}相加", other.kind()));
            }
            let (a, b) = (a.to_string(), b.to_string());
            room.text(a.len() + b.len())?;
            Ok(Value::Text(a + &b))
        }
        (_, a, b) => calculate(operator, decimal(a)?, decimal(b)?),
    }
}

/// Instants and durations, forwards and back.
fn moved(operator: Operator, a: &Value, b: &Value) -> Result<Value, String> {
    let add = operator == Operator::Add;
    let result = match (a, b) {
        (Value::Instant(a), Value::Instant(b)) if !add => Some(Value::Duration(*a - *b)),
        (Value::Instant(instant), Value::Duration(delta)) => {
            let delta = if add { *delta } else { -*delta };
            instant.checked_add_signed(delta).and_then(time::within_bounds).map(Value::Instant)
        }
        (Value::Duration(delta), Value::Instant(instant)) if add => {
            instant.checked_add_signed(*delta).and_then(time::within_bounds).map(Value::Instant)
        }
        (Value::Instant(instant), Value::Text(text))
        | (Value::Text(text), Value::Instant(instant)) => {
            let period = Period::parse(text).map_err(|fault| fault.message)?;
            let period = if add { period } else { period.reversed() };
            period.after(*instant).map(Value::Instant)
        }
        (Value::Duration(a), Value::Duration(b)) => {
            let sum = if add { a.checked_add(b) } else { a.checked_sub(b) };
            sum.map(Value::Duration)
        }
        (a, b) => return Err(format!("{}与{}不能相加减", a.kind(), b.kind())),
    };
    result.ok_or_else(|| "时间超出范围".to_owned())
}

fn decimal(value: &Value) -> Result<Decimal, String> {
    let number = match value {
        Value::Number(it) => Some(*it),
        Value::Text(text) => crate::value::number(text.trim()),
        _ => None,
    };
    number.ok_or_else(|| format!("{}不能参与计算", value.kind()))
}

fn calculate(operator: Operator, a: Decimal, b: Decimal) -> Result<Value, String> {
    let divides = matches!(operator, Operator::Divide | Operator::Remainder);
    if divides && b.is_zero() {
        return Err("除数为零".into());
    }
    functions::over(match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide => a.checked_div(b),
        Operator::Remainder => a.checked_rem(b),
        Operator::Power => power(a, b),
        _ => None,
    })
}

/// Whole exponents only.
fn power(base: Decimal, exponent: Decimal) -> Option<Decimal> {
    let times = exponent.is_integer().then(|| exponent.abs().to_u64()).flatten();
    let times = times.filter(|times| *times <= MAX_EXPONENT)?;
    let mut product = Decimal::ONE;
    for _ in 0..times {
        product = product.checked_mul(base)?;
    }
    if exponent.is_sign_negative() { Decimal::ONE.checked_div(product) } else { Some(product) }
}
