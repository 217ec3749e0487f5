//! How a service starts, runs and stops: the same for all six.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Data, ServiceConfig};
use diesel_migrations::EmbeddedMigrations;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::bus::Bus;
use crate::clock::Clock;
use crate::config::{self, Check, Overrides};
use crate::db::Database;
use crate::fault::{Fault, chain};
use crate::http::{health, server};
use crate::identity::Keys;
use crate::outbox::Relay;
use crate::telemetry;

/// One of the six.
pub trait Service: Sized + Send + 'static {
    /// Short name: schema, settings prefix, log field.
    const NAME: &'static str;

    /// The embedded `config.default.toml`.
    const DEFAULTS: &'static str;

    /// Its settings.
    type Config: serde::de::DeserializeOwned + Check + Send;

    /// Does everything that can fail: connects, migrates, binds.
    fn build(
        config: Self::Config,
        clock: Clock,
    ) -> impl Future<Output = anyhow::Result<Self>> + Send;

    /// Where it listens.
    fn address(&self) -> SocketAddr;

    /// Serves until `stop`, then ends in order.
    fn run(self, stop: CancellationToken) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// The whole `main` of a service.
pub fn run<S: Service>() -> ExitCode {
    if std::env::args().any(|argument| argument == "--print-config") {
        return print_config::<S>();
    }
    let config: S::Config = match config::load(S::NAME, S::DEFAULTS, &Overrides::new()) {
        Ok(config) => config,
        Err(mistakes) => return fail(&mistakes.to_string(), 2),
    };
    telemetry::init(config.log());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("no runtime: {error}"), 1),
    };
    let outcome = runtime.block_on(async {
        let app = S::build(config, Clock::system()).await?;
        tracing::info!(service = S::NAME, address = %app.address(), "listening");
        app.run(stop_on_signal()).await
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{} stopped: {error:#}", S::NAME), 1),
    }
}

fn print_config<S: Service>() -> ExitCode {
    match config::print(S::NAME, S::DEFAULTS) {
        #[expect(clippy::print_stdout, reason = "this is what was asked for")]
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(mistakes) => fail(&mistakes.to_string(), 2),
    }
}

fn fail(message: &str, code: u8) -> ExitCode {
    eprintln!("{message}");
    ExitCode::from(code)
}

/// A token that is cancelled by Ctrl-C or SIGTERM.
pub fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let fired = stop.clone();
    telemetry::spawn(async move {
        let mut term =
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(term) => term,
                Err(error) => {
                    tracing::error!(cause = %error, "SIGTERM cannot be heard");
                    return;
                }
            };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = term.recv() => {}
        }
        tracing::info!("stopping");
        fired.cancel();
    });
    stop
}

/// What every service with tables stands on: bound, migrated, connected.
pub struct Shell {
    /// Its database.
    pub db: Database,
    /// Its bus.
    pub bus: Bus,
    /// What proves it to the other services.
    pub keys: Keys,
    /// Where it listens.
    pub address: SocketAddr,
    listener: TcpListener,
    workers: usize,
    settings: config::Database,
}

impl Shell {
    /// Binds, then brings the tables up to date.
    pub async fn build(
        http: &config::Http,
        database: &config::Database,
        bus: &config::Bus,
        internal: &config::Internal,
        migrations: EmbeddedMigrations,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let listener = server::bind(&http.address)?;
        let address = server::address(&listener)?;
        crate::db::migrate::run(database, migrations).await?;
        Ok(Self {
            db: Database::new(database)?,
            bus: Bus::connect(bus),
            keys: Keys::new(&internal.key, clock),
            address,
            listener,
            workers: http.workers,
            settings: database.clone(),
        })
    }

    /// Serves `routes` over `ctx` and relays the outbox beside the service's own `tasks`, until
    /// `stop`; then ends HTTP first, background work after it.
    pub async fn serve<C: Send + Sync + 'static>(
        self,
        ctx: Arc<C>,
        routes: fn(&mut ServiceConfig),
        tasks: impl FnOnce(&Self, CancellationToken) -> Vec<JoinHandle<()>>,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        let background = CancellationToken::new();
        let mut tasks = tasks(&self, background.clone());
        let draining = health::Draining::default();
        let parts = health::Parts {
            db: self.db.clone(),
            bus: self.bus.clone(),
            draining: draining.clone(),
        };
        let parts = Data::new(parts);
        let (ctx, keys) = (Data::from(ctx), Data::new(self.keys));
        let all = move |config: &mut ServiceConfig| {
            config.app_data(ctx.clone()).app_data(keys.clone()).app_data(parts.clone());
            config.configure(health::routes).configure(routes);
        };
        let (handle, server) = server::start(self.listener, self.workers, all)?;
        tasks.push(telemetry::spawn(keep_open(self.bus.clone(), background.clone())));
        let relay = Relay::new(self.db, self.bus, self.settings);
        tasks.push(telemetry::spawn(relay.run(background.clone())));
        stop.cancelled().await;
        draining.begin().await;
        handle.stop(true).await;
        background.cancel();
        for task in tasks {
            task.await?;
        }
        Ok(server.await??)
    }
}

/// Looks after the way to the bus, so that readiness is true while there is nothing to publish.
async fn keep_open(bus: Bus, stop: CancellationToken) {
    let mut timer = tokio::time::interval(Duration::from_secs(1));
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = timer.tick() => bus.keep_open().await,
        }
    }
}

/// Runs `work` every `period` until `stop`; a failure is logged and tried again next time.
pub async fn every<E: Fault, F: Future<Output = Result<(), E>> + Send>(
    period: Duration,
    name: &'static str,
    stop: CancellationToken,
    work: impl Fn() -> F + Send,
) {
    let mut timer = tokio::time::interval(period);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = timer.tick() => {
                if let Err(error) = work().await {
                    tracing::warn!(job = name, cause = chain(&error), "job failed, will be tried again");
                }
            }
        }
    }
}
