//! Refresh tokens: each is used once, and what a second use means.

/// Seconds within which a second use gets the same successor: an answer may have been lost.
pub(crate) const GRACE_SECS: f64 = 5.0;

/// What the use of a refresh token means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Its only use: it is followed by a new one.
    First,
    /// The answer was lost, or two tabs asked at once: the same successor again.
    Repeat,
    /// Somebody holds a token that was followed long ago: stolen, either from us or by us.
    Reuse,
}

/// `used_secs` = how long ago it was used, where it was.
pub(crate) fn judge(used_secs: Option<f64>, has_successor: bool) -> Use {
    match used_secs {
        None => Use::First,
        Some(secs) if secs <= GRACE_SECS && has_successor => Use::Repeat,
        Some(_) => Use::Reuse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_use_is_a_repeat_for_five_seconds_and_then_a_theft() {
        assert_eq!(judge(None, false), Use::First);
        assert_eq!(judge(Some(0.0), true), Use::Repeat);
        assert_eq!(judge(Some(5.0), true), Use::Repeat);
        assert_eq!(judge(Some(5.01), true), Use::Reuse);
        assert_eq!(judge(Some(1.0), false), Use::Reuse);
    }
}
