//! ISO 8601: instants, durations with calendar months, and cycles, within the years 1970 to 9999.

use chrono::{
    DateTime, Datelike as _, FixedOffset, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta,
    TimeZone as _, Utc,
};

use crate::expr::Fault;

/// Where a text without a zone is read: Asia/Shanghai, which has had no summer time since 1991.
pub const ZONE: FixedOffset = match FixedOffset::east_opt(8 * 3600) {
    Some(offset) => offset,
    None => panic!("eight hours is an offset"),
};

/// The shortest time between two rounds of a cycle.
const SHORTEST_ROUND: TimeDelta = TimeDelta::milliseconds(100);
/// About ten thousand years: longer durations reach nowhere.
const LONGEST_MONTHS: i64 = 120_000;
const LONGEST_SECONDS: i64 = 316_000_000_000;
const NANOS: i64 = 1_000_000_000;

fn fault(message: String) -> Fault {
    Fault { message, at: 0 }
}

/// An instant from `2025-01-01`, `2025-01-01 08:30`, `2025-01-01T08:30:00.5+08:00` and the like;
/// without a zone it is Asia/Shanghai's.
pub fn instant(text: &str) -> Result<DateTime<Utc>, Fault> {
    let text = text.trim();
    let unreadable = || fault(format!("“{}”不是日期或时间", shortened(text)));
    let instant = if let Ok(with_zone) = DateTime::parse_from_rfc3339(text) {
        with_zone.to_utc()
    } else if let Some(with_zone) = zoned(text) {
        with_zone
    } else {
        let local = local(text).ok_or_else(unreadable)?;
        ZONE.from_local_datetime(&local).single().ok_or_else(unreadable)?.to_utc()
    };
    within_bounds(instant)
        .ok_or_else(|| fault(format!("“{}”不在 1970 至 9999 年之间", shortened(text))))
}

fn zoned(text: &str) -> Option<DateTime<Utc>> {
    let text =
        text.strip_suffix(['Z', 'z']).map_or_else(|| text.to_owned(), |it| format!("{it}+0000"));
    ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f%z", "%Y-%m-%dT%H:%M%z"]
        .iter()
        .find_map(|format| DateTime::parse_from_str(&text, format).ok())
        .map(|it| it.to_utc())
}

fn local(text: &str) -> Option<NaiveDateTime> {
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(day.and_time(NaiveTime::MIN));
    }
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
}

/// The instant, if it is in the years 1970 to 9999.
pub fn within_bounds(instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (1970..=9999).contains(&instant.with_timezone(&ZONE).year()).then_some(instant)
}

/// The first moment of an instant's day in Asia/Shanghai.
pub fn start_of_day(instant: DateTime<Utc>) -> DateTime<Utc> {
    let midnight = instant.with_timezone(&ZONE).date_naive().and_time(NaiveTime::MIN);
    ZONE.from_local_datetime(&midnight).single().map_or(instant, |it| it.to_utc())
}

/// `2025-01-01T08:00:00+08:00`
pub fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.with_timezone(&ZONE).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, false)
}

/// `PT1H30M`, `-P1DT0.5S`, `PT0S`
pub fn iso(delta: TimeDelta) -> String {
    let (sign, delta) = if delta < TimeDelta::zero() { ("-", -delta) } else { ("", delta) };
    let (days, seconds) = (delta.num_days(), delta.num_seconds() % 86_400);
    let mut text = format!("{sign}P");
    if days > 0 {
        text.push_str(&format!("{days}D"));
    }
    let nanos = delta.subsec_nanos();
    if days == 0 || seconds > 0 || nanos > 0 {
        text.push('T');
    }
    for (amount, unit) in [(seconds / 3600, 'H'), (seconds / 60 % 60, 'M')] {
        if amount > 0 {
            text.push_str(&format!("{amount}{unit}"));
        }
    }
    if nanos > 0 {
        let fraction = format!("{nanos:09}");
        text.push_str(&format!("{}.{}S", seconds % 60, fraction.trim_end_matches('0')));
    } else if seconds % 60 > 0 || text.ends_with('T') {
        text.push_str(&format!("{}S", seconds % 60));
    }
    text
}

/// A duration: months of the calendar and a fixed length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    months: i32,
    delta: TimeDelta,
}

impl Period {
    /// `P1Y2M`, `P2W`, `P1DT12H`, `PT0.5S`, each with `-` in front too.
    pub fn parse(text: &str) -> Result<Period, Fault> {
        let text = text.trim();
        parts(text).ok_or_else(|| fault(format!("“{}”不是 ISO 8601 时长", shortened(text))))
    }

    /// Its fixed length; none where months are in it.
    pub fn as_delta(&self) -> Option<TimeDelta> {
        (self.months == 0).then_some(self.delta)
    }

    /// The same the other way.
    pub fn reversed(&self) -> Period {
        Period { months: -self.months, delta: -self.delta }
    }

    /// The instant this long after another; `None` outside the years 1970 to 9999.
    pub fn after(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.times_after(instant, 1)
    }

    /// The instant `count` times this long after another. Months are counted in one go: the 31st
    /// stays the last day of each month.
    fn times_after(&self, instant: DateTime<Utc>, count: u32) -> Option<DateTime<Utc>> {
        let months = self.months.checked_mul(i32::try_from(count).ok()?)?;
        let there = instant.with_timezone(&ZONE);
        let shift = Months::new(months.unsigned_abs());
        let moved = if months < 0 {
            there.checked_sub_months(shift)?
        } else {
            there.checked_add_months(shift)?
        };
        let delta = self.delta.checked_mul(i32::try_from(count).ok()?)?;
        within_bounds(moved.checked_add_signed(delta)?.to_utc())
    }
}

/// The parts of a duration, each unit at most once and in order.
fn parts(text: &str) -> Option<Period> {
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (date, clock) = match rest.strip_prefix('P')?.split_once('T') {
        Some((_, "")) => return None,
        Some((date, clock)) => (date, clock),
        None => (rest.strip_prefix('P')?, ""),
    };
    if date.is_empty() && clock.is_empty() {
        return None;
    }
    let (mut months, mut nanos) = (0_i64, 0_i128);
    units(date, &[('Y', 12), ('M', 1), ('W', -7), ('D', -1)], |whole, fraction, unit| {
        if fraction != 0 {
            return None;
        }
        match unit {
            1.. => months = months.checked_add(whole.checked_mul(unit)?)?,
            _ => nanos += i128::from(whole) * i128::from(-unit * 86_400) * i128::from(NANOS),
        }
        Some(())
    })?;
    units(clock, &[('H', 3600), ('M', 60), ('S', 1)], |whole, fraction, unit| {
        nanos += (i128::from(whole) * i128::from(NANOS) + i128::from(fraction)) * i128::from(unit);
        Some(())
    })?;
    let seconds = i64::try_from(nanos / i128::from(NANOS)).ok()?;
    if months > LONGEST_MONTHS || seconds > LONGEST_SECONDS {
        return None;
    }
    let delta = TimeDelta::new(seconds, u32::try_from(nanos % i128::from(NANOS)).ok()?)?;
    Some(Period { months: i32::try_from(months).ok()? * sign, delta: delta * sign })
}

/// Gives each `12.5X` of a text to `add` as whole, billionths, size of the unit.
fn units(
    text: &str,
    known: &[(char, i64)],
    mut add: impl FnMut(i64, i64, i64) -> Option<()>,
) -> Option<()> {
    let (mut rest, mut left) = (text, known.iter());
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',')?;
        let (figure, tail) = rest.split_at_checked(end)?;
        let mark = tail.chars().next()?;
        let (_, unit) = left.find(|(letter, _)| *letter == mark)?;
        let (whole, fraction) = figure.split_once(['.', ',']).unwrap_or((figure, "0"));
        if fraction.is_empty()
            || fraction.len() > 9
            || !fraction.bytes().all(|b| b.is_ascii_digit())
        {
            return None;
        }
        add(whole.parse().ok()?, format!("{fraction:0<9}").parse().ok()?, *unit)?;
        rest = tail.get(mark.len_utf8()..)?;
    }
    Some(())
}

/// A repeated timer: `R3/PT1H`, `R/PT10S`, `R3/2025-01-01T00:00:00/PT1H`, `R/PT1H/2025-12-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// How often; `None` = for ever.
    times: Option<u32>,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    every: Period,
}

impl Cycle {
    /// Reads one; a plain duration is a cycle without end.
    pub fn parse(text: &str) -> Result<Cycle, Fault> {
        let text = text.trim();
        let unreadable = || fault(format!("“{}”不是 ISO 8601 周期", shortened(text)));
        let mut parts = text.split('/');
        let first = parts.next().unwrap_or_default();
        let Some(times) = first.strip_prefix('R') else {
            return Cycle { times: None, start: None, end: None, every: Period::parse(text)? }
                .checked(text);
        };
        let times = match times {
            "" | "-1" => None,
            digits => Some(digits.parse().ok().ok_or_else(unreadable)?),
        };
        let (start, every, end) = match (parts.next(), parts.next(), parts.next()) {
            (Some(every), None, None) => (None, every, None),
            (Some(every), Some(end), None) if every.starts_with('P') => (None, every, Some(end)),
            (Some(start), Some(every), None) => (Some(start), every, None),
            (Some(start), Some(every), Some(end)) if parts.next().is_none() => {
                (Some(start), every, Some(end))
            }
            _ => return Err(unreadable()),
        };
        let (start, end) = (start.map(instant).transpose()?, end.map(instant).transpose()?);
        Cycle { times, start, end, every: Period::parse(every)? }.checked(text)
    }

    fn checked(self, text: &str) -> Result<Cycle, Fault> {
        let long_enough = self.every.months > 0 || self.every.delta >= SHORTEST_ROUND;
        if !long_enough || self.every.months < 0 {
            return Err(fault(format!("周期“{}”的间隔太短", shortened(text))));
        }
        Ok(self)
    }

    /// When it fires for the `round`-th time (from 0), having been set at `set`; `None` = no more.
    /// Without a start of its own the first time is one interval after it was set.
    pub fn due(&self, set: DateTime<Utc>, round: u32) -> Option<DateTime<Utc>> {
        if self.times.is_some_and(|times| round >= times) {
            return None;
        }
        let due = match self.start {
            Some(start) => self.every.times_after(start, round)?,
            None => self.every.times_after(set, round.checked_add(1)?)?,
        };
        (self.end.is_none_or(|end| due <= end)).then_some(due)
    }
}

/// A text for a message, not too long.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn at(text: &str) -> DateTime<Utc> {
        instant(text).unwrap()
    }

    #[test]
    fn a_text_without_a_zone_is_shanghais() {
        for same in [
            "2025-01-01",
            "2025-01-01 00:00",
            "2025-01-01T00:00:00",
            "2025-01-01 00:00:00",
            "2024-12-31T16:00:00Z",
            "2024-12-31T16:00Z",
            "2025-01-01T00:00:00.000+0800",
            "2025-01-01 00:00:00+08:00",
        ] {
            assert_eq!(rfc3339(at(same)), "2025-01-01T00:00:00+08:00", "{same}");
        }
        for bad in ["", "INVALID", "2025-13-01", "1969-01-01", "+12025-01-01", "2025-02-30", "今天"]
        {
            assert!(instant(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn durations_are_read_and_written() {
        for (text, written) in [
            ("PT1H", "PT1H"),
            ("PT90M", "PT1H30M"),
            ("P1W", "P7D"),
            ("P1DT12H", "P1DT12H"),
            ("PT0.5S", "PT0.5S"),
            ("-PT36H", "-P1DT12H"),
            ("PT0S", "PT0S"),
        ] {
            assert_eq!(iso(Period::parse(text).unwrap().as_delta().unwrap()), written, "{text}");
        }
        for bad in [
            "", "P", "PT", "1H", "P1H", "PT1", "P1.5D", "PT1S1M", "PT1M1M", "INVALID", "P99999Y",
            "PT.S",
        ] {
            assert!(Period::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn months_follow_the_calendar() {
        let month = Period::parse("P1M").unwrap();

        assert_eq!(month.after(at("2025-01-31")), Some(at("2025-02-28")));
        assert_eq!(month.reversed().after(at("2025-03-31")), Some(at("2025-02-28")));
        assert_eq!(
            Period::parse("P1Y1DT1H").unwrap().after(at("2024-02-29")),
            Some(at("2025-03-01 01:00"))
        );
        assert_eq!(month.after(at("9999-12-15")), None);
        assert_eq!(month.as_delta(), None);
    }

    #[test]
    fn a_cycle_fires_as_often_as_it_says() {
        let set = at("2025-01-01");
        let fires = |text: &str| -> Vec<_> {
            let cycle = Cycle::parse(text).unwrap();
            (0..4)
                .map_while(|round| cycle.due(set, round))
                .map(|it| rfc3339(it)[5..16].to_owned())
                .collect()
        };

        assert_eq!(fires("R2/PT1H"), ["01-01T01:00", "01-01T02:00"]);
        assert_eq!(fires("R/P1D"), ["01-02T00:00", "01-03T00:00", "01-04T00:00", "01-05T00:00"]);
        assert_eq!(fires("R2/2025-02-01/P1M"), ["02-01T00:00", "03-01T00:00"]);
        assert_eq!(fires("R/PT1H/2025-01-01T02:00:00"), ["01-01T01:00", "01-01T02:00"]);
        for bad in
            ["", "R", "R/", "R3/PT0S", "Rx/PT1H", "R/PT0.01S", "R/-PT1H", "R/PT1H/x", "INVALID"]
        {
            assert!(Cycle::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-PRTYMWDHSZ0-9.:/,+ ]{0,24}|.{0,12}", round in any::<u32>()) {
            let _ = instant(&text);
            if let Ok(period) = Period::parse(&text) {
                let _ = period.after(at("2025-01-01"));
                let _ = period.reversed().after(at("2025-01-01"));
            }
            if let Ok(cycle) = Cycle::parse(&text) {
                let _ = cycle.due(at("2025-01-01"), round);
            }
        }
    }
}
