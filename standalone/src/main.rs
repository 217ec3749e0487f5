//! Runs all six services in one process, with a private PostgreSQL where none is given.

mod account;
mod demo;
mod examples;
mod keys;
mod postgres;
mod settings;

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use shared::clock::Clock;
use shared::config::{self, Overrides};
use shared::service::{Service, stop_on_signal};
use shared::telemetry;
use tokio_util::sync::CancellationToken;

use crate::settings::Settings;

/// All of aiflow in one process.
#[derive(Parser)]
#[command(name = "standalone")]
struct Arguments {
    /// Add a sample enterprise, a fake DingTalk and a fake Odoo, and print what to try.
    #[arg(long)]
    demo: bool,
    /// Throw the private data away and begin anew.
    #[arg(long)]
    fresh: bool,
}

fn main() -> ExitCode {
    match start(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("aiflow could not go on: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: &Arguments) -> anyhow::Result<()> {
    let settings: Settings = config::load("standalone", settings::DEFAULTS, &Overrides::new())?;
    telemetry::init(&settings.log);
    if settings.database.url.is_empty() {
        account::leave_root(&settings.data.folder)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(arguments, &settings))
}

async fn serve(arguments: &Arguments, settings: &Settings) -> anyhow::Result<()> {
    let keys = keys::load_or_make(&settings.data.folder)?.or_given(settings);
    let stop = stop_on_signal();
    let private = if settings.database.url.is_empty() {
        Some(postgres::start(&settings.data.folder, arguments.fresh).await?)
    } else {
        None
    };
    let database =
        private.as_ref().map_or(settings.database.url.clone(), |private| private.url.clone());
    let public = settings.public.url.trim_end_matches('/');
    let fakes =
        if arguments.demo { Some(demo::start_fakes(&settings.demo, public).await?) } else { None };
    let mut common = settings.for_services(&keys, &database);
    if arguments.demo {
        // The fake Odoo listens on loopback.
        common.insert("erp.allowed_networks".to_owned(), "127.0.0.0/8".to_owned());
    }

    eprintln!("starting the six services …");
    let mut running = tokio::task::JoinSet::new();
    let ended = CancellationToken::new();
    let sync = run::<sync_service::App>(&common, &ended, &mut running).await?;
    let sso = run::<sso_service::App>(&common, &ended, &mut running).await?;
    let flow = run::<flow_service::App>(&common, &ended, &mut running).await?;
    let task = run::<task_service::App>(&common, &ended, &mut running).await?;
    let notify = run::<notify_service::App>(&common, &ended, &mut running).await?;
    let gateway = run::<gateway::App>(&common, &ended, &mut running).await?;
    for (name, address) in [
        ("gateway", &gateway),
        ("flow", &flow),
        ("task", &task),
        ("sync", &sync),
        ("sso", &sso),
        ("notify", &notify),
    ] {
        tracing::info!(service = name, address, "listening");
    }
    if let Some(fakes) = &fakes {
        let doors = demo::Doors { sso: &sso, sync: &sync, flow: &flow, notify: &notify };
        demo::fill(&doors, &keys, fakes)
            .await
            .context("the sample enterprise could not be made")?;
        demo::explain(public, fakes);
    } else {
        eprintln!(
            "aiflow listens on http://{gateway} (API description at /docs). Ctrl-C stops it."
        );
        eprintln!(
            "Create an enterprise next: cargo run -p aiflow-admin -- create-enterprise COMPANY001 --name 示例企业"
        );
    }

    tokio::select! {
        () = stop.cancelled() => {}
        Some(outcome) = running.join_next() => outcome??,
    }
    eprintln!("stopping …");
    ended.cancel();
    while let Some(outcome) = running.join_next().await {
        outcome??;
    }
    if let Some(private) = private {
        private.stop().await?;
    }
    Ok(())
}

/// Builds a service with its own settings over the common ones and lets it run; gives its address.
async fn run<S: Service>(
    common: &Overrides,
    stop: &CancellationToken,
    running: &mut tokio::task::JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<String> {
    let config: S::Config = config::load(S::NAME, S::DEFAULTS, common)?;
    let app = S::build(config, Clock::system())
        .await
        .with_context(|| format!("{} cannot start", S::NAME))?;
    let address = app.address().to_string();
    running.spawn(app.run(stop.clone()));
    Ok(address)
}
