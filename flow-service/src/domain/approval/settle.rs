//! From what was said to where each seat stands, and to the verdict.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Approval, Closing, Mode, Outcome, Refusal, Seat, SeatKind, SeatState, Verdict};

/// What a seat is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The mode counts it.
    Counted,
    /// This seat waits for it.
    Before(u32),
    /// The pass of this seat waits for it.
    After(u32),
}

/// What all seats are worth at one moment.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) roles: BTreeMap<u32, Role>,
    /// Seats that were not taken out, by the seat that they belong to.
    pub(super) befores: BTreeMap<u32, Vec<u32>>,
    pub(super) afters: BTreeMap<u32, Vec<u32>>,
    /// Seats that the mode counts, in the order of their turns.
    pub(super) counted: Vec<u32>,
    pub(super) worths: BTreeMap<u32, Verdict>,
    pub(super) verdict: Option<Verdict>,
}

impl Approval {
    pub(crate) fn verdict(&self) -> Verdict {
        self.sheet().verdict()
    }

    /// Added beside somebody = there for the same as they.
    pub(super) fn role(&self, seat: &Seat) -> Role {
        match seat.kind {
            SeatKind::Main => Role::Counted,
            SeatKind::Before { of } => Role::Before(of),
            SeatKind::After { of } => Role::After(of),
            SeatKind::Beside { of } => self.seat(of).map_or(Role::Counted, |seat| self.role(seat)),
        }
    }

    pub(super) fn sheet(&self) -> Sheet {
        let mut sheet = Sheet::default();
        for seat in &self.seats {
            let role = self.role(seat);
            sheet.roles.insert(seat.no, role);
            if seat.is_removed {
                continue;
            }
            match role {
                Role::Counted => sheet.counted.push(seat.no),
                Role::Before(of) => sheet.befores.entry(of).or_default().push(seat.no),
                Role::After(of) => sheet.afters.entry(of).or_default().push(seat.no),
            }
        }
        for seat in &self.seats {
            self.weigh(seat.no, &mut sheet);
        }
        sheet.verdict = Some(self.count(&sheet));
        sheet
    }

    /// What the seat is worth with everybody who was added to it.
    fn weigh(&self, no: u32, sheet: &mut Sheet) -> Verdict {
        if let Some(known) = sheet.worths.get(&no) {
            return *known;
        }
        let before = self.weigh_all(sheet.befores.get(&no).cloned(), sheet);
        let own = match self.seat(no).and_then(|seat| seat.decided.as_ref()) {
            None => Verdict::Pending,
            Some(decided) if decided.passed => Verdict::Passed,
            Some(_) => Verdict::Rejected,
        };
        let after = self.weigh_all(sheet.afters.get(&no).cloned(), sheet);
        let worth = match (before, own) {
            (Verdict::Passed, Verdict::Passed) => after,
            (Verdict::Passed, own) => own,
            (before, _) => before,
        };
        sheet.worths.insert(no, worth);
        worth
    }

    fn weigh_all(&self, seats: Option<Vec<u32>>, sheet: &mut Sheet) -> Verdict {
        let worths: Vec<Verdict> =
            seats.unwrap_or_default().into_iter().map(|no| self.weigh(no, sheet)).collect();
        all(&worths)
    }

    fn count(&self, sheet: &Sheet) -> Verdict {
        let worths: Vec<Verdict> = sheet.counted.iter().map(|no| sheet.worth(*no)).collect();
        match self.mode {
            Mode::Any | Mode::All | Mode::Sequence => all(&worths),
            Mode::Vote { percent } => {
                let with = |wanted| worths.iter().filter(|worth| **worth == wanted).count();
                let needed = usize::from(percent) * worths.len();
                let can_still_pass = worths.len() - with(Verdict::Rejected);
                if with(Verdict::Passed) * 100 >= needed {
                    Verdict::Passed
                } else if can_still_pass * 100 < needed {
                    Verdict::Rejected
                } else {
                    Verdict::Pending
                }
            }
        }
    }

    /// Works out where every seat stands.
    pub(super) fn settle(&mut self, at: DateTime<Utc>) {
        let sheet = self.sheet();
        let turn = sheet.counted.iter().find(|no| sheet.worth(**no) != Verdict::Passed).copied();
        let states: Vec<SeatState> =
            self.seats.iter().map(|seat| self.state(seat, &sheet, turn)).collect();
        for (seat, state) in self.seats.iter_mut().zip(states) {
            if state == SeatState::Open && seat.state != SeatState::Open {
                seat.opened_at = Some(at);
            }
            seat.state = state;
        }
    }

    fn state(&self, seat: &Seat, sheet: &Sheet, turn: Option<u32>) -> SeatState {
        if seat.is_removed {
            return SeatState::Gone;
        }
        match sheet.worth(seat.no) {
            Verdict::Passed => return SeatState::Passed,
            Verdict::Rejected => return SeatState::Rejected,
            Verdict::Pending => {}
        }
        if sheet.verdict() != Verdict::Pending || self.is_lost(seat, sheet) {
            return SeatState::Gone;
        }
        let is_blocked = sheet.any_pending(&sheet.befores, seat.no);
        if seat.decided.is_none() && !is_blocked && self.is_its_turn(seat, sheet, turn) {
            SeatState::Open
        } else {
            SeatState::Waiting
        }
    }

    /// Nobody waits for it any more.
    pub(super) fn is_lost(&self, seat: &Seat, sheet: &Sheet) -> bool {
        let (of, is_late) = match sheet.role(seat.no) {
            Role::Counted => return false,
            Role::Before(of) => (of, self.seat(of).is_none_or(|seat| seat.decided.is_some())),
            Role::After(of) => (of, false),
        };
        let Some(parent) = self.seat(of) else { return true };
        is_late
            || parent.is_removed
            || sheet.worth(of) != Verdict::Pending
            || self.is_lost(parent, sheet)
    }

    fn is_its_turn(&self, seat: &Seat, sheet: &Sheet, turn: Option<u32>) -> bool {
        match sheet.role(seat.no) {
            Role::Counted => match self.mode {
                Mode::Any | Mode::All | Mode::Vote { .. } => true,
                Mode::Sequence => turn == Some(seat.no),
            },
            Role::Before(of) => {
                self.seat(of).is_some_and(|parent| self.is_its_turn(parent, sheet, turn))
            }
            Role::After(of) => self.seat(of).is_some_and(|parent| {
                parent.decided.is_some() && self.is_its_turn(parent, sheet, turn)
            }),
        }
    }

    /// Settles what a deed left, unless it would ask somebody twice.
    pub(super) fn concluded(
        self,
        before: &Approval,
        at: DateTime<Utc>,
    ) -> Result<Outcome, Refusal> {
        let outcome = self.compared(before, at);
        match outcome.approval.doubled() {
            Some(user) => Err(Refusal::AlreadyThere(user)),
            None => Ok(outcome),
        }
    }

    /// Settles, and says what is different from `before`.
    pub(super) fn compared(mut self, before: &Approval, at: DateTime<Utc>) -> Outcome {
        self.settle(at);
        let (mut opened, mut closed) = (Vec::new(), Vec::new());
        for seat in &self.seats {
            let old = before.seat(seat.no).filter(|old| old.state == SeatState::Open);
            match (old, seat.state == SeatState::Open) {
                (None, true) => opened.push(seat.no),
                (Some(old), true) if old.holders() != seat.holders() => opened.push(seat.no),
                (Some(_), false) => closed.push((seat.no, seat.closing())),
                (None, false) | (Some(_), true) => {}
            }
        }
        let verdict = self.verdict();
        Outcome { approval: self, verdict, opened, closed, returned_to: None, is_repeat: false }
    }

    /// Somebody who would be asked twice.
    fn doubled(&self) -> Option<String> {
        let mut seen = BTreeSet::new();
        let mut people = self.seats.iter().filter(|seat| seat.is_live()).flat_map(Seat::people);
        people.find(|user| !seen.insert(*user)).map(str::to_owned)
    }

    pub(super) fn unchanged(&self) -> Outcome {
        Outcome {
            approval: self.clone(),
            verdict: self.verdict(),
            opened: Vec::new(),
            closed: Vec::new(),
            returned_to: None,
            is_repeat: true,
        }
    }
}

impl Seat {
    fn closing(&self) -> Closing {
        match &self.decided {
            None => Closing::Revoked,
            Some(decided) if decided.passed => Closing::Passed,
            Some(_) => Closing::Rejected,
        }
    }
}

impl Sheet {
    pub(super) fn verdict(&self) -> Verdict {
        self.verdict.unwrap_or(Verdict::Pending)
    }

    pub(super) fn worth(&self, no: u32) -> Verdict {
        self.worths.get(&no).copied().unwrap_or(Verdict::Pending)
    }

    pub(super) fn role(&self, no: u32) -> Role {
        self.roles.get(&no).copied().unwrap_or(Role::Counted)
    }

    fn any_pending(&self, added: &BTreeMap<u32, Vec<u32>>, no: u32) -> bool {
        added.get(&no).into_iter().flatten().any(|no| self.worth(*no) == Verdict::Pending)
    }
}

/// One refusal refuses, and nothing is pending for nobody.
fn all(worths: &[Verdict]) -> Verdict {
    if worths.contains(&Verdict::Rejected) {
        Verdict::Rejected
    } else if worths.contains(&Verdict::Pending) {
        Verdict::Pending
    } else {
        Verdict::Passed
    }
}
