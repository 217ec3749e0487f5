//! Working time of an enterprise: hours, working days, holidays, in Asia/Shanghai.

use std::collections::BTreeSet;

use chrono::{
    DateTime, Datelike as _, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta,
    TimeZone as _, Utc,
};

/// When people work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Calendar {
    /// 1 = Monday, to 7.
    workdays: BTreeSet<u32>,
    /// In order, none overlapping another.
    hours: Vec<(NaiveTime, NaiveTime)>,
    /// Days off though the week says otherwise.
    holidays: BTreeSet<NaiveDate>,
    /// Days of work though the week says otherwise (调休).
    working_days: BTreeSet<NaiveDate>,
}

/// Why a calendar is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoCalendar {
    #[error("workdays 应为 1（周一）到 7（周日），至少一天")]
    Workdays,
    #[error("hours 应为先后排列、互不重叠的时段，如 [\"09:00\",\"12:00\"]")]
    Hours,
    #[error("{0} 既是节假日又是工作日")]
    Both(NaiveDate),
    #[error("节假日和调休日最多 {MOST_DAYS} 个")]
    TooMany,
}

/// Special days of each kind at most.
const MOST_DAYS: usize = 2_000;

/// Days looked at until some working time must have come; after it time simply goes on.
const FAR: usize = 4_000;

const EAST: i32 = 8 * 3600;

impl Default for Calendar {
    /// Monday to Friday, nine to six.
    fn default() -> Self {
        let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        Self {
            workdays: (1..=5).collect(),
            hours: vec![(hour(9), hour(18))],
            holidays: BTreeSet::new(),
            working_days: BTreeSet::new(),
        }
    }
}

impl Calendar {
    pub(crate) fn new(
        workdays: BTreeSet<u32>,
        hours: Vec<(NaiveTime, NaiveTime)>,
        holidays: BTreeSet<NaiveDate>,
        working_days: BTreeSet<NaiveDate>,
    ) -> Result<Self, NoCalendar> {
        if workdays.is_empty() || !workdays.iter().all(|day| (1..=7).contains(day)) {
            return Err(NoCalendar::Workdays);
        }
        let mut last = None;
        for (from, to) in &hours {
            if from >= to || last.is_some_and(|last| last > from) {
                return Err(NoCalendar::Hours);
            }
            last = Some(to);
        }
        if hours.is_empty() {
            return Err(NoCalendar::Hours);
        }
        if holidays.len().max(working_days.len()) > MOST_DAYS {
            return Err(NoCalendar::TooMany);
        }
        if let Some(both) = holidays.intersection(&working_days).next() {
            return Err(NoCalendar::Both(*both));
        }
        Ok(Self { workdays, hours, holidays, working_days })
    }

    pub(crate) fn workdays(&self) -> &BTreeSet<u32> {
        &self.workdays
    }

    pub(crate) fn hours(&self) -> &[(NaiveTime, NaiveTime)] {
        &self.hours
    }

    pub(crate) fn holidays(&self) -> &BTreeSet<NaiveDate> {
        &self.holidays
    }

    pub(crate) fn working_days(&self) -> &BTreeSet<NaiveDate> {
        &self.working_days
    }

    /// The instant by which so much working time has passed since `start`.
    pub(crate) fn after(&self, start: DateTime<Utc>, duration: TimeDelta) -> DateTime<Utc> {
        let plainly = start.checked_add_signed(duration).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let Some(zone) = FixedOffset::east_opt(EAST) else { return plainly };
        let mut left = duration.max(TimeDelta::zero());
        let begin = start.with_timezone(&zone).naive_local();
        for day in begin.date().iter_days().take(FAR) {
            for (from, to) in self.spans(day) {
                let from = from.max(begin);
                let here = to - from;
                if here < TimeDelta::zero() {
                    continue;
                }
                if here >= left {
                    let there = zone.from_local_datetime(&(from + left)).single();
                    return there.map_or(plainly, |there| there.to_utc());
                }
                left -= here;
            }
        }
        plainly
    }

    /// The working time of a day.
    fn spans(&self, day: NaiveDate) -> Vec<(NaiveDateTime, NaiveDateTime)> {
        let is_usual = self.workdays.contains(&day.weekday().number_from_monday());
        let works = self.working_days.contains(&day) || is_usual && !self.holidays.contains(&day);
        if !works {
            return Vec::new();
        }
        let end = |to: &NaiveTime| match is_end_of_day(*to) {
            true => day.checked_add_days(Days::new(1)).unwrap_or(day).and_time(NaiveTime::MIN),
            false => day.and_time(*to),
        };
        self.hours.iter().map(|(from, to)| (day.and_time(*from), end(to))).collect()
    }
}

/// `24:00` is kept as the last second of the day.
fn is_end_of_day(time: NaiveTime) -> bool {
    NaiveTime::from_hms_opt(23, 59, 59) == Some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(&format!("{text}:00+08:00")).unwrap().to_utc()
    }

    fn time(text: &str) -> NaiveTime {
        NaiveTime::parse_from_str(text, "%H:%M").unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn china() -> Calendar {
        Calendar::new(
            (1..=5).collect(),
            vec![(time("09:00"), time("12:00")), (time("13:00"), time("18:00"))],
            (1..=7).map(|d| day(&format!("2026-10-0{d}"))).collect(),
            [day("2026-10-10")].into(),
        )
        .unwrap()
    }

    #[test]
    fn only_working_time_counts() {
        let hours = TimeDelta::hours;
        for (start, duration, end) in [
            ("2026-11-23T10:00", hours(1), "2026-11-23T11:00"),
            ("2026-11-23T11:00", hours(2), "2026-11-23T14:00"),
            ("2026-11-23T07:00", hours(8), "2026-11-23T18:00"),
            ("2026-11-23T17:00", hours(8), "2026-11-24T17:00"),
            ("2026-11-23T20:00", hours(1), "2026-11-24T10:00"),
            // Friday evening to Monday.
            ("2026-11-27T17:30", hours(1), "2026-11-30T09:30"),
            // The national holiday; Saturday the 10th is worked.
            ("2026-09-30T17:00", hours(2), "2026-10-08T10:00"),
            ("2026-10-09T17:00", hours(2), "2026-10-10T10:00"),
            ("2026-11-23T12:30", TimeDelta::zero(), "2026-11-23T13:00"),
        ] {
            assert_eq!(china().after(at(start), duration), at(end), "{start} {duration}");
        }
    }

    #[test]
    fn without_a_calendar_of_ones_own_it_is_nine_to_six() {
        let end = Calendar::default().after(at("2026-11-27T17:00"), TimeDelta::hours(9));

        assert_eq!(end, at("2026-11-30T17:00"));
    }

    #[test]
    fn a_day_may_be_worked_to_its_end() {
        let midnight = NaiveTime::from_hms_opt(23, 59, 59).unwrap();
        let all = Calendar::new(
            (1..=7).collect(),
            vec![(time("00:00"), midnight)],
            BTreeSet::new(),
            BTreeSet::new(),
        );

        let end = all.unwrap().after(at("2026-11-27T17:00"), TimeDelta::hours(48));

        assert_eq!(end, at("2026-11-29T17:00"));
    }

    #[test]
    fn far_beyond_the_days_time_simply_goes_on() {
        let far = Calendar::default().after(at("2026-11-27T17:00"), TimeDelta::days(100_000));

        assert_eq!(far, at("2026-11-27T17:00") + TimeDelta::days(100_000));
    }

    #[test]
    fn what_is_no_calendar_is_named() {
        let hours = || vec![(time("09:00"), time("18:00"))];
        let none = BTreeSet::new;
        let new = Calendar::new;
        let twice = [day("2026-10-10")];

        assert_eq!(new(none_days(), hours(), none(), none()), Err(NoCalendar::Workdays));
        assert_eq!(new([8].into(), hours(), none(), none()), Err(NoCalendar::Workdays));
        assert_eq!(new([1].into(), Vec::new(), none(), none()), Err(NoCalendar::Hours));
        let backwards = vec![(time("18:00"), time("09:00"))];
        assert_eq!(new([1].into(), backwards, none(), none()), Err(NoCalendar::Hours));
        let both = new([1].into(), hours(), twice.into(), twice.into());
        assert_eq!(both, Err(NoCalendar::Both(day("2026-10-10"))));
    }

    fn none_days() -> BTreeSet<u32> {
        BTreeSet::new()
    }
}
