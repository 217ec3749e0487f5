//! Runs notify-service as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::service::run::<notify_service::App>()
}
