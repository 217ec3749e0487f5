//! The law of arrows: who may know whom, between the crates and inside a service.

use super::text::{below, member_folders, read, services, without_tests};

/// The crates of the workspace that a manifest names in a section.
fn named(folder: &str, section: &str) -> Vec<String> {
    let manifest = read(&format!("{folder}/Cargo.toml"));
    let Some(part) = manifest.split(&format!("\n[{section}]\n")).nth(1) else { return Vec::new() };
    let part = part.split("\n[").next().unwrap_or_default();
    let ours: Vec<String> = member_folders().iter().map(|member| name_of(member)).collect();
    let first_word = |line: &str| line.split([' ', '.', '=']).next().unwrap_or_default().to_owned();
    part.lines().map(first_word).filter(|word| ours.contains(word)).collect()
}

fn name_of(folder: &str) -> String {
    folder.rsplit('/').next().unwrap().to_owned()
}

#[test]
fn crates_know_only_whom_the_law_allows() {
    for folder in member_folders() {
        let (may, may_in_tests): (&[&str], &[&str]) = match folder.as_str() {
            "shared" => (&[], &[]),
            // They know everybody.
            "standalone" => continue,
            folder if folder == "tests" || folder == "tests/bench" => continue,
            "tests/fakes" | "flow-service/engine" => (&[], &[]),
            "tests/conformance" => (&["shared", "flow-engine"], &["shared", "flow-engine"]),
            "flow-service" => (&["shared", "flow-engine"], &["shared", "fakes", "flow-engine"]),
            _ => (&["shared"], &["shared", "fakes"]),
        };
        for (section, may) in [("dependencies", may), ("dev-dependencies", may_in_tests)] {
            for known in named(&folder, section) {
                assert!(
                    may.contains(&known.as_str()),
                    "{folder} must not know {known} ({section})"
                );
            }
        }
    }
}

/// What a folder of a service never names. A word of our own crate is `crate::`, and `shared::x`
/// forbids that part of the floor.
const NEVER: &[(&str, &[&str])] = &[
    (
        "domain",
        &[
            "async ",
            "tokio",
            "diesel",
            "actix_web",
            "reqwest",
            "lapin",
            "tracing",
            "Serialize",
            "Deserialize",
            " rand::",
            "crate::store",
            "crate::ports",
            "crate::usecase",
            "crate::http",
            "crate::events",
            "crate::jobs",
            "crate::error",
            "shared::db",
            "shared::bus",
            "shared::http",
            "shared::clock",
            "shared::config",
            "shared::outbox",
            "shared::inbox",
            "shared::identity",
            "shared::contract",
            "Utc::now",
            "SystemTime",
            "Instant::now",
        ],
    ),
    (
        "store",
        &[
            "actix_web",
            "reqwest",
            "lapin",
            "crate::http",
            "crate::usecase",
            "crate::events",
            "crate::jobs",
            "crate::ports",
            "shared::http",
            "shared::outbox",
            "shared::bus",
            "diesel::prelude",
            "diesel::dsl",
            "diesel::sql_query",
        ],
    ),
    (
        "ports",
        &[
            "actix_web",
            "diesel",
            "lapin",
            "crate::store",
            "crate::usecase",
            "crate::http",
            "crate::events",
            "crate::jobs",
        ],
    ),
    (
        "usecase",
        &[
            "actix_web",
            "diesel",
            "lapin",
            "Serialize",
            "Deserialize",
            "utoipa",
            "crate::http",
            "crate::jobs",
            "bus.publish",
            "shared::http::reply",
            "shared::http::body",
            "shared::http::json",
        ],
    ),
    (
        "http",
        &[
            "diesel",
            "lapin",
            "reqwest",
            "crate::store",
            "crate::ports",
            "crate::events",
            "crate::jobs",
            "shared::db",
            "shared::outbox",
        ],
    ),
    (
        "events",
        &[
            "actix_web",
            "diesel",
            "lapin",
            "crate::store",
            "crate::ports",
            "crate::http",
            "crate::jobs",
        ],
    ),
    (
        "jobs",
        &[
            "actix_web",
            "diesel",
            "lapin",
            "crate::store",
            "crate::ports",
            "crate::http",
            "crate::events",
            "crate::domain",
        ],
    ),
];

/// `use crate::{a, b::c};` as `crate::a crate::b`, so that a group hides nothing.
fn ungrouped(code: &str) -> String {
    let mut text = code.to_owned();
    for root in ["crate::", "shared::"] {
        for group in code.split(&format!("{root}{{")).skip(1) {
            let mut depth = 0;
            let mut names = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    _ if depth == 0 => names.push(c),
                    _ => {}
                }
            }
            for name in names.split(',') {
                text.push_str(&format!("\n{root}{}", name.trim()));
            }
        }
    }
    text
}

#[test]
fn inside_a_service_no_arrow_points_the_wrong_way() {
    let mut wrong = Vec::new();
    for service in services() {
        for (layer, never) in NEVER {
            for path in below(&format!("{service}/src/{layer}"), "rs") {
                if path.ends_with("/tests.rs") {
                    continue;
                }
                let code = ungrouped(&without_tests(&read(&path)));
                for word in never.iter().filter(|word| code.contains(**word)) {
                    wrong.push(format!("{path} names {word}"));
                }
            }
        }
    }

    assert!(wrong.is_empty(), "{} wrong arrows:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn use_cases_know_of_events_only_how_ours_are_written() {
    for service in services() {
        for path in below(&format!("{service}/src/usecase"), "rs") {
            let code = ungrouped(&without_tests(&read(&path)));
            for named in code.split("crate::events").skip(1) {
                assert!(named.starts_with("::facts"), "{path} names events beside facts");
            }
        }
    }
}

#[test]
fn services_do_not_name_each_others_tables() {
    for service in services() {
        let schema = service.trim_end_matches("-service").to_owned();
        for other in services()
            .iter()
            .map(|other| other.trim_end_matches("-service").to_owned())
            .filter(|other| *other != schema)
        {
            for path in below(&format!("{service}/src/store"), "rs") {
                let code = without_tests(&read(&path));
                for verb in ["from", "join", "into", "update"] {
                    assert!(
                        !code.contains(&format!("{verb} {other}.")),
                        "{path} reads {other}'s tables"
                    );
                }
            }
        }
    }
}
