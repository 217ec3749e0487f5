//! What was done, so that it can be gone back to: every token knows where its history ends.

use crate::process::{NO_NODE, NodeIx};

/// How many visits are remembered.
pub(crate) const MAX_VISITS: usize = 1_000;

/// One thing that was done, as the tokens that came from it remember it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Visit {
    /// Rises with every visit of the instance.
    pub(crate) no: u64,
    pub(crate) node: NodeIx,
    pub(crate) run: u32,
    /// The activation it happened in.
    pub(crate) scope: u64,
    /// The visit before it; 0 = none known. Those before a join are its sides.
    pub(crate) parent: u64,
    /// The waits whose completion it was.
    pub(crate) waits: Vec<u64>,
    /// A token that came from here did what cannot be taken back.
    pub(crate) acted: bool,
    pub(crate) kind: VisitKind,
}

/// What was done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum VisitKind {
    /// The start event of the order was left.
    Start,
    /// A task was done, or all iterations of it.
    Task,
    /// Tokens became one.
    Join {
        /// What it took: (position of the flow, the visit that token's history ended with).
        side: Vec<(u32, u64)>,
        /// What a complex gateway swallowed afterwards.
        swallowed: Vec<(u32, u64)>,
    },
    /// A scope was left or taken away: what happened in it belongs to this.
    Container {
        /// The activation it was.
        of: u64,
    },
}

impl Visit {
    /// One of nothing yet but its kind.
    pub(crate) fn of(kind: VisitKind) -> Self {
        Self {
            no: 0,
            node: NO_NODE,
            run: 0,
            scope: 0,
            parent: 0,
            waits: Vec::new(),
            acted: false,
            kind,
        }
    }

    /// The visits directly before it.
    pub(crate) fn parents(&self) -> impl Iterator<Item = u64> + '_ {
        let sides: &[(u32, u64)] = match &self.kind {
            VisitKind::Join { side, .. } => side,
            VisitKind::Start | VisitKind::Task | VisitKind::Container { .. } => &[],
        };
        let all = std::iter::once(self.parent).chain(sides.iter().map(|(_, at)| *at));
        all.filter(|&at| at != 0)
    }
    /// Whether tokens became one here.
    pub(crate) fn is_join(&self) -> bool {
        matches!(self.kind, VisitKind::Join { .. })
    }
}
