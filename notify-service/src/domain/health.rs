//! Whether an endpoint is worth calling: the breaker, and when a person has to look.

use super::push::Kind;
use super::verdict::Verdict;

/// Failures in a row with which an endpoint counts as down.
const MOST_FAILURES: u32 = 5;

/// How long an endpoint that does not accept our signature is left alone.
const DISTRUSTED_SECS: u64 = 600;

/// How long a missing log address is not asked again.
const UNSUPPORTED_SECS: u64 = 24 * 3_600;

/// What is known of an endpoint.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Health {
    pub(crate) failures: u32,
    /// The order of the last failure.
    pub(crate) failed_order: Option<i64>,
    pub(crate) is_down: bool,
    /// It has been down for a day.
    pub(crate) is_long_down: bool,
    pub(crate) is_log_unsupported: bool,
}

/// Who stopped the pushes of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PausedBy {
    /// An administrator.
    Person,
    /// A day of only failures.
    Failures,
    /// It answered 410.
    Gone,
}

impl PausedBy {
    pub(crate) fn word(self) -> &'static str {
        match self {
            PausedBy::Person => "person",
            PausedBy::Failures => "failures",
            PausedBy::Gone => "gone",
        }
    }
}

/// What becomes of an endpoint after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing worth writing down.
    None,
    /// It works: whatever was counted is forgotten.
    Well,
    /// It works again: what piled up goes out at a pace.
    Back,
    /// One failure more.
    Failed { failures: u32, rest_secs: Option<u64> },
    /// From now on one probe at a time.
    Down { rest_secs: Option<u64> },
    /// No more calls until a person says so.
    Paused(PausedBy),
    /// The log address is not there.
    NoLog { secs: u64 },
}

/// The rule. An answer that refuses the push is still an answer of a working ERP. A failure that
/// came with an answer counts once for each order in a row, so that one bad order does not close
/// the way for the others.
pub(crate) fn after(health: &Health, kind: Kind, order: i64, verdict: &Verdict) -> Change {
    match verdict {
        Verdict::Done(_) | Verdict::Refused { .. } => {
            let was_ill = health.failures > 0 || health.failed_order.is_some();
            match health.is_down {
                true => Change::Back,
                false if was_ill || (kind == Kind::Log && health.is_log_unsupported) => {
                    Change::Well
                }
                false => Change::None,
            }
        }
        Verdict::Unsupported => Change::NoLog { secs: UNSUPPORTED_SECS },
        Verdict::Gone if kind == Kind::Call => Change::None,
        Verdict::Gone => Change::Paused(PausedBy::Gone),
        _ if verdict.is_failure() && health.is_long_down => Change::Paused(PausedBy::Failures),
        Verdict::Distrusted => Change::Down { rest_secs: Some(DISTRUSTED_SECS) },
        Verdict::Later { after_secs, is_silent, .. } => {
            let counts = *is_silent || health.failed_order != Some(order);
            let failures = health.failures.saturating_add(u32::from(counts));
            match health.is_down || failures < MOST_FAILURES {
                true => Change::Failed { failures, rest_secs: *after_secs },
                false => Change::Down { rest_secs: *after_secs },
            }
        }
        Verdict::Unwanted | Verdict::NotAsked | Verdict::NotTried { .. } => Change::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(is_silent: bool) -> Verdict {
        Verdict::Later { after_secs: None, is_silent, code: None, detail: String::new() }
    }

    /// The failures one after the other, until one is more than a count.
    fn run(orders: &[i64], is_silent: bool) -> (usize, Change) {
        let mut health = Health::default();
        for (place, order) in orders.iter().enumerate() {
            match after(&health, Kind::Start, *order, &failed(is_silent)) {
                Change::Failed { failures, .. } => {
                    health = Health { failures, failed_order: Some(*order), ..health };
                }
                other => return (place + 1, other),
            }
        }
        (orders.len(), Change::None)
    }

    #[test]
    fn five_failures_in_a_row_open_the_breaker() {
        assert_eq!(run(&[1, 2, 3, 4, 5, 6], false), (5, Change::Down { rest_secs: None }));
        assert_eq!(run(&[1, 1, 1, 1, 1, 1], true), (5, Change::Down { rest_secs: None }));
    }

    #[test]
    fn one_bad_order_never_does() {
        assert_eq!(run(&[7; 100], false), (100, Change::None));
    }

    #[test]
    fn any_answer_of_an_erp_closes_it_again() {
        let down =
            Health { failures: 5, failed_order: Some(1), is_down: true, ..Health::default() };
        let refused = Verdict::Refused {
            code: -4_001,
            message: String::new(),
            answer: serde_json::Value::Null,
        };

        assert_eq!(
            after(&down, Kind::Start, 2, &Verdict::Done(serde_json::Value::Null)),
            Change::Back
        );
        assert_eq!(after(&down, Kind::Start, 2, &refused), Change::Back);
        let ill = Health { is_down: false, ..down };
        assert_eq!(after(&ill, Kind::Start, 2, &refused), Change::Well);
        assert_eq!(after(&Health::default(), Kind::Start, 2, &refused), Change::None);
    }

    #[test]
    fn a_day_of_only_failures_pauses() {
        let long = Health { failures: 9, is_down: true, is_long_down: true, ..Health::default() };

        for verdict in [failed(true), failed(false), Verdict::Distrusted] {
            assert_eq!(after(&long, Kind::Log, 1, &verdict), Change::Paused(PausedBy::Failures));
        }
    }

    #[test]
    fn a_signature_that_is_not_accepted_leaves_one_probe_in_ten_minutes() {
        let change = after(&Health::default(), Kind::Start, 1, &Verdict::Distrusted);

        assert_eq!(change, Change::Down { rest_secs: Some(600) });
    }
}
