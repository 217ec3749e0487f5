//! The phases of an element that runs, and which may follow which.

/// How far an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// A token reached it; it has not begun.
    Activating,
    /// It waits or something inside it runs.
    Active,
    /// Its own work is done; it is about to leave.
    Completing,
    /// It was left.
    Completed,
    /// It is taken away.
    Terminating,
}

impl Phase {
    /// Every phase that may follow directly.
    fn next(self) -> &'static [Phase] {
        match self {
            Phase::Activating => &[Phase::Active, Phase::Terminating],
            Phase::Active => &[Phase::Completing, Phase::Terminating],
            Phase::Completing => &[Phase::Completed, Phase::Terminating],
            Phase::Completed | Phase::Terminating => &[],
        }
    }

    /// Whether `next` may follow; to stay is always possible.
    pub(crate) fn may_become(self, next: Phase) -> bool {
        self == next || self.next().contains(&next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_never_goes_on() {
        for end in [Phase::Completed, Phase::Terminating] {
            assert!(end.next().is_empty());
        }
    }

    #[test]
    fn whatever_has_not_ended_can_be_taken_away() {
        for phase in [Phase::Activating, Phase::Active, Phase::Completing] {
            assert!(phase.may_become(Phase::Terminating));
        }
    }
}
