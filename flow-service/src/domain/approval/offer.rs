//! What a person can do with a seat, in the words of the wire.

use super::{Approval, MAX_DEPTH, MAX_PAST, MAX_SEATS, Mode, Seat, SeatState, Verdict};

impl Approval {
    /// Empty for a seat that is not this person's. Whether there is anywhere to rebut to is the
    /// flow's to say. Of a seat that does not wait for them, only what they added can be taken out.
    pub(crate) fn offers(&self, seat: u32, user: &str) -> Vec<&'static str> {
        let Some(seat) = self.seat(seat) else { return Vec::new() };
        if self.verdict() != Verdict::Pending || seat.is_removed || !seat.is_known_to(user) {
            return Vec::new();
        }
        let remove_sign = (!self.removable(user).is_empty()).then_some("remove_sign");
        if seat.state != SeatState::Open || !seat.is_held_by(user) {
            return remove_sign.into_iter().collect();
        }
        let is_delegate = seat.delegations.iter().any(|delegation| delegation.to == user);
        let mut words = vec!["pass", "reject"];
        if !is_delegate {
            words.push("rebut");
        }
        if seat.past.len() < MAX_PAST {
            words.extend(["transfer", "delegate"]);
        }
        if self.has_room(seat, user) {
            words.push("add_sign");
        }
        words.extend(remove_sign);
        words.extend(self.claims(seat, user));
        words.extend(["copy", "comment", "accept"]);
        words
    }

    fn has_room(&self, seat: &Seat, user: &str) -> bool {
        let guests: usize = self.seats.iter().map(|seat| seat.guests.len()).sum();
        seat.depth_of(user) < MAX_DEPTH && self.seats.len() + guests < MAX_SEATS
    }

    fn claims(&self, seat: &Seat, user: &str) -> Option<&'static str> {
        match (self.mode, &seat.claimed_by) {
            (Mode::Any, None) if seat.picks.len() > 1 => Some("claim"),
            (Mode::Any, Some(claimer)) if seat.picks.len() > 1 && claimer == user => {
                Some("release")
            }
            (Mode::Any | Mode::All | Mode::Sequence | Mode::Vote { .. }, _) => None,
        }
    }
}
