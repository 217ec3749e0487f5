//! One push: a signed call to an ERP about an order, where it stands, and what may follow what.

/// What an ERP is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// The order has started.
    Start,
    /// The order is over.
    End,
    /// People handled tasks.
    Log,
    /// A service task wants something done, and its answer.
    Call,
}

/// Where a push stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// An earlier push of the line has to go first.
    Waiting,
    /// To go out.
    Due,
    /// The application has no endpoint.
    NotConfigured,
    /// The ERP has it.
    Delivered,
    /// The ERP does not take approval logs.
    NotSupported,
    /// The ERP said no to a call; the flow knows.
    Refused,
    /// A call was given up; the flow knows.
    Failed,
    /// The ERP said no, or three days of retries were not enough: for a person to look at.
    Parked,
    /// The flow took the call away, or a person the push.
    Skipped,
}

use State::{
    Delivered, Due, Failed, NotConfigured, NotSupported, Parked, Refused, Skipped, Waiting,
};

/// What may follow what; anything else is a bug. Staying is always allowed.
const LEGAL: [(State, &[State]); 9] = [
    (Waiting, &[Due, Skipped]),
    (Due, &[Delivered, NotSupported, Refused, Failed, Parked, Skipped]),
    (NotConfigured, &[Waiting, Due, Skipped]),
    (Delivered, &[Waiting, Due]),
    (NotSupported, &[Waiting, Due]),
    (Refused, &[]),
    (Failed, &[]),
    (Parked, &[Waiting, Due, Skipped]),
    (Skipped, &[Waiting, Due]),
];

/// With so many tries behind it, an approval log no longer holds up what follows it.
const LOG_HOLDS_TRIES: u32 = 5;

impl Kind {
    pub(crate) const ALL: [(&'static str, Kind); 4] =
        [("start", Kind::Start), ("end", Kind::End), ("log", Kind::Log), ("call", Kind::Call)];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Start => "start",
            Kind::End => "end",
            Kind::Log => "log",
            Kind::Call => "call",
        }
    }

    pub(crate) fn stored(word: &str) -> Self {
        Self::ALL.iter().find(|(known, _)| *known == word).map_or(Kind::Log, |(_, kind)| *kind)
    }
}

impl State {
    pub(crate) const ALL: [(&'static str, State); 9] = [
        ("waiting", Waiting),
        ("due", Due),
        ("not_configured", NotConfigured),
        ("delivered", Delivered),
        ("not_supported", NotSupported),
        ("refused", Refused),
        ("failed", Failed),
        ("parked", Parked),
        ("skipped", Skipped),
    ];

    pub(crate) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, state)| *state == self).map_or("parked", |(word, _)| word)
    }

    /// A word of ours; a word of a later version needs a person.
    pub(crate) fn stored(word: &str) -> Self {
        Self::ALL.iter().find(|(known, _)| *known == word).map_or(Parked, |(_, state)| *state)
    }

    pub(crate) fn may_become(self, next: State) -> bool {
        self == next || LEGAL.iter().any(|(from, to)| *from == self && to.contains(&next))
    }

    /// Whether the pushes behind one that stands so have to wait for it. An approval log is told
    /// for information: what was refused or failed again and again is overtaken.
    pub(crate) fn holds(self, kind: Kind, tries: u32) -> bool {
        match self {
            Waiting | NotConfigured => true,
            Due => kind != Kind::Log || tries < LOG_HOLDS_TRIES,
            Parked => kind != Kind::Log,
            Delivered | NotSupported | Refused | Failed | Skipped => false,
        }
    }
}

/// A push as the rules look at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) id: i64,
    pub(crate) kind: Kind,
    pub(crate) state: State,
    /// Tries of the present errand, the one in hand included.
    pub(crate) tries: u32,
}

/// Why a person's wish is not obeyed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("推送状态为 {0}，不能重发")]
    NotReplayable(&'static str),
    #[error("服务调用的结果已交给流程，不能重发；请在订单中重试该节点")]
    Answered,
    #[error("推送状态为 {0}，不能跳过")]
    NotSkippable(&'static str),
}

impl Known {
    /// Whether it may be sent again.
    pub(crate) fn replay(&self) -> Result<(), Refusal> {
        match (self.kind, self.state) {
            (Kind::Call, Delivered | Skipped) | (_, Refused | Failed) => Err(Refusal::Answered),
            (_, Waiting | Due) => Err(Refusal::NotReplayable(self.state.word())),
            (_, NotConfigured | NotSupported | Parked | Delivered | Skipped) => Ok(()),
        }
    }

    /// Whether it may be left out, so that the line goes on.
    pub(crate) fn skip(&self) -> Result<(), Refusal> {
        match self.state {
            Waiting | Due | NotConfigured | Parked => Ok(()),
            Delivered | NotSupported | Refused | Failed | Skipped => {
                Err(Refusal::NotSkippable(self.state.word()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 4] = [Kind::Start, Kind::End, Kind::Log, Kind::Call];

    #[test]
    fn every_state_and_kind_has_one_word_and_every_state_one_line_of_the_table() {
        for (word, state) in State::ALL {
            assert_eq!((State::stored(word), state.word()), (state, word));
            assert_eq!(LEGAL.iter().filter(|(from, _)| *from == state).count(), 1, "{word}");
        }
        for (word, kind) in Kind::ALL {
            assert_eq!((Kind::stored(word), kind.word()), (kind, word));
        }
    }

    #[test]
    fn a_persons_wishes_move_only_along_the_table() {
        for (_, state) in State::ALL {
            for kind in KINDS {
                let known = Known { id: 1, kind, state, tries: 1 };
                if known.replay().is_ok() {
                    assert!(state.may_become(Due) && state.may_become(Waiting), "{state:?}");
                }
                assert!(known.skip().is_err() || state.may_become(Skipped), "{state:?}");
            }
        }
    }

    #[test]
    fn an_answered_call_is_never_made_again() {
        for state in [Delivered, Refused, Failed, Skipped] {
            let known = Known { id: 1, kind: Kind::Call, state, tries: 1 };
            assert_eq!(known.replay(), Err(Refusal::Answered));
        }
    }

    #[test]
    fn what_is_under_way_or_parked_holds_the_line_and_a_log_only_for_a_while() {
        for kind in KINDS {
            assert!(Due.holds(kind, 1) && Waiting.holds(kind, 0) && NotConfigured.holds(kind, 0));
            assert!(!Delivered.holds(kind, 1) && !Skipped.holds(kind, 1));
        }
        assert!(Parked.holds(Kind::Start, 1) && Due.holds(Kind::End, 90));
        assert!(!Parked.holds(Kind::Log, 1) && !Due.holds(Kind::Log, 5));
    }
}
