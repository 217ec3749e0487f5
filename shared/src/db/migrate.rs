//! Brings one service's schema up to date: shared tables first, then its own.

use anyhow::{Context, anyhow};
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel_async::{AsyncConnection, AsyncMigrationHarness, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use secrecy::ExposeSecret;

use super::Conn;

/// Outbox and inbox, the same in every schema.
const SHARED: EmbeddedMigrations = embed_migrations!("migrations");

/// Applies what is missing; waits for another process that is migrating the same schema.
pub async fn run(
    settings: &crate::config::Database,
    own: EmbeddedMigrations,
) -> anyhow::Result<()> {
    let address = super::address(settings)?;
    let mut conn = connect(&address, settings).await?;
    let schema = &settings.schema;
    // Concurrent creators of one schema collide in the catalogue; the lock makes them queue.
    let lock =
        format!("select pg_advisory_lock(hashtext('aiflow migrations'), hashtext('{schema}'))");
    diesel::sql_query("set statement_timeout = 0").execute(&mut conn).await?;
    diesel::sql_query("set lock_timeout = 0").execute(&mut conn).await?;
    diesel::sql_query(lock).execute(&mut conn).await?;
    conn.batch_execute(&format!("create schema if not exists {schema}")).await?;
    let applied = tokio::task::spawn_blocking(move || -> anyhow::Result<usize> {
        let mut harness = AsyncMigrationHarness::new(conn);
        let mut applied = 0;
        for source in [SHARED, own] {
            applied += apply(&mut harness, source)?;
        }
        Ok(applied)
    })
    .await??;
    if applied > 0 {
        tracing::info!(schema, applied, "migrations applied");
    }
    Ok(())
}

fn apply(
    harness: &mut AsyncMigrationHarness<Conn>,
    source: impl MigrationSource<Pg>,
) -> anyhow::Result<usize> {
    let done = harness
        .run_pending_migrations(source)
        .map_err(|error| anyhow!("a migration failed: {error}"))?;
    Ok(done.len())
}

/// The database may still be starting (docker compose, a restart): tries for half a minute.
async fn connect(address: &str, settings: &crate::config::Database) -> anyhow::Result<Conn> {
    let mut tries = 0;
    loop {
        match Conn::establish(address).await {
            Ok(conn) => return Ok(conn),
            Err(error) if tries < 30 => {
                tries += 1;
                tracing::warn!(tries, cause = %error, "the database does not answer yet");
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
            Err(error) => {
                let shown = url::Url::parse(settings.url.expose_secret())
                    .map(|url| {
                        format!("{}:{}", url.host_str().unwrap_or(""), url.port().unwrap_or(5432))
                    })
                    .unwrap_or_default();
                return Err(error).context(format!(
                    "no PostgreSQL at {shown} (database.url); start one, or set AIFLOW__DATABASE__URL"
                ));
            }
        }
    }
}
