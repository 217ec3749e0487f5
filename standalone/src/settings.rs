//! The settings of standalone, and what it tells each service.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;
use shared::config::{Check, Log, Overrides};

use crate::keys::Keys;

/// The embedded defaults.
pub(crate) const DEFAULTS: &str = include_str!("../config.default.toml");

/// See `config.default.toml`, which explains every one.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Settings {
    pub(crate) data: Data,
    pub(crate) public: Address,
    pub(crate) database: Address,
    pub(crate) bus: Address,
    pub(crate) internal: Key,
    pub(crate) seal: Key,
    pub(crate) demo: Demo,
    pub(crate) log: Log,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Data {
    pub(crate) folder: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Address {
    pub(crate) url: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Key {
    pub(crate) key: SecretString,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Demo {
    pub(crate) dingtalk_port: u16,
    pub(crate) odoo_port: u16,
}

impl Check for Settings {
    fn mistakes(&self) -> Vec<String> {
        Vec::new()
    }

    fn log(&self) -> &Log {
        &self.log
    }
}

impl Settings {
    /// What all services are told; addresses and sizes stay their own settings.
    pub(crate) fn for_services(&self, keys: &Keys, database: &str) -> Overrides {
        let bus = if self.bus.url.is_empty() { "memory:standalone" } else { &self.bus.url };
        Overrides::from([
            ("database.url".to_owned(), database.to_owned()),
            ("bus.url".to_owned(), bus.to_owned()),
            ("public.url".to_owned(), self.public.url.clone()),
            ("internal.key".to_owned(), keys.internal.clone()),
            ("seal.key".to_owned(), keys.seal.clone()),
            ("http.workers".to_owned(), "1".to_owned()),
        ])
    }
}
