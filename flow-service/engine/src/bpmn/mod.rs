//! From the text of a drawing to a checked model.

mod check;
mod guard;
mod inventory;
pub mod model;
pub(crate) mod script;
mod xml;

pub use check::check;
pub use inventory::{Flow, Inventory, Item, inventory};
pub use xml::parse;

/// One fault of a drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The id of the element at fault; empty when it is the text as a whole.
    pub element_id: String,
    /// Where it stands in the text, from 1.
    pub line: u32,
    /// What is wrong, for programs.
    pub code: &'static str,
    /// What is wrong, in Chinese, for whoever drew it.
    pub message: String,
}
