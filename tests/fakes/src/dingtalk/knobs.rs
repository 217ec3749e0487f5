//! The knobs of a test: how the platform misbehaves next.

use serde::Deserialize;

/// What a test asks for; whatever is absent stays as it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Knobs {
    /// Every token handed out so far stops working.
    pub revoke_token: bool,
    pub advance_secs: i64,
    /// The next n calls answer 90002, the limit of the whole platform.
    pub global_throttle: Option<u32>,
    /// The next n calls answer the HTML page of a punished address.
    pub punish_page: Option<u32>,
    /// The next n calls answer -1.
    pub busy: Option<u32>,
    /// While true every call answers HTTP 503.
    pub down: Option<bool>,
    /// What an old API says about a bad token instead of 40014; empty = 40014 again.
    pub token_code: Option<String>,
    /// The next n notifications or to-dos are accepted, but the connection closes unanswered.
    pub drop_after_accept: Option<u32>,
    /// Restricts the counted faults to one API, named as in the counters; empty = all again.
    pub only_path: Option<String>,
}

/// What is left of the faults that were asked for.
#[derive(Default)]
pub(super) struct Faults {
    pub(super) down: bool,
    pub(super) token_code: Option<String>,
    global_throttle: u32,
    punish_page: u32,
    busy: u32,
    drop_after_accept: u32,
    only_path: Option<String>,
}

impl Faults {
    pub(super) fn turn(&mut self, knobs: Knobs) {
        set(&mut self.down, knobs.down);
        set(&mut self.global_throttle, knobs.global_throttle);
        set(&mut self.punish_page, knobs.punish_page);
        set(&mut self.busy, knobs.busy);
        set(&mut self.drop_after_accept, knobs.drop_after_accept);
        set(&mut self.token_code, knobs.token_code.map(unless_empty));
        set(&mut self.only_path, knobs.only_path.map(unless_empty));
    }

    pub(super) fn punishes(&mut self, label: &str) -> bool {
        self.concerns(label) && one_of(&mut self.punish_page)
    }

    pub(super) fn is_busy(&mut self, label: &str) -> bool {
        self.concerns(label) && one_of(&mut self.busy)
    }

    pub(super) fn throttles_globally(&mut self, label: &str) -> bool {
        self.concerns(label) && one_of(&mut self.global_throttle)
    }

    pub(super) fn drops_answer(&mut self, label: &str) -> bool {
        self.concerns(label) && one_of(&mut self.drop_after_accept)
    }

    fn concerns(&self, label: &str) -> bool {
        self.only_path.as_deref().is_none_or(|path| path == label)
    }
}

fn set<T>(place: &mut T, wish: Option<T>) {
    if let Some(value) = wish {
        *place = value;
    }
}

fn unless_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn one_of(left: &mut u32) -> bool {
    let some = *left > 0;
    *left = left.saturating_sub(1);
    some
}
