//! Composition root of the gateway: the only file that knows everything.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{self, Data, ServiceConfig};
use shared::bus::Bus;
use shared::clock::Clock;
use shared::contract::access::Refused;
use shared::http::client::Peer;
use shared::http::health::Draining;
use shared::http::{health as shared_health, server};
use shared::identity::Keys;
use shared::service::Service;
use shared::telemetry;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::auth::credentials::Credentials;
use crate::auth::listen::listen;
use crate::auth::refusals::{self, Refusals};
use crate::auth::session::Sessions;
use crate::config::Config;
use crate::door::{self, Door};
use crate::limit::Limits;
use crate::proxy::Bases;
use crate::routes::Table;
use crate::{docs, health, proxy};

/// The gateway, built and bound.
pub struct App {
    config: Config,
    door: Arc<Door>,
    sso: Peer,
    noted: mpsc::Receiver<Refused>,
    listener: TcpListener,
    metrics: TcpListener,
    address: SocketAddr,
}

impl Service for App {
    const NAME: &'static str = "gateway";
    const DEFAULTS: &'static str = include_str!("../config.default.toml");
    type Config = Config;

    async fn build(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let listener = server::bind(&config.http.address)?;
        let address = server::address(&listener)?;
        let metrics = server::bind(&config.metrics.address)?;
        let keys = Keys::new(&config.internal.key, clock.clone());
        let sso = Peer::new(&config.services.sso, keys.clone(), Duration::from_secs(5))?;
        let services = config.services.trimmed();
        let (refusals, noted) = Refusals::new();
        let remembered = Duration::from_secs(config.credentials.remembered_secs);
        let sessions = Sessions::new(
            sso.clone(),
            keys.clone(),
            config.internal.key.clone(),
            clock.clone(),
            Duration::from_secs(config.session.remembered_secs),
        );
        let door = Door {
            table: Table::new(),
            credentials: Credentials::new(sso.clone(), keys, remembered),
            sessions,
            origin: config.origin(),
            session_cookie: config.session_cookie(),
            refusals,
            limits: Limits::new(&config.limit),
            bases: Bases::new(&services)?,
            services,
            body_deadline: Duration::from_secs(config.body.deadline_secs),
            clock,
            draining: Draining::default(),
        };
        Ok(Self { config, door: Arc::new(door), sso, noted, listener, metrics, address })
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let background = CancellationToken::new();
        let bus = Bus::connect(&self.config.bus);
        let credentials = self.door.credentials.clone();
        let sessions = self.door.sessions.clone();
        let tasks = [
            telemetry::spawn(listen(credentials, bus.clone(), background.clone())),
            telemetry::spawn(listen(sessions, bus, background.clone())),
            telemetry::spawn(refusals::run(self.noted, self.sso, background.clone())),
            telemetry::spawn(tidy(self.door.clone(), background.clone())),
        ];
        let (metrics, metrics_server) =
            server::start(self.metrics, 1, |config: &mut ServiceConfig| {
                config.route("/metrics", web::get().to(shared_health::metrics));
            })?;
        let draining = self.door.draining.clone();
        let timeout = Duration::from_millis(self.config.services.timeout_ms);
        let door = Data::from(self.door);
        let routes = move |config: &mut ServiceConfig| {
            config
                .app_data(door.clone())
                .app_data(Data::new(proxy::client(timeout)))
                .route("/health/live", web::get().to(shared_health::live))
                .route("/health/ready", web::get().to(health::ready))
                .route("/docs", web::get().to(docs::page))
                .route("/docs/openapi.json", web::get().to(docs::openapi))
                .default_service(web::to(door::enter));
        };
        let (handle, server) = server::start(self.listener, self.config.http.workers, routes)?;
        stop.cancelled().await;
        draining.begin().await;
        handle.stop(true).await;
        metrics.stop(false).await;
        background.cancel();
        for task in tasks {
            task.await?;
        }
        metrics_server.await??;
        Ok(server.await??)
    }
}

/// Keeps the limiters' memory bounded.
async fn tidy(door: Arc<Door>, stop: CancellationToken) {
    let mut timer = tokio::time::interval(Duration::from_secs(30));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = timer.tick() => door.limits.tidy(),
        }
    }
}
