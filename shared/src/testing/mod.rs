//! What the tests of every service need: a database, a signed caller, waiting without sleeping.
#![expect(
    clippy::indexing_slicing,
    reason = "JSON of a test's answer: a missing field reads as null"
)]

use std::future::Future;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::config::Overrides;

/// The key every test uses between services.
pub const INTERNAL_KEY: &str = "test-internal-key-test-internal-key";

/// The test server's address; `make test` sets it, else the usual local one.
pub fn database_url() -> String {
    #[expect(clippy::disallowed_methods, reason = "a test's own setting")]
    std::env::var("AIFLOW_TEST_DATABASE_URL")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/aiflow_test".to_owned())
}

/// The test broker's address; `make test` sets it, else the usual local one.
pub fn bus_url() -> String {
    #[expect(clippy::disallowed_methods, reason = "a test's own setting")]
    std::env::var("AIFLOW_TEST_BUS_URL")
        .unwrap_or_else(|_| "amqp://guest:guest@127.0.0.1:5672/%2f".to_owned())
}

/// A name no other test has: enterprise, exchange prefix, file.
pub fn unique(prefix: &str) -> String {
    format!("{prefix}{}", crate::id::new_id().simple())
}

/// Settings that every service's test shares: any port, the test database, a bus of its own.
pub fn overrides(schema: &str, bus: &str) -> Overrides {
    Overrides::from([
        ("http.address".to_owned(), "127.0.0.1:0".to_owned()),
        ("http.workers".to_owned(), "1".to_owned()),
        ("database.url".to_owned(), database_url()),
        ("database.schema".to_owned(), schema.to_owned()),
        ("database.max_connections".to_owned(), "4".to_owned()),
        ("bus.url".to_owned(), format!("memory:{bus}?alone")),
        ("internal.key".to_owned(), INTERNAL_KEY.to_owned()),
        ("log.level".to_owned(), "warn".to_owned()),
        ("log.format".to_owned(), "text".to_owned()),
    ])
}

/// Asks `probe` until it gives a value; fails after 20 s with what was waited for.
pub async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut probe: impl FnMut() -> F,
) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = probe().await {
            return value;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What `select count(*) …` gives on the test database.
pub async fn count(query: &str) -> i64 {
    use diesel_async::{AsyncConnection, RunQueryDsl};
    #[derive(diesel::QueryableByName)]
    struct CountRow {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    let mut conn =
        crate::db::Conn::establish(&database_url()).await.unwrap_or_else(|error| panic!("{error}"));
    let row = diesel::sql_query(query).get_result::<CountRow>(&mut conn).await;
    row.map(|row| row.count).unwrap_or_else(|error| panic!("{query}: {error}"))
}

/// Changes the test database behind the services' backs.
pub async fn execute(statement: &str) {
    use diesel_async::{AsyncConnection, RunQueryDsl};
    let mut conn =
        crate::db::Conn::establish(&database_url()).await.unwrap_or_else(|error| panic!("{error}"));
    let done = diesel::sql_query(statement).execute(&mut conn).await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// An answer as a test looks at it.
#[derive(Debug)]
pub struct Answered {
    /// The HTTP status.
    pub http: u16,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The envelope.
    pub body: Value,
}

impl Answered {
    /// Reads an answer whole.
    pub async fn read(response: reqwest::Response) -> Self {
        let (http, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap_or_default();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { http, headers, body }
    }

    /// The envelope's `status`.
    pub fn status(&self) -> i64 {
        self.body["status"].as_i64().unwrap_or(i64::MIN)
    }

    /// The stable code of a failure.
    pub fn code(&self) -> &str {
        self.body["data"]["errorCode"].as_str().unwrap_or_default()
    }

    /// The fields a failure names.
    pub fn fields(&self) -> Vec<String> {
        let details = self.body["data"]["errorDetails"].as_array().cloned().unwrap_or_default();
        details.iter().filter_map(|detail| detail["field"].as_str().map(str::to_owned)).collect()
    }

    /// `data` of a success; fails the test otherwise.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!((self.http, self.status()), (200, 0), "{}", self.body);
        self.body["data"].clone()
    }

    /// Fails the test unless the answer is this failure.
    #[track_caller]
    pub fn refused(self, code: crate::code::Code) -> Self {
        assert_eq!(self.code(), code.name(), "{}", self.body);
        assert_eq!(
            (self.http, self.status()),
            (code.http(), i64::from(code.status())),
            "{}",
            self.body
        );
        assert!(
            !self.body["data"]["requestId"].as_str().unwrap_or_default().is_empty(),
            "{}",
            self.body
        );
        self
    }
}

/// Makes the test database if it is not there yet; safe to call from everywhere at once.
pub async fn prepare_database() {
    use diesel_async::{AsyncConnection, RunQueryDsl};
    let url = database_url();
    if crate::db::Conn::establish(&url).await.is_ok() {
        return;
    }
    let (server, name) = url.rsplit_once('/').unwrap_or((&url, "aiflow_test"));
    let mut conn = crate::db::Conn::establish(&format!("{server}/postgres")).await.unwrap_or_else(|error| {
        panic!("no PostgreSQL at {server}: {error}; `make test` starts one, or set AIFLOW_TEST_DATABASE_URL")
    });
    // Another test binary may be faster; then the database is there all the same.
    let _ = diesel::sql_query(format!("create database {name}")).execute(&mut conn).await;
}
