//! The settings of flow-service.

use serde::Deserialize;
use shared::config::{Bus, Check, Database, Http, Internal, Log, Neighbour};

/// See `config.default.toml`, which explains every one.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    pub(crate) http: Http,
    pub(crate) database: Database,
    pub(crate) bus: Bus,
    pub(crate) internal: Internal,
    pub(crate) sync: Neighbour,
    log: Log,
}

impl Check for Config {
    fn mistakes(&self) -> Vec<String> {
        [self.database.mistakes(), self.bus.mistakes(), self.internal.mistakes()].concat()
    }

    fn log(&self) -> &Log {
        &self.log
    }
}
