//! A fake's clock: real time plus what a test added, days at +08:00.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat, Utc};

const BEIJING_MS: i64 = 8 * HOUR_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
pub(crate) const HOUR_MS: i64 = 3_600_000;

pub(crate) struct Clock {
    stands_at: Option<i64>,
    advanced_ms: i64,
}

impl Clock {
    pub(crate) fn new(stands_at: Option<DateTime<Utc>>) -> Clock {
        Clock { stands_at: stands_at.map(|instant| instant.timestamp_millis()), advanced_ms: 0 }
    }

    pub(crate) fn advance(&mut self, secs: i64) {
        self.advanced_ms = self.advanced_ms.saturating_add(secs.saturating_mul(1000));
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.stands_at.unwrap_or_else(real_ms).saturating_add(self.advanced_ms)
    }

    pub(crate) fn second(&self) -> i64 {
        self.now_ms().div_euclid(1000)
    }

    pub(crate) fn minute(&self) -> i64 {
        self.now_ms().div_euclid(60_000)
    }

    /// The number of the Beijing day.
    pub(crate) fn day(&self) -> i64 {
        (self.now_ms() + BEIJING_MS).div_euclid(DAY_MS)
    }
}

pub(crate) fn iso(ms: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(ms)
        .map(|instant| instant.to_rfc3339_opts(SecondsFormat::Millis, true))
        .unwrap_or_default()
}

fn real_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
