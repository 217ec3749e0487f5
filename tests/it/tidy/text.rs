//! The workspace as text.

use std::path::{Path, PathBuf};

/// Folders that hold nothing of ours: built, fetched, or the history.
const SKIPPED: [&str; 7] =
    ["target", ".git", ".aiflow", "node_modules", "dist", "__pycache__", ".venv"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every text file below a folder with this ending (empty = any), relative to the workspace.
pub(super) fn below(folder: &str, ending: &str) -> Vec<String> {
    let root = root();
    let mut found = Vec::new();
    collect(&root.join(folder), &mut found);
    let fits =
        |path: &PathBuf| ending.is_empty() || path.extension().is_some_and(|kind| kind == ending);
    let mut names: Vec<String> = found
        .into_iter()
        .filter(fits)
        .map(|path| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_symlink() || SKIPPED.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            collect(&path, found);
        } else if std::fs::read_to_string(&path).is_ok() {
            found.push(path);
        }
    }
}

/// A file's text; nothing where there is none.
pub(super) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_default()
}

pub(super) fn lines(path: &str) -> Vec<String> {
    let text = read(path);
    assert!(!text.is_empty(), "{path} is missing");
    text.lines().map(str::to_owned).collect()
}

/// The members of the workspace, by folder.
pub(super) fn member_folders() -> Vec<String> {
    let manifest = read("Cargo.toml");
    let list = manifest.split("members = [").nth(1).unwrap().split(']').next().unwrap();
    list.split(',')
        .map(|name| name.trim().trim_matches('"').to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

/// The five services behind the door.
pub(super) fn services() -> Vec<String> {
    member_folders().into_iter().filter(|name| name.ends_with("-service")).collect()
}

/// The code of a file: no comments, nothing from its tests on.
pub(super) fn without_tests(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}
