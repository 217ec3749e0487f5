//! One delivery: through which channel, where it stands, and what may follow what.

/// How a person is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Channel {
    /// A work notification (工作通知).
    Work,
    /// A DingTalk to-do (待办).
    Todo,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// The person is unknown, or has neither binding nor mobile.
    WaitingPerson,
    /// To go out.
    Due,
    /// The enterprise has no DingTalk application.
    NotConfigured,
    /// Accepted by DingTalk; whether it arrived is to be asked.
    Sent,
    /// It arrived.
    Delivered,
    /// The to-do stands on the person's list.
    Created,
    /// The to-do is to be ticked off.
    Finishing,
    /// The to-do is ticked off.
    Finished,
    /// Closed before it went out, or the person is disabled.
    Skipped,
    /// A silent rule of DingTalk kept it back.
    Blocked,
    /// A final refusal, for a person to look at.
    Failed,
    /// A day of retries was not enough.
    Parked,
}

use State::{
    Blocked, Created, Delivered, Due, Failed, Finished, Finishing, NotConfigured, Parked, Sent,
    Skipped, WaitingPerson,
};

/// What may follow what; anything else is a bug. Staying is always allowed.
const LEGAL: [(State, &[State]); 12] = [
    (WaitingPerson, &[Due, Skipped]),
    (
        Due,
        &[
            WaitingPerson,
            NotConfigured,
            Sent,
            Delivered,
            Created,
            Finishing,
            Skipped,
            Blocked,
            Failed,
            Parked,
        ],
    ),
    (NotConfigured, &[Due, Created, Finishing, Skipped]),
    (Sent, &[Due, Delivered, Blocked, Failed]),
    (Delivered, &[]),
    (Created, &[Finishing]),
    (Finishing, &[Created, Finished, NotConfigured, Failed, Parked]),
    (Finished, &[]),
    (Skipped, &[Due]),
    (Blocked, &[Due]),
    (Failed, &[Due, Created, Finishing]),
    (Parked, &[Due, Created, Finishing]),
];

/// States a person may replay, with the words they are asked for by.
pub(crate) const REPLAYABLE: [(&str, State); 4] = [
    ("failed", Failed),
    ("parked", Parked),
    ("blocked", Blocked),
    ("not_configured", NotConfigured),
];

/// States that come to an end because the task closed first.
pub(crate) const ENDED_BY_CLOSING: [State; 3] = [WaitingPerson, Due, NotConfigured];

/// States that come to an end because the person was disabled.
pub(crate) const ENDED_BY_DISABLING: [State; 3] = [WaitingPerson, Due, NotConfigured];

/// States that still want something done.
pub(crate) const PENDING: [State; 3] = [Due, Sent, Finishing];

impl Channel {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Channel::Work => "work",
            Channel::Todo => "todo",
        }
    }

    pub(crate) fn stored(word: &str) -> Self {
        if word == "todo" { Channel::Todo } else { Channel::Work }
    }
}

impl State {
    pub(crate) const ALL: [(&'static str, State); 12] = [
        ("waiting_person", WaitingPerson),
        ("due", Due),
        ("not_configured", NotConfigured),
        ("sent", Sent),
        ("delivered", Delivered),
        ("created", Created),
        ("finishing", Finishing),
        ("finished", Finished),
        ("skipped", Skipped),
        ("blocked", Blocked),
        ("failed", Failed),
        ("parked", Parked),
    ];

    pub(crate) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, state)| *state == self).map_or("failed", |(word, _)| word)
    }

    /// A word of ours; a word of a later version needs a person.
    pub(crate) fn stored(word: &str) -> Self {
        Self::ALL.iter().find(|(known, _)| *known == word).map_or(Failed, |(_, state)| *state)
    }

    pub(crate) fn may_become(self, next: State) -> bool {
        self == next || LEGAL.iter().any(|(from, to)| *from == self && to.contains(&next))
    }
}

/// A delivery as the rules look at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) id: i64,
    pub(crate) channel: Channel,
    pub(crate) state: State,
    /// Tries of the present errand, the one in hand included.
    pub(crate) tries: u32,
    /// An earlier try may have had its effect.
    pub(crate) repeated: bool,
    /// DingTalk has given it an id.
    pub(crate) has_remote: bool,
    /// The task still waits for the person.
    pub(crate) open: bool,
}

/// What a claimed delivery asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Errand {
    Push,
    Poll,
    Create,
    Finish,
}

/// Why a delivery is not replayed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("推送状态为 {0}，不能重发")]
    NotReplayable(&'static str),
    #[error("任务已结束，无需重发")]
    Closed,
}

impl Known {
    /// Nothing for a state in which there is nothing to do.
    pub(crate) fn errand(&self) -> Option<Errand> {
        match (self.state, self.channel) {
            (Due, Channel::Work) => Some(Errand::Push),
            (Due, Channel::Todo) => Some(Errand::Create),
            (Sent, _) => Some(Errand::Poll),
            (Finishing, _) => Some(Errand::Finish),
            (
                WaitingPerson | NotConfigured | Delivered | Created | Finished | Skipped | Blocked
                | Failed | Parked,
                _,
            ) => None,
        }
    }

    /// A to-do that may stand at DingTalk without our knowing its id must be found even though its
    /// task has closed, so that it can be ticked off.
    pub(crate) fn is_wanted(&self) -> bool {
        self.open || (self.channel == Channel::Todo && self.repeated)
    }

    /// Where a replay puts it.
    pub(crate) fn replay(&self) -> Result<State, Refusal> {
        if !REPLAYABLE.iter().any(|(_, state)| *state == self.state) {
            return Err(Refusal::NotReplayable(self.state.word()));
        }
        match (self.has_remote && self.channel == Channel::Todo, self.open) {
            (true, true) => Ok(Created),
            (true, false) => Ok(Finishing),
            (false, _) if self.is_wanted() => Ok(Due),
            (false, _) => Err(Refusal::Closed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_one_word_and_one_line_of_the_table() {
        for (word, state) in State::ALL {
            assert_eq!(State::stored(word), state);
            assert_eq!(state.word(), word);
            assert_eq!(LEGAL.iter().filter(|(from, _)| *from == state).count(), 1, "{word}");
        }
    }

    #[test]
    fn what_has_arrived_or_is_ticked_off_never_moves_again() {
        for (_, next) in State::ALL {
            assert_eq!(Delivered.may_become(next), next == Delivered);
            assert_eq!(Finished.may_become(next), next == Finished);
        }
    }

    #[test]
    fn closing_and_disabling_move_only_along_the_table() {
        for state in ENDED_BY_CLOSING.into_iter().chain(ENDED_BY_DISABLING) {
            assert!(state.may_become(Skipped), "{state:?}");
        }
    }

    #[test]
    fn a_replay_moves_only_along_the_table_and_only_what_still_matters() {
        for (_, state) in REPLAYABLE {
            for (has_remote, open) in [(false, false), (false, true), (true, false), (true, true)] {
                let known = Known {
                    id: 1,
                    channel: Channel::Todo,
                    state,
                    tries: 1,
                    repeated: false,
                    has_remote,
                    open,
                };
                match known.replay() {
                    // A blocked delivery is a work notification, which has no to-do to tick off.
                    Ok(next) if state != Blocked => assert!(state.may_become(next), "{state:?}"),
                    Ok(_) => {}
                    Err(refusal) => assert_eq!((refusal, open), (Refusal::Closed, false)),
                }
            }
        }
    }

    #[test]
    fn what_is_under_way_cannot_be_replayed() {
        let known = Known {
            id: 1,
            channel: Channel::Work,
            state: Sent,
            tries: 1,
            repeated: false,
            has_remote: true,
            open: true,
        };

        assert_eq!(known.replay(), Err(Refusal::NotReplayable("sent")));
    }
}
