//! Who may start a flow or see its orders: all, or those named.

/// A rule as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ApplyRule {
    /// Everybody of the enterprise.
    All,
    /// Only these; nobody when all three are empty.
    Named { users: Vec<String>, departments: Vec<String>, groups: Vec<String> },
}

impl ApplyRule {
    /// The word of the interface document, in any case; `custom` is the published client's word
    /// for `specify`.
    pub(crate) fn is_for_all(word: &str) -> Option<bool> {
        match word.to_ascii_lowercase().as_str() {
            "all" => Some(true),
            "specify" | "custom" => Some(false),
            _ => None,
        }
    }

    pub(crate) fn users(&self) -> &[String] {
        match self {
            ApplyRule::All => &[],
            ApplyRule::Named { users, .. } => users,
        }
    }

    pub(crate) fn departments(&self) -> &[String] {
        match self {
            ApplyRule::All => &[],
            ApplyRule::Named { departments, .. } => departments,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_read_in_any_case() {
        assert_eq!(ApplyRule::is_for_all("ALL"), Some(true));
        assert_eq!(ApplyRule::is_for_all("Specify"), Some(false));
        assert_eq!(ApplyRule::is_for_all("custom"), Some(false));
        assert_eq!(ApplyRule::is_for_all("everyone"), None);
    }
}
