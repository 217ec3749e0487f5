//! An order, seen from outside: who, what, where it stands, how it ended.

use chrono::{DateTime, Utc};
use shared::id::{AppId, FlowCode};

/// What an order has in common with everything that it calls.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Head {
    pub(crate) app: AppId,
    pub(crate) business_key: String,
    pub(crate) title: String,
    pub(crate) running_number: String,
    /// Empty where nobody started it.
    pub(crate) initiator: String,
}

/// One run of a process: the order itself, or one that it called.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Order {
    pub(crate) id: i64,
    /// The order that called it.
    pub(crate) parent: Option<i64>,
    pub(crate) flow: FlowCode,
    pub(crate) version: i32,
    pub(crate) process: String,
    pub(crate) state: State,
    /// How many facts were told of it.
    pub(crate) told: i64,
}

/// How an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Running,
    Completed,
    Failed,
    Cancelled,
}

impl State {
    /// The word of the interface.
    pub(crate) fn word(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Completed => "completed",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
        }
    }

    pub(crate) fn stored(word: &str) -> State {
        match word {
            "completed" => State::Completed,
            "failed" => State::Failed,
            "cancelled" => State::Cancelled,
            _ => State::Running,
        }
    }
}

/// How an order ended, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It reached its end.
    Pass,
    /// Somebody refused it.
    Reject,
    /// It was recalled or discarded.
    Revoke,
    /// An error that nobody caught.
    Fail,
}

impl Ending {
    /// The word of the contract.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Ending::Pass => "pass",
            Ending::Reject => "reject",
            Ending::Revoke => "revoke",
            Ending::Fail => "fail",
        }
    }
}

/// An element of the drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) node: String,
    pub(crate) name: String,
}

/// How and where an order ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ended {
    pub(crate) state: State,
    pub(crate) ending: Ending,
    pub(crate) end_activity: Option<String>,
    pub(crate) at: DateTime<Utc>,
}

/// The id of a row of a task, or of a call, on the wire. The first row is the wait itself.
pub(crate) fn wire_id(order: i64, wait: u64, row: u32) -> String {
    match row {
        0 | 1 => format!("{order}-{wait}"),
        _ => format!("{order}-{wait}-{row}"),
    }
}

/// The order, the wait and the row that an id on the wire names.
pub(crate) fn parse_wire_id(text: &str) -> Option<(i64, u64, u32)> {
    let (order, rest) = text.split_once('-')?;
    let (wait, row) = match rest.split_once('-') {
        Some((wait, row)) => (wait, Some(row)),
        None => (rest, None),
    };
    let is_plain = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    if !is_plain(order) || !is_plain(wait) || !row.is_none_or(is_plain) {
        return None;
    }
    let wait = wait.parse().ok().filter(|wait| *wait <= i64::MAX as u64)?;
    let row = match row {
        Some(row) => row.parse().ok().filter(|row| (2..=i32::MAX as u32).contains(row))?,
        None => 1,
    };
    Some((order.parse().ok()?, wait, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_on_the_wire_reads_back_and_nothing_else_is_one() {
        assert_eq!(parse_wire_id(&wire_id(1_000_001, 7, 1)), Some((1_000_001, 7, 1)));
        assert_eq!(parse_wire_id(&wire_id(1_000_001, 7, 3)), Some((1_000_001, 7, 3)));
        let no_more = "99999999999999999999-1";
        for wrong in ["", "7", "-", "1-", "-1", "+1-2", "1-2-1", "1-2-3-4", "1- 2", no_more] {
            assert_eq!(parse_wire_id(wrong), None, "{wrong}");
        }
    }
}
