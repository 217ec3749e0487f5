//! 加签 and 减签: people whom people add, and take out again.

use super::deed::Voice;
use super::{
    Approval, Guest, MAX_DEPTH, MAX_SEATS, Mode, Past, Pick, Place, Refusal, Seat, SeatKind,
};

/// Where somebody stands whom somebody added.
enum Added {
    Seat(u32),
    Guest(u32),
    Decided,
}

impl Approval {
    pub(super) fn add_sign(
        &mut self,
        voice: Voice<'_>,
        place: Place,
        people: Vec<Pick>,
    ) -> Result<(), Refusal> {
        let guests: usize = self.seats.iter().map(|seat| seat.guests.len()).sum();
        let is_full = self.seats.len() + guests + people.len() > MAX_SEATS;
        let mode = self.mode;
        let seat = self.open_seat(voice)?;
        if people.iter().any(|pick| pick.user == voice.user) {
            return Err(Refusal::Oneself);
        }
        let depth = seat.depth_of(voice.user) + 1;
        if depth > MAX_DEPTH {
            return Err(Refusal::TooDeep);
        }
        if is_full {
            return Err(Refusal::TooMany);
        }
        let of = seat.no;
        let kind = match (place, mode) {
            (Place::Beside, Mode::Any) => {
                seat.welcome(voice.user, depth, people);
                return Ok(());
            }
            (Place::Beside, Mode::All | Mode::Sequence | Mode::Vote { .. }) => {
                SeatKind::Beside { of }
            }
            (Place::Before, _) => SeatKind::Before { of },
            (Place::After, _) => SeatKind::After { of },
        };
        let first = self.seats.iter().map(|seat| seat.no).max().unwrap_or(0) + 1;
        let added: Vec<Seat> = (first..)
            .zip(people)
            .map(|(no, pick)| Seat {
                added_by: Some(voice.user.to_owned()),
                depth,
                ..Seat::new(no, kind, vec![pick])
            })
            .collect();
        let place = self.seats.iter().position(|seat| seat.no == of);
        let behind = place.map_or(self.seats.len(), |place| place + 1);
        self.seats.splice(behind..behind, added);
        Ok(())
    }

    pub(super) fn remove_sign(
        &mut self,
        voice: Voice<'_>,
        people: &[String],
    ) -> Result<(), Refusal> {
        let own = self.seat(voice.seat).ok_or(Refusal::Over)?;
        if !own.is_known_to(voice.user) {
            return Err(Refusal::NotYours(voice.user.to_owned()));
        }
        if own.is_removed {
            return Err(Refusal::Over);
        }
        for person in people {
            match self.added(voice.user, person) {
                Some(Added::Seat(no)) => {
                    if let Some(seat) = self.seat_mut(no) {
                        seat.is_removed = true;
                    }
                }
                Some(Added::Guest(no)) => {
                    if let Some(seat) = self.seat_mut(no) {
                        seat.dismiss(person, voice.user);
                    }
                }
                None if self.has_removed(voice.user, person) => {}
                Some(Added::Decided) | None => return Err(Refusal::NotAdded(person.clone())),
            }
        }
        Ok(())
    }

    /// Whom this person could take out again, by those who can act for them now.
    pub(super) fn removable(&self, user: &str) -> Vec<&str> {
        let seats = self.seats.iter().filter(|seat| seat.is_live());
        let people = seats.flat_map(|seat| {
            seat.people().filter(|person| {
                let is_guest = seat.is_guest_of(user, person) && seat.picks.len() > 1;
                seat.added_by.as_deref() == Some(user) || is_guest
            })
        });
        people.collect()
    }

    pub(super) fn has_added(&self, user: &str, person: &str) -> bool {
        matches!(self.added(user, person), Some(Added::Seat(_) | Added::Guest(_)))
    }

    pub(super) fn has_removed(&self, user: &str, person: &str) -> bool {
        let left = Past::Left { user: person.to_owned(), by: user.to_owned() };
        self.seats.iter().any(|seat| {
            let is_gone = seat.is_removed && seat.added_by.as_deref() == Some(user);
            is_gone && seat.has(person) || seat.past.contains(&left)
        })
    }

    /// Whether this very adding was done already, and is still in force.
    pub(super) fn is_added(&self, own: &Seat, user: &str, place: Place, person: &str) -> bool {
        let kind = match (place, self.mode) {
            (Place::Beside, Mode::Any) => {
                return own.is_live() && own.is_guest_of(user, person);
            }
            (Place::Beside, Mode::All | Mode::Sequence | Mode::Vote { .. }) => {
                SeatKind::Beside { of: own.no }
            }
            (Place::Before, _) => SeatKind::Before { of: own.no },
            (Place::After, _) => SeatKind::After { of: own.no },
        };
        self.seats.iter().any(|seat| {
            let is_theirs = seat.kind == kind && seat.added_by.as_deref() == Some(user);
            is_theirs && seat.is_live() && seat.has(person)
        })
    }

    fn added(&self, user: &str, person: &str) -> Option<Added> {
        let mut found = None;
        for seat in self.seats.iter().filter(|seat| !seat.is_removed) {
            if seat.added_by.as_deref() == Some(user) && seat.has(person) {
                if seat.is_live() {
                    return Some(Added::Seat(seat.no));
                }
                found = Some(Added::Decided);
            }
            if seat.is_live() && seat.picks.len() > 1 && seat.is_guest_of(user, person) {
                return Some(Added::Guest(seat.no));
            }
        }
        found
    }
}

impl Seat {
    pub(super) fn depth_of(&self, user: &str) -> u8 {
        let guest = self.guests.iter().find(|guest| guest.user == user);
        self.depth + guest.map_or(0, |guest| guest.depth)
    }

    /// More people can take it: what one of them had claimed is everybody's again.
    fn welcome(&mut self, by: &str, depth: u8, people: Vec<Pick>) {
        let depth = depth - self.depth;
        for pick in people {
            self.guests.push(Guest { user: pick.user.clone(), by: by.to_owned(), depth });
            self.picks.push(pick);
        }
        self.claimed_by = None;
    }

    /// Who acts where this person was asked.
    fn stand_in<'a>(&'a self, person: &'a str) -> &'a str {
        let mut holder = person;
        for _ in &self.delegations {
            let next = self.delegations.iter().find(|delegation| delegation.from.user == holder);
            let Some(next) = next else { break };
            holder = &next.to;
        }
        holder
    }

    fn is_guest_of(&self, user: &str, person: &str) -> bool {
        let holder = self.stand_in(person);
        self.guests.iter().any(|guest| guest.by == user && guest.user == holder)
    }

    fn dismiss(&mut self, person: &str, by: &str) {
        let holder = self.stand_in(person).to_owned();
        self.drop_place(&holder);
        self.past.push(Past::Left { user: person.to_owned(), by: by.to_owned() });
    }

    /// Takes one of several people out, with those who wait for their advice.
    pub(super) fn drop_place(&mut self, holder: &str) {
        self.picks.retain(|pick| pick.user != holder);
        self.guests.retain(|guest| guest.user != holder);
        if self.claimed_by.as_deref() == Some(holder) {
            self.claimed_by = None;
        }
        let mut gone = holder.to_owned();
        while let Some(from) = self.end_delegation_to(&gone) {
            gone = from.user;
        }
        // Whoever is left alone cannot be taken out, too.
        if self.picks.iter().all(|pick| self.guests.iter().any(|guest| guest.user == pick.user)) {
            self.guests.clear();
        }
    }
}
