//! Runs the hostile inputs: the set beside the workspace, where it is, and our own in `hostile.json`.
//!
//! Where a case and the contract differ, the contract wins: see [`OVERRIDES`].

mod case;
mod fixture;
mod sign_in;
mod special;

use std::collections::BTreeMap;
use std::path::PathBuf;

use futures_util::StreamExt;
use serde_json::Value;

use case::{Case, Expected};

/// Addresses of the file that are served today.
const SERVED: [&str; 11] = [
    "POST /aflow/api/sys/sync/department",
    "POST /aflow/api/sys/sync/user",
    "POST /aflow/api/auth/bind",
    "POST /aflow/api/flow/create_third_party",
    "POST /aflow/api/flow/online_third_party",
    "POST /aflow/api/flow/create",
    "PUT /aflow/api/flow/update",
    "POST /aflow/api/flow/publish",
    "POST /aflow/api/form/sync",
    "POST /aflow/api/order/sync/task",
    "POST /aflow/api/order/approval/log",
];

fn is_served(endpoint: &str) -> bool {
    SERVED.contains(&endpoint) || sign_in::SERVED.contains(&endpoint)
}

/// Repetitions of a race at most, so that the whole stays under a minute. RT-013 runs all of its 500,
/// side by side.
const MOST_REPEATS: u64 = 20;

/// Where api.md wins: the case, which of its requests (absent = all), the status it then has, why.
const OVERRIDES: &[(&str, Option<usize>, i64, &str)] = &[
    (
        "ALOG-005",
        None,
        0,
        "an unknown order's history is kept 7 days; another enterprise's order answers as a missing one",
    ),
    ("ALOG-014", Some(1), 0, "ISO-8601 with an offset is accepted"),
];

/// Cases that never reach our code: the case and why.
const BELOW: &[(&str, &str)] = &[(
    "HTTP-067",
    "bytes that no request line may hold are refused by the HTTP parser with a bare 400 (DECISIONS)",
)];

/// Says something even where the test's output is captured: nothing is left out silently.
fn say(line: &str) {
    use std::io::Write;
    std::io::stderr().write_all(format!("bad inputs: {line}\n").as_bytes()).unwrap();
}

/// The row code that the contract uses for a code of the file.
fn row_code(word: &str) -> &str {
    if word == "DEPT_CYCLE" { "CYCLE" } else { word }
}

fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &std::path::Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn file() -> PathBuf {
    let named = std::env::var_os("BAD_INPUTS").map(PathBuf::from);
    named.unwrap_or_else(|| workspace().join("../shared/spec/bad-inputs.json"))
}

/// Runs cases side by side and gives what differs.
async fn run_all(cases: Vec<Case>) -> Vec<String> {
    let others = fixture::Other::start().await;
    let run = |case: Case| {
        let others = &others;
        async move { case.run(others).await }
    };
    futures_util::stream::iter(cases.into_iter().map(run)).buffer_unordered(4).concat().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hostile_set_is_answered_as_it_says() {
    let file = file();
    if !file.exists() {
        say(&format!("no file at {}, 0 cases run", file.display()));
        return;
    }
    let set = read(&file);
    let all = set["cases"].as_array().unwrap();
    let cases: Vec<Case> = all
        .iter()
        .filter(|case| is_served(case["endpoint"].as_str().unwrap()))
        .filter(|case| !BELOW.iter().any(|(id, _)| case["id"] == *id))
        .map(|case| Case::new(case, &set["meta"]["bases"]))
        .collect();
    say(&format!(
        "{} of {} cases, races cut to {MOST_REPEATS} repetitions except RT-013",
        cases.len(),
        all.len()
    ));
    let mut left: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for case in all {
        let endpoint = case["endpoint"].as_str().unwrap();
        if !is_served(endpoint) {
            left.entry(endpoint).or_default().push(case["id"].as_str().unwrap());
        }
    }
    for (endpoint, ids) in left {
        say(&format!("not run, {endpoint} is not served yet: {}", ids.join(" ")));
    }
    for (id, why) in BELOW {
        say(&format!("not run, {id}: {why}"));
    }
    for (id, place, status, why) in OVERRIDES {
        say(&format!("{id} {place:?} expects status {status}: {why}"));
    }

    let differing = run_all(cases).await;

    assert!(differing.is_empty(), "{} cases differ:\n{}", differing.len(), differing.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_hostile_inputs_are_answered_as_they_say() {
    let set = read(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("it/bad_inputs/hostile.json"));
    let cases: Vec<Case> = set["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| Case::new(case, &set["bases"]))
        .collect();

    for (method, path) in crate::door::SERVED {
        let count = cases.iter().filter(|case| case.is_for(method, path)).count();
        assert!(count >= 10, "only {count} cases for {method} {path}");
    }
    let differing = run_all(cases).await;

    assert!(differing.is_empty(), "{} cases differ:\n{}", differing.len(), differing.join("\n"));
}

/// The status a request of a case is held to.
fn overridden(id: &str, place: usize, expected: &Expected) -> Option<i64> {
    let found = OVERRIDES
        .iter()
        .find(|(case, which, _, _)| *case == id && which.is_none_or(|which| which == place));
    found.map(|(_, _, status, _)| *status).or(expected.status)
}
