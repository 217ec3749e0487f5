//! flow-engine: BPMN 2.0 as values. Text in through one hardened entry point, a check that names
//! every fault, an executable graph, and `advance`, which moves a run by one command and says what
//! the world has to do. No I/O, no clock, no random source; the same input gives the same output.

pub mod advance;
pub mod bpmn;
pub mod command;
pub mod effect;
mod element;
pub mod expr;
pub mod instance;
mod lifecycle;
pub mod process;
mod returning;
pub mod snapshot;
pub mod time;
pub mod trail;
pub mod value;
mod work;

pub use advance::{Refused, Step, advance};
pub use command::{Command, Refusal};
pub use effect::{CallService, Effect, OpenTask, Subscription, TaskKind};
pub use instance::{Instance, State, Waiting, WaitsFor};
pub use process::{Library, NodeInfo, Process, StartPoint, Trigger};
pub use returning::ReturnTarget;
pub use snapshot::Snapshot;
pub use trail::{Happened, Record};
