//! How the people of a task decide it together.

/// Whose word counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The first who decides.
    Any,
    /// Everybody; one refusal refuses.
    All,
    /// One after another.
    Sequence,
    /// So many of a hundred.
    Vote { percent: u8 },
}

/// Somebody who was chosen, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pick {
    pub user: String,
    /// For whom they stand in.
    pub on_behalf_of: Option<String>,
    /// The rule in one Chinese sentence.
    pub rule: String,
    /// Each step from the rule to the person.
    pub chain: Vec<String>,
}
