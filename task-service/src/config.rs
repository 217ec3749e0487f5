//! The settings of task-service.

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
    pub(crate) flow: Neighbour,
    pub(crate) decide: Decide,
    pub(crate) pages: Pages,
    pub(crate) batch: Batch,
    pub(crate) lists: Lists,
    log: Log,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Decide {
    timeout_ms: u64,
}

impl Decide {
    /// flow-service, with the patience that a decision needs.
    pub(crate) fn of(&self, flow: &Neighbour) -> Neighbour {
        Neighbour { timeout_ms: self.timeout_ms, ..flow.clone() }
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Pages {
    pub(crate) public_url: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Batch {
    pub(crate) most: usize,
    pub(crate) writers: usize,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Lists {
    max_connections: usize,
}

impl Lists {
    /// The same database, with connections of their own.
    pub(crate) fn of(&self, database: &Database) -> Database {
        Database { max_connections: self.max_connections, ..database.clone() }
    }
}

impl Check for Config {
    fn mistakes(&self) -> Vec<String> {
        let mut mistakes =
            [self.database.mistakes(), self.bus.mistakes(), self.internal.mistakes()].concat();
        if url::Url::parse(&self.pages.public_url).is_err() {
            mistakes.push(
                "pages.public_url must be an address such as https://aiflow.example.com".to_owned(),
            );
        }
        if self.lists.max_connections == 0 {
            mistakes.push("lists.max_connections must be at least 1".to_owned());
        }
        if self.batch.most == 0 || self.batch.writers == 0 {
            mistakes.push("batch.most and batch.writers must be at least 1".to_owned());
        }
        mistakes
    }

    fn log(&self) -> &Log {
        &self.log
    }
}
