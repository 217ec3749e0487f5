//! The conformance runner: a corpus of BPMN tests, driven against flow-engine in process (a house
//! in memory with a clock of its own) or against the house over HTTP, and judged at three levels.

pub mod corpus;
pub mod driver;
pub mod execution;
pub mod house;
pub mod http;
pub mod import;
pub mod marks;
pub mod render;
pub mod report;
pub mod run;
pub mod scenario;
pub mod trace;
