//! From the text of a drawing to a checked model.

pub mod model;
