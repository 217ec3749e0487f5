//! A task that waits: for whom, and the rows that people see of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use flow_engine::value::Variables;
use flow_engine::{OpenTask, TaskKind};
use serde_json::Value as Json;

use crate::domain::approval::{Approval, Decided, SeatState};
use crate::domain::order::Place;

/// A task that waits.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Task {
    pub(crate) run: u32,
    pub(crate) node: String,
    pub(crate) name: String,
    pub(crate) is_for_people: bool,
    /// The order came back to its start: the initiator is to send it off again.
    pub(crate) is_resubmit: bool,
    pub(crate) due: Option<DateTime<Utc>>,
    /// Somebody whom its rules name cannot be found.
    pub(crate) is_troubled: bool,
    /// Whose word counts; absent while nobody is found.
    pub(crate) approval: Option<Approval>,
    /// What people see of it, one row for each time that a seat opened; row `n` is number `n + 1`.
    pub(crate) rows: Vec<Row>,
    /// How often its time has run out.
    pub(crate) timeouts: u32,
}

/// One seat while it waits: what a person sees in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// 0 = nobody was found yet.
    pub(crate) seat: u32,
    pub(crate) is_open: bool,
    pub(crate) people: Vec<String>,
}

/// A task that is decided, as long as its order runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Done {
    pub(crate) wait: u64,
    pub(crate) task: Task,
    /// The order went back beyond it: it counts no longer.
    pub(crate) is_void: bool,
}

/// What a person decided.
#[derive(Clone, Debug, Default)]
pub(crate) struct Decision {
    pub(crate) user: String,
    /// The application in whose name they act, if it does.
    pub(crate) app: Option<String>,
    pub(crate) said: Said,
    /// Form values and variables that they set.
    pub(crate) variables: Variables,
    pub(crate) form_data: Option<Json>,
    /// Whom they choose for later tasks, by node.
    pub(crate) next_people: BTreeMap<String, Vec<String>>,
}

/// What somebody says with what they do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) comment: Option<String>,
    /// (name, address)
    pub(crate) attachments: Vec<(String, String)>,
}

impl Task {
    pub(super) fn new(open: &OpenTask) -> Self {
        Self {
            run: open.run,
            node: open.node.to_string(),
            name: open.name.to_string(),
            is_for_people: open.kind != TaskKind::Receive,
            is_resubmit: open.kind == TaskKind::Resubmit,
            due: open.due,
            ..Self::default()
        }
    }

    pub(crate) fn place(&self) -> Place {
        Place { node: self.node.clone(), name: self.name.clone() }
    }

    /// One of its rows, by number.
    pub(crate) fn row(&self, number: u32) -> Option<&Row> {
        self.rows.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// The rows that wait, by number.
    pub(crate) fn open_rows(&self) -> impl Iterator<Item = (u32, &Row)> {
        (1..).zip(&self.rows).filter(|(_, row)| row.is_open)
    }

    /// The number of the newest row of a seat.
    pub(crate) fn row_of(&self, seat: u32) -> Option<u32> {
        (1..).zip(&self.rows).filter(|(_, row)| row.seat == seat).map(|(number, _)| number).last()
    }

    /// Whether no later row has taken this one's place.
    pub(super) fn is_newest(&self, number: u32) -> bool {
        self.row(number).is_some_and(|row| self.row_of(row.seat) == Some(number))
    }

    /// Brings the rows into line with the approval: a seat that opens again is a new row.
    pub(super) fn sync(&mut self) {
        let Some(approval) = &self.approval else {
            if self.rows.is_empty() {
                self.rows.push(Row { is_open: true, ..Row::default() });
            }
            return;
        };
        let is_open = |seat: u32| approval.seat(seat).is_some_and(|it| it.state == SeatState::Open);
        let first = approval.open_seats().next().map_or(0, |seat| seat.no);
        for row in self.rows.iter_mut().filter(|row| row.is_open) {
            if row.seat == 0 {
                row.seat = first;
            }
            row.is_open = is_open(row.seat);
        }
        for seat in approval.open_seats() {
            let people: Vec<String> =
                seat.holders().into_iter().map(|pick| pick.user.clone()).collect();
            match self.rows.iter_mut().find(|row| row.is_open && row.seat == seat.no) {
                Some(row) => row.people = people,
                None => self.rows.push(Row { seat: seat.no, is_open: true, people }),
            }
        }
    }

    /// What was decided at a row, if it was.
    pub(super) fn decided(&self, row: u32) -> Option<&Decided> {
        let seat = self.approval.as_ref()?.seat(self.row(row)?.seat)?;
        match seat.state {
            SeatState::Passed | SeatState::Rejected => seat.decided.as_ref(),
            SeatState::Waiting | SeatState::Open | SeatState::Gone => None,
        }
    }

    /// For whom a person of a row stands in.
    pub(super) fn behalf(&self, row: u32, user: &str) -> Option<String> {
        let seat = self.approval.as_ref()?.seat(self.row(row)?.seat)?;
        seat.picks.iter().find(|pick| pick.user == user)?.on_behalf_of.clone()
    }
}
