//! Where a task can be sent back to, and what that does to the tasks of others.

use chrono::{DateTime, Utc};
use flow_engine::ReturnTarget;

use super::change::RowKey;
use super::task::{Done, Row, Task};
use super::{Run, Versions};
use crate::domain::order::Place;

/// A place that a task can be sent back to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Preview {
    pub(crate) place: Place,
    /// It is the start: whoever started the order gets it back.
    pub(crate) is_starter: bool,
    /// The order may come straight back from there.
    pub(crate) can_come_straight_back: bool,
    /// Rows that would be taken away.
    pub(crate) cancels: Vec<Cancelled>,
    /// Decisions that would count no longer.
    pub(crate) voids: Vec<Voided>,
}

/// A row that waits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cancelled {
    pub(crate) order: i64,
    pub(crate) row: RowKey,
    pub(crate) place: Place,
    pub(crate) people: Vec<String>,
}

/// A row that somebody decided.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Voided {
    pub(crate) order: i64,
    pub(crate) row: RowKey,
    pub(crate) place: Place,
    /// Empty = the house itself, by a rule of the flow.
    pub(crate) handler: String,
    pub(crate) at: DateTime<Utc>,
}

impl Run {
    /// Where a task that waits can be sent back to, nearest first; nowhere if its drawing does not let
    /// people send it back.
    pub(crate) fn return_previews(&self, versions: &Versions, wait: u64) -> Vec<Preview> {
        let Some(task) = self.task(wait).filter(|task| !task.is_resubmit) else {
            return Vec::new();
        };
        let spec = versions.spec(self, task.run, &task.node);
        if spec.is_some_and(|spec| !spec.allows("rebut")) {
            return Vec::new();
        }
        let targets = self.instance.return_targets(wait);
        targets.iter().map(|target| self.preview(target)).collect()
    }

    fn preview(&self, target: &ReturnTarget) -> Preview {
        let held = target.cancels.iter().filter_map(|wait| Some((*wait, self.task(*wait)?)));
        let counts = |done: &&Done| !done.is_void && target.voids.contains(&done.wait);
        Preview {
            place: Place { node: target.node.to_string(), name: target.name.to_string() },
            is_starter: target.is_start,
            can_come_straight_back: target.same_scope,
            cancels: held.flat_map(|(wait, task)| self.cancelled(wait, task)).collect(),
            voids: self.done.iter().filter(counts).flat_map(|done| self.voided(done)).collect(),
        }
    }

    fn cancelled(&self, wait: u64, task: &Task) -> Vec<Cancelled> {
        let of = |(number, row): (u32, &Row)| Cancelled {
            order: self.order_of(task),
            row: (wait, number),
            place: task.place(),
            people: row.people.clone(),
        };
        task.open_rows().map(of).collect()
    }

    fn voided(&self, done: &Done) -> Vec<Voided> {
        let Done { wait, task, .. } = done;
        let of = |(number, _): (u32, &Row)| {
            let decided = task.decided(number)?;
            Some(Voided {
                order: self.order_of(task),
                row: (*wait, number),
                place: task.place(),
                handler: decided.user.clone(),
                at: decided.at,
            })
        };
        (1..).zip(&task.rows).filter_map(of).collect()
    }

    fn order_of(&self, task: &Task) -> i64 {
        self.orders.get(&task.run).map_or(self.id, |order| order.id)
    }
}
