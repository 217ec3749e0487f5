//! What an optional field of a request asks of the stored value: keep, clear or set.

/// What an optional field asks of the stored value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Patch<T> {
    /// Absent: keep it.
    Keep,
    /// `null` or `""`: clear it.
    Clear,
    /// A value: set it.
    Set(T),
}

impl<T> Patch<T> {
    /// The value after the request, given the stored one.
    pub fn over(self, stored: Option<T>) -> Option<T> {
        match self {
            Patch::Keep => stored,
            Patch::Clear => None,
            Patch::Set(value) => Some(value),
        }
    }
}
