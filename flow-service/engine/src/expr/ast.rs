//! What an expression is once it is read; no deeper than it is written.

use super::functions::Function;
use crate::value::Value;

/// A part of an expression and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) at: usize,
    pub(super) ast: Ast,
}

/// What a part is. Chains (`a + b - c`, `a and b and c`, `a.b[0].c()`) are lists, so that only
/// brackets make depth.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ast {
    Literal(Value),
    Name(String),
    Path { start: Box<Node>, steps: Vec<(usize, Step)> },
    Call { function: Function, arguments: Vec<Node> },
    Not(Box<Node>),
    Minus(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
    Chain { first: Box<Node>, rest: Vec<(usize, Operator, Node)> },
    In { item: Box<Node>, choices: Vec<Choice> },
    If { test: Box<Node>, then: Box<Node>, otherwise: Box<Node> },
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
    Each { how: How, name: String, source: Box<Node>, body: Box<Node> },
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Field(String),
    Index(Node, Base),
    /// `list[item > 5]`
    Filter(Node),
    /// `x.contains("a")`: what stands before is the first argument.
    Call(Function, Vec<Node>),
}

/// The number of a list's first item: 0 in `${…}`, 1 in `=…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    Zero,
    One,
}

/// What may stand between two values of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

/// What `in` looks at.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Choice {
    /// Equal to it, or in it where it is a list.
    One(Node),
    /// Between the two; whether each end counts.
    Range { from: Node, to: Node, with_from: bool, with_to: bool },
}

/// What is done with each item of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// `some x in list satisfies …`
    Some,
    /// `every x in list satisfies …`
    Every,
    /// `for x in list return …`
    For,
}
