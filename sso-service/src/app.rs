//! Composition root of sso-service: the only file that knows everything.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use shared::clock::Clock;
use shared::service::{Service, Shell};
use shared::telemetry;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::store::seal::Sealer;
use crate::usecase::Ctx;
use crate::{http, jobs};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// sso-service, built and bound.
pub struct App {
    shell: Shell,
    ctx: Arc<Ctx>,
}

impl Service for App {
    const NAME: &'static str = "sso";
    const DEFAULTS: &'static str = include_str!("../config.default.toml");
    type Config = Config;

    async fn build(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let Config { http, database, bus, internal, .. } = &config;
        let shell = Shell::build(http, database, bus, internal, MIGRATIONS, clock.clone()).await?;
        let ctx = Ctx {
            db: shell.db.clone(),
            clock,
            sealer: Sealer::new(&config.seal.key)?,
            dingtalk: shared::dingtalk::Client::new(Duration::from_millis(
                config.dingtalk.timeout_ms,
            ))?,
        };
        Ok(Self { shell, ctx: Arc::new(ctx) })
    }

    fn address(&self) -> SocketAddr {
        self.shell.address
    }

    async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let ctx = self.ctx.clone();
        let tasks = |_: &Shell, stop| vec![telemetry::spawn(jobs::run(ctx, stop))];
        self.shell.serve(self.ctx, http::routes, tasks, stop).await
    }
}
