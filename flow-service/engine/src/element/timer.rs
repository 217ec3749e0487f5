//! Timers: when they are due, and cycles that go on.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::effect::Effect;
use crate::instance::{Clock, Cycle, What};
use crate::process::TimerRule;
use crate::time;
use crate::value::{Value, Variables};
use crate::work::Work;

impl Work<'_> {
    /// A timer is due.
    pub(crate) fn fire_timer(&mut self, number: u64) {
        self.trigger(number, Variables::new());
    }

    /// When a timer that is set now is due.
    pub(super) fn clock(&self, owner: u64, rule: &TimerRule) -> Result<Clock, String> {
        let (TimerRule::Date(text) | TimerRule::Duration(text) | TimerRule::Cycle(text)) = rule;
        let value = self.eval(owner, text)?;
        if !matches!(rule, TimerRule::Cycle(_)) {
            return Ok(Clock { due: self.moment(&value)?, cycle: None });
        }
        let text: Arc<str> = value.to_string().into();
        let cycle = time::Cycle::parse(&text).map_err(|fault| fault.to_string())?;
        let due = cycle.due(self.now, 0).ok_or("周期已没有下一次")?;
        Ok(Clock { due, cycle: Some(Cycle { text, set: self.now, round: 0 }) })
    }

    /// An instant, or the instant a length of time from now.
    pub(super) fn moment(&self, value: &Value) -> Result<DateTime<Utc>, String> {
        let moment = match value {
            Value::Instant(instant) => Some(*instant),
            Value::Duration(delta) => self.now.checked_add_signed(*delta),
            Value::Text(text) => match time::Period::parse(text) {
                Ok(period) => period.after(self.now),
                Err(_) => Some(time::instant(text).map_err(|fault| fault.to_string())?),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Map(_) => {
                return Err("定时的值不是日期、时间或时长".into());
            }
        };
        let moment = moment.and_then(time::within_bounds);
        moment.ok_or_else(|| "定时不在 1970 至 9999 年之间".into())
    }

    /// Whether a wait that has happened goes on waiting for the next time. A cycle is set again.
    pub(super) fn goes_on(&mut self, number: u64) -> bool {
        let Some(wait) = self.instance.wait_mut(number) else { return false };
        let clock = match &mut wait.what {
            What::Timer(clock) => clock,
            What::Message(_) | What::Signal(_) | What::Condition(_) => return true,
            What::User | What::Receive(_) | What::Service | What::Incident { .. } => return false,
        };
        let Some(cycle) = &mut clock.cycle else { return false };
        let Ok(rule) = time::Cycle::parse(&cycle.text) else { return false };
        cycle.round = cycle.round.saturating_add(1);
        let Some(due) = rule.due(cycle.set, cycle.round) else { return false };
        clock.due = due;
        self.effects.push(Effect::SetTimer { wait: number, due });
        true
    }
}
