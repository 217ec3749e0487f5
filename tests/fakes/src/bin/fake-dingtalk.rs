//! The fake DingTalk as a program: the demo organisation on one port until Ctrl-C.

use std::{env, io, process::ExitCode};

use fakes::dingtalk::{DingTalk, Options};

const USAGE: &str = "usage: fake-dingtalk [--port N]   (default 7030, 0 = any free port)";

#[tokio::main]
async fn main() -> ExitCode {
    let Some(port) = port_from(env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match serve(port).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fake-dingtalk cannot serve on port {port}: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(port: u16) -> io::Result<()> {
    let fake = DingTalk::start(Options { port, ..Options::demo() }).await?;
    eprintln!("fake-dingtalk listens on {}", fake.base_url());
    tokio::signal::ctrl_c().await?;
    fake.stop().await;
    Ok(())
}

fn port_from(mut args: impl Iterator<Item = String>) -> Option<u16> {
    match (args.next().as_deref(), args.next(), args.next()) {
        (None, _, _) => Some(7030),
        (Some("--port"), Some(port), None) => port.parse().ok(),
        _ => None,
    }
}
