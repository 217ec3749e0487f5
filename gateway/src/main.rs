//! Runs gateway as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::service::run::<gateway::App>()
}
