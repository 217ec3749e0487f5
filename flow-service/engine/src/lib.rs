//! flow-engine: BPMN 2.0 as values. Text in through one hardened entry point, a check that names
//! every fault, an executable graph, and `advance`, which moves a run by one command and says what
//! the world has to do. No I/O, no clock, no random source; the same input gives the same output.

pub mod bpmn;
pub mod expr;
pub mod time;
pub mod value;
