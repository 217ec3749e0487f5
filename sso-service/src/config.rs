//! The settings of sso-service.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
pub(crate) use shared::config::Public;
use shared::config::{Bus, Check, Database, Http, Internal, Log, Neighbour};

/// See `config.default.toml`, which explains every one.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    pub(crate) http: Http,
    pub(crate) database: Database,
    pub(crate) bus: Bus,
    pub(crate) internal: Internal,
    pub(crate) seal: Seal,
    pub(crate) dingtalk: Dingtalk,
    pub(crate) public: Public,
    pub(crate) session: Session,
    pub(crate) provider: Provider,
    pub(crate) sync: Neighbour,
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

/// How long people stay signed in.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Session {
    pub(crate) issuer: String,
    pub(crate) access_secs: i64,
    pub(crate) refresh_days: i32,
    pub(crate) key_days: i64,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Provider {
    pub(crate) timeout_ms: u64,
}

impl Session {
    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        if self.issuer.is_empty() {
            mistakes.push("session.issuer must not be empty".to_owned());
        }
        if !(60..=86_400).contains(&self.access_secs) {
            mistakes.push("session.access_secs must be between 60 and 86400".to_owned());
        }
        if !(1..=365).contains(&self.refresh_days) {
            mistakes.push("session.refresh_days must be between 1 and 365".to_owned());
        }
        if !(1..=365).contains(&self.key_days) {
            mistakes.push("session.key_days must be between 1 and 365".to_owned());
        }
        mistakes
    }
}

impl Check for Config {
    fn mistakes(&self) -> Vec<String> {
        let mut mistakes =
            [self.database.mistakes(), self.bus.mistakes(), self.internal.mistakes()].concat();
        mistakes.extend(self.public.mistakes());
        mistakes.extend(self.session.mistakes());
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
