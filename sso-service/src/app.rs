//! Composition root of sso-service: the only file that knows everything.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use shared::clock::Clock;
use shared::inbox::Consumer;
use shared::service::{Service, Shell};
use shared::telemetry;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::ports::directory::Directory;
use crate::ports::erp_oauth::ErpOauth;
use crate::store::seal::Sealer;
use crate::usecase::Ctx;
use crate::usecase::rotate_key::keep_key;
use crate::usecase::use_keys::Keyring;
use crate::{events, http, jobs};

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
            erp: ErpOauth::new(Duration::from_millis(config.provider.timeout_ms))?,
            directory: Directory(config.sync.peer(shell.keys.clone())?),
            keyring: Keyring::default(),
            public: config.public,
            session: config.session,
            internal_key: config.internal.key.clone(),
        };
        let ctx = Arc::new(ctx);
        // Somebody must be able to sign in as soon as we listen.
        keep_key(ctx.clone()).await?;
        Ok(Self { shell, ctx })
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
