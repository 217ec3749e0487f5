//! Composition root of task-service: the only file that knows everything.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use moka::future::Cache;
use shared::clock::Clock;
use shared::db::Database;
use shared::db::group::Shape;
use shared::inbox::Consumer;
use shared::service::{Service, Shell};
use shared::telemetry;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::ports::directory::Directory;
use crate::ports::flow::Flows;
use crate::usecase::{Ctx, write_orders};
use crate::{events, http, jobs};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Changes that may wait for a writer; beyond it callers wait for a place.
const WAITING: usize = 10_000;

/// task-service, built and bound.
pub struct App {
    shell: Shell,
    ctx: Arc<Ctx>,
}

impl Service for App {
    const NAME: &'static str = "task";
    const DEFAULTS: &'static str = include_str!("../config.default.toml");
    type Config = Config;

    async fn build(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let Config { http, database, bus, internal, .. } = &config;
        let shell = Shell::build(http, database, bus, internal, MIGRATIONS, clock.clone()).await?;
        let shape =
            Shape { most: config.batch.most, writers: config.batch.writers, waiting: WAITING };
        let lists = config.lists.of(&config.database);
        let public_url = config.pages.public_url;
        let ctx = Ctx {
            db: shell.db.clone(),
            lists: Database::new(&lists)?,
            directory: Directory(config.sync.peer(shell.keys.clone())?),
            flows: Flows {
                asked: config.flow.peer(shell.keys.clone())?,
                decided: config.decide.of(&config.flow).peer(shell.keys.clone())?,
            },
            writes: write_orders::start(shell.db.clone(), clock.clone(), public_url.clone(), shape),
            known_flows: Cache::builder()
                .max_capacity(10_000)
                .time_to_live(Duration::from_secs(5))
                .build(),
            known_people: Cache::builder()
                .max_capacity(200_000)
                .time_to_live(Duration::from_secs(600))
                .build(),
            public_url,
            clock,
        };
        Ok(Self { shell, ctx: Arc::new(ctx) })
    }

    fn address(&self) -> SocketAddr {
        self.shell.address
    }

    async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let ctx = self.ctx.clone();
        let tasks = |shell: &Shell, stop: CancellationToken| {
            let consumer = Consumer::new(
                Self::NAME,
                ctx.clone(),
                shell.db.clone(),
                shell.bus.clone(),
                events::subscriptions(),
            );
            vec![
                telemetry::spawn(consumer.run(stop.clone())),
                telemetry::spawn(jobs::run(ctx, stop)),
            ]
        };
        self.shell.serve(self.ctx, http::routes, tasks, stop).await
    }
}
