//! The one form in which an instance is kept: plain, versioned, independent of indexes.

use serde::{Deserialize, Serialize};

/// Everything that an instance is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The version of this form.
    pub version: u32,
    /// The key of its process.
    pub key: String,
}
