//! Composition root of flow-service: the only file that knows everything.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use shared::clock::Clock;
use shared::db::group::Shape;
use shared::inbox::Consumer;
use shared::service::{Service, Shell};
use shared::telemetry;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::ports::directory::Directory;
use crate::ports::tasks::Tasks;
use crate::usecase::find_people::Known;
use crate::usecase::load_definition::Definitions;
use crate::usecase::{Ctx, move_order};
use crate::{events, http, jobs};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Steps that may wait for a writer; beyond it callers wait for a place.
const WAITING: usize = 10_000;

/// flow-service, built and bound.
pub struct App {
    shell: Shell,
    ctx: Arc<Ctx>,
    /// How often tasks are looked for whose people are not there.
    away: Duration,
}

impl Service for App {
    const NAME: &'static str = "flow";
    const DEFAULTS: &'static str = include_str!("../config.default.toml");
    type Config = Config;

    async fn build(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let Config { http, database, bus, internal, .. } = &config;
        let shell = Shell::build(http, database, bus, internal, MIGRATIONS, clock.clone()).await?;
        let directory = Directory(config.sync.peer(shell.keys.clone())?);
        let tasks = Tasks::new(config.task.peer(shell.keys.clone())?);
        let shape =
            Shape { most: config.batch.most, writers: config.batch.writers, waiting: WAITING };
        let (db, definitions, known) = (shell.db.clone(), Definitions::new(), Known::new());
        let steps =
            move_order::start(db.clone(), clock.clone(), definitions.clone(), known.clone(), shape);
        let ctx = Ctx { db, clock, directory, tasks, steps, definitions, known };
        let away = Duration::from_secs(config.away.every_secs);
        Ok(Self { shell, ctx: Arc::new(ctx), away })
    }

    fn address(&self) -> SocketAddr {
        self.shell.address
    }

    async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let (ctx, away) = (self.ctx.clone(), self.away);
        let tasks = |shell: &Shell, stop: CancellationToken| {
            let (db, bus) = (shell.db.clone(), shell.bus.clone());
            let consumer = Consumer::new(Self::NAME, ctx.clone(), db, bus, events::subscriptions());
            vec![
                telemetry::spawn(consumer.run(stop.clone())),
                telemetry::spawn(jobs::run(ctx, away, stop)),
            ]
        };
        self.shell.serve(self.ctx, http::routes, tasks, stop).await
    }
}
