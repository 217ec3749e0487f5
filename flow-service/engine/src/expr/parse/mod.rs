//! Tokens to a tree: precedence climbing, no deeper than 64 brackets.

mod part;

use super::{
    Fault,
    ast::{Ast, Base, Choice, Node, Operator},
    functions::Function,
    lex::{self, Token, What},
};

const MAX_DEPTH: usize = 64;

/// Words that are no names.
const RESERVED: &[&str] = &[
    "and",
    "or",
    "not",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "div",
    "mod",
    "empty",
    "true",
    "false",
    "null",
    "if",
    "then",
    "else",
    "in",
    "between",
    "some",
    "every",
    "for",
    "satisfies",
    "return",
    "instanceof",
    "function",
    "external",
    "lambda",
    "var",
    "let",
];

/// The operators of one level bind alike; later levels bind closer.
const LEVELS: [&[(&str, Operator)]; 5] = [
    &[
        ("==", Operator::Equal),
        ("=", Operator::Equal),
        ("eq", Operator::Equal),
        ("!=", Operator::Unequal),
        ("<>", Operator::Unequal),
        ("ne", Operator::Unequal),
    ],
    &[
        ("<", Operator::Less),
        ("lt", Operator::Less),
        ("<=", Operator::AtMost),
        ("le", Operator::AtMost),
        (">", Operator::Greater),
        ("gt", Operator::Greater),
        (">=", Operator::AtLeast),
        ("ge", Operator::AtLeast),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[
        ("*", Operator::Multiply),
        ("/", Operator::Divide),
        ("div", Operator::Divide),
        ("%", Operator::Remainder),
        ("mod", Operator::Remainder),
    ],
    &[("**", Operator::Power)],
];
/// The level after whose operands `in` and `between` may stand.
const COMPARISON: usize = 1;

/// The expression that is the rest of the text.
pub(super) fn whole(chars: &[char], at: usize, base: Base) -> Result<Node, Fault> {
    let (tokens, _) = lex::tokens(chars, at, false)?;
    Parser { tokens, next: 0, depth: 0, base }.all()
}

/// The expression up to its closing `}`, and where the text goes on after it.
pub(super) fn braced(chars: &[char], at: usize) -> Result<(Node, usize), Fault> {
    let (tokens, end) = lex::tokens(chars, at, true)?;
    Ok((Parser { tokens, next: 0, depth: 0, base: Base::Zero }.all()?, end))
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    base: Base,
}

impl Parser {
    fn all(mut self) -> Result<Node, Fault> {
        let node = self.expression()?;
        match self.peek(0) {
            What::End => Ok(node),
            _ => Err(self.unexpected()),
        }
    }

    fn peek(&self, ahead: usize) -> &What {
        self.tokens.get(self.next + ahead).map_or(&What::End, |token| &token.what)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).or(self.tokens.last()).map_or(0, |token| token.at)
    }

    /// Steps over a sign or word, if it is the next.
    fn took(&mut self, mark: &str) -> bool {
        let there = match self.peek(0) {
            What::Sign(sign) => *sign == mark,
            What::Word(word) => word == mark,
            What::Number(_) | What::Text(_) | What::End => false,
        };
        self.next += usize::from(there);
        there
    }

    fn expect(&mut self, mark: &str) -> Result<(), Fault> {
        if self.took(mark) {
            return Ok(());
        }
        Err(Fault { message: format!("这里应为“{mark}”"), at: self.at() })
    }

    fn unexpected(&self) -> Fault {
        let message = match self.peek(0) {
            What::End => "表达式不完整".to_owned(),
            What::Sign(sign) => format!("此处不应有“{sign}”"),
            What::Word(word) => format!("此处不应有“{word}”"),
            What::Number(number) => format!("此处不应有“{number}”"),
            What::Text(_) => "此处不应有字符串".to_owned(),
        };
        Fault { message, at: self.at() }
    }

    /// Every bracket and every sign in front of a value comes through here.
    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Fault { message: format!("嵌套超过 {MAX_DEPTH} 层"), at: self.at() });
        }
        let result = inner(self)?;
        self.depth -= 1;
        Ok(result)
    }

    fn expression(&mut self) -> Result<Node, Fault> {
        self.deeper(|it| {
            let at = it.at();
            let test = it.any()?;
            if !it.took("?") {
                return Ok(test);
            }
            let then = it.expression()?;
            it.expect(":")?;
            let otherwise = it.expression()?;
            let ast = Ast::If {
                test: Box::new(test),
                then: Box::new(then),
                otherwise: Box::new(otherwise),
            };
            Ok(Node { at, ast })
        })
    }

    fn any(&mut self) -> Result<Node, Fault> {
        let at = self.at();
        let mut parts = vec![self.all_of()?];
        while self.took("||") || self.took("or") {
            parts.push(self.all_of()?);
        }
        Ok(joined(at, parts, Ast::Any))
    }

    fn all_of(&mut self) -> Result<Node, Fault> {
        let at = self.at();
        let mut parts = vec![self.chain(0)?];
        while self.took("&&") || self.took("and") {
            parts.push(self.chain(0)?);
        }
        Ok(joined(at, parts, Ast::All))
    }

    /// Operators of this level and those that bind closer: the closest first.
    fn chain(&mut self, loosest: usize) -> Result<Node, Fault> {
        let at = self.at();
        let mut first = self.prefixed()?;
        for (level, operators) in LEVELS.iter().enumerate().skip(loosest).rev() {
            if level == COMPARISON {
                first = self.membership(first)?;
            }
            let mut rest = Vec::new();
            loop {
                let at = self.at();
                let found = operators.iter().find(|(mark, _)| self.took(mark));
                let Some((_, operator)) = found else { break };
                rest.push((at, *operator, self.chain(level + 1)?));
            }
            if !rest.is_empty() {
                first = Node { at, ast: Ast::Chain { first: Box::new(first), rest } };
            }
        }
        Ok(first)
    }

    /// `x in […]`, `x in (…)`, `x in list`, `x between a and b`
    fn membership(&mut self, item: Node) -> Result<Node, Fault> {
        let at = self.at();
        let choices = if self.took("between") {
            let from = self.chain(COMPARISON + 1)?;
            self.expect("and")?;
            let to = self.chain(COMPARISON + 1)?;
            vec![Choice::Range { from, to, with_from: true, with_to: true }]
        } else if self.took("in") {
            self.choices()?
        } else {
            return Ok(item);
        };
        Ok(Node { at, ast: Ast::In { item: Box::new(item), choices } })
    }

    fn choices(&mut self) -> Result<Vec<Choice>, Fault> {
        let with_from = self.peek(0) == &What::Sign("[");
        let opened = with_from || matches!(self.peek(0), What::Sign("(" | "]"));
        if !opened {
            return Ok(vec![Choice::One(self.chain(COMPARISON + 1)?)]);
        }
        self.next += 1;
        let mut choices = Vec::new();
        while !self.took(")") && !self.took("]") {
            let from = self.expression()?;
            if choices.is_empty() && self.took("..") {
                let to = self.expression()?;
                let with_to = self.took("]");
                if !with_to && !self.took(")") && !self.took("[") {
                    return Err(self.unexpected());
                }
                return Ok(vec![Choice::Range { from, to, with_from, with_to }]);
            }
            choices.push(Choice::One(from));
            if !self.took(",") && !matches!(self.peek(0), What::Sign(")" | "]")) {
                return Err(self.unexpected());
            }
        }
        Ok(choices)
    }

    /// What stands after `!`, `not`, `-`, `empty`.
    fn prefixed(&mut self) -> Result<Node, Fault> {
        let at = self.at();
        let ast = if self.took("!") || self.took("not") {
            Ast::Not(Box::new(self.deeper(Self::prefixed)?))
        } else if self.took("-") {
            Ast::Minus(Box::new(self.deeper(Self::prefixed)?))
        } else if self.took("empty") {
            let of = self.deeper(Self::prefixed)?;
            Ast::Call { function: Function::IsEmpty, arguments: vec![of] }
        } else {
            return self.path();
        };
        Ok(Node { at, ast })
    }
}

fn joined(at: usize, mut parts: Vec<Node>, chain: fn(Vec<Node>) -> Ast) -> Node {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            Node { at, ast: chain(parts) }
        }
    }
}
