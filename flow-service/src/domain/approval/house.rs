//! What the house does by itself: another person in somebody's place, and a result by timeout.

use chrono::{DateTime, Utc};

use super::deed::Voice;
use super::settle::Role;
use super::{Approval, Decided, Outcome, Past, Pick, Refusal, Seat, SeatKind, SeatState, Verdict};

impl Approval {
    /// Decides all seats that wait now. In a sequence the next ones open.
    pub(crate) fn force(&self, passed: bool, comment: Option<&str>, at: DateTime<Utc>) -> Outcome {
        if self.verdict() != Verdict::Pending {
            return self.unchanged();
        }
        let mut next = self.clone();
        let open = next.seats.iter_mut().filter(|seat| seat.state == SeatState::Open);
        for seat in open {
            seat.decided = Some(Decided {
                user: String::new(),
                on_behalf_of: None,
                passed,
                comment: comment.map(str::to_owned),
                at,
            });
        }
        next.compared(self, at)
    }

    /// Puts `to` where `from` is. Somebody who is asked already is not asked twice: one of the two
    /// places is given up, so that a leaver's seat never stays.
    pub(super) fn substitute(
        &mut self,
        voice: Voice<'_>,
        from: &str,
        to: Pick,
    ) -> Result<(), Refusal> {
        let seat = self.seat(voice.seat).ok_or(Refusal::Over)?;
        if !seat.has(from) {
            return Err(Refusal::NotYours(from.to_owned()));
        }
        if !seat.is_live() {
            return Err(Refusal::Over);
        }
        if from == to.user {
            return Err(Refusal::Oneself);
        }
        let past = Past::Substituted { from: from.to_owned(), to: to.user.clone() };
        let other = self.seats.iter().find(|other| other.is_live() && other.has(&to.user));
        match other.map(|other| (other.no, self.outweighs(seat, from, other))) {
            None => self.rename(voice, from, to),
            Some((other, true)) => {
                self.leave(other, &to.user, voice.seat, voice.at);
                self.rename(voice, from, to);
            }
            Some((other, false)) => self.leave(voice.seat, from, other, voice.at),
        }
        if let Some(seat) = self.seat_mut(voice.seat) {
            seat.past.push(past);
        }
        Ok(())
    }

    /// Whether `from` giving up `seat` would lose a word that `other` is no substitute for.
    fn outweighs(&self, seat: &Seat, from: &str, other: &Seat) -> bool {
        let is_whole_seat = seat.picks.len() == 1 && seat.delegations.is_empty();
        let is_counted = self.role(seat) == Role::Counted && self.role(other) != Role::Counted;
        let is_whole_seat = is_whole_seat && seat.has(from) && seat.no != other.no;
        is_whole_seat && (is_counted || self.is_under(other, seat.no))
    }

    /// Whether a seat was added to another one, directly or not.
    fn is_under(&self, seat: &Seat, of: u32) -> bool {
        match self.role(seat) {
            Role::Counted => false,
            Role::Before(parent) | Role::After(parent) => {
                parent == of || self.seat(parent).is_some_and(|parent| self.is_under(parent, of))
            }
        }
    }

    fn rename(&mut self, voice: Voice<'_>, from: &str, to: Pick) {
        for seat in &mut self.seats {
            if seat.kind.of() == Some(voice.seat) && seat.added_by.as_deref() == Some(from) {
                seat.added_by = Some(to.user.clone());
            }
        }
        let Some(seat) = self.seat_mut(voice.seat) else { return };
        for guest in seat.guests.iter_mut().filter(|guest| guest.by == from) {
            guest.by.clone_from(&to.user);
        }
        for delegation in &mut seat.delegations {
            if delegation.to == from {
                delegation.to.clone_from(&to.user);
            }
            if delegation.from.user == from {
                delegation.from = to.clone();
            }
        }
        if seat.picks.iter().any(|pick| pick.user == from) {
            seat.swap(from, to, voice.at);
        }
    }

    /// Takes a person out of a seat; what was added to it goes to `heir` if the seat goes, too.
    fn leave(&mut self, no: u32, person: &str, heir: u32, at: DateTime<Utc>) {
        let Some(seat) = self.seat_mut(no) else { return };
        let given = seat.delegations.iter().position(|one| one.from.user == person);
        if let Some(position) = given {
            // Their delegate decides alone, or advises whom they would have advised.
            let gone = seat.delegations.remove(position);
            for delegation in seat.delegations.iter_mut().filter(|one| one.to == person) {
                delegation.to.clone_from(&gone.to);
            }
            return;
        }
        if let Some(back) = seat.end_delegation_to(person) {
            seat.swap(person, back, at);
            return;
        }
        if seat.picks.len() > 1 {
            seat.drop_place(person);
            return;
        }
        seat.is_removed = true;
        for added in &mut self.seats {
            match &mut added.kind {
                SeatKind::Before { of } | SeatKind::After { of } if *of == no => *of = heir,
                SeatKind::Before { .. }
                | SeatKind::After { .. }
                | SeatKind::Beside { .. }
                | SeatKind::Main => {}
            }
        }
    }
}

impl SeatKind {
    /// The seat whose person added it.
    pub(crate) fn of(self) -> Option<u32> {
        match self {
            SeatKind::Main => None,
            SeatKind::Before { of } | SeatKind::After { of } | SeatKind::Beside { of } => Some(of),
        }
    }
}
