//! The settings of notify-service.

use serde::Deserialize;
use shared::config::{Bus, Check, Database, Http, Internal, Log, Neighbour};

/// See `config.default.toml`, which explains every one.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    pub(crate) http: Http,
    pub(crate) database: Database,
    pub(crate) bus: Bus,
    pub(crate) internal: Internal,
    pub(crate) sso: Neighbour,
    pub(crate) dingtalk: Dingtalk,
    log: Log,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Dingtalk {
    pub(crate) timeout_ms: u64,
    pub(crate) calls_per_second: u32,
}

impl Check for Config {
    fn mistakes(&self) -> Vec<String> {
        let mut mistakes =
            [self.database.mistakes(), self.bus.mistakes(), self.internal.mistakes()].concat();
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
