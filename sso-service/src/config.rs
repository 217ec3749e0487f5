//! The settings of sso-service.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use shared::config::{Bus, Check, Database, Http, Internal, Log};

/// See `config.default.toml`, which explains every one.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    pub(crate) http: Http,
    pub(crate) database: Database,
    pub(crate) bus: Bus,
    pub(crate) internal: Internal,
    pub(crate) seal: Seal,
    pub(crate) dingtalk: Dingtalk,
    log: Log,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Seal {
    pub(crate) key: SecretString,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Dingtalk {
    pub(crate) timeout_ms: u64,
}

impl Check for Config {
    fn mistakes(&self) -> Vec<String> {
        let mut mistakes =
            [self.database.mistakes(), self.bus.mistakes(), self.internal.mistakes()].concat();
        let key = self.seal.key.expose_secret();
        if key.len() != 64 || hex::decode(key).is_err() {
            mistakes.push("seal.key must be 64 hexadecimal digits; make one with `openssl rand -hex 32` and keep it: without it no stored secret can be read".to_owned());
        }
        mistakes
    }

    fn log(&self) -> &Log {
        &self.log
    }
}
