//! From the text of a drawing to a checked model.

pub mod model;

/// A fault of a drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The element.
    pub element_id: String,
    /// Where it stands in the text, from 1.
    pub line: u32,
    /// Which kind of fault.
    pub code: &'static str,
    /// What is wrong, in Chinese.
    pub message: String,
}
