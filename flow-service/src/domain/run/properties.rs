//! Random people do random things with orders of random drawings, and everything still adds up.

mod shapes;

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use flow_engine::{State as Engine, WaitsFor};
use proptest::prelude::*;
use shared::id::AppId;

use super::*;
use crate::domain::approval::{Place, SeatState};
use crate::domain::definition;
use crate::domain::form::Schema;
use crate::domain::order::State;
use crate::domain::people::Presence;
use shapes::{Block, block, drawing};

const CROWD: usize = 8;

fn name(number: usize) -> String {
    format!("U{}", number % CROWD)
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

/// Numbers from which an act is made once it is known how the order stands.
#[derive(Clone, Debug)]
struct Dice {
    what: u8,
    row: usize,
    user: usize,
    people: Vec<usize>,
    target: usize,
    /// Anybody does it with any row, not only whom one waits for.
    is_wild: bool,
}

fn dice() -> impl Strategy<Value = Dice> {
    let people = prop::collection::vec(0..CROWD, 1..3);
    (0_u8..38, 0_usize..64, 0..CROWD, people, 0_usize..64, 0_u8..6).prop_map(
        |(what, row, user, people, target, wild)| Dice {
            what,
            row,
            user,
            people,
            target,
            is_wild: wild == 0,
        },
    )
}

/// An order, and what everybody outside believes of it.
struct House {
    versions: Versions,
    people: People,
    calendar: Calendar,
    run: Run,
    second: i64,
    /// What the rows are that were told to wait, with their actions.
    open: BTreeMap<RowKey, Vec<&'static str>>,
    closed: BTreeSet<RowKey>,
    take_back: BTreeSet<(RowKey, String)>,
}

impl House {
    fn new(block: &Block) -> House {
        let drawing = definition::compile(&drawing(block)).unwrap();
        let mut versions = Versions::default();
        versions.library.insert("K", drawing.processes[0].clone());
        versions.specs.insert("K".to_owned(), drawing.specs["p"].clone());
        let mut people = People::default();
        for number in 0..CROWD {
            people.users.insert(name(number), Presence::Active);
        }
        people.users.insert("BOSS".to_owned(), Presence::Active);
        let flow = FlowCode::stored("F");
        let pin =
            Pin { key: "K".to_owned(), flow: flow.clone(), version: 1, process: "p".to_owned() };
        let order = Order {
            id: 1,
            parent: None,
            flow,
            version: 1,
            process: "p".to_owned(),
            state: State::Running,
            told: 0,
        };
        let head = Head {
            app: AppId::stored("A"),
            business_key: String::new(),
            title: String::new(),
            running_number: String::new(),
            initiator: name(0),
        };
        let run = Run {
            id: 1,
            tenant: Tenant::stored("T"),
            seq: 0,
            head,
            pins: Pins { processes: vec![pin], links: Vec::new() },
            instance: Instance::new("K"),
            orders: BTreeMap::from([(0, order)]),
            held: BTreeMap::new(),
            done: Vec::new(),
            chosen: BTreeMap::new(),
            last: Last::default(),
            chain: String::new(),
            frees_key: false,
        };
        House {
            versions,
            people,
            calendar: Calendar::default(),
            run,
            second: 0,
            open: BTreeMap::new(),
            closed: BTreeSet::new(),
            take_back: BTreeSet::new(),
        }
    }

    /// What an act would come to.
    fn tried(&self, act: Act) -> Result<Moved, Refusal> {
        let now = at(self.second);
        let advanced = self.run.clone().advance(&self.versions, act, now)?;
        let around =
            Surroundings { people: &self.people, calendar: &self.calendar, manager: None, now };
        let mut ids = 2..;
        match advanced.settle(&self.versions, &around, &mut ids, &Schema::default())? {
            Settlement::Moved(moved) => Ok(*moved),
            Settlement::Ask(wanted) => panic!("nobody knows {wanted:?}"),
        }
    }

    /// Does it, and checks that everything adds up afterwards.
    fn act(&mut self, act: Act) -> Result<(), Refusal> {
        self.second += 1;
        let moved = self.tried(act.clone())?;
        self.kept_the_preview(&act, &moved);
        self.follow(&act, &moved);
        self.run = moved.run;
        self.sound(&act);
        Ok(())
    }

    /// The rows outside, kept by nothing but what steps say.
    fn follow(&mut self, act: &Act, moved: &Moved) {
        let Moved { change, news, .. } = moved;
        for key in change.closed.keys() {
            assert!(self.open.remove(key).is_some(), "{key:?} was not open: {act:?}");
            assert!(self.closed.insert(*key), "{key:?} is closed twice: {act:?}");
        }
        for (key, opened) in &change.opened {
            assert!(!self.closed.contains(key), "{key:?} is opened again: {act:?}");
            let before = self.open.insert(*key, opened.actions.clone());
            assert!(before.is_none(), "{key:?} is opened twice: {act:?}");
        }
        for (key, opened) in &change.assigned {
            let before = self.open.insert(*key, opened.actions.clone());
            assert!(before.is_some(), "{key:?} changes hands and is not open: {act:?}");
        }
        for news in news.values() {
            let told: BTreeSet<RowKey> = news.opened.iter().map(|(key, _)| *key).collect();
            let is_written =
                |key: &RowKey| change.opened.contains_key(key) || change.assigned.contains_key(key);
            assert!(told.iter().all(is_written), "told, not written: {told:?}");
            assert_eq!(told.len(), news.opened.len(), "told twice: {told:?}");
            let is_closed = |(key, _): &(RowKey, Closed)| change.closed.contains_key(key);
            assert!(news.closed.iter().all(is_closed));
            self.take_back = news.take_back.iter().cloned().collect();
        }
    }

    /// What a rebuttal did is what the preview said.
    fn kept_the_preview(&self, act: &Act, moved: &Moved) {
        let Act::Rebut { wait, to, straight_back, .. } = act else { return };
        let targets = self.run.instance.return_targets(*wait);
        let target = targets.iter().find(|target| match to {
            Target::Starter => target.is_start,
            Target::Previous => true,
            Target::Node(node) => *target.node == **node,
        });
        let target = target.unwrap();
        let (before, after) = (&self.run.held, &moved.run.held);
        let gone: Vec<u64> = before.keys().filter(|it| !after.contains_key(it)).copied().collect();
        let void = |run: &Run| -> BTreeSet<u64> {
            run.done.iter().filter(|done| done.is_void).map(|done| done.wait).collect()
        };
        let known: BTreeSet<u64> = self.run.done.iter().map(|done| done.wait).collect();
        let fresh: BTreeSet<u64> = void(&moved.run).difference(&void(&self.run)).copied().collect();
        let promised: BTreeSet<u64> = target.voids.iter().copied().collect();
        let promised: BTreeSet<u64> = promised.intersection(&known).copied().collect();
        let promised: BTreeSet<u64> = promised.difference(&void(&self.run)).copied().collect();
        if *straight_back {
            assert!(gone.contains(wait), "{gone:?} does not have {wait}");
            assert!(gone.iter().all(|wait| target.cancels.contains(wait)), "{gone:?}");
            assert!(fresh.is_subset(&promised), "{fresh:?} is more than {promised:?}");
        } else {
            assert_eq!(gone, target.cancels, "{act:?}");
            assert_eq!(fresh, promised, "{act:?}");
        }
        let opened = after.iter().filter(|(wait, _)| !before.contains_key(wait));
        let nodes: BTreeSet<&str> = opened
            .filter_map(|(_, held)| match held {
                Held::Task(task) => Some(task.node.as_str()),
                Held::Call { .. } => None,
            })
            .collect();
        assert_eq!(nodes, BTreeSet::from([&*target.node]), "{act:?}");
    }

    fn tasks(&self) -> impl Iterator<Item = (u64, &Task)> {
        self.run.held.iter().filter_map(|(wait, held)| match held {
            Held::Task(task) => Some((*wait, task)),
            Held::Call { .. } => None,
        })
    }

    fn sound(&self, act: &Act) {
        let run = &self.run;
        let is_running = run.instance.state() == Engine::Running;
        let waits: BTreeSet<u64> = run
            .instance
            .waits()
            .map(|wait| {
                assert_eq!(wait.what, WaitsFor::User, "{act:?}");
                wait.wait
            })
            .collect();
        assert_eq!(is_running, !waits.is_empty(), "neither waits nor is over: {act:?}");
        let state = run.orders[&0].state;
        assert_eq!(is_running, state == State::Running, "{act:?}");
        let held: BTreeSet<u64> = self.tasks().map(|(wait, _)| wait).collect();
        assert_eq!(held, waits, "tasks are not what the engine waits for: {act:?}");
        let mut open = BTreeSet::new();
        for (wait, task) in self.tasks() {
            let approval = task.approval.as_ref().unwrap();
            assert!(approval.open_seats().next().is_some(), "nobody is asked in {wait}: {act:?}");
            assert!(!task.is_troubled);
            let mut seats = BTreeSet::new();
            let mut people = BTreeSet::new();
            for (number, row) in task.open_rows() {
                open.insert((wait, number));
                let seat = approval.seat(row.seat).unwrap();
                assert_eq!(seat.state, SeatState::Open, "{act:?}");
                assert!(seats.insert(row.seat), "two rows of seat {}: {act:?}", row.seat);
                let holders: Vec<&str> =
                    seat.holders().into_iter().map(|pick| pick.user.as_str()).collect();
                assert_eq!(holders, row.people, "{act:?}");
                for user in &row.people {
                    assert!(people.insert(user), "{user} has two rows of {wait}: {act:?}");
                }
            }
            assert_eq!(seats.len(), approval.open_seats().count(), "{act:?}");
        }
        let told: BTreeSet<RowKey> = self.open.keys().copied().collect();
        assert_eq!(told, open, "the rows outside are others: {act:?}");
        let mut done: Vec<u64> = run.done.iter().map(|done| done.wait).collect();
        done.dedup();
        assert_eq!(done.len(), run.done.len(), "a task is done twice: {act:?}");
        assert!(run.done.iter().all(|done| !run.held.contains_key(&done.wait)), "{act:?}");
        let lists = if is_running { self.take_back.clone() } else { BTreeSet::new() };
        assert_eq!(self.could_take_back(), lists, "who can take back: {act:?}");
    }

    /// Who could take which decision back, by trying.
    fn could_take_back(&self) -> BTreeSet<(RowKey, String)> {
        let mut found = BTreeSet::new();
        let done = self.run.done.iter().map(|done| (done.wait, &done.task));
        for (wait, task) in self.tasks().chain(done) {
            for number in (1..).take(task.rows.len()) {
                for user in (0..CROWD).map(name).chain(["BOSS".to_owned()]) {
                    let decision = Decision { user: user.clone(), ..Decision::default() };
                    let act = Act::TakeBack { wait, row: number, decision };
                    if self.run.clone().advance(&self.versions, act, at(self.second)).is_ok() {
                        found.insert(((wait, number), user));
                    }
                }
            }
        }
        found
    }

    /// Whatever a row offers is done, and nothing else, by one of its people at least.
    fn offered(&self, dice: &Dice) {
        let rows: Vec<_> = self.open.iter().collect();
        if rows.is_empty() {
            return;
        }
        let (&(wait, row), actions) = rows[dice.row % rows.len()];
        let task = self.run.task(wait).unwrap();
        let people = &task.row(row).unwrap().people;
        let new = || Pick { user: "NEW".to_owned(), ..Pick::default() };
        let removable = |user: &str| -> Vec<String> {
            let seats = task.approval.as_ref().unwrap().seats().iter();
            let added = seats.flat_map(|seat| {
                let own = seat.added_by.as_deref() == Some(user);
                let seats = seat.picks.iter().filter(move |_| own).map(|pick| pick.user.clone());
                let guests = seat.guests.iter().filter(|guest| guest.by == user);
                seats.chain(guests.map(|guest| guest.user.clone()))
            });
            added.collect()
        };
        let can = |word: &str| {
            people.iter().any(|user| {
                let decision = Decision { user: user.clone(), ..Decision::default() };
                let deed = |deed| Act::Deed { wait, row, deed, decision: decision.clone() };
                let acts = match word {
                    "pass" | "reject" => {
                        let choice = if word == "pass" { Choice::Pass } else { Choice::Reject };
                        vec![Act::Decide { wait, row, choice, decision: decision.clone() }]
                    }
                    "rebut" => [Target::Previous, Target::Starter]
                        .into_iter()
                        .map(|to| Act::Rebut {
                            wait,
                            row,
                            to,
                            straight_back: false,
                            decision: decision.clone(),
                        })
                        .collect(),
                    "transfer" => vec![deed(Deed::Transfer { to: new() })],
                    "delegate" => vec![deed(Deed::Delegate { to: new() })],
                    "add_sign" => {
                        vec![deed(Deed::AddSign { place: Place::Beside, people: vec![new()] })]
                    }
                    "remove_sign" => removable(user)
                        .into_iter()
                        .map(|person| deed(Deed::RemoveSign { people: vec![person] }))
                        .collect(),
                    "claim" => vec![deed(Deed::Claim)],
                    _ => vec![deed(Deed::Release)],
                };
                let now = at(self.second);
                acts.into_iter()
                    .any(|act| self.run.clone().advance(&self.versions, act, now).is_ok())
            })
        };
        for word in [
            "pass",
            "reject",
            "rebut",
            "transfer",
            "delegate",
            "add_sign",
            "remove_sign",
            "claim",
            "release",
        ] {
            let offered = actions.contains(&word);
            assert_eq!(offered, can(word), "{word} of {wait}-{row}, which offers {actions:?}");
        }
    }
}

impl Dice {
    fn decision(&self, user: &str) -> Decision {
        Decision { user: user.to_owned(), ..Decision::default() }
    }

    /// A row and a person: mostly one that waits, and one for whom it does.
    fn row(&self, house: &House) -> Option<(u64, u32, String)> {
        let known: Vec<RowKey> = match self.is_wild {
            true => house.open.keys().chain(&house.closed).copied().collect(),
            false => house.open.keys().copied().collect(),
        };
        let (wait, row) = *known.get(self.row.checked_rem(known.len())?)?;
        let people = house.run.task(wait).and_then(|task| task.row(row)).map(|row| &row.people);
        let user = match people.filter(|people| !self.is_wild && !people.is_empty()) {
            Some(people) => people[self.user % people.len()].clone(),
            None => name(self.user),
        };
        Some((wait, row, user))
    }

    fn act(&self, house: &House) -> Option<Act> {
        let (wait, row, user) = self.row(house)?;
        let to = Pick { user: name(self.people[0]), ..Pick::default() };
        let decision = self.decision(&user);
        let deed = |deed| Act::Deed { wait, row, deed, decision: self.decision(&user) };
        let added = |place| Deed::AddSign {
            place,
            people: self
                .people
                .iter()
                .map(|number| Pick { user: name(*number), ..Pick::default() })
                .collect(),
        };
        let choice = if self.what <= 9 { Choice::Pass } else { Choice::Reject };
        Some(match self.what {
            0..=12 => Act::Decide { wait, row, choice, decision },
            13..=17 => {
                let targets = house.run.instance.return_targets(wait);
                let to = match self.what {
                    13 => Target::Previous,
                    14 => Target::Starter,
                    _ => match targets.get(self.target.checked_rem(targets.len()).unwrap_or(0)) {
                        Some(target) => Target::Node(target.node.to_string()),
                        None => Target::Node("nowhere".to_owned()),
                    },
                };
                Act::Rebut { wait, row, to, straight_back: self.user.is_multiple_of(3), decision }
            }
            18 | 19 => deed(Deed::Transfer { to }),
            20 | 21 => deed(Deed::Delegate { to }),
            22 => deed(added(Place::Before)),
            23 => deed(added(Place::After)),
            24 | 25 => deed(added(Place::Beside)),
            26 => deed(Deed::RemoveSign { people: vec![to.user] }),
            27 => deed(Deed::Claim),
            28 => deed(Deed::Release),
            29..=33 => self.take_back(house, wait, row, decision),
            34 => Act::Substitute { from: name(self.user), to, word: "handover" },
            35 | 36 => {
                let people = house.run.task(wait)?.open_rows();
                let people = people.flat_map(|(_, row)| row.people.clone());
                let boss = Pick { user: "BOSS".to_owned(), ..Pick::default() };
                Act::RunOut { wait, to: people.map(|user| (user, boss.clone())).collect() }
            }
            _ if self.target == 0 => {
                Act::Recall { decision: self.decision(&house.run.head.initiator) }
            }
            _ => Act::Remark {
                row: Some((wait, row)),
                remark: Remark::Comment { mentions: Vec::new() },
                decision,
            },
        })
    }

    /// Mostly somebody who can.
    fn take_back(&self, house: &House, wait: u64, row: u32, decision: Decision) -> Act {
        let can: Vec<_> = house.take_back.iter().collect();
        match can.get(self.target.checked_rem(can.len()).unwrap_or(0)).filter(|_| !self.is_wild) {
            Some(((wait, row), user)) => {
                Act::TakeBack { wait: *wait, row: *row, decision: self.decision(user) }
            }
            None => Act::TakeBack { wait, row, decision },
        }
    }
}

fn is_clickable(act: &Act) -> bool {
    matches!(act, Act::Decide { .. } | Act::Rebut { .. } | Act::Deed { .. } | Act::TakeBack { .. })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn whatever_people_do_no_order_hangs_and_everything_adds_up(
        block in block(),
        dices in prop::collection::vec(dice(), 0..60),
    ) {
        let mut house = House::new(&block);
        house.act(Act::Start { at: None, variables: Variables::new() }).unwrap();
        for dice in dices {
            let Some(act) = dice.act(&house) else { break };
            if house.act(act.clone()).is_ok() && is_clickable(&act) {
                let again = house.tried(act.clone());
                prop_assert!(again.is_err(), "a second click of {:?}", act);
            }
            house.offered(&dice);
        }
        // Whoever is asked passes: this ends it.
        for _ in 0..400 {
            let Some((&(wait, row), _)) = house.open.first_key_value() else { break };
            let user = house.run.task(wait).unwrap().row(row).unwrap().people[0].clone();
            let decision = Decision { user, ..Decision::default() };
            house.act(Act::Decide { wait, row, choice: Choice::Pass, decision }).unwrap();
        }
        prop_assert_ne!(house.run.instance.state(), Engine::Running);
    }
}
