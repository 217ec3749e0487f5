//! Settings: embedded defaults, then a file, then the environment; one report of all mistakes.

use std::collections::BTreeMap;
use std::fmt;

use config::{Environment, File, FileFormat, Value, ValueKind};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Where a service listens.
#[derive(Clone, Debug, Deserialize)]
pub struct Http {
    /// `host:port`; port 0 takes any free one.
    pub address: String,
    /// Threads that parse and answer requests.
    pub workers: usize,
}

/// One service's PostgreSQL.
#[derive(Clone, Debug, Deserialize)]
pub struct Database {
    /// `postgres://user:password@host:port/name`
    pub url: SecretString,
    /// The PostgreSQL schema that holds this service's tables.
    pub schema: String,
    /// Connections kept at most.
    pub max_connections: usize,
    /// The longest a statement may run.
    pub statement_timeout_ms: u64,
    /// The longest a request waits for a free connection before it answers UNAVAILABLE.
    pub wait_timeout_ms: u64,
    /// Whether a connection plans each statement once, whatever its values. It saves a good part of
    /// PostgreSQL's work where the plan is always the same, and hurts where the values decide.
    pub plans_once: bool,
}

/// The message bus.
#[derive(Clone, Debug, Deserialize)]
pub struct Bus {
    /// `amqp://user:password@host:port/vhost`, or `memory:NAME` for one process.
    pub url: SecretString,
    /// Put before the exchange's and every queue's name.
    pub prefix: String,
}

/// What proves one service to another.
#[derive(Clone, Debug, Deserialize)]
pub struct Internal {
    /// At least 32 characters, the same for all services.
    pub key: SecretString,
}

/// Another service of the house.
#[derive(Clone, Debug, Deserialize)]
pub struct Neighbour {
    /// Its internal address, such as `http://127.0.0.1:7023`.
    pub url: String,
    /// The longest a question to it may take.
    pub timeout_ms: u64,
}

impl Neighbour {
    /// A client of it.
    pub fn peer(&self, keys: crate::identity::Keys) -> anyhow::Result<crate::http::client::Peer> {
        crate::http::client::Peer::new(
            &self.url,
            keys,
            std::time::Duration::from_millis(self.timeout_ms),
        )
    }
}

/// The address under which people and ERPs see the house.
#[derive(Clone, Debug, Deserialize)]
pub struct Public {
    /// Scheme and host, such as `https://aiflow.example.com`; plain http on loopback only.
    pub url: String,
}

impl Public {
    /// The address without a trailing slash.
    pub fn origin(&self) -> &str {
        self.url.trim_end_matches('/')
    }

    /// Whether cookies can be `Secure`.
    pub fn is_https(&self) -> bool {
        self.url.starts_with("https://")
    }

    /// The mistakes of this section.
    pub fn mistakes(&self) -> Vec<String> {
        let fits = url::Url::parse(&self.url).is_ok_and(|address| {
            let bare = address.path() == "/"
                && address.query().is_none()
                && address.fragment().is_none()
                && address.username().is_empty()
                && address.password().is_none();
            let is_loopback = match address.host() {
                Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
                Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
                Some(url::Host::Domain(name)) => name == "localhost",
                None => false,
            };
            bare && match address.scheme() {
                "https" => address.has_host(),
                "http" => is_loopback,
                _ => false,
            }
        });
        (!fits)
            .then(|| "public.url must be the house's https:// address without a path; http:// is accepted on loopback only, where no cookie can be stolen on the way".to_owned())
            .into_iter()
            .collect()
    }
}

/// What is logged, and how.
#[derive(Clone, Debug, Deserialize)]
pub struct Log {
    /// A `tracing` filter such as `info` or `info,task_service=debug`.
    pub level: String,
    /// `json` (one object a line) or `text`.
    pub format: String,
}

/// What the settings of a service can say about themselves once they are read.
pub trait Check {
    /// One sentence for each mistake, naming the setting.
    fn mistakes(&self) -> Vec<String>;

    /// How to log.
    fn log(&self) -> &Log;
}

impl Internal {
    /// The mistakes of this section.
    pub fn mistakes(&self) -> Vec<String> {
        let short = self.key.expose_secret().chars().count() < 32;
        short
            .then(|| "internal.key must have at least 32 characters; make one with `openssl rand -hex 32` and give it to every service".to_owned())
            .into_iter()
            .collect()
    }
}

impl Database {
    /// The mistakes of this section.
    pub fn mistakes(&self) -> Vec<String> {
        let url = self.url.expose_secret();
        let mut mistakes = Vec::new();
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            mistakes.push("database.url must be a postgres:// address".to_owned());
        }
        if !self.schema.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            mistakes.push("database.schema may have only a-z, 0-9 and _".to_owned());
        }
        mistakes
    }
}

impl Bus {
    /// The mistakes of this section.
    pub fn mistakes(&self) -> Vec<String> {
        let url = self.url.expose_secret();
        let known = ["amqp://", "amqps://", "memory:"].iter().any(|scheme| url.starts_with(scheme));
        (!known)
            .then(|| {
                "bus.url must be an amqp:// address, or memory:NAME for one process".to_owned()
            })
            .into_iter()
            .collect()
    }
}

/// Everything that is wrong with the settings of one service.
#[derive(Debug)]
pub struct Mistakes {
    service: String,
    list: Vec<String>,
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} cannot start; its settings have {} mistake(s):",
            self.service,
            self.list.len()
        )?;
        for mistake in &self.list {
            writeln!(f, "  - {mistake}")?;
        }
        let prefix = environment_prefix(&self.service);
        write!(
            f,
            "Set them in the file named by AIFLOW_CONFIG or as {prefix}__SECTION__KEY; --print-config shows all of them."
        )
    }
}

impl std::error::Error for Mistakes {}

/// Settings given by the program itself (standalone, tests) in place of the defaults, by dotted name.
pub type Overrides = BTreeMap<String, String>;

/// Reads the settings of `service` ("task"): its embedded `defaults`, the program's `overrides` of
/// them, the file named by `AIFLOW_CONFIG` (tables `[all]` and `[task]`), `AIFLOW__A__B` (all
/// services), then `AIFLOW_TASK__A__B` (this one).
pub fn load<C: DeserializeOwned + Check>(
    service: &str,
    defaults: &str,
    overrides: &Overrides,
) -> Result<C, Mistakes> {
    let fail = |list: Vec<String>| Mistakes { service: service.to_owned(), list };
    let known = flatten(defaults_table(defaults).map_err(|error| fail(vec![error]))?);
    let (merged, mut mistakes) =
        merge(service, defaults, overrides, &known).map_err(|error| fail(vec![error]))?;
    match merged.try_deserialize::<C>() {
        Ok(config) => {
            mistakes.extend(config.mistakes());
            if mistakes.is_empty() { Ok(config) } else { Err(fail(mistakes)) }
        }
        Err(error) => {
            mistakes.push(error.to_string());
            Err(fail(mistakes))
        }
    }
}

/// The merged settings as TOML-like lines with every secret hidden, for `--print-config`.
pub fn print(service: &str, defaults: &str) -> Result<String, Mistakes> {
    let fail = |error| Mistakes { service: service.to_owned(), list: vec![error] };
    let known = flatten(defaults_table(defaults).map_err(fail)?);
    let (merged, _) = merge(service, defaults, &Overrides::new(), &known).map_err(fail)?;
    let mut text = String::new();
    for key in known.keys() {
        let value = merged.get_string(key).unwrap_or_default();
        let secret = ["key", "secret", "password", "url"].iter().any(|word| key.ends_with(word));
        let shown = if secret && !value.is_empty() { hide(&value) } else { value };
        text.push_str(&format!("{key} = {shown}\n"));
    }
    Ok(text)
}

/// An address keeps its host, everything else is hidden whole.
fn hide(value: &str) -> String {
    match url::Url::parse(value) {
        Ok(mut address) if address.has_host() => {
            if address.password().is_some() && address.set_password(Some("hidden")).is_err() {
                return "(hidden)".to_owned();
            }
            address.to_string()
        }
        _ => "(hidden)".to_owned(),
    }
}

fn merge(
    service: &str,
    defaults: &str,
    overrides: &Overrides,
    known: &BTreeMap<String, ValueKind>,
) -> Result<(config::Config, Vec<String>), String> {
    let mut mistakes = Vec::new();
    let mut builder =
        config::Config::builder().add_source(File::from_str(defaults, FileFormat::Toml));
    let mut apply = |layer: &str, strict: bool, values: BTreeMap<String, Value>| {
        let mut accepted = Vec::new();
        for (key, value) in values {
            if known.contains_key(&key) {
                accepted.push((key, value));
            } else if strict {
                mistakes
                    .push(format!("{layer} sets {key}, which is not a setting of this service"));
            }
        }
        accepted
    };
    #[expect(clippy::disallowed_methods, reason = "this is Config")]
    let path = std::env::var("AIFLOW_CONFIG").ok();
    let given = overrides.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str())));
    let mut layers = vec![apply("the program", false, given.collect())];
    if let Some(path) = path {
        let file = config::Config::builder()
            .add_source(File::new(&path, FileFormat::Toml))
            .build()
            .map_err(|error| format!("the file {path} (AIFLOW_CONFIG) cannot be read: {error}"))?;
        for (table, strict) in [("all", false), (service, true)] {
            if let Ok(values) = file.get_table(table) {
                layers.push(apply("the file of AIFLOW_CONFIG", strict, flatten_values(values)));
            }
        }
    }
    for (prefix, strict) in [("AIFLOW".to_owned(), false), (environment_prefix(service), true)] {
        let values = config::Config::builder()
            .add_source(Environment::with_prefix(&prefix).prefix_separator("__").separator("__"))
            .build()
            .and_then(config::Config::try_deserialize::<config::Map<String, Value>>)
            .map_err(|error| format!("the environment cannot be read: {error}"))?;
        layers.push(apply("the environment", strict, flatten_values(values)));
    }
    for (key, value) in layers.into_iter().flatten() {
        builder = builder.set_override(key, value).map_err(|error| error.to_string())?;
    }
    let merged = builder.build().map_err(|error| error.to_string())?;
    Ok((merged, mistakes))
}

fn environment_prefix(service: &str) -> String {
    format!("AIFLOW_{}", service.to_uppercase())
}

fn defaults_table(defaults: &str) -> Result<config::Map<String, Value>, String> {
    config::Config::builder()
        .add_source(File::from_str(defaults, FileFormat::Toml))
        .build()
        .and_then(config::Config::try_deserialize)
        .map_err(|error| format!("config.default.toml: {error}"))
}

fn flatten(table: config::Map<String, Value>) -> BTreeMap<String, ValueKind> {
    flatten_values(table).into_iter().map(|(key, value)| (key, value.kind)).collect()
}

/// `{a: {b: 1}}` as `a.b = 1`.
fn flatten_values(table: config::Map<String, Value>) -> BTreeMap<String, Value> {
    let mut flat = BTreeMap::new();
    for (key, value) in table {
        match value.kind.clone() {
            ValueKind::Table(inner) => {
                for (rest, value) in flatten_values(inner) {
                    flat.insert(format!("{key}.{rest}"), value);
                }
            }
            _ => {
                flat.insert(key, value);
            }
        }
    }
    flat
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Sample {
        http: Http,
        internal: Internal,
        log: Log,
    }

    impl Check for Sample {
        fn mistakes(&self) -> Vec<String> {
            self.internal.mistakes()
        }

        fn log(&self) -> &Log {
            &self.log
        }
    }

    const DEFAULTS: &str = "[http]\naddress = \"127.0.0.1:1\"\nworkers = 2\n[internal]\nkey = \"\"\n[log]\nlevel = \"info\"\nformat = \"json\"\n";

    #[test]
    fn an_override_wins_over_the_default() {
        let overrides = Overrides::from([
            ("http.workers".to_owned(), "5".to_owned()),
            ("internal.key".to_owned(), "k".repeat(32)),
        ]);

        let sample: Sample = load("sample", DEFAULTS, &overrides).unwrap();

        assert_eq!(sample.http.workers, 5);
        assert_eq!(sample.http.address, "127.0.0.1:1");
    }

    #[test]
    fn a_missing_secret_is_reported_with_what_to_do() {
        let error = load::<Sample>("sample", DEFAULTS, &Overrides::new()).unwrap_err().to_string();

        assert!(error.contains("internal.key"), "{error}");
        assert!(error.contains("AIFLOW_SAMPLE__SECTION__KEY"), "{error}");
    }

    #[test]
    fn a_public_address_is_https_or_on_loopback() {
        let mistakes = |url: &str| Public { url: url.to_owned() }.mistakes().len();

        for fits in [
            "https://aiflow.example.com",
            "https://a.example/",
            "http://127.0.0.1:7020",
            "http://localhost:1",
            "http://[::1]:2",
        ] {
            assert_eq!(mistakes(fits), 0, "{fits}");
        }
        for wrong in [
            "http://aiflow.example.com",
            "https://a.example/x",
            "https://u@a.example",
            "ftp://127.0.0.1",
            "a.example",
            "",
            "https://a.example?x",
        ] {
            assert_eq!(mistakes(wrong), 1, "{wrong}");
        }
    }

    #[test]
    fn a_printed_address_hides_its_password() {
        assert_eq!(hide("postgres://me:s3cret@db:5432/x"), "postgres://me:hidden@db:5432/x");
        assert_eq!(hide("plain-secret"), "(hidden)");
    }
}
