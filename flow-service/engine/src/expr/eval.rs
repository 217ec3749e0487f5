//! A tree and names to a value, within bounds.

use std::{borrow::Cow, collections::BTreeMap};

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use rust_decimal::Decimal;

use super::{
    Fault, Lookup,
    ast::{Ast, Base, Choice, How, Node, Operator, Step},
    functions::{self, Function},
    operate::{apply, arithmetic, compare},
    room::Room,
};
use crate::{time, value::Value};

/// One evaluation.
pub(super) struct Evaluator<'v> {
    names: &'v dyn Lookup,
    now: DateTime<Utc>,
    locals: Vec<Local<'v>>,
    room: Room,
}

/// The item of a list that is being looked at.
struct Local<'v> {
    name: &'v str,
    value: Cow<'v, Value>,
    /// Whether its fields are names too, as in `list[price > 5]`.
    open: bool,
}

type Evaluated<'v> = Result<Cow<'v, Value>, Fault>;

impl<'v> Evaluator<'v> {
    pub(super) fn new(names: &'v dyn Lookup, now: DateTime<Utc>) -> Evaluator<'v> {
        Evaluator { names, now, locals: Vec::new(), room: Room::new() }
    }

    /// The value of the whole.
    pub(super) fn result(&mut self, node: &'v Node) -> Result<Value, Fault> {
        match self.value(node)? {
            // A variable passed on as it is: it is there already, whatever its size.
            Cow::Borrowed(it) => Ok(it.clone()),
            Cow::Owned(it) => {
                let mut fresh = Room::new();
                fresh.copy(&it).map_err(fault(node.at))?;
                Ok(it)
            }
        }
    }

    /// The value of a part of a text.
    pub(super) fn text(&mut self, node: &'v Node) -> Result<String, Fault> {
        let value = self.value(node)?;
        self.room.copy(&value).map_err(fault(node.at))?;
        Ok(value.to_string())
    }

    fn value(&mut self, node: &'v Node) -> Evaluated<'v> {
        self.room.steps(1).map_err(fault(node.at))?;
        match &node.ast {
            Ast::Literal(value) => Ok(Cow::Borrowed(value)),
            Ast::Name(name) => self.name(name, node.at),
            Ast::Path { start, steps } => self.path(start, steps),
            Ast::Call { function, arguments } => self.call(*function, None, arguments, node.at),
            Ast::Not(inner) => Ok(owned(!self.truth(inner)?)),
            Ast::Minus(inner) => {
                let zero = Value::Number(Decimal::ZERO);
                let inner = self.value(inner)?;
                let value = match inner.as_ref() {
                    Value::Duration(it) => Ok(Value::Duration(-*it)),
                    other => arithmetic(Operator::Subtract, &zero, other, &mut self.room),
                };
                value.map(Cow::Owned).map_err(fault(node.at))
            }
            Ast::All(parts) => self.connected(parts, false),
            Ast::Any(parts) => self.connected(parts, true),
            Ast::Chain { first, rest } => self.chain(first, rest),
            Ast::In { item, choices } => self.membership(item, choices),
            Ast::If { test, then, otherwise } => {
                let branch = if self.truth(test)? { then } else { otherwise };
                self.value(branch)
            }
            Ast::List(items) => {
                let mut list = Vec::new();
                for item in items {
                    list.push(self.kept(item)?);
                }
                Ok(Cow::Owned(Value::List(list)))
            }
            Ast::Map(fields) => {
                let mut map = BTreeMap::new();
                for (name, item) in fields {
                    map.insert(name.clone(), self.kept(item)?);
                }
                Ok(Cow::Owned(Value::Map(map)))
            }
            Ast::Each { how, name, source, body } => self.each(*how, name, source, body),
        }
    }

    /// The value of a part that goes into a new list or object.
    fn kept(&mut self, node: &'v Node) -> Result<Value, Fault> {
        let value = self.value(node)?;
        self.room.copy(&value).map_err(fault(node.at))?;
        Ok(value.into_owned())
    }

    fn name(&mut self, name: &str, at: usize) -> Evaluated<'v> {
        for local in self.locals.iter().rev() {
            let found = match (&local.value, local.open) {
                (value, _) if local.name == name => Some(found(value)),
                (Cow::Borrowed(Value::Map(fields)), true) => fields.get(name).map(Found::Borrowed),
                (Cow::Owned(Value::Map(fields)), true) => fields.get(name).map(Found::Copy),
                _ => None,
            };
            match found {
                Some(Found::Borrowed(value)) => return Ok(Cow::Borrowed(value)),
                Some(Found::Copy(value)) => {
                    self.room.copy(value).map_err(fault(at))?;
                    return Ok(Cow::Owned(value.clone()));
                }
                None => {}
            }
        }
        Ok(self.names.get(name).map_or(Cow::Owned(Value::Null), Cow::Borrowed))
    }

    fn truth(&mut self, node: &'v Node) -> Result<bool, Fault> {
        match self.value(node)?.as_ref() {
            Value::Bool(it) => Ok(*it),
            Value::Null => Ok(false),
            other => Err(fault(node.at)(format!("应为真或假，实为{}", other.kind()))),
        }
    }

    /// `and` (until one is false) or `or` (until one is true).
    fn connected(&mut self, parts: &'v [Node], until: bool) -> Evaluated<'v> {
        for part in parts {
            if self.truth(part)? == until {
                return Ok(owned(until));
            }
        }
        Ok(owned(!until))
    }

    fn chain(&mut self, first: &'v Node, rest: &'v [(usize, Operator, Node)]) -> Evaluated<'v> {
        let mut left = self.value(first)?;
        for (at, operator, right) in rest {
            let right = self.value(right)?;
            self.room.steps(1).map_err(fault(*at))?;
            let value = apply(*operator, &left, &right, &mut self.room);
            left = Cow::Owned(value.map_err(fault(*at))?);
        }
        Ok(left)
    }

    fn membership(&mut self, item: &'v Node, choices: &'v [Choice]) -> Evaluated<'v> {
        let at = item.at;
        let item = self.value(item)?;
        for choice in choices {
            let holds = match choice {
                Choice::One(choice) => {
                    let choice = self.value(choice)?;
                    self.room.scan(&choice).map_err(fault(at))?;
                    match choice.as_ref() {
                        Value::List(items) => {
                            items.iter().any(|it| it.same(&item)) || choice.same(&item)
                        }
                        other => other.same(&item),
                    }
                }
                Choice::Range { from, to, with_from, with_to } => {
                    let (from, to) = (self.value(from)?, self.value(to)?);
                    let low = if *with_from { Operator::AtLeast } else { Operator::Greater };
                    let high = if *with_to { Operator::AtMost } else { Operator::Less };
                    compare(low, &item, &from).map_err(fault(at))?
                        && compare(high, &item, &to).map_err(fault(at))?
                }
            };
            if holds {
                return Ok(owned(true));
            }
        }
        Ok(owned(false))
    }

    fn path(&mut self, start: &'v Node, steps: &'v [(usize, Step)]) -> Evaluated<'v> {
        let mut value = self.value(start)?;
        for (at, step) in steps {
            self.room.steps(1).map_err(fault(*at))?;
            value = match step {
                Step::Field(name) => self.field(value, name).map_err(fault(*at))?,
                Step::Index(index, base) => {
                    let index = self.value(index)?;
                    let base = if *base == Base::One { 1 } else { 0 };
                    match value {
                        Cow::Borrowed(of) => {
                            let found = functions::member(of, &index, base).map_err(fault(*at))?;
                            found.map_or(Cow::Owned(Value::Null), Cow::Borrowed)
                        }
                        Cow::Owned(of) => {
                            let found = functions::member(&of, &index, base).map_err(fault(*at))?;
                            Cow::Owned(found.cloned().unwrap_or_default())
                        }
                    }
                }
                Step::Filter(condition) => self.filter(value, condition, *at)?,
                Step::Call(function, arguments) => {
                    self.call(*function, Some(value), arguments, *at)?
                }
            };
        }
        Ok(value)
    }

    /// A field of an object, of each object of a list, or a part of a time.
    fn field(&mut self, of: Cow<'v, Value>, name: &str) -> Result<Cow<'v, Value>, String> {
        match of {
            Cow::Borrowed(Value::Map(fields)) => {
                Ok(fields.get(name).map_or(Cow::Owned(Value::Null), Cow::Borrowed))
            }
            Cow::Owned(Value::Map(mut fields)) => {
                Ok(Cow::Owned(fields.remove(name).unwrap_or_default()))
            }
            other => match other.as_ref() {
                Value::Null => Ok(Cow::Owned(Value::Null)),
                Value::List(items) => {
                    let mut all = Vec::new();
                    for item in items {
                        self.room.steps(1)?;
                        let field = match item {
                            Value::Map(fields) => fields.get(name),
                            _ => None,
                        };
                        self.room.copy(field.unwrap_or(&Value::Null))?;
                        all.push(field.cloned().unwrap_or_default());
                    }
                    Ok(Cow::Owned(Value::List(all)))
                }
                Value::Instant(instant) => Ok(Cow::Owned(part_of(*instant, name))),
                other => Err(format!("{}没有字段“{name}”", other.kind())),
            },
        }
    }

    fn call(
        &mut self,
        function: Function,
        receiver: Option<Cow<'v, Value>>,
        arguments: &'v [Node],
        at: usize,
    ) -> Evaluated<'v> {
        let mut values: Vec<_> = receiver.into_iter().collect();
        for argument in arguments {
            values.push(self.value(argument)?);
        }
        if function == Function::GetVariable {
            return match values.get(1).map(|it| it.as_ref()) {
                Some(Value::Text(name)) => self.name(name, at),
                _ => Err(fault(at)("变量名应为文字".into())),
            };
        }
        let value = functions::call(function, &values, self.now, &mut self.room);
        value.map(Cow::Owned).map_err(fault(at))
    }

    fn filter(&mut self, list: Cow<'v, Value>, condition: &'v Node, at: usize) -> Evaluated<'v> {
        let mut chosen = Vec::new();
        for item in items(list) {
            self.locals.push(Local { name: "item", value: item, open: true });
            let holds = self.truth(condition);
            let item = self.locals.pop().map(|local| local.value);
            if let (true, Some(item)) = (holds?, item) {
                self.room.copy(&item).map_err(fault(at))?;
                chosen.push(item.into_owned());
            }
        }
        Ok(Cow::Owned(Value::List(chosen)))
    }

    fn each(&mut self, how: How, name: &'v str, source: &'v Node, body: &'v Node) -> Evaluated<'v> {
        let list = self.value(source)?;
        let mut made = Vec::new();
        for item in items(list) {
            self.locals.push(Local { name, value: item, open: false });
            let stop = match how {
                How::Some => self.truth(body).map(|holds| holds.then_some(true)),
                How::Every => self.truth(body).map(|holds| (!holds).then_some(false)),
                How::For => self.kept(body).map(|value| {
                    made.push(value);
                    None
                }),
            };
            self.locals.pop();
            if let Some(answer) = stop? {
                return Ok(owned(answer));
            }
        }
        Ok(match how {
            How::Some => owned(false),
            How::Every => owned(true),
            How::For => Cow::Owned(Value::List(made)),
        })
    }
}

/// A local's value, borrowed where it can be.
enum Found<'l, 'v> {
    Borrowed(&'v Value),
    Copy(&'l Value),
}

fn found<'l, 'v>(value: &'l Cow<'v, Value>) -> Found<'l, 'v> {
    match value {
        Cow::Borrowed(it) => Found::Borrowed(it),
        Cow::Owned(it) => Found::Copy(it),
    }
}

fn fault(at: usize) -> impl Fn(String) -> Fault {
    move |message| Fault { message, at }
}

fn owned<'v>(truth: bool) -> Cow<'v, Value> {
    Cow::Owned(Value::Bool(truth))
}

/// The items of a list; null has none, anything else is one.
fn items<'v>(list: Cow<'v, Value>) -> Vec<Cow<'v, Value>> {
    match list {
        Cow::Borrowed(Value::List(items)) => items.iter().map(Cow::Borrowed).collect(),
        Cow::Owned(Value::List(items)) => items.into_iter().map(Cow::Owned).collect(),
        other if other.as_ref() == &Value::Null => Vec::new(),
        other => vec![other],
    }
}

/// A part of a time as Asia/Shanghai's calendar and clock show it.
fn part_of(instant: DateTime<Utc>, name: &str) -> Value {
    let there = instant.with_timezone(&time::ZONE);
    let part = match name {
        "year" => i64::from(there.year()),
        "month" => i64::from(there.month()),
        "day" => i64::from(there.day()),
        "weekday" => i64::from(there.weekday().number_from_monday()),
        "hour" => i64::from(there.hour()),
        "minute" => i64::from(there.minute()),
        "second" => i64::from(there.second()),
        _ => return Value::Null,
    };
    part.into()
}
