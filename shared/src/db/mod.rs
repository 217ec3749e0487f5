//! One service's PostgreSQL: a pool, transactions, and prepared statements over plain SQL.

pub mod group;
mod lines;
pub mod migrate;
mod prepared;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{AnsiTransactionManager, TransactionManager};
use secrecy::ExposeSecret;
use tokio::sync::Notify;

pub use diesel::result::QueryResult;
pub use lines::Lines;
pub use prepared::{Prepared, sql};

/// The connection every store function takes first.
pub type Conn = diesel_async::AsyncPgConnection;

/// A connection on loan from the pool.
pub type Loan = Object<Conn>;

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection could be had in time.
    #[error("no database connection")]
    NoConnection(#[source] anyhow::Error),
    /// A statement failed.
    #[error("a statement failed")]
    Statement(#[from] diesel::result::Error),
}

impl Error {
    /// The code for the caller: a database that is away is UNAVAILABLE, the rest is a bug.
    pub fn code(&self) -> crate::code::Code {
        use diesel::result::{DatabaseErrorKind as Kind, Error as Diesel};
        match self {
            Error::NoConnection(_)
            | Error::Statement(Diesel::BrokenTransactionManager)
            | Error::Statement(Diesel::DatabaseError(
                Kind::ClosedConnection | Kind::UnableToSendCommand | Kind::SerializationFailure,
                _,
            )) => crate::code::Code::Unavailable,
            Error::Statement(Diesel::DatabaseError(_, info)) if is_passing(info.message()) => {
                crate::code::Code::Unavailable
            }
            Error::Statement(_) => crate::code::Code::Internal,
        }
    }
}

/// Failures that pass by themselves: PostgreSQL names them only in the message text here.
fn is_passing(message: &str) -> bool {
    [
        "connection closed",
        "deadlock detected",
        "statement timeout",
        "lock timeout",
        "terminating connection",
        "the database system is",
        "No space left on device",
        "cannot execute",
    ]
    .iter()
    .any(|part| message.contains(part))
}

/// A pool of connections to one service's schema.
#[derive(Clone)]
pub struct Database {
    pool: Pool<Conn>,
    wake: Arc<Notify>,
}

/// A unit of work inside a transaction; lets a bound name the closure's future.
pub trait Work<T, R>: AsyncFnOnce(T) -> R + FnOnce(T) -> <Self as Work<T, R>>::Fut {
    /// The closure's future.
    type Fut: Future<Output = R>;
}

impl<F, T, Fut, R> Work<T, R> for F
where
    F: AsyncFnOnce(T) -> R + FnOnce(T) -> Fut,
    Fut: Future<Output = R>,
{
    type Fut = Fut;
}

impl Database {
    /// Prepares a pool; connects on first use.
    pub fn new(settings: &crate::config::Database) -> anyhow::Result<Self> {
        let address = address(settings)?;
        let mut config = ManagerConfig::default();
        config.recycling_method = RecyclingMethod::Fast;
        let manager = AsyncDieselConnectionManager::new_with_config(address, config);
        let pool = Pool::builder(manager)
            .max_size(settings.max_connections)
            .wait_timeout(Some(Duration::from_millis(settings.wait_timeout_ms)))
            .create_timeout(Some(Duration::from_millis(settings.wait_timeout_ms)))
            .runtime(deadpool::Runtime::Tokio1)
            .build()?;
        Ok(Self { pool, wake: Arc::new(Notify::new()) })
    }

    /// A connection for reads that need no transaction.
    pub async fn connection(&self) -> Result<Loan, Error> {
        self.pool.get().await.map_err(|error| Error::NoConnection(error.into()))
    }

    /// Runs `work` in one transaction: commits on `Ok`, rolls back on `Err`. After a commit the
    /// outbox relay is woken.
    pub async fn transaction<R, E, F>(&self, work: F) -> Result<R, E>
    where
        F: for<'r> AsyncFnOnce(&'r mut Conn) -> Result<R, E>
            + for<'r> Work<&'r mut Conn, Result<R, E>, Fut: Send>
            + Send,
        E: From<Error> + Send,
        R: Send,
    {
        type Manager = AnsiTransactionManager;
        let mut loan = self.connection().await?;
        let conn: &mut Conn = &mut loan;
        <Manager as TransactionManager<Conn>>::begin_transaction(conn)
            .await
            .map_err(Error::from)?;
        match work(conn).await {
            Ok(value) => {
                <Manager as TransactionManager<Conn>>::commit_transaction(conn)
                    .await
                    .map_err(Error::from)?;
                self.wake.notify_one();
                Ok(value)
            }
            Err(error) => {
                // A rollback that fails leaves a broken connection, which the pool throws away.
                let _ = <Manager as TransactionManager<Conn>>::rollback_transaction(conn).await;
                Err(error)
            }
        }
    }

    /// Woken after each commit of this process; the relay waits on it.
    pub fn wake(&self) -> Arc<Notify> {
        self.wake.clone()
    }

    /// Whether a connection answers, for readiness.
    pub async fn is_ready(&self) -> bool {
        let Ok(conn) = self.connection().await else { return false };
        sql("select 1").run(&conn).await.is_ok()
    }
}

/// The address with schema, time limits and UTC set for every session.
pub(crate) fn address(settings: &crate::config::Database) -> anyhow::Result<String> {
    let plans = if settings.plans_once { "force_generic_plan" } else { "auto" };
    let mut address = url::Url::parse(settings.url.expose_secret())?;
    let options = format!(
        "-c search_path={} -c statement_timeout={} -c lock_timeout={} -c timezone=UTC \
         -c idle_in_transaction_session_timeout=15000 -c jit=off \
         -c plan_cache_mode={plans}",
        settings.schema, settings.statement_timeout_ms, settings.statement_timeout_ms
    );
    address
        .query_pairs_mut()
        .append_pair("options", &options)
        .append_pair("application_name", &format!("aiflow-{}", settings.schema))
        .append_pair("connect_timeout", "3");
    Ok(address.to_string().replace('+', "%20"))
}
