//! What the house promises about its own text: arrows, first lines, addresses, settings, ports.

mod arrows;
mod text;

use text::{below, lines, member_folders, read, services, without_tests};

use crate::door::{LATER, LATER_UNSIGNED, SERVED, SIGN_IN};

#[test]
fn every_source_file_opens_with_its_sentence() {
    for path in below("", "rs") {
        let text = read(&path);
        let first = text.lines().next().unwrap_or_default();
        // A crate's own page is its README.
        let opens = first.starts_with("//! ") || first.starts_with("#![doc = include_str!");
        assert!(opens, "{path} opens with {first:?}");
    }
}

#[test]
fn every_documented_address_stands_in_the_gateways_table() {
    let table = read("gateway/src/routes.rs");
    for (method, path) in SERVED.iter().chain(SIGN_IN).chain(LATER) {
        let place = format!("(\"{method}\", \"{path}\", ");
        assert!(table.contains(&place), "{method} {path} is not in gateway/src/routes.rs");
    }
    for (_, path) in LATER_UNSIGNED {
        assert!(table.contains(&format!("\"{path}\"")), "{path} is not in gateway/src/routes.rs");
    }
    let app = read("gateway/src/app.rs");
    for path in ["/health/live", "/health/ready", "/metrics", "/docs"] {
        assert!(app.contains(&format!("\"{path}\"")), "{path} is not in gateway/src/app.rs");
    }
}

#[test]
fn every_use_case_is_reached_from_a_handler_a_subscriber_or_a_job() {
    for service in services() {
        let folder = format!("{service}/src/usecase");
        let doors: String = ["http", "events", "jobs"]
            .iter()
            .flat_map(|layer| below(&format!("{service}/src/{layer}"), "rs"))
            .map(|path| read(&path))
            .chain([read(&format!("{service}/src/app.rs"))])
            .collect();
        let files: Vec<String> =
            below(&folder, "rs").into_iter().filter(|path| !path.ends_with("mod.rs")).collect();
        let name =
            |path: &String| path.rsplit('/').next().unwrap().trim_end_matches(".rs").to_owned();
        let mut reached = doors;
        let mut waiting: Vec<String> = files;
        loop {
            let (now, later): (Vec<_>, Vec<_>) =
                waiting.into_iter().partition(|path| reached.contains(&name(path)));
            if now.is_empty() {
                assert!(later.is_empty(), "nobody reaches {later:?}");
                break;
            }
            // What a reached use case names is a step of it.
            now.iter().for_each(|path| reached.push_str(&without_tests(&read(path))));
            waiting = later;
        }
    }
}

#[test]
fn every_setting_has_a_comment_above_it() {
    for service in services().into_iter().chain(["gateway".to_owned()]) {
        let path = format!("{service}/config.default.toml");
        let lines = lines(&path);
        for pair in lines.windows(2) {
            let is_setting = pair[1].contains(" = ") && !pair[1].starts_with('#');
            assert!(
                !is_setting || pair[0].starts_with("# "),
                "{path}: nothing above {:?}",
                pair[1]
            );
        }
    }
}

/// The port of the first `address` in a service's defaults.
fn default_port(service: &str) -> String {
    let lines = lines(&format!("{service}/config.default.toml"));
    let address = lines.iter().find(|line| line.starts_with("address = ")).unwrap();
    address.trim_end_matches('"').rsplit(':').next().unwrap().to_owned()
}

/// The lines of one service in docker-compose.yml.
fn composed(service: &str) -> String {
    let all = lines("docker-compose.yml");
    let begin = all.iter().position(|line| *line == format!("  {service}:"));
    let begin = begin.unwrap_or_else(|| panic!("docker-compose.yml has no {service}"));
    let after = all.iter().skip(begin + 1);
    after
        .take_while(|line| line.is_empty() || line.starts_with("   "))
        .cloned()
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_ports_of_docker_compose_are_the_defaults() {
    let whole = read("docker-compose.yml");
    for service in services().into_iter().chain(["gateway".to_owned()]) {
        let port = default_port(&service);
        let own = composed(&service);
        assert!(
            own.contains(&port),
            "docker-compose.yml: {service} does not name its port {port}:\n{own}"
        );
    }
    for service in services() {
        let place = format!("http://{service}:{}", default_port(&service));
        assert!(whole.contains(&place), "docker-compose.yml: nobody calls {place}");
        for named in whole.split(&format!("http://{service}:")).skip(1) {
            assert!(
                named.starts_with(&default_port(&service)),
                "docker-compose.yml calls {service} elsewhere"
            );
        }
    }
}

#[test]
fn no_file_names_a_package_registry_or_a_folder_of_one_machine() {
    let hosts = [
        ["crates", "io"],
        ["pypi", "org"],
        ["npmjs", "org"],
        ["npmjs", "com"],
        ["rsproxy", "cn"],
        ["golang", "org"],
    ];
    let mut forbidden: Vec<String> = hosts.iter().map(|parts| parts.join(".")).collect();
    forbidden.extend(["work", "root"].map(|name| format!("/{name}/")));
    for path in below("", "") {
        // Cargo writes the registry of each package into its lock file.
        if path.ends_with(".lock") {
            continue;
        }
        let text = read(&path);
        for word in &forbidden {
            assert!(!text.contains(word.as_str()), "{path} names {word}");
        }
    }
}

#[test]
fn every_migration_goes_up_and_down_and_says_why() {
    for service in services().into_iter().chain(["shared".to_owned()]) {
        let files = below(&format!("{service}/migrations"), "sql");
        assert!(!files.is_empty(), "{service} has no migrations");
        for path in &files {
            let other = if path.ends_with("/up.sql") {
                path.replace("/up.sql", "/down.sql")
            } else {
                path.replace("/down.sql", "/up.sql")
            };
            assert!(files.contains(&other), "{other} is missing");
            let says_why = read(path).starts_with("-- ") || path.ends_with("/down.sql");
            assert!(says_why, "{path} does not open with a comment");
        }
    }
}

#[test]
fn every_folder_of_a_service_is_one_of_the_shape() {
    let shape = ["domain", "usecase", "store", "ports", "http", "events", "jobs"];
    for service in services() {
        for path in below(&format!("{service}/src"), "rs") {
            let inside = path.split("/src/").nth(1).unwrap();
            let folder = inside.split_once('/').map(|(folder, _)| folder);
            assert!(
                folder.is_none_or(|folder| shape.contains(&folder)),
                "{path} stands outside the shape"
            );
        }
    }
}

#[test]
fn every_member_of_the_workspace_is_named_after_its_folder() {
    for folder in member_folders() {
        // The engine's name says whose it is: no crate is called `engine` alone.
        let name = match folder.as_str() {
            "flow-service/engine" => "flow-engine",
            folder => folder.rsplit('/').next().unwrap(),
        };
        let manifest = read(&format!("{folder}/Cargo.toml"));
        assert!(
            manifest.contains(&format!("name = \"{name}\"")),
            "{folder}/Cargo.toml has another name"
        );
    }
}

#[test]
fn the_longest_files_are_printed() {
    let size = |path: String| (read(&path).lines().count(), path);
    let mut sizes: Vec<(usize, String)> = below("", "rs").into_iter().map(size).collect();
    sizes.sort();

    for (size, path) in sizes.iter().rev().take(5) {
        println!("{size:5} {path}");
    }
}
