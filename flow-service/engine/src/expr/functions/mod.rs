//! The fixed list of functions and methods.

mod call;
mod list;
mod number;
mod text;
mod time;

use super::room::Room;
use crate::value::Value;

pub(super) use call::call;
pub(super) use list::member;
pub(super) use number::over;

/// A function; what it does is in [`call()`].
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

fn unfit(value: &Value) -> String {
    format!("此函数不能用于{}", value.kind())
}
