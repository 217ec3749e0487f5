//! The silent limits: what a person has already got today, and what an app sent this minute.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::super::options::{App, Limits};
use crate::clock::Clock;

#[derive(Default)]
pub(super) struct Quotas {
    got: HashMap<(String, String), Day>,
    minutes: HashMap<String, Counter>,
    to_all: HashMap<String, Counter>,
}

/// What one person got from one app on one day.
#[derive(Default)]
struct Day {
    number: i64,
    contents: Vec<Value>,
}

#[derive(Default)]
struct Counter {
    window: i64,
    count: usize,
}

/// A person who will not get the message, and why.
pub(super) struct Forbidden {
    pub(super) userid: String,
    reason: Reason,
}

/// The code of the platform and its threshold.
pub(super) struct Reason {
    code: &'static str,
    threshold: usize,
}

/// Who sends, when, and under which limits.
pub(super) struct Sender<'a> {
    pub(super) app: &'a App,
    pub(super) clock: &'a Clock,
    pub(super) limits: &'a Limits,
}

impl Quotas {
    /// Counts the message against the person, or says why it will not arrive.
    pub(super) fn admit(
        &mut self,
        sender: &Sender,
        userid: &str,
        content: &Value,
    ) -> Result<(), Reason> {
        let Sender { app, clock, limits } = sender;
        let day = self.got.entry((app.app_key.clone(), userid.to_owned())).or_default();
        if day.number != clock.day() {
            *day = Day { number: clock.day(), contents: Vec::new() };
        }
        let repeats = day.contents.iter().filter(|known| *known == content).count();
        if repeats >= limits.same_content_per_day {
            return Err(Reason { code: "143106", threshold: limits.same_content_per_day });
        }
        if day.contents.len() >= limits.messages_per_person_and_day {
            return Err(Reason { code: "143105", threshold: limits.messages_per_person_and_day });
        }
        let minute = self.minutes.entry(app.app_key.clone()).or_default();
        if !minute.admits(clock.minute(), limits.receivers_per_minute) {
            return Err(Reason { code: "143103", threshold: limits.receivers_per_minute });
        }
        day.contents.push(content.clone());
        Ok(())
    }

    pub(super) fn may_send_to_all(&mut self, sender: &Sender) -> bool {
        let today = self.to_all.entry(sender.app.app_key.clone()).or_default();
        today.admits(sender.clock.day(), sender.limits.sends_to_all_per_day)
    }
}

impl Counter {
    fn admits(&mut self, window: i64, limit: usize) -> bool {
        if self.window != window {
            *self = Counter { window, count: 0 };
        }
        let is_free = self.count < limit;
        if is_free {
            self.count += 1;
        }
        is_free
    }
}

impl Reason {
    pub(super) fn against(self, userid: String) -> Forbidden {
        Forbidden { userid, reason: self }
    }
}

impl Forbidden {
    pub(super) fn to_json(&self) -> Value {
        let Reason { code, threshold } = self.reason;
        json!({ "userid": self.userid, "code": code, "count": threshold })
    }
}
