//! What people do with a seat that is theirs: decide, transfer, delegate, claim.

use chrono::{DateTime, Utc};

use super::{
    Approval, Decided, Deed, Delegation, MAX_PAST, Mode, Outcome, Past, Pick, Refusal, Seat,
    SeatState, Verdict,
};

/// Who speaks, when, and with which words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Voice<'a> {
    pub(super) seat: u32,
    pub(super) user: &'a str,
    pub(super) comment: Option<&'a str>,
    pub(super) at: DateTime<Utc>,
}

impl Approval {
    /// Does something with a seat. The same by the same person a second time is no refusal, and
    /// changes nothing.
    pub(crate) fn act(
        &self,
        seat: u32,
        user: &str,
        deed: Deed,
        comment: Option<&str>,
        at: DateTime<Utc>,
    ) -> Result<Outcome, Refusal> {
        let found = self.seat(seat).ok_or(Refusal::Over)?;
        if self.is_repeat(found, user, &deed) {
            return Ok(self.unchanged());
        }
        if self.verdict() != Verdict::Pending {
            let is_stranger = !found.has(user) && !matches!(deed, Deed::Substitute { .. });
            return Err(if is_stranger { Refusal::NotYours(user.into()) } else { Refusal::Over });
        }
        let voice = Voice { seat, user, comment, at };
        let mut next = self.clone();
        let mut returned_to = None;
        match deed {
            Deed::Pass => returned_to = next.decide(voice, true)?,
            Deed::Reject => returned_to = next.decide(voice, false)?,
            Deed::Transfer { to } => next.transfer(voice, to)?,
            Deed::Delegate { to } => next.delegate(voice, to)?,
            Deed::AddSign { place, people } => next.add_sign(voice, place, people)?,
            Deed::RemoveSign { people } => next.remove_sign(voice, &people)?,
            Deed::Claim => next.claim(voice)?,
            Deed::Release => next.release(voice)?,
            Deed::Substitute { from, to } => next.substitute(voice, &from, to)?,
            Deed::Undo => next.undo(voice)?,
        }
        let outcome = next.concluded(self, at)?;
        Ok(Outcome { returned_to, ..outcome })
    }

    fn is_repeat(&self, seat: &Seat, user: &str, deed: &Deed) -> bool {
        let is_held = seat.has(user);
        match deed {
            Deed::Pass => seat.has_said(user, true),
            Deed::Reject => seat.has_said(user, false),
            Deed::Transfer { to } => {
                let past = Past::Transferred { from: user.into(), to: to.user.clone() };
                !is_held && seat.past.contains(&past)
            }
            Deed::Delegate { to } => {
                let is_it = |delegation: &Delegation| {
                    delegation.from.user == user && delegation.to == to.user
                };
                seat.is_live() && seat.delegations.iter().any(is_it)
            }
            Deed::AddSign { place, people } => {
                people.iter().all(|pick| self.is_added(seat, user, *place, &pick.user))
            }
            Deed::RemoveSign { people } => {
                seat.is_known_to(user)
                    && people.iter().all(|person| {
                        !self.has_added(user, person) && self.has_removed(user, person)
                    })
            }
            Deed::Claim => seat.is_live() && seat.claimed_by.as_deref() == Some(user),
            Deed::Release => {
                let is_free = seat.picks.len() > 1 && seat.claimed_by.is_none();
                seat.state == SeatState::Open && is_free && seat.is_held_by(user)
            }
            Deed::Substitute { from, to } => {
                let past = Past::Substituted { from: from.clone(), to: to.user.clone() };
                (seat.is_removed || !seat.has(from)) && seat.past.contains(&past)
            }
            Deed::Undo => {
                let is_undone =
                    |past: &Past| matches!(past, Past::TakenBack(was) if was.user == user);
                seat.is_live() && seat.has(user) && seat.past.last().is_some_and(is_undone)
            }
        }
    }

    /// The seat, if it waits for this person now.
    pub(super) fn open_seat(&mut self, voice: Voice<'_>) -> Result<&mut Seat, Refusal> {
        let seat = self.seat_mut(voice.seat).ok_or(Refusal::Over)?;
        if !seat.has(voice.user) {
            return Err(Refusal::NotYours(voice.user.to_owned()));
        }
        match seat.state {
            SeatState::Passed | SeatState::Rejected | SeatState::Gone => Err(Refusal::Over),
            SeatState::Waiting if seat.decided.is_some() => Err(Refusal::Over),
            SeatState::Waiting => Err(Refusal::Waits),
            SeatState::Open if seat.is_held_by(voice.user) => Ok(seat),
            SeatState::Open if seat.picks.iter().any(|pick| pick.user == voice.user) => {
                Err(Refusal::NotYours(voice.user.to_owned()))
            }
            SeatState::Open => Err(Refusal::Waits),
        }
    }

    /// A delegate's word goes to the one who asked: whose seat it is again then.
    fn decide(&mut self, voice: Voice<'_>, passed: bool) -> Result<Option<String>, Refusal> {
        let seat = self.open_seat(voice)?;
        let pick = seat.picks.iter().find(|pick| pick.user == voice.user);
        let decided = Decided {
            user: voice.user.to_owned(),
            on_behalf_of: pick.and_then(|pick| pick.on_behalf_of.clone()),
            passed,
            comment: voice.comment.map(str::to_owned),
            at: voice.at,
        };
        let Some(from) = seat.end_delegation_to(voice.user) else {
            seat.decided = Some(decided);
            return Ok(None);
        };
        let to = from.user.clone();
        seat.swap(voice.user, from, voice.at);
        seat.past.push(Past::Returned { to: to.clone(), advice: decided });
        Ok(Some(to))
    }

    fn transfer(&mut self, voice: Voice<'_>, to: Pick) -> Result<(), Refusal> {
        let seat = self.hand_on(voice, &to)?;
        for delegation in &mut seat.delegations {
            if delegation.to == voice.user {
                delegation.to.clone_from(&to.user);
            }
        }
        seat.past.push(Past::Transferred { from: voice.user.into(), to: to.user.clone() });
        seat.swap(voice.user, to, voice.at);
        Ok(())
    }

    fn delegate(&mut self, voice: Voice<'_>, to: Pick) -> Result<(), Refusal> {
        let seat = self.hand_on(voice, &to)?;
        let Some(from) = seat.picks.iter().find(|pick| pick.user == voice.user).cloned() else {
            return Err(Refusal::NotYours(voice.user.to_owned()));
        };
        seat.delegations.push(Delegation { from, to: to.user.clone() });
        seat.past.push(Past::Delegated { from: voice.user.into(), to: to.user.clone() });
        seat.swap(voice.user, to, voice.at);
        Ok(())
    }

    fn hand_on(&mut self, voice: Voice<'_>, to: &Pick) -> Result<&mut Seat, Refusal> {
        let seat = self.open_seat(voice)?;
        if to.user == voice.user {
            return Err(Refusal::Oneself);
        }
        if seat.past.len() >= MAX_PAST {
            return Err(Refusal::TooMany);
        }
        Ok(seat)
    }

    fn claim(&mut self, voice: Voice<'_>) -> Result<(), Refusal> {
        let seat = self.shared_seat(voice)?;
        if seat.claimed_by.is_some() {
            return Err(Refusal::NotClaimable);
        }
        self.open_seat(voice)?.claimed_by = Some(voice.user.to_owned());
        Ok(())
    }

    fn release(&mut self, voice: Voice<'_>) -> Result<(), Refusal> {
        let seat = self.shared_seat(voice)?;
        if seat.claimed_by.as_deref() != Some(voice.user) {
            return Err(Refusal::NotClaimable);
        }
        self.open_seat(voice)?.claimed_by = None;
        Ok(())
    }

    /// A seat that several people can take.
    fn shared_seat(&self, voice: Voice<'_>) -> Result<&Seat, Refusal> {
        let seat = self.seat(voice.seat).ok_or(Refusal::Over)?;
        if !seat.has(voice.user) {
            return Err(Refusal::NotYours(voice.user.to_owned()));
        }
        match self.mode {
            Mode::Any if seat.picks.len() > 1 => Ok(seat),
            Mode::Any => Err(Refusal::NotClaimable),
            Mode::All | Mode::Sequence | Mode::Vote { .. } => Err(Refusal::WrongMode),
        }
    }
}

impl Seat {
    /// Whether this person said so already, and nothing is left for them to say.
    fn has_said(&self, user: &str, passed: bool) -> bool {
        if let Some(decided) = self.decided.as_ref().filter(|decided| decided.user == user) {
            return decided.passed == passed;
        }
        let last = self.past.iter().rev().find_map(|past| match past {
            Past::Returned { advice, .. } if advice.user == user => Some(advice.passed),
            Past::Returned { .. }
            | Past::Transferred { .. }
            | Past::Delegated { .. }
            | Past::Substituted { .. }
            | Past::Left { .. }
            | Past::TakenBack(_) => None,
        });
        !self.has(user) && last == Some(passed)
    }

    /// Gives one person's place in the seat to another.
    pub(super) fn swap(&mut self, user: &str, to: Pick, at: DateTime<Utc>) {
        if self.claimed_by.as_deref() == Some(user) {
            self.claimed_by = Some(to.user.clone());
        }
        for guest in self.guests.iter_mut().filter(|guest| guest.user == user) {
            guest.user.clone_from(&to.user);
        }
        if let Some(pick) = self.picks.iter_mut().find(|pick| pick.user == user) {
            *pick = to;
        }
        if self.state == SeatState::Open {
            self.opened_at = Some(at);
        }
    }

    /// Who asked this person, if they are a delegate; they are none then.
    pub(super) fn end_delegation_to(&mut self, user: &str) -> Option<Pick> {
        let position = self.delegations.iter().position(|delegation| delegation.to == user)?;
        Some(self.delegations.remove(position).from)
    }

    /// They have it, had it in the end, or decided it.
    pub(super) fn is_known_to(&self, user: &str) -> bool {
        self.has(user) || self.is_decided_by(user)
    }
}
