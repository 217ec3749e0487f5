//! The engine from outside.

mod import;
