//! Compares what an ERP believes with what is stored, and keeps only the differences.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::order::Order;
use super::status::Status;

/// What the ERP believes of one order.
#[derive(Clone, Debug)]
pub(crate) struct Belief {
    pub(crate) number: i64,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) version: Option<i64>,
    pub(crate) tasks: Vec<(String, Status)>,
}

/// How an order differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drift {
    /// Not stored here.
    Missing,
    /// Ours is older.
    Older,
    /// Ours is newer.
    Newer,
    /// As old, but tasks differ.
    Different,
}

/// How a task differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TaskDrift {
    pub(crate) task: String,
    /// Absent = the ERP does not name it, but it is open here.
    pub(crate) theirs: Option<Status>,
    /// Absent = not stored here.
    pub(crate) ours: Option<Status>,
}

/// One order that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) number: i64,
    pub(crate) drift: Drift,
    pub(crate) tasks: Vec<TaskDrift>,
}

/// The difference, if there is one.
pub(crate) fn compare(belief: &Belief, stored: Option<&Order>) -> Option<Difference> {
    let Some(stored) = stored else {
        return Some(Difference {
            number: belief.number,
            drift: Drift::Missing,
            tasks: Vec::new(),
        });
    };
    let clock = match (belief.version, stored.version) {
        (Some(theirs), Some(ours)) => ours.cmp(&theirs),
        _ => stored.updated_at.cmp(&belief.updated_at),
    };
    let mut tasks = Vec::new();
    for (code, theirs) in &belief.tasks {
        let ours = stored.tasks.get(code).map(|task| task.status);
        if ours != Some(*theirs) {
            tasks.push(TaskDrift { task: code.clone(), theirs: Some(*theirs), ours });
        }
    }
    let named: BTreeSet<&str> = belief.tasks.iter().map(|(code, _)| code.as_str()).collect();
    for task in
        stored.tasks.values().filter(|task| task.is_open() && !named.contains(task.code.as_str()))
    {
        tasks.push(TaskDrift { task: task.code.clone(), theirs: None, ours: Some(task.status) });
    }
    let drift = match clock {
        std::cmp::Ordering::Less => Drift::Older,
        std::cmp::Ordering::Greater => Drift::Newer,
        std::cmp::Ordering::Equal if tasks.is_empty() => return None,
        std::cmp::Ordering::Equal => Drift::Different,
    };
    Some(Difference { number: belief.number, drift, tasks })
}
