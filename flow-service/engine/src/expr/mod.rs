//! The one expression language: conditions, assignments, collections and templates.
//!
//! Two notations, one meaning: `${a > 1 && b == 'x'}` as in JUEL and `=a > 1 and b = "x"` as in
//! FEEL; each may use the other's words. Only an index differs: from 0 in the first, from 1 in the
//! second. Unknown names are null; null is never greater, smaller or part of anything, arithmetic
//! with it is null, and as a condition it is false.

mod ast;
mod eval;
mod functions;
mod lex;
mod operate;
mod parse;
mod room;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::value::Value;
use ast::{Base, Node};

/// The longest text of an expression, in characters.
pub const MAX_TEXT: usize = 4_096;

/// Why an expression cannot be read, or has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// In Chinese, for whoever drew the flow.
    pub message: String,
    /// Where in the expression, in characters from 0.
    pub at: usize,
}

/// Where names get their values.
pub trait Lookup {
    /// The value of a name; `None` = there is no such name (reads as null).
    fn get(&self, name: &str) -> Option<&Value>;
}

impl Lookup for BTreeMap<String, Value> {
    fn get(&self, name: &str) -> Option<&Value> {
        BTreeMap::get(self, name)
    }
}

/// A checked expression; holds no reference to its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression(Form);

#[derive(Clone, Debug, PartialEq)]
enum Form {
    Literal(Value),
    Formula(Node),
    /// Pieces of text and formulas, joined.
    Text(Vec<Piece>),
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Plain(String),
    Formula(Node),
}

impl Expression {
    /// Reads `${..}`, `#{..}`, `=..` or bare text, which is always an expression: conditions,
    /// collections, cardinality.
    pub fn formula(text: &str) -> Result<Expression, Fault> {
        let chars = bounded(text)?;
        let (from, rest) = trimmed(&chars);
        let node = match rest {
            ['$' | '#', '{', ..] => {
                let (node, end) = parse::braced(&chars, from + 2)?;
                if chars.iter().skip(end).any(|c| !c.is_whitespace()) {
                    return Err(Fault { message: "“}”之后还有内容".into(), at: end });
                }
                node
            }
            ['=', ..] => parse::whole(&chars, from + 1, Base::One)?,
            _ => parse::whole(&chars, from, Base::Zero)?,
        };
        Ok(Expression(Form::Formula(node)))
    }

    /// Reads `=..` as an expression, text with `${..}` inside as text (or as the value when it is
    /// the whole text), and bare text as itself. `\${` is a plain `${`.
    pub fn template(text: &str) -> Result<Expression, Fault> {
        let has_formula = text.contains("${") || text.contains("#{");
        if !text.trim_start().starts_with('=') && !has_formula {
            return Ok(Expression(Form::Literal(text.into())));
        }
        let chars = bounded(text)?;
        let (from, rest) = trimmed(&chars);
        if let ['=', ..] = rest {
            return Ok(Expression(Form::Formula(parse::whole(&chars, from + 1, Base::One)?)));
        }
        let mut pieces = pieces(&chars)?;
        let blank = |piece: &Piece| matches!(piece, Piece::Plain(it) if it.trim().is_empty());
        if pieces.iter().filter(|it| !blank(it)).count() == 1 {
            pieces.retain(|it| !blank(it));
        }
        Ok(Expression(match <[Piece; 1]>::try_from(pieces) {
            Ok([Piece::Formula(node)]) => Form::Formula(node),
            Ok([Piece::Plain(text)]) => Form::Literal(text.into()),
            Err(pieces) => Form::Text(pieces),
        }))
    }

    /// Its value.
    pub fn eval(&self, names: &dyn Lookup, now: DateTime<Utc>) -> Result<Value, Fault> {
        let mut evaluator = eval::Evaluator::new(names, now);
        match &self.0 {
            Form::Literal(value) => Ok(value.clone()),
            Form::Formula(node) => evaluator.result(node),
            Form::Text(pieces) => {
                let mut text = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Plain(plain) => text.push_str(plain),
                        Piece::Formula(node) => text.push_str(&evaluator.text(node)?),
                    }
                }
                Ok(Value::Text(text))
            }
        }
    }

    /// Its value as a condition: null counts as false; what is neither true nor false is a fault.
    pub fn condition(&self, names: &dyn Lookup, now: DateTime<Utc>) -> Result<bool, Fault> {
        match self.eval(names, now)? {
            Value::Bool(it) => Ok(it),
            Value::Null => Ok(false),
            other => Err(Fault {
                message: format!("条件的值是{}，不是真或假", other.kind()),
                at: 0,
            }),
        }
    }
}

fn bounded(text: &str) -> Result<Vec<char>, Fault> {
    let chars: Vec<char> = text.chars().take(MAX_TEXT + 1).collect();
    if chars.len() > MAX_TEXT {
        return Err(Fault {
            message: format!("表达式超过 {MAX_TEXT} 个字符"), at: MAX_TEXT
        });
    }
    Ok(chars)
}

/// Where the text begins after white space, and the text from there.
fn trimmed(chars: &[char]) -> (usize, &[char]) {
    let from = chars.iter().take_while(|c| c.is_whitespace()).count();
    (from, chars.get(from..).unwrap_or_default())
}

fn pieces(chars: &[char]) -> Result<Vec<Piece>, Fault> {
    let (mut pieces, mut plain, mut at) = (Vec::new(), String::new(), 0);
    while let Some(c) = chars.get(at) {
        let next = (chars.get(at + 1), chars.get(at + 2));
        match (c, next) {
            ('\\', (Some(mark @ ('$' | '#')), Some('{'))) => {
                plain.extend([mark, &'{']);
                at += 3;
            }
            ('$' | '#', (Some('{'), _)) => {
                if !plain.is_empty() {
                    pieces.push(Piece::Plain(std::mem::take(&mut plain)));
                }
                let (node, end) = parse::braced(chars, at + 2)?;
                pieces.push(Piece::Formula(node));
                at = end;
            }
            _ => {
                plain.push(*c);
                at += 1;
            }
        }
    }
    if !plain.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Plain(plain));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests;
