//! Pages that are written from the code, and codes that a test must have seen.

use std::path::{Path, PathBuf};

use shared::code::Code;

/// Codes that no test over HTTP names, and why.
const NOT_PRODUCED: &[(Code, &str)] = &[
    (Code::VersionConflict, "flow/update is not served yet"),
    (Code::UpstreamFailed, "no served address hands on an outside system's answer"),
    (Code::Internal, "a bug, by definition"),
];

fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn is_update() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// Writes the page when asked to, else compares it.
fn check(name: &str, text: &str) {
    let path = workspace().join("docs").join(name);
    if is_update() {
        std::fs::write(&path, text).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == text, "docs/{name} is stale: run `make docs` and commit it");
}

#[test]
fn the_page_of_error_codes_is_fresh() {
    check("ERRORS.md", &shared::code::markdown());
}

#[test]
fn the_page_of_events_is_fresh() {
    check("EVENTS.md", &shared::contract::markdown());
}

/// All test sources of a folder, as one text; this file does not count.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            text.push_str(&sources(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs")
            && !path.ends_with("generated.rs")
        {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
    text
}

#[test]
fn every_code_that_can_be_answered_is_named_by_a_test() {
    let text = sources(&workspace().join("tests"));

    for code in Code::ALL {
        let variant = format!("Code::{code:?}");
        let is_named = text.contains(&variant) || text.contains(&format!("\"{}\"", code.name()));
        let excuse = NOT_PRODUCED.iter().find(|(known, _)| known == code);
        match excuse {
            Some((_, why)) => println!("{} is not tested: {why}", code.name()),
            None => assert!(is_named, "no test names {}", code.name()),
        }
    }
}
