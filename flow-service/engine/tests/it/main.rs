//! The engine from outside: drawings in, commands in, effects out.

mod corpus;
mod import;
mod script;
