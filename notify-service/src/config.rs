//! The settings of notify-service.

use serde::Deserialize;
use shared::config::{Bus, Check, Database, Http, Internal, Log, Neighbour};

use crate::domain::network::Networks;

/// See `config.default.toml`, which explains every one.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    pub(crate) http: Http,
    pub(crate) database: Database,
    pub(crate) bus: Bus,
    pub(crate) internal: Internal,
    pub(crate) sso: Neighbour,
    pub(crate) dingtalk: Dingtalk,
    pub(crate) pages: Pages,
    pub(crate) erp: Erp,
    log: Log,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Dingtalk {
    pub(crate) timeout_ms: u64,
    pub(crate) calls_per_second: u32,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Pages {
    pub(crate) public_url: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Erp {
    pub(crate) timeout_ms: u64,
    pub(crate) calls: usize,
    pub(crate) drain_per_second: u32,
    pub(crate) probe_secs: u32,
    allowed_networks: String,
}

impl Erp {
    /// The networks that are allowed although they are not public.
    pub(crate) fn networks(&self) -> Networks {
        Networks::parse(&self.allowed_networks).unwrap_or_default()
    }

    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut demand = |holds: bool, sentence: &str| {
            if !holds {
                mistakes.push(sentence.to_owned());
            }
        };
        demand(
            (100..=15_000).contains(&self.timeout_ms),
            "erp.timeout_ms must be between 100 and 15000: a push is held for 30 s, its place in the queue included",
        );
        demand((2..=64).contains(&self.calls), "erp.calls must be between 2 and 64");
        demand(
            (1..=1_000).contains(&self.drain_per_second),
            "erp.drain_per_second must be between 1 and 1000",
        );
        demand((1..=3_600).contains(&self.probe_secs), "erp.probe_secs must be between 1 and 3600");
        if let Err(wrong) = Networks::parse(&self.allowed_networks) {
            mistakes.push(format!(
                "erp.allowed_networks: {wrong:?} is no network such as 10.1.0.0/16 or fd00::/8"
            ));
        }
        mistakes
    }
}

impl Check for Config {
    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = [
            self.database.mistakes(),
            self.bus.mistakes(),
            self.internal.mistakes(),
            self.erp.mistakes(),
        ]
        .concat();
        if !(1..=60).contains(&self.dingtalk.calls_per_second) {
            mistakes.push(
                "dingtalk.calls_per_second must be between 1 and 60; DingTalk's standard edition allows 20"
                    .to_owned(),
            );
        }
        mistakes
    }

    fn log(&self) -> &Log {
        &self.log
    }
}
