//! Counters per API, so that a test can say "one token call" or "no send after the duplicate".

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::token;

/// Calls since the start or the last reset, by the API's path.
///
/// A path with ids is counted under its pattern (`/v1.0/todo/users/{unionId}/tasks`), and an API
/// that is neither GET nor POST has its method in front (`DELETE /v1.0/todo/…`).
#[derive(Clone, Debug, Default)]
pub struct Calls {
    pub paths: BTreeMap<String, Count>,
    /// Different tokens handed out so far, over all apps.
    pub tokens_issued: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub ok: u32,
    pub failed: u32,
    pub throttled: u32,
}

pub(super) enum Outcome {
    Ok,
    Failed,
    Throttled,
}

impl Calls {
    /// Zeroes for an API that nobody called.
    pub fn of(&self, path: &str) -> Count {
        self.paths.get(path).copied().unwrap_or_default()
    }

    /// All token endpoints together.
    pub fn token(&self) -> Count {
        token::APIS.iter().map(|api| self.of(&api.label())).fold(Count::default(), Count::plus)
    }

    pub(super) fn note(&mut self, label: &str, outcome: Outcome) {
        let count = self.paths.entry(label.to_owned()).or_default();
        match outcome {
            Outcome::Ok => count.ok += 1,
            Outcome::Failed => count.failed += 1,
            Outcome::Throttled => count.throttled += 1,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let mut all: serde_json::Map<String, Value> =
            self.paths.iter().map(|(path, count)| (path.clone(), count.to_json())).collect();
        let mut token = self.token().to_json();
        if let Some(token) = token.as_object_mut() {
            token.insert("issued".to_owned(), json!(self.tokens_issued));
        }
        all.insert("token".to_owned(), token);
        Value::Object(all)
    }
}

impl Count {
    pub fn total(self) -> u32 {
        self.ok + self.failed + self.throttled
    }

    fn plus(self, other: Count) -> Count {
        Count {
            ok: self.ok + other.ok,
            failed: self.failed + other.failed,
            throttled: self.throttled + other.throttled,
        }
    }

    fn to_json(self) -> Value {
        json!({ "ok": self.ok, "failed": self.failed, "throttled": self.throttled })
    }
}
