//! Random people doing random things: an approval never hangs, and its verdict is what was said.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;

const CROWD: usize = 10;

/// Numbers from which a deed is made once it is known how the approval stands.
#[derive(Clone, Debug)]
struct Dice {
    what: u8,
    seat: usize,
    user: usize,
    people: Vec<usize>,
    /// Anybody does it, not only whom the seat waits for.
    is_wild: bool,
}

fn at(second: usize) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(i64::try_from(second).unwrap())
}

fn name(number: usize) -> String {
    format!("U{}", number % CROWD)
}

fn pick(number: usize) -> Pick {
    Pick { user: name(number), ..Pick::default() }
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![
        Just(Mode::Any),
        Just(Mode::All),
        Just(Mode::Sequence),
        (0_u8..=101).prop_map(|percent| Mode::Vote { percent }),
    ]
}

fn dice() -> impl Strategy<Value = Dice> {
    let people = prop::collection::vec(0..CROWD, 1..3);
    (0_u8..24, 0_usize..64, 0..CROWD, people, 0_u8..4).prop_map(
        |(what, seat, user, people, wild)| Dice { what, seat, user, people, is_wild: wild == 0 },
    )
}

impl Dice {
    fn seat(&self, approval: &Approval) -> (u32, String) {
        let open: Vec<&Seat> = approval.open_seats().collect();
        if self.is_wild || open.is_empty() {
            let seat = &approval.seats()[self.seat % approval.seats().len()];
            return (seat.no, name(self.user));
        }
        let seat = open[self.seat % open.len()];
        let holders = seat.holders();
        (seat.no, holders[self.user % holders.len()].user.clone())
    }

    fn deed(&self, approval: &Approval) -> (u32, String, Deed) {
        let (no, user) = self.seat(approval);
        let to = pick(self.people[0]);
        let added = |place| Deed::AddSign {
            place,
            people: self.people.iter().map(|number| pick(*number)).collect(),
        };
        let deed = match self.what {
            0..=4 => Deed::Pass,
            5 => Deed::Reject,
            6 | 7 => Deed::Transfer { to },
            8..=10 => Deed::Delegate { to },
            11 | 12 => added(Place::Before),
            13 | 14 => added(Place::After),
            15 | 16 => added(Place::Beside),
            17 => Deed::Claim,
            18 => Deed::Release,
            19 => Deed::RemoveSign { people: vec![to.user] },
            20 | 21 => return self.undo(approval, no, user),
            _ => return self.substitution(approval, to),
        };
        (no, user, deed)
    }

    /// Mostly by somebody who decided something.
    fn undo(&self, approval: &Approval, no: u32, user: String) -> (u32, String, Deed) {
        let decided: Vec<&Seat> =
            approval.seats().iter().filter(|seat| seat.decided.is_some()).collect();
        if decided.is_empty() || self.is_wild {
            return (no, user, Deed::Undo);
        }
        let seat = decided[self.seat % decided.len()];
        (seat.no, seat.decided.as_ref().unwrap().user.clone(), Deed::Undo)
    }

    /// Of any seat, not only an open one.
    fn substitution(&self, approval: &Approval, to: Pick) -> (u32, String, Deed) {
        let seat = &approval.seats()[self.seat % approval.seats().len()];
        let people: Vec<&str> = seat.people().collect();
        let from = people[self.user % people.len()].to_owned();
        (seat.no, String::new(), Deed::Substitute { from, to })
    }
}

/// What a seat comes to, counted anew from what people said and who was added to whom.
fn recounted_seat(seats: &[Seat], seat: &Seat) -> Option<bool> {
    let owner = |one: &Seat| {
        let mut kind = one.kind;
        while let SeatKind::Beside { of } = kind {
            kind = seats.iter().find(|seat| seat.no == of).unwrap().kind;
        }
        kind
    };
    let worths = |wanted: SeatKind| -> Vec<Option<bool>> {
        let added = seats.iter().filter(|one| !one.is_removed && owner(one) == wanted);
        added.map(|one| recounted_seat(seats, one)).collect()
    };
    let before = worths(SeatKind::Before { of: seat.no });
    if before.contains(&Some(false)) {
        return Some(false);
    }
    let is_passed = seat.decided.as_ref()?.passed;
    let after = worths(SeatKind::After { of: seat.no });
    if !is_passed || after.contains(&Some(false)) {
        return Some(false);
    }
    (!after.contains(&None) && !before.contains(&None)).then_some(true)
}

fn recounted(approval: &Approval) -> Verdict {
    let parts = approval.parts();
    let is_counted =
        |seat: &&Seat| !seat.is_removed && approval.role(seat) == settle::Role::Counted;
    let words: Vec<Option<bool>> = parts
        .seats
        .iter()
        .filter(is_counted)
        .map(|seat| recounted_seat(&parts.seats, seat))
        .collect();
    let count = |wanted| words.iter().filter(|word| **word == wanted).count();
    let (passed, refused, open) = (count(Some(true)), count(Some(false)), count(None));
    let passes = |passed: usize| match parts.mode {
        Mode::Vote { percent } => passed * 100 >= usize::from(percent) * words.len(),
        Mode::Any | Mode::All | Mode::Sequence => passed == words.len(),
    };
    assert_eq!(passed + refused + open, words.len());
    match (passes(passed), passes(passed + open)) {
        (true, _) => Verdict::Passed,
        (false, true) => Verdict::Pending,
        (false, false) => Verdict::Rejected,
    }
}

/// The rows outside, kept by nothing but what outcomes say.
#[derive(Default)]
struct Rows(BTreeMap<u32, Vec<Pick>>);

impl Rows {
    fn follow(&mut self, outcome: &Outcome) {
        for no in &outcome.opened {
            let seat = outcome.approval.seat(*no).unwrap();
            self.0.insert(*no, seat.holders().into_iter().cloned().collect());
        }
        for (no, closing) in &outcome.closed {
            assert!(self.0.remove(no).is_some(), "seat {no} was not open");
            let decided = outcome.approval.seat(*no).unwrap().decided.as_ref();
            let wanted = decided.map(|decided| decided.passed);
            match closing {
                Closing::Passed => assert_eq!(wanted, Some(true)),
                Closing::Rejected => assert_eq!(wanted, Some(false)),
                Closing::Revoked => assert_eq!(wanted, None),
            }
        }
    }
}

/// Everybody above an open seat still waits for it.
fn matters(approval: &Approval, seat: &Seat) {
    let (settle::Role::Before(of) | settle::Role::After(of)) = approval.role(seat) else { return };
    let parent = approval.seat(of).unwrap();
    assert!(!parent.is_removed, "{} is asked for nothing", seat.no);
    assert_eq!(recounted_seat(approval.seats(), parent), None, "{} is asked in vain", seat.no);
    matters(approval, parent);
}

fn sound(approval: &Approval, rows: &Rows) {
    let open: BTreeMap<u32, Vec<Pick>> = approval
        .open_seats()
        .map(|seat| (seat.no, seat.holders().into_iter().cloned().collect()))
        .collect();
    assert_eq!(approval.verdict(), recounted(approval));
    assert_eq!(open.is_empty(), approval.verdict() != Verdict::Pending);
    assert_eq!(open, rows.0);
    assert!(open.values().all(|holders| !holders.is_empty()));

    let mut seen = BTreeSet::new();
    for seat in approval.seats() {
        let is_over = approval.verdict() != Verdict::Pending;
        assert!(!is_over || seat.state != SeatState::Waiting);
        assert!(seat.state != SeatState::Open || seat.opened_at.is_some());
        assert!(seat.state != SeatState::Open || seat.decided.is_none());
        if seat.state == SeatState::Open {
            matters(approval, seat);
        }
        if seat.is_live() {
            for user in seat.people() {
                assert!(seen.insert(user.to_owned()), "{user} is asked twice");
            }
        }
        for delegation in &seat.delegations {
            assert!(seat.has(&delegation.to), "a delegate who is not there");
        }
        if let Some(claimer) = &seat.claimed_by {
            assert!(seat.picks.iter().any(|pick| pick.user == *claimer));
        }
    }
    assert_eq!(&Approval::restore(approval.parts()), approval);
    let mut settled = approval.clone();
    settled.settle(at(0));
    assert_eq!(&settled, approval, "settling settles");
}

/// What is offered is what is done.
fn offered(approval: &Approval, user: &str) {
    for seat in approval.seats() {
        let offers = approval.offers(seat.no, user);
        let someone_new = Pick { user: "NEW".to_owned(), ..Pick::default() };
        let people = approval.removable(user).into_iter().map(str::to_owned).take(1).collect();
        let deeds = [
            ("pass", Deed::Pass),
            ("reject", Deed::Reject),
            ("claim", Deed::Claim),
            ("release", Deed::Release),
            ("transfer", Deed::Transfer { to: someone_new.clone() }),
            ("delegate", Deed::Delegate { to: someone_new.clone() }),
            ("add_sign", Deed::AddSign { place: Place::Beside, people: vec![someone_new] }),
            ("remove_sign", Deed::RemoveSign { people }),
        ];
        for (word, deed) in deeds {
            let done = approval.act(seat.no, user, deed, None, at(1_000));
            let is_done = done.as_ref().is_ok_and(|outcome| !outcome.is_repeat);
            assert_eq!(
                offers.contains(&word),
                is_done,
                "{word} of {} by {user}: {done:?}",
                seat.no
            );
        }
        let undone = approval.act(seat.no, user, Deed::Undo, None, at(1_000));
        let is_undone = undone.as_ref().is_ok_and(|outcome| !outcome.is_repeat);
        let is_listed = approval.take_backs().contains(&(seat.no, user));
        let is_pending = approval.verdict() == Verdict::Pending;
        assert_eq!(is_listed && is_pending, is_undone, "{} by {user}: {undone:?}", seat.no);
        let reopened = approval.reopen(seat.no, user, at(1_000));
        assert_eq!(is_listed, reopened.is_ok(), "{} by {user}: {reopened:?}", seat.no);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn whatever_people_do_an_approval_never_hangs_and_tells_the_truth(
        mode in mode(),
        people in prop::collection::vec(0..CROWD, 1..6),
        dices in prop::collection::vec(dice(), 0..40),
    ) {
        let mut approval = Approval::open(mode, people.into_iter().map(pick).collect(), at(0));
        let mut rows = Rows::default();
        for seat in approval.open_seats() {
            rows.0.insert(seat.no, seat.holders().into_iter().cloned().collect());
        }
        sound(&approval, &rows);
        for (second, dice) in (1..).zip(dices) {
            let (seat, user, deed) = dice.deed(&approval);
            let Ok(outcome) = approval.act(seat, &user, deed.clone(), None, at(second)) else {
                continue;
            };
            rows.follow(&outcome);
            sound(&outcome.approval, &rows);
            prop_assert_eq!(outcome.verdict, outcome.approval.verdict());
            if outcome.is_repeat {
                prop_assert_eq!(&outcome.approval, &approval);
            }
            approval = outcome.approval;

            let again = approval.act(seat, &user, deed.clone(), None, at(second)).unwrap();
            prop_assert!(again.is_repeat, "a second click of {:?} by {}", deed, user);
            prop_assert_eq!(&again.approval, &approval);
            offered(&approval, &name(dice.user));
        }
        // Whoever is asked passes: this ends it.
        for second in 100..300 {
            let Some(seat) = approval.open_seats().next() else { break };
            let (no, user) = (seat.no, seat.holders()[0].user.clone());
            let outcome = approval.act(no, &user, Deed::Pass, None, at(second)).unwrap();
            rows.follow(&outcome);
            sound(&outcome.approval, &rows);
            approval = outcome.approval;
        }
        prop_assert_ne!(approval.verdict(), Verdict::Pending);
    }

    #[test]
    fn timeouts_alone_end_every_approval(
        mode in mode(),
        people in prop::collection::vec(0..CROWD, 1..6),
        dices in prop::collection::vec(dice(), 0..20),
        passed: bool,
    ) {
        let mut approval = Approval::open(mode, people.into_iter().map(pick).collect(), at(0));
        for dice in dices {
            let (seat, user, deed) = dice.deed(&approval);
            if let Ok(outcome) = approval.act(seat, &user, deed, None, at(1)) {
                approval = outcome.approval;
            }
        }
        for second in 2..200 {
            approval = approval.force(passed, None, at(second)).approval;
        }
        prop_assert_ne!(approval.verdict(), Verdict::Pending);
        prop_assert_eq!(approval.verdict(), recounted(&approval));
    }

    /// Without adding anybody the verdict is what the mode's sentence says, in whatever order.
    #[test]
    fn plain_decisions_are_counted_as_the_mode_says(
        percent in 1_u8..=100,
        words in prop::collection::vec(any::<bool>(), 1..9),
        order in Just((0..9_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let everybody: Vec<Pick> = (0..words.len()).map(pick).collect();
        let end = |mode, order: &[usize]| {
            let mut approval = Approval::open(mode, everybody.clone(), at(0));
            for number in order.iter().filter(|number| **number < words.len()) {
                let seat = if mode == Mode::Any { 1 } else { u32::try_from(number + 1).unwrap() };
                let deed = if words[*number] { Deed::Pass } else { Deed::Reject };
                if let Ok(outcome) = approval.act(seat, &name(*number), deed, None, at(1)) {
                    approval = outcome.approval;
                }
            }
            approval.verdict()
        };
        let verdict = |passed| if passed { Verdict::Passed } else { Verdict::Rejected };
        let first = order.iter().find(|number| **number < words.len()).unwrap();
        let straight: Vec<usize> = (0..words.len()).collect();
        let passed = words.iter().filter(|word| **word).count();

        prop_assert_eq!(end(Mode::Any, &order), verdict(words[*first]));
        prop_assert_eq!(end(Mode::All, &order), verdict(passed == words.len()));
        prop_assert_eq!(end(Mode::Sequence, &straight), verdict(passed == words.len()));
        let is_enough = passed * 100 >= usize::from(percent) * words.len();
        prop_assert_eq!(end(Mode::Vote { percent }, &order), verdict(is_enough));
    }
}
