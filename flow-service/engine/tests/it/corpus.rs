//! Every case of `corpus/`: a drawing and a script of commands with what each makes happen.
//! `UPDATE=1` writes what happens into the scripts.

use std::path::{Path, PathBuf};

use crate::script::Story;

#[test]
fn every_script_tells_what_happens() {
    let mut failures = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    for case in cases {
        let path = case.join("script");
        let script = std::fs::read_to_string(&path).unwrap();
        let told = tell(&case, &script);
        if told == script {
            continue;
        }
        if update() {
            std::fs::write(&path, told).unwrap();
        } else {
            failures.push(format!("{}\n--- written\n{script}--- happens\n{told}", path.display()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn tell(case: &Path, script: &str) -> String {
    let drawing = std::fs::read_to_string(case.join("process.bpmn")).unwrap();
    let mut story = Story::new(&drawing);
    let mut told = String::new();
    for line in script.lines().filter(|line| !line.starts_with("> ")) {
        told.push_str(line);
        told.push('\n');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        for happened in story.go(line) {
            told.push_str(&format!("> {happened}\n"));
        }
    }
    told
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/corpus");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

#[expect(clippy::disallowed_methods, reason = "a test is told by its environment to update")]
fn update() -> bool {
    std::env::var("UPDATE").is_ok()
}
