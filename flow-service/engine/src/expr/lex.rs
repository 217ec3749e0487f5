//! Text to words, numbers, strings and signs.

use super::Fault;
use crate::value;
use rust_decimal::Decimal;

/// The longest number, in characters: a decimal has 28 digits.
const MAX_NUMBER: usize = 40;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    Number(Decimal),
    Text(String),
    Word(String),
    Sign(&'static str),
    End,
}

/// Longer ones first.
const SIGNS: [&str; 30] = [
    "&&", "||", "==", "!=", "<>", "<=", ">=", "**", "..", "=", "<", ">", "!", "+", "-", "*", "/",
    "%", "(", ")", "[", "]", "{", "}", ",", ".", "?", ":", "|", "&",
];

/// The tokens from `at` on: to the end of the text, or to the `}` that closes what began before;
/// then also where the text goes on after it.
pub(super) fn tokens(
    chars: &[char],
    at: usize,
    braced: bool,
) -> Result<(Vec<Token>, usize), Fault> {
    let (mut tokens, mut at, mut open) = (Vec::new(), at, 0_usize);
    while let Some(&c) = chars.get(at) {
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        let after_value = matches!(
            tokens.last(),
            Some(Token { what: What::Word(_) | What::Text(_) | What::Sign(")" | "]" | "}"), .. })
        );
        let digit_next = chars.get(at + 1).is_some_and(char::is_ascii_digit);
        let (what, end) = if c.is_ascii_digit() || (c == '.' && digit_next && !after_value) {
            number(chars, at)?
        } else if c == '"' || c == '\'' {
            string(chars, at, c)?
        } else if is_letter(c) {
            word(chars, at)
        } else {
            sign(chars, at)?
        };
        match what {
            What::Sign("{") => open += 1,
            What::Sign("}") if open > 0 => open -= 1,
            What::Sign("}") if braced => {
                tokens.push(Token { at, what: What::End });
                return Ok((tokens, end));
            }
            _ => {}
        }
        tokens.push(Token { at, what });
        at = end;
    }
    if braced {
        return Err(Fault { message: "缺少“}”".into(), at });
    }
    tokens.push(Token { at, what: What::End });
    Ok((tokens, at))
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '$'
}

fn word(chars: &[char], at: usize) -> (What, usize) {
    let rest = chars.get(at..).unwrap_or_default();
    let word: String = rest.iter().take_while(|c| is_letter(**c) || c.is_alphanumeric()).collect();
    let end = at + word.chars().count();
    (What::Word(word), end)
}

fn number(chars: &[char], at: usize) -> Result<(What, usize), Fault> {
    let digits = |from: usize| {
        chars.get(from..).unwrap_or_default().iter().take_while(|c| c.is_ascii_digit()).count()
    };
    let mut end = at + digits(at);
    if chars.get(end) == Some(&'.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    if let Some('e' | 'E') = chars.get(end) {
        let signed = usize::from(matches!(chars.get(end + 1), Some('+' | '-')));
        let exponent = digits(end + 1 + signed);
        if exponent > 0 {
            end += 1 + signed + exponent;
        }
    }
    let text: String = chars.get(at..end).unwrap_or_default().iter().collect();
    let number = if text.len() > MAX_NUMBER { None } else { value::number(&text) };
    match number {
        Some(number) => Ok((What::Number(number), end)),
        None => Err(Fault { message: "数字超出范围".into(), at }),
    }
}

fn string(chars: &[char], at: usize, quote: char) -> Result<(What, usize), Fault> {
    let (mut text, mut end) = (String::new(), at + 1);
    loop {
        match (chars.get(end), chars.get(end + 1)) {
            (None, _) => {
                return Err(Fault { message: "字符串没有结束的引号".into(), at });
            }
            (Some(c), _) if *c == quote => return Ok((What::Text(text), end + 1)),
            (Some('\\'), Some('u')) => {
                let code: String = chars.iter().skip(end + 2).take(4).collect();
                let c = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                let c = c.filter(|_| code.len() == 4);
                text.push(c.ok_or_else(|| Fault {
                    message: "\\u 之后应有四位十六进制数".into(),
                    at: end,
                })?);
                end += 6;
            }
            (Some('\\'), Some(c)) => {
                text.push(match c {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    other => *other,
                });
                end += 2;
            }
            (Some(c), _) => {
                text.push(*c);
                end += 1;
            }
        }
    }
}

fn sign(chars: &[char], at: usize) -> Result<(What, usize), Fault> {
    let rest = chars.get(at..).unwrap_or_default();
    let known = SIGNS
        .iter()
        .find(|sign| rest.len() >= sign.len() && sign.chars().zip(rest).all(|(a, b)| a == *b));
    match (known, rest.first()) {
        (Some(sign), _) => Ok((What::Sign(sign), at + sign.len())),
        (None, Some(c)) => Err(Fault { message: format!("不认识的符号“{c}”"), at }),
        (None, None) => Ok((What::End, at)),
    }
}
