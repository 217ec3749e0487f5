//! When to try again: quickly at first, then every quarter of an hour for a day; a push to an ERP
//! every hour for two days more.

const AWAY_SECS: [u64; 5] = [5, 30, 120, 300, 600];
const AWAY_LATER_SECS: u64 = 900;

/// With the delays above, 100 tries fill 24 hours.
const MOST_TRIES: u32 = 100;

/// The longest pause after DingTalk limited calls.
const THROTTLED_MOST_SECS: u64 = 60;

/// With pauses of a minute, so many tries fill 24 hours.
const MOST_THROTTLED_TRIES: u32 = 1_440;

/// After how many milliseconds to try again when DingTalk was away; nothing = a day has passed.
pub(crate) fn after_away(tries: u32, seed: i64) -> Option<u64> {
    let step = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
    let secs = AWAY_SECS.get(step).copied().unwrap_or(AWAY_LATER_SECS);
    (tries < MOST_TRIES).then(|| jittered(secs * 1_000, seed, tries))
}

/// After how many milliseconds to try again when calls were limited: 1 s, 2 s, 4 s …
pub(crate) fn after_throttling(tries: u32, seed: i64) -> Option<u64> {
    let secs = 1_u64.checked_shl(tries.saturating_sub(1).min(16)).unwrap_or(u64::MAX);
    let secs = secs.min(THROTTLED_MOST_SECS);
    (tries < MOST_THROTTLED_TRIES).then(|| jittered(secs * 1_000, seed, tries))
}

/// After how many milliseconds to ask for a result again. The same for all receivers of one send,
/// so that one question serves them all; DingTalk forgets results after a day.
pub(crate) fn after_no_result(tries: u32) -> Option<u64> {
    let step = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
    let secs = AWAY_SECS.get(step).copied().unwrap_or(AWAY_LATER_SECS);
    (tries < MOST_TRIES - 2).then_some(secs * 1_000)
}

/// Hourly tries of a push after its first day.
const HOURLY_TRIES: u32 = 48;
const HOURLY_SECS: u64 = 3_600;

/// The longest pause that an ERP may ask for, in seconds.
const ASKED_MOST_SECS: u64 = 24 * 3_600;

/// After how many milliseconds to push again; nothing = three days have passed.
pub(crate) fn after_failed_push(tries: u32, seed: i64) -> Option<u64> {
    after_away(tries, seed).or_else(|| {
        (tries < MOST_TRIES + HOURLY_TRIES).then(|| jittered(HOURLY_SECS * 1_000, seed, tries))
    })
}

/// The milliseconds that an ERP asked for, and up to a fifth more.
pub(crate) fn not_before(secs: u64, seed: i64) -> u64 {
    let asked = secs.min(ASKED_MOST_SECS) * 1_000;
    let spread = jittered(100, seed, 0).saturating_sub(80) / 2;
    asked + asked * spread / 100
}

/// Up to a fifth more or less, always the same for one delivery and try.
fn jittered(millis: u64, seed: i64, tries: u32) -> u64 {
    let mut mixed = seed.cast_unsigned() ^ (u64::from(tries) << 48) ^ 0x9E37_79B9_7F4A_7C15;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    let percent = 80 + (mixed ^ (mixed >> 31)) % 41;
    millis * percent / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_fill_a_day_and_end() {
        let delays: Vec<u64> = (1..).map_while(|tries| after_away(tries, 7)).collect();
        let hours = delays.iter().sum::<u64>() / 3_600_000;

        assert!((4_000..=6_000).contains(&delays[0]), "{}", delays[0]);
        assert!((24_000..=36_000).contains(&delays[1]), "{}", delays[1]);
        assert!((21..=27).contains(&hours), "{hours}");
    }

    #[test]
    fn pushes_go_on_for_three_days() {
        let delays: Vec<u64> = (1..).map_while(|tries| after_failed_push(tries, 7)).collect();
        let hours = delays.iter().sum::<u64>() / 3_600_000;

        assert!((66..=78).contains(&hours), "{hours}");
        assert!((48 * 60_000..=72 * 60_000).contains(delays.last().unwrap()));
    }

    #[test]
    fn what_an_erp_asks_for_is_never_cut_short() {
        for seed in 0..50 {
            assert!((60_000..=72_000).contains(&not_before(60, seed)), "{}", not_before(60, seed));
        }
        assert!(not_before(u64::MAX, 1) <= 29 * 3_600_000);
    }

    #[test]
    fn a_limit_doubles_the_pause_up_to_a_minute() {
        let about = |tries| after_throttling(tries, 3).unwrap() / 100;

        assert!((8..=12).contains(&about(1)));
        assert!((16..=24).contains(&about(2)));
        assert!((32..=48).contains(&about(3)));
        assert!((480..=720).contains(&about(900)));
        assert_eq!(after_throttling(MOST_THROTTLED_TRIES, 3), None);
    }

    #[test]
    fn jitter_spreads_deliveries_but_never_changes_its_mind() {
        let delays: std::collections::BTreeSet<u64> =
            (0..50).filter_map(|seed| after_away(3, seed)).collect();

        assert!(delays.len() > 10);
        assert!(delays.iter().all(|delay| (96_000..=144_000).contains(delay)));
        assert_eq!(after_away(3, 5), after_away(3, 5));
    }

    #[test]
    fn results_are_asked_for_within_a_day() {
        let total: u64 = (1..).map_while(after_no_result).sum();

        assert_eq!(after_no_result(1), Some(5_000));
        assert!((22 * 3_600_000..24 * 3_600_000).contains(&total), "{total}");
    }
}
