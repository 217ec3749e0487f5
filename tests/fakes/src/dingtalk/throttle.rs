//! The rate limit: so many calls of one app to one API within one second of the clock.

use std::collections::HashMap;

use super::answer::{Gate, Refusal};

#[derive(Default)]
pub(super) struct Throttle {
    windows: HashMap<(String, String), Window>,
}

#[derive(Default)]
struct Window {
    second: i64,
    calls: u32,
}

impl Throttle {
    pub(super) fn admit(
        &mut self,
        app_key: &str,
        api: &str,
        second: i64,
        qps: u32,
    ) -> Result<(), Refusal> {
        let window = self.windows.entry((app_key.to_owned(), api.to_owned())).or_default();
        if window.second != second {
            *window = Window { second, calls: 0 };
        }
        if window.calls >= qps {
            return Err(Gate::AppThrottled.into());
        }
        window.calls += 1;
        Ok(())
    }
}
