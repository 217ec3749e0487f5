//! Composition root of notify-service: the only file that knows everything.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use shared::clock::Clock;
use shared::inbox::Consumer;
use shared::service::{Service, Shell};
use shared::telemetry;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::ports::credentials::Credentials;
use crate::ports::dingtalk::Dingtalk;
use crate::ports::erp::Erp;
use crate::ports::sso::Sso;
use crate::usecase::{Ctx, PushLimits};
use crate::{events, http, jobs};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// notify-service, built and bound.
pub struct App {
    shell: Shell,
    ctx: Arc<Ctx>,
}

impl Service for App {
    const NAME: &'static str = "notify";
    const DEFAULTS: &'static str = include_str!("../config.default.toml");
    type Config = Config;

    async fn build(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let Config { http, database, bus, internal, .. } = &config;
        let shell = Shell::build(http, database, bus, internal, MIGRATIONS, clock.clone()).await?;
        let timeout = Duration::from_millis(config.dingtalk.timeout_ms);
        let push_timeout = Duration::from_millis(config.erp.timeout_ms);
        let ctx = Ctx {
            db: shell.db.clone(),
            sso: Sso::new(config.sso.peer(shell.keys.clone())?),
            dingtalk: Dingtalk(shared::dingtalk::Client::new(timeout)?),
            pace: Duration::from_secs(1) / config.dingtalk.calls_per_second,
            wake: Notify::new(),
            public_url: config.pages.public_url,
            erp: Erp::new(config.erp.networks(), push_timeout, clock)?,
            credentials: Credentials::new(config.sso.peer(shell.keys.clone())?),
            push: PushLimits {
                calls: config.erp.calls,
                pace: Duration::from_secs(1) / config.erp.drain_per_second,
                probe_secs: i64::from(config.erp.probe_secs),
            },
            wake_erp: Notify::new(),
        };
        Ok(Self { shell, ctx: Arc::new(ctx) })
    }

    fn address(&self) -> SocketAddr {
        self.shell.address
    }

    async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let ctx = self.ctx.clone();
        let tasks = |shell: &Shell, stop: CancellationToken| {
            let (db, bus) = (shell.db.clone(), shell.bus.clone());
            let consumer = Consumer::new(Self::NAME, ctx.clone(), db, bus, events::subscriptions());
            vec![
                telemetry::spawn(jobs::run(ctx, stop.clone())),
                telemetry::spawn(consumer.run(stop)),
            ]
        };
        self.shell.serve(self.ctx, http::routes, tasks, stop).await
    }
}
