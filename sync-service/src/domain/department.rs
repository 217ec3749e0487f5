//! The department tree: a parent exists before its child, and nobody is above themselves.

use std::collections::BTreeMap;

use shared::patch::Patch;

use super::batch::{Batch, Judged, Refused, Row, judge, order_of};

/// A department of one enterprise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Department {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) parent: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) order_num: i32,
    pub(crate) active: bool,
    /// Those who lead it, by user code; whether there are such people is not asked, because people
    /// come after departments.
    pub(crate) managers: Vec<String>,
}

/// What a delivery says about a department; absent keeps the stored value.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) parent: Patch<String>,
    pub(crate) code: Patch<String>,
    pub(crate) order_num: Option<i32>,
    pub(crate) active: Option<bool>,
    pub(crate) managers: Patch<Vec<String>>,
}

/// The sort number of a department that has none (E 2.1).
const DEFAULT_ORDER: i32 = 100;

/// All departments of one enterprise.
#[derive(Debug, Default)]
pub(crate) struct Tree(BTreeMap<String, Department>);

/// Why a row does not fit into the tree.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("上级部门 {0} 不存在")]
    ParentMissing(String),
    #[error("部门 {0} 的上级关系成环")]
    Cycle(String),
}

impl Refused for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Refusal::ParentMissing(_) => "PARENT_NOT_FOUND",
            Refusal::Cycle(_) => "CYCLE",
        }
    }
}

impl Tree {
    pub(crate) fn new(departments: Vec<Department>) -> Self {
        Self(
            departments.into_iter().map(|department| (department.id.clone(), department)).collect(),
        )
    }

    /// Judges the rows one by one: a bad one does not stop the others (E 2.1).
    pub(crate) fn absorb(mut self, rows: Vec<Row<Proposal>>, any_order: bool) -> Batch<Department> {
        let order = order_of(
            &rows,
            any_order,
            |row| &row.id,
            |row| match &row.parent {
                Patch::Set(parent) => Some(parent.as_str()),
                Patch::Keep | Patch::Clear => None,
            },
        );
        let Judged { changed, successes, failures } =
            judge(rows, order, |row| &row.id, |row| self.put(row));
        let changed = changed.into_iter().filter_map(|id| self.0.remove(&id)).collect();
        Batch { changed, successes, failures, warnings: Vec::new() }
    }

    /// Places one department; whether that changed anything.
    fn put(&mut self, proposal: Proposal) -> Result<bool, Refusal> {
        let stored = self.0.get(&proposal.id);
        let parent = proposal.parent.over(stored.and_then(|stored| stored.parent.clone()));
        if let Some(parent) = &parent {
            self.check_parent(&proposal.id, parent)?;
        }
        let department = Department {
            parent,
            name: proposal.name,
            code: proposal.code.over(stored.and_then(|stored| stored.code.clone())),
            order_num: proposal
                .order_num
                .or(stored.map(|stored| stored.order_num))
                .unwrap_or(DEFAULT_ORDER),
            active: proposal.active.or(stored.map(|stored| stored.active)).unwrap_or(true),
            managers: proposal
                .managers
                .over(stored.map(|stored| stored.managers.clone()))
                .unwrap_or_default(),
            id: proposal.id,
        };
        if stored == Some(&department) {
            return Ok(false);
        }
        self.0.insert(department.id.clone(), department);
        Ok(true)
    }

    fn check_parent(&self, id: &str, parent: &str) -> Result<(), Refusal> {
        let mut above = Some(parent);
        for _ in 0..=self.0.len() {
            match above {
                None => return Ok(()),
                Some(above) if above == id => return Err(Refusal::Cycle(id.to_owned())),
                Some(name) => match self.0.get(name) {
                    Some(department) => above = department.parent.as_deref(),
                    None => return Err(Refusal::ParentMissing(name.to_owned())),
                },
            }
        }
        Err(Refusal::Cycle(id.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, parent: &str) -> Row<Proposal> {
        let parent = if parent.is_empty() { Patch::Keep } else { Patch::Set(parent.to_owned()) };
        let (order_num, active) = (None, None);
        Ok(Proposal {
            id: id.to_owned(),
            name: id.to_lowercase(),
            parent,
            code: Patch::Keep,
            order_num,
            active,
            managers: Patch::Keep,
        })
    }

    fn codes(batch: &Batch<Department>) -> Vec<(usize, &str)> {
        batch.failures.iter().map(|failure| (failure.index, failure.code)).collect()
    }

    #[test]
    fn a_child_before_its_parent_is_reported_and_the_rest_is_kept() {
        let batch = Tree::default().absorb(vec![row("C", "P"), row("P", "")], false);

        assert_eq!((batch.successes, codes(&batch)), (1, vec![(0, "PARENT_NOT_FOUND")]));
        assert_eq!(batch.changed.len(), 1);
    }

    #[test]
    fn in_any_order_only_what_is_really_missing_fails() {
        let batch =
            Tree::default().absorb(vec![row("C", "P"), row("P", ""), row("X", "nowhere")], true);

        assert_eq!((batch.successes, codes(&batch)), (2, vec![(2, "PARENT_NOT_FOUND")]));
    }

    #[test]
    fn a_change_that_would_close_a_cycle_is_refused() {
        let tree =
            || Tree::new(Tree::default().absorb(vec![row("A", ""), row("B", "A")], false).changed);

        assert_eq!(codes(&tree().absorb(vec![row("A", "B")], false)), [(0, "CYCLE")]);
        assert_eq!(codes(&tree().absorb(vec![row("A", "A")], false)), [(0, "CYCLE")]);
    }

    #[test]
    fn the_same_id_twice_counts_twice_and_the_last_wins() {
        let mut second = row("A", "");
        if let Ok(second) = &mut second {
            second.name = "second".to_owned();
        }

        let batch = Tree::default().absorb(vec![row("A", ""), second], false);

        assert_eq!(batch.successes, 2);
        assert_eq!(batch.changed[0].name, "second");
    }

    #[test]
    fn a_repeated_delivery_changes_nothing() {
        let tree = Tree::new(Tree::default().absorb(vec![row("A", "")], false).changed);

        let again = tree.absorb(vec![row("A", "")], false);

        assert_eq!((again.successes, again.changed.len()), (1, 0));
    }
}
