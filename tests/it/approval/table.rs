//! The table of operations in docs/APPROVAL.md, read.

use std::collections::BTreeMap;

/// Its columns.
pub(super) const SITUATIONS: [&str; 8] =
    ["single", "any", "all", "sequence", "vote", "parallel", "sub", "multi"];

/// One line.
pub(super) struct Row {
    /// As it stands there.
    pub(super) text: String,
    /// What the task says of refusals, where the line asks for it.
    pub(super) on_reject: Option<String>,
    pub(super) steps: Vec<Step>,
    /// What comes of it, by situation.
    pub(super) cells: Vec<String>,
}

/// One thing that somebody does.
pub(super) struct Step {
    pub(super) who: String,
    /// As a person who is signed in; else the application names them.
    pub(super) is_alone: bool,
    pub(super) what: String,
    /// To whom, where, how.
    pub(super) how: Vec<String>,
}

/// The lines of every section, by its heading.
pub(super) fn sections() -> BTreeMap<String, Vec<Row>> {
    let page = include_str!("../../../docs/APPROVAL.md");
    let (_, table) = page.split_once("## Every operation in every situation").unwrap();
    let mut sections: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    let mut section = String::new();
    for line in table.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            section = heading.to_owned();
        } else if line.starts_with("| done |") {
            let columns: Vec<&str> = line.split('|').map(str::trim).collect();
            assert_eq!(columns[2..10], SITUATIONS, "the columns of {section}");
        } else if line.starts_with("| ") {
            sections.entry(section.clone()).or_default().push(row(line));
        }
    }
    sections
}

fn row(line: &str) -> Row {
    let parts: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    assert_eq!(parts.len(), 9, "{line}");
    let text = parts[0].to_owned();
    let (on_reject, script) = match text.strip_prefix("onReject=") {
        Some(rest) => {
            let (word, script) = rest.split_once(": ").unwrap();
            (Some(word.to_owned()), script)
        }
        None => (None, text.as_str()),
    };
    let steps = script.split(", ").map(step).collect();
    let cells = parts[1..].iter().map(|cell| (*cell).to_owned()).collect();
    Row { on_reject, steps, cells, text: text.clone() }
}

pub(super) fn step(text: &str) -> Step {
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let is_alone = words[1] == "themselves";
    if is_alone {
        words.remove(1);
    }
    Step { who: words[0].clone(), is_alone, what: words[1].clone(), how: words[2..].to_vec() }
}
