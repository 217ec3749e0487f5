//! The parts between operators: literals, names, paths, calls, brackets.

use super::{
    super::{
        Fault,
        ast::{Ast, How, Node, Operator, Step},
        functions,
        lex::What,
    },
    Parser, RESERVED,
};
use crate::value::Value;

impl Parser {
    pub(super) fn path(&mut self) -> Result<Node, Fault> {
        let start = self.primary()?;
        let mut steps = Vec::new();
        loop {
            let at = self.at();
            if self.took(".") {
                steps.push((at, self.member()?));
            } else if self.took("[") {
                let index = self.expression()?;
                self.expect("]")?;
                let step = if is_condition(&index) {
                    Step::Filter(index)
                } else {
                    Step::Index(index, self.base)
                };
                steps.push((at, step));
            } else {
                break;
            }
        }
        if steps.is_empty() {
            return Ok(start);
        }
        Ok(Node { at: start.at, ast: Ast::Path { start: Box::new(start), steps } })
    }

    /// What stands after a point: a field or a method.
    fn member(&mut self) -> Result<Step, Fault> {
        let at = self.at();
        let What::Word(name) = self.peek(0).clone() else { return Err(self.unexpected()) };
        self.next += 1;
        if !self.took("(") {
            return Ok(Step::Field(name));
        }
        let arguments = self.items(")")?;
        let function =
            functions::method(&name, arguments.len()).map_err(|message| Fault { message, at })?;
        Ok(Step::Call(function, arguments))
    }

    /// Expressions with commas between them, up to the closing sign.
    fn items(&mut self, close: &str) -> Result<Vec<Node>, Fault> {
        let mut items = Vec::new();
        if self.took(close) {
            return Ok(items);
        }
        loop {
            items.push(self.expression()?);
            if self.took(close) {
                return Ok(items);
            }
            self.expect(",")?;
        }
    }

    fn primary(&mut self) -> Result<Node, Fault> {
        let at = self.at();
        let ast = match self.peek(0).clone() {
            What::Number(number) => self.literal(Value::Number(number)),
            What::Text(text) => self.literal(Value::Text(text)),
            What::Sign("(") => {
                self.next += 1;
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
            What::Sign("[") => {
                self.next += 1;
                Ast::List(self.items("]")?)
            }
            What::Sign("{") => {
                self.next += 1;
                self.map()?
            }
            What::Word(word) => self.word(&word)?,
            What::Sign(_) | What::End => return Err(self.unexpected()),
        };
        Ok(Node { at, ast })
    }

    fn literal(&mut self, value: Value) -> Ast {
        self.next += 1;
        Ast::Literal(value)
    }

    fn map(&mut self) -> Result<Ast, Fault> {
        let mut fields = Vec::new();
        while !self.took("}") {
            let (What::Word(name) | What::Text(name)) = self.peek(0).clone() else {
                return Err(self.unexpected());
            };
            self.next += 1;
            self.expect(":")?;
            fields.push((name, self.expression()?));
            if !self.took(",") && self.peek(0) != &What::Sign("}") {
                return Err(self.unexpected());
            }
        }
        Ok(Ast::Map(fields))
    }

    fn word(&mut self, word: &str) -> Result<Ast, Fault> {
        if let Some((name, words)) = self.function_name() {
            let at = self.at();
            self.next += words + 1;
            let arguments = self.items(")")?;
            let function = functions::function(&name, arguments.len())
                .map_err(|message| Fault { message, at })?;
            return Ok(Ast::Call { function, arguments });
        }
        match word {
            "true" => Ok(self.literal(Value::Bool(true))),
            "false" => Ok(self.literal(Value::Bool(false))),
            "null" => Ok(self.literal(Value::Null)),
            "if" => self.condition(),
            "some" => self.each(How::Some, "satisfies"),
            "every" => self.each(How::Every, "satisfies"),
            "for" => self.each(How::For, "return"),
            reserved if RESERVED.contains(&reserved) => Err(self.unexpected()),
            name => {
                self.next += 1;
                Ok(Ast::Name(name.to_owned()))
            }
        }
    }

    /// The words up to `(`, if they are a function's name: `contains (`, `date and time (`.
    fn function_name(&self) -> Option<(String, usize)> {
        let mut name = String::new();
        for words in 0..functions::LONGEST_NAME {
            match self.peek(words) {
                What::Word(word) => {
                    name.push_str(if words == 0 { "" } else { " " });
                    name.push_str(word);
                }
                _ => return None,
            }
            let one_plain_word = words == 0 && !RESERVED.contains(&name.as_str());
            if self.peek(words + 1) == &What::Sign("(")
                && (one_plain_word || functions::is_function(&name))
            {
                return Some((name, words + 1));
            }
        }
        None
    }

    fn condition(&mut self) -> Result<Ast, Fault> {
        self.next += 1;
        let test = Box::new(self.expression()?);
        self.expect("then")?;
        let then = Box::new(self.expression()?);
        self.expect("else")?;
        let otherwise = Box::new(self.expression()?);
        Ok(Ast::If { test, then, otherwise })
    }

    fn each(&mut self, how: How, before_body: &str) -> Result<Ast, Fault> {
        self.next += 1;
        let name = match self.peek(0).clone() {
            What::Word(name) if !RESERVED.contains(&name.as_str()) => name,
            _ => return Err(self.unexpected()),
        };
        self.next += 1;
        self.expect("in")?;
        let source = Box::new(self.expression()?);
        self.expect(before_body)?;
        let body = Box::new(self.expression()?);
        Ok(Ast::Each { how, name, source, body })
    }
}

/// Whether what stands in `list[…]` chooses by a condition instead of a number.
fn is_condition(index: &Node) -> bool {
    match &index.ast {
        Ast::Not(_) | Ast::All(_) | Ast::Any(_) | Ast::In { .. } => true,
        Ast::Chain { rest, .. } => rest.iter().any(|(_, operator, _)| {
            matches!(
                operator,
                Operator::Equal
                    | Operator::Unequal
                    | Operator::Less
                    | Operator::AtMost
                    | Operator::Greater
                    | Operator::AtLeast
            )
        }),
        _ => false,
    }
}
