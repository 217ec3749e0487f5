//! Scripts in our language: a line is `name = expression`, or an expression alone.

/// The lines of a script: the variable to be set, if any, and the expression.
pub(crate) fn lines(script: &str) -> impl Iterator<Item = (Option<&str>, &str)> {
    let lines = script.lines().map(|line| line.trim().trim_end_matches(';').trim_end());
    lines.filter(|line| !line.is_empty()).map(|line| match assignment(line) {
        Some((name, text)) => (Some(name), text),
        None => (None, line),
    })
}

/// `name = expression`, not `name == expression` nor `= expression`.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, text) = line.split_once('=')?;
    let name = name.trim();
    let first = name.chars().next()?;
    let named = (first.is_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    (named && !text.starts_with('=')).then(|| (name, text.trim()))
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn a_line_sets_a_variable_or_is_an_expression() {
        let script = "total = a + b;\n\n a == b \n=c\n1a = 2";

        let read = lines(script).collect::<Vec<_>>();

        let expected = [(Some("total"), "a + b"), (None, "a == b"), (None, "=c"), (None, "1a = 2")];
        assert_eq!(read, expected);
    }
}
