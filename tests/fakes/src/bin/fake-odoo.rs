//! The fake Odoo as a program: the people of the documented examples on one port until Ctrl-C. It
//! says what aiflow tells of orders.

use std::{env, io, process::ExitCode};

use fakes::odoo::{Odoo, Options};

const USAGE: &str = "usage: fake-odoo [--port N]   (default 7031, 0 = any free port)";

#[tokio::main]
async fn main() -> ExitCode {
    let Some(port) = port_from(env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match serve(port).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fake-odoo cannot serve on port {port}: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(port: u16) -> io::Result<()> {
    let fake = Odoo::start(Options { port, tells: true, ..Options::demo() }).await?;
    eprintln!("fake-odoo listens on {}", fake.base_url());
    tokio::signal::ctrl_c().await?;
    fake.stop().await;
    Ok(())
}

fn port_from(mut args: impl Iterator<Item = String>) -> Option<u16> {
    match (args.next().as_deref(), args.next(), args.next()) {
        (None, _, _) => Some(7031),
        (Some("--port"), Some(port), None) => port.parse().ok(),
        _ => None,
    }
}
