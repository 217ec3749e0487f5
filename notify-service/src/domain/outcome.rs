//! What came of an errand, and where the delivery stands after it.

use shared::dingtalk::Trouble;

use super::delivery::{Channel, Known, State};
use super::person::NO_SUCH_USER;
use super::schedule;

/// What the ledger says where the enterprise has no DingTalk application.
pub(crate) const NOT_CONFIGURED: &str = "DingTalk is not configured";

/// How long after a send its result is asked for, in milliseconds.
const FIRST_RESULT_MS: u64 = 2_000;

/// How long to wait when a limit of the minute kept a message back, in milliseconds.
const NEXT_MINUTE_MS: u64 = 60_000;

/// How long to wait when it was not even tried, in milliseconds.
const NOT_TRIED_MS: u64 = 1_000;

/// The same content was there already today.
const DUPLICATE: [&str; 2] = ["143106", "143206"];

/// Receivers of the application or the enterprise within a minute.
const MINUTE_LIMITS: [&str; 4] = ["143103", "143104", "143203", "143204"];

/// What came of an errand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The notification was accepted for this DingTalk user.
    Accepted { send: String, userid: String },
    /// The person has it.
    Arrived,
    /// DingTalk's silent rules kept it back.
    Forbidden(String),
    /// DingTalk does not say yet.
    NoResult,
    /// The to-do stands, owned by this union id.
    Made { todo: String, unionid: String },
    /// The to-do is ticked off, or no longer exists.
    TickedOff,
    /// The task has closed, or the person is disabled.
    Unwanted(&'static str),
    /// The person has neither binding nor mobile, or is unknown.
    NoHandle,
    /// The enterprise has no DingTalk application.
    NotConfigured,
    /// Not tried: the budget or the time was used up.
    NotTried,
    /// The person could not be looked up, so that nothing was tried yet.
    Lookup(Trouble),
    /// DingTalk did not do it.
    Trouble(Trouble),
}

/// Where the delivery stands next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Next {
    pub(crate) state: State,
    /// In how many milliseconds there is something to do again.
    pub(crate) due_in_ms: Option<u64>,
    /// Tries counted on.
    pub(crate) tries: u32,
    pub(crate) repeated: bool,
    /// DingTalk's ids of the send or to-do and of the person.
    pub(crate) remote: Option<(String, String)>,
    /// What is written into the ledger; nothing when it was not tried.
    pub(crate) entry: Option<Entry>,
}

/// A line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) ok: bool,
    pub(crate) code: Option<String>,
    pub(crate) detail: Option<String>,
}

impl Outcome {
    /// The word of the metrics.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Outcome::Accepted { .. } => "accepted",
            Outcome::Arrived => "arrived",
            Outcome::Forbidden(_) => "forbidden",
            Outcome::NoResult => "no_result",
            Outcome::Made { .. } => "made",
            Outcome::TickedOff => "ticked_off",
            Outcome::Unwanted(_) => "unwanted",
            Outcome::NoHandle => "no_handle",
            Outcome::NotConfigured => "not_configured",
            Outcome::NotTried => "not_tried",
            Outcome::Lookup(trouble) | Outcome::Trouble(trouble) => match trouble {
                Trouble::Token { .. } => "token",
                Trouble::Throttled { .. } => "throttled",
                Trouble::Away(_) => "away",
                Trouble::Refused { .. } => "refused",
            },
        }
    }

    /// DingTalk does not know the person under the ids we have.
    pub(crate) fn blames_person(&self) -> bool {
        let (Outcome::Lookup(trouble) | Outcome::Trouble(trouble)) = self else { return false };
        matches!(trouble, Trouble::Refused { code, .. } if NO_SUCH_USER.contains(&code.as_str()))
    }

    fn entry(&self) -> Option<Entry> {
        let line =
            |ok, code: Option<String>, detail: Option<String>| Some(Entry { ok, code, detail });
        match self {
            Outcome::Accepted { .. }
            | Outcome::Arrived
            | Outcome::Made { .. }
            | Outcome::TickedOff => line(true, None, None),
            Outcome::Forbidden(code) => line(
                false,
                Some(code.clone()),
                Some("kept back by a silent rule of DingTalk".to_owned()),
            ),
            Outcome::NoResult => line(true, None, Some("no result yet".to_owned())),
            Outcome::Unwanted(why) => line(true, None, Some((*why).to_owned())),
            Outcome::NoHandle => {
                line(false, None, Some("the person cannot be found at DingTalk".to_owned()))
            }
            Outcome::NotConfigured => line(false, None, Some(NOT_CONFIGURED.to_owned())),
            Outcome::NotTried => None,
            Outcome::Lookup(trouble) | Outcome::Trouble(trouble) => {
                let code = match trouble {
                    Trouble::Token { code }
                    | Trouble::Throttled { code }
                    | Trouble::Refused { code, .. } => Some(code.clone()),
                    Trouble::Away(_) => None,
                };
                line(false, code, Some(trouble.to_string()))
            }
        }
    }
}

/// The rule: what stands, what came of it, what follows.
pub(crate) fn after(known: &Known, outcome: &Outcome) -> Next {
    let stay = Next {
        state: known.state,
        due_in_ms: None,
        tries: known.tries,
        repeated: known.repeated,
        remote: None,
        entry: outcome.entry(),
    };
    let at = |state| Next { state, tries: 0, ..stay.clone() };
    match outcome {
        Outcome::Accepted { send, userid } => Next {
            due_in_ms: Some(FIRST_RESULT_MS),
            remote: Some((send.clone(), userid.clone())),
            ..at(State::Sent)
        },
        Outcome::Arrived => at(State::Delivered),
        Outcome::Forbidden(code) if MINUTE_LIMITS.contains(&code.as_str()) => {
            Next { due_in_ms: Some(NEXT_MINUTE_MS), ..at(State::Due) }
        }
        // The text is the task's alone: if we sent it before, it is what the person has.
        Outcome::Forbidden(code) if DUPLICATE.contains(&code.as_str()) && known.repeated => {
            at(State::Delivered)
        }
        Outcome::Forbidden(_) => at(State::Blocked),
        Outcome::NoResult => unless_over(stay, schedule::after_no_result(known.tries)),
        Outcome::Made { todo, unionid } => {
            let remote = Some((todo.clone(), unionid.clone()));
            if known.open {
                Next { remote, ..at(State::Created) }
            } else {
                Next { remote, due_in_ms: Some(0), ..at(State::Finishing) }
            }
        }
        Outcome::TickedOff => at(State::Finished),
        Outcome::Unwanted(_) => at(State::Skipped),
        Outcome::NoHandle => at(State::WaitingPerson),
        Outcome::NotConfigured => match known.state {
            State::Sent => stay,
            State::WaitingPerson
            | State::Due
            | State::NotConfigured
            | State::Delivered
            | State::Created
            | State::Finishing
            | State::Finished
            | State::Skipped
            | State::Blocked
            | State::Failed
            | State::Parked => at(State::NotConfigured),
        },
        Outcome::NotTried => {
            Next { due_in_ms: Some(NOT_TRIED_MS), tries: known.tries.saturating_sub(1), ..stay }
        }
        Outcome::Lookup(trouble) => {
            Next { repeated: known.repeated, ..after_trouble(known, trouble, stay) }
        }
        Outcome::Trouble(trouble) => after_trouble(known, trouble, stay),
    }
}

fn after_trouble(known: &Known, trouble: &Trouble, stay: Next) -> Next {
    match trouble {
        Trouble::Throttled { .. } => {
            unless_over(stay, schedule::after_throttling(known.tries, known.id))
        }
        Trouble::Away(_) => {
            // No answer is no proof that nothing happened.
            let stay = Next { repeated: known.repeated || known.state == State::Due, ..stay };
            let pause = match known.state {
                State::Sent => schedule::after_no_result(known.tries),
                State::WaitingPerson
                | State::Due
                | State::NotConfigured
                | State::Delivered
                | State::Created
                | State::Finishing
                | State::Finished
                | State::Skipped
                | State::Blocked
                | State::Failed
                | State::Parked => schedule::after_away(known.tries, known.id),
            };
            unless_over(stay, pause)
        }
        Trouble::Token { .. } => unless_over(stay, schedule::after_away(known.tries, known.id)),
        Trouble::Refused { .. } if is_result_lost(known, trouble) => stay,
        Trouble::Refused { .. } => Next { state: State::Failed, tries: 0, ..stay },
    }
}

/// A refused question for a result says nothing about the message; a refused receiver does.
fn is_result_lost(known: &Known, trouble: &Trouble) -> bool {
    let own_words = ["invalid_user", "send_failed"];
    let is_about_receiver =
        matches!(trouble, Trouble::Refused { code, .. } if own_words.contains(&code.as_str()));
    known.state == State::Sent && known.channel == Channel::Work && !is_about_receiver
}

/// When the schedule is over, a send keeps its state with an unknown result; the rest is parked.
fn unless_over(stay: Next, pause: Option<u64>) -> Next {
    match (pause, stay.state) {
        (Some(millis), _) => Next { due_in_ms: Some(millis), ..stay },
        (None, State::Sent) => Next {
            entry: Some(Entry { ok: false, code: None, detail: Some("result unknown".to_owned()) }),
            ..stay
        },
        (None, _) => Next { state: State::Parked, tries: 0, ..stay },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(channel: Channel, state: State) -> Known {
        Known { id: 1, channel, state, tries: 1, repeated: false, has_remote: false, open: true }
    }

    fn away() -> Outcome {
        Outcome::Trouble(Trouble::Away("no answer".to_owned()))
    }

    fn refused(code: &str) -> Outcome {
        Outcome::Trouble(Trouble::Refused { code: code.to_owned(), message: String::new() })
    }

    #[test]
    fn every_outcome_of_every_errand_moves_along_the_table() {
        let made = Outcome::Made { todo: "t".to_owned(), unionid: "u".to_owned() };
        let accepted = Outcome::Accepted { send: "1".to_owned(), userid: "u".to_owned() };
        let shared = [
            Outcome::NotConfigured,
            Outcome::NotTried,
            away(),
            refused("400"),
            Outcome::Trouble(Trouble::Token { code: "40014".to_owned() }),
            Outcome::Trouble(Trouble::Throttled { code: "90018".to_owned() }),
        ];
        let of_due = [made, accepted, Outcome::Unwanted("closed"), Outcome::NoHandle];
        let of_sent = [
            Outcome::Arrived,
            Outcome::NoResult,
            Outcome::Forbidden("143105".to_owned()),
            Outcome::Forbidden("143103".to_owned()),
        ];
        let table: [(State, &[Outcome]); 3] = [
            (State::Due, &of_due),
            (State::Sent, &of_sent),
            (State::Finishing, &[Outcome::TickedOff]),
        ];
        for (state, own) in table {
            for outcome in own.iter().chain(&shared) {
                for tries in [1, 5_000] {
                    let next = after(&Known { tries, ..known(Channel::Work, state) }, outcome);

                    assert!(state.may_become(next.state), "{state:?} {outcome:?} {:?}", next.state);
                }
            }
        }
    }

    #[test]
    fn a_duplicate_is_an_arrival_only_if_we_may_have_sent_it_before() {
        let duplicate = Outcome::Forbidden("143106".to_owned());
        let first = known(Channel::Work, State::Sent);

        assert_eq!(after(&first, &duplicate).state, State::Blocked);
        assert_eq!(after(&Known { repeated: true, ..first }, &duplicate).state, State::Delivered);
    }

    #[test]
    fn a_lost_answer_is_remembered_and_a_refusal_is_not() {
        let due = known(Channel::Work, State::Due);
        let throttled = Outcome::Trouble(Trouble::Throttled { code: "90018".to_owned() });

        assert!(after(&due, &away()).repeated);
        assert!(!after(&due, &throttled).repeated);
        let lookup = Outcome::Lookup(Trouble::Away("no answer".to_owned()));
        assert!(!after(&due, &lookup).repeated);
    }

    #[test]
    fn a_to_do_made_after_its_task_closed_is_ticked_off_at_once() {
        let closed = Known { open: false, ..known(Channel::Todo, State::Due) };
        let made = Outcome::Made { todo: "t".to_owned(), unionid: "u".to_owned() };

        let next = after(&closed, &made);

        assert_eq!((next.state, next.due_in_ms), (State::Finishing, Some(0)));
    }

    #[test]
    fn after_a_day_the_undelivered_is_parked_and_the_unanswered_stays_sent() {
        let due = Known { tries: 5_000, ..known(Channel::Work, State::Due) };
        let sent = Known { tries: 5_000, ..known(Channel::Work, State::Sent) };

        assert_eq!(after(&due, &away()).state, State::Parked);
        let next = after(&sent, &Outcome::NoResult);
        assert_eq!((next.state, next.due_in_ms), (State::Sent, None));
        assert_eq!(next.entry.unwrap().detail.as_deref(), Some("result unknown"));
    }

    #[test]
    fn what_was_not_tried_costs_no_try() {
        let next = after(&known(Channel::Work, State::Due), &Outcome::NotTried);

        assert_eq!((next.tries, next.entry, next.due_in_ms), (0, None, Some(NOT_TRIED_MS)));
    }
}
