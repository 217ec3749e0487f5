//! Whose word counts in one task, and what it comes to: modes, seats and what people do with them.

mod deed;
mod house;
mod offer;
mod settle;
mod sign;
mod take_back;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

/// How deep people may add people.
pub(crate) const MAX_DEPTH: u8 = 5;
/// Seats of one approval, together with the people who joined a seat.
pub(crate) const MAX_SEATS: usize = 100;
/// How often one seat may be handed around.
pub(crate) const MAX_PAST: usize = 100;

/// How many words make the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// 或签: the first decision decides.
    Any,
    /// 会签: everybody passes; the first refusal refuses.
    All,
    /// 依次: one after another.
    Sequence,
    /// 票签: passes when `passed * 100 >= percent * counted`.
    Vote { percent: u8 },
}

/// A person and why it is them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pick {
    pub(crate) user: String,
    /// The absent person whose agent they are.
    pub(crate) on_behalf_of: Option<String>,
    /// The rule in one Chinese sentence.
    pub(crate) rule: String,
    /// Each step from the rule to the person.
    pub(crate) chain: Vec<String>,
}

/// An approval while it runs and after: a value, without clock and store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Approval {
    mode: Mode,
    /// In the order of their turns.
    seats: Vec<Seat>,
}

/// What a store keeps of an approval.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parts {
    pub(crate) mode: Mode,
    /// In the order of their turns: the order matters.
    pub(crate) seats: Vec<Seat>,
}

/// One word that counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seat {
    /// From 1; never used twice.
    pub(crate) no: u32,
    pub(crate) kind: SeatKind,
    pub(crate) state: SeatState,
    /// Whose seat it is; several where the first of them decides.
    pub(crate) picks: Vec<Pick>,
    pub(crate) claimed_by: Option<String>,
    pub(crate) added_by: Option<String>,
    /// 0 for those whom the flow chose.
    pub(crate) depth: u8,
    /// Taken out for good.
    pub(crate) is_removed: bool,
    /// Those of `picks` whom people of the seat asked to join.
    pub(crate) guests: Vec<Guest>,
    /// Who waits for whose advice.
    pub(crate) delegations: Vec<Delegation>,
    /// How it came to those who have it, oldest first.
    pub(crate) past: Vec<Past>,
    pub(crate) decided: Option<Decided>,
    /// Since when it waits for the people it waits for.
    pub(crate) opened_at: Option<DateTime<Utc>>,
}

/// How a seat came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SeatKind {
    /// The flow wanted it.
    Main,
    /// 前加签: `of` waits for it.
    Before { of: u32 },
    /// 后加签: the pass of `of` counts once this one passed.
    After { of: u32 },
    /// 并加签: counts as `of` does.
    Beside { of: u32 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SeatState {
    /// For its turn, or for people who were added.
    Waiting,
    Open,
    Passed,
    Rejected,
    /// Not asked any more: the result is known, or it was taken out.
    Gone,
}

/// Somebody who joined a seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guest {
    pub(crate) user: String,
    pub(crate) by: String,
    pub(crate) depth: u8,
}

/// Somebody asked another to look first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delegation {
    pub(crate) from: Pick,
    pub(crate) to: String,
}

/// Something that happened to a seat beside being decided.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Past {
    Transferred {
        from: String,
        to: String,
    },
    Delegated {
        from: String,
        to: String,
    },
    /// A delegate's advice.
    Returned {
        to: String,
        advice: Decided,
    },
    /// By the house.
    Substituted {
        from: String,
        to: String,
    },
    /// Somebody who had joined was taken out again.
    Left {
        user: String,
        by: String,
    },
    TakenBack(Decided),
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decided {
    /// Empty = the house itself, by a rule of the flow.
    pub(crate) user: String,
    pub(crate) on_behalf_of: Option<String>,
    pub(crate) passed: bool,
    pub(crate) comment: Option<String>,
    pub(crate) at: DateTime<Utc>,
}

/// What is done with a seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Pass,
    Reject,
    Transfer {
        to: Pick,
    },
    Delegate {
        to: Pick,
    },
    AddSign {
        place: Place,
        people: Vec<Pick>,
    },
    RemoveSign {
        people: Vec<String>,
    },
    Claim,
    Release,
    /// By the house: an agent, a handover, a transfer by timeout. Who acts is not looked at.
    Substitute {
        from: String,
        to: Pick,
    },
    /// Takes one's own decision back while the approval is pending.
    Undo,
}

/// Where somebody is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Before,
    After,
    Beside,
}

/// What the approval comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pending,
    Passed,
    Rejected,
}

/// How a seat that was open stopped being so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    Passed,
    Rejected,
    /// Nobody of it decided.
    Revoked,
}

/// The approval after a deed, and what that means for its open seats.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) approval: Approval,
    pub(crate) verdict: Verdict,
    /// Seats that wait now, or wait for other people than before.
    pub(crate) opened: Vec<u32>,
    /// Seats that wait no longer. One of them may open again later, under the same number.
    pub(crate) closed: Vec<(u32, Closing)>,
    /// The word was a delegate's: whose seat it is again.
    pub(crate) returned_to: Option<String>,
    /// The same was done before, and nothing has changed.
    pub(crate) is_repeat: bool,
}

/// Why a deed is not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("任务不是分配给 {0} 的")]
    NotYours(String),
    #[error("任务不存在或已结束")]
    Over,
    #[error("任务正在等待他人处理，暂不能操作")]
    Waits,
    #[error("{0} 已在本次审批中")]
    AlreadyThere(String),
    #[error("{0} 不是您加签的人，或已处理")]
    NotAdded(String),
    #[error("任务不可认领，或已被他人认领")]
    NotClaimable,
    #[error("加签层级不能超过 {MAX_DEPTH} 层")]
    TooDeep,
    #[error("本次审批的人员或流转次数已达上限")]
    TooMany,
    #[error("不能选择自己")]
    Oneself,
    #[error("当前审批方式不支持此操作")]
    WrongMode,
    #[error("后续已有人处理，不能拿回")]
    TooLate,
}

impl Approval {
    /// Asks `picks`, each person once. There must be one.
    pub(crate) fn open(mode: Mode, picks: Vec<Pick>, at: DateTime<Utc>) -> Approval {
        let mut people: Vec<Pick> = Vec::new();
        for pick in picks {
            if people.iter().all(|known| known.user != pick.user) {
                people.push(pick);
            }
        }
        let mode = match mode {
            Mode::Vote { percent } => Mode::Vote { percent: percent.clamp(1, 100) },
            Mode::Any | Mode::All | Mode::Sequence => mode,
        };
        let seats = match mode {
            Mode::Any => vec![Seat::new(1, SeatKind::Main, people)],
            Mode::All | Mode::Sequence | Mode::Vote { .. } => (1..)
                .zip(people)
                .map(|(no, pick)| Seat::new(no, SeatKind::Main, vec![pick]))
                .collect(),
        };
        let mut approval = Approval { mode, seats };
        approval.settle(at);
        approval
    }

    pub(crate) fn restore(parts: Parts) -> Approval {
        Approval { mode: parts.mode, seats: parts.seats }
    }

    pub(crate) fn parts(&self) -> Parts {
        Parts { mode: self.mode, seats: self.seats.clone() }
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// In the order of their turns.
    pub(crate) fn seats(&self) -> &[Seat] {
        &self.seats
    }

    pub(crate) fn seat(&self, no: u32) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.no == no)
    }

    pub(crate) fn open_seats(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(|seat| seat.state == SeatState::Open)
    }

    fn seat_mut(&mut self, no: u32) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.no == no)
    }
}

impl Seat {
    fn new(no: u32, kind: SeatKind, picks: Vec<Pick>) -> Seat {
        Seat {
            no,
            kind,
            state: SeatState::Waiting,
            picks,
            claimed_by: None,
            added_by: None,
            depth: 0,
            is_removed: false,
            guests: Vec::new(),
            delegations: Vec::new(),
            past: Vec::new(),
            decided: None,
            opened_at: None,
        }
    }

    /// Who can decide it now.
    pub(crate) fn holders(&self) -> Vec<&Pick> {
        let can = |pick: &&Pick| self.claimed_by.as_ref().is_none_or(|user| *user == pick.user);
        self.picks.iter().filter(can).collect()
    }

    pub(crate) fn is_held_by(&self, user: &str) -> bool {
        self.holders().iter().any(|pick| pick.user == user)
    }

    /// Somebody still has to say something.
    fn is_live(&self) -> bool {
        let is_wanted = matches!(self.state, SeatState::Open | SeatState::Waiting);
        is_wanted && self.decided.is_none()
    }

    /// Everybody whose seat it is: those who have it, and those who wait for advice.
    fn people(&self) -> impl Iterator<Item = &str> {
        let delegators = self.delegations.iter().map(|delegation| delegation.from.user.as_str());
        self.picks.iter().map(|pick| pick.user.as_str()).chain(delegators)
    }

    fn has(&self, user: &str) -> bool {
        self.people().any(|one| one == user)
    }

    fn is_decided_by(&self, user: &str) -> bool {
        self.decided.as_ref().is_some_and(|decided| decided.user == user)
    }
}
