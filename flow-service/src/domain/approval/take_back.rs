//! 拿回 inside an approval: one's own decision counts no longer, unless somebody built on it.

use chrono::{DateTime, Utc};

use super::deed::Voice;
use super::settle::{Role, Sheet};
use super::{Approval, MAX_PAST, Mode, Outcome, Past, Refusal, Seat, Verdict};

impl Approval {
    /// Who could take which decision back. Once the approval is over, this holds as long as the flow
    /// itself can go back ([`Approval::reopen`]).
    pub(crate) fn take_backs(&self) -> Vec<(u32, &str)> {
        let sheet = self.sheet();
        let free = self.seats.iter().filter(|seat| self.is_free(seat, &sheet));
        free.filter_map(|seat| Some((seat.no, seat.decided.as_ref()?)))
            // Somebody who would be asked again may be busy elsewhere by now.
            .filter(|(no, decided)| self.reopen(*no, &decided.user, decided.at).is_ok())
            .map(|(no, decided)| (no, decided.user.as_str()))
            .collect()
    }

    /// Takes a decision back after the approval was over: the others' words stay, and those who were
    /// not needed any more are asked again. The caller has made sure that the flow can go back.
    pub(crate) fn reopen(
        &self,
        seat: u32,
        user: &str,
        at: DateTime<Utc>,
    ) -> Result<Outcome, Refusal> {
        let mut next = self.clone();
        next.undo(Voice { seat, user, comment: None, at })?;
        let outcome = next.concluded(self, at)?;
        // Without this word the result would be the same: nobody would be asked.
        if outcome.verdict == Verdict::Pending { Ok(outcome) } else { Err(Refusal::TooLate) }
    }

    pub(super) fn undo(&mut self, voice: Voice<'_>) -> Result<(), Refusal> {
        let sheet = self.sheet();
        let seat = self.seat(voice.seat).ok_or(Refusal::Over)?;
        if voice.user.is_empty() || !seat.is_decided_by(voice.user) {
            return Err(Refusal::NotYours(voice.user.to_owned()));
        }
        if seat.past.len() >= MAX_PAST {
            return Err(Refusal::TooMany);
        }
        if !self.is_free(seat, &sheet) {
            return Err(Refusal::TooLate);
        }
        if let Some(seat) = self.seat_mut(voice.seat)
            && let Some(decided) = seat.decided.take()
        {
            seat.past.push(Past::TakenBack(decided));
        }
        Ok(())
    }

    /// Nobody has acted on what was decided there, and it would be asked again.
    fn is_free(&self, seat: &Seat, sheet: &Sheet) -> bool {
        let Some(decided) = &seat.decided else { return false };
        !seat.is_removed
            && !self.is_blocked_above(seat, sheet)
            && !self.is_built_upon(seat.no, decided.at, sheet)
    }

    /// Without this seat its parent would still be over.
    fn is_blocked_above(&self, seat: &Seat, sheet: &Sheet) -> bool {
        let (Role::Before(of) | Role::After(of)) = sheet.role(seat.no) else { return false };
        let Some(parent) = self.seat(of) else { return true };
        let siblings = [sheet.befores.get(&of), sheet.afters.get(&of)];
        let mut others = siblings.into_iter().flatten().flatten().filter(|no| **no != seat.no);
        let is_refused = others.any(|no| sheet.worth(*no) == Verdict::Rejected);
        parent.is_removed || is_refused || self.is_blocked_above(parent, sheet)
    }

    fn is_built_upon(&self, no: u32, at: DateTime<Utc>, sheet: &Sheet) -> bool {
        let mut afters = sheet.afters.get(&no).into_iter().flatten();
        afters.any(|after| self.is_touched(*after, at, sheet)) || self.is_followed(no, at, sheet)
    }

    /// Somebody behind this seat has spoken since.
    fn is_followed(&self, no: u32, at: DateTime<Utc>, sheet: &Sheet) -> bool {
        match sheet.role(no) {
            Role::Before(of) => {
                self.seat(of).is_some_and(|seat| seat.has_spoken(at))
                    || self.is_built_upon(of, at, sheet)
            }
            Role::After(of) => self.is_followed(of, at, sheet),
            Role::Counted => match self.mode {
                Mode::Any | Mode::All | Mode::Vote { .. } => false,
                Mode::Sequence => {
                    let mut later = sheet.counted.iter().skip_while(|counted| **counted != no);
                    later.next();
                    later.any(|later| self.is_touched(*later, at, sheet))
                }
            },
        }
    }

    /// Somebody of this seat, or of those added to it, has spoken since.
    fn is_touched(&self, no: u32, at: DateTime<Utc>, sheet: &Sheet) -> bool {
        let added = [sheet.befores.get(&no), sheet.afters.get(&no)];
        self.seat(no).is_some_and(|seat| seat.has_spoken(at))
            || added.into_iter().flatten().flatten().any(|no| self.is_touched(*no, at, sheet))
    }
}

impl Seat {
    fn has_spoken(&self, at: DateTime<Utc>) -> bool {
        let advised = |past: &Past| matches!(past, Past::Returned { advice, .. } if advice.at > at);
        self.decided.is_some() || self.past.iter().any(advised)
    }
}
