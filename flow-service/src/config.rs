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
    pub(crate) task: Neighbour,
    pub(crate) batch: Batch,
    pub(crate) away: Away,
    log: Log,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Batch {
    pub(crate) most: usize,
    pub(crate) writers: usize,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Away {
    pub(crate) every_secs: u64,
}

impl Check for Config {
    fn mistakes(&self) -> Vec<String> {
        let mut mistakes =
            [self.database.mistakes(), self.bus.mistakes(), self.internal.mistakes()].concat();
        if self.batch.most == 0 || self.batch.writers == 0 {
            mistakes.push("batch.most and batch.writers must be at least 1".to_owned());
        }
        if self.away.every_secs == 0 {
            mistakes.push("away.every_secs must be at least 1".to_owned());
        }
        mistakes
    }

    fn log(&self) -> &Log {
        &self.log
    }
}
