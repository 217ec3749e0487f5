//! The house: six processes on a database and a broker prefix of their own.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use serde_json::Value;
use shared::clock::Clock;
use shared::http::client::Peer;
use shared::id::Tenant;
use shared::identity::{Caller, Keys};
use tokio_postgres::NoTls;

use super::relay::Relay;
use super::{pause, say, until};

/// Short names; the programs are called after them.
pub(crate) const SERVICES: [&str; 6] = ["sync", "sso", "flow", "task", "notify", "gateway"];

/// Those with tables.
pub(crate) const SCHEMAS: [&str; 5] = ["sync", "sso", "flow", "task", "notify"];

/// Planted: none of these may be found in a log or in a table.
pub(crate) const APP_SECRET: &str = "MARK-application-secret-5d0c2b7a91";
pub(crate) const DINGTALK_SECRET: &str = "MARK-dingtalk-secret-f36e10c84d";
pub(crate) const ODOO_SECRET: &str = "MARK-odoo-client-secret-7ac4410be2";
const INTERNAL_KEY: &str = "MARK-internal-key-b7a8d2f45c6e90137788";
const SEAL_KEY: &str = "b1d5ea1f00dcafe5b1d5ea1f00dcafe5b1d5ea1f00dcafe5b1d5ea1f00dcafe5";

/// What must stay hidden.
pub(crate) const SECRETS: [&str; 5] =
    [APP_SECRET, DINGTALK_SECRET, ODOO_SECRET, INTERNAL_KEY, SEAL_KEY];

const SERVER: &str = "host=127.0.0.1 port=5432 user=postgres";
const DATABASE: &str = "aiflow_processes";
const BROKER: &str = "amqp://guest:guest@127.0.0.1";

/// One run of the six services; everything it started is gone when it is dropped.
pub(crate) struct House {
    /// The line to PostgreSQL.
    pub(crate) postgres: Relay,
    /// The line to RabbitMQ.
    pub(crate) broker: Relay,
    ports: BTreeMap<&'static str, u16>,
    running: Mutex<BTreeMap<&'static str, Child>>,
    settings: Vec<(String, String)>,
    guard: Child,
    logs: PathBuf,
    prefix: String,
    http: reqwest::Client,
    /// Looks into the tables past the line that is cut.
    sql: tokio_postgres::Client,
    /// Holds the lock that lets one house use the database at a time, over all processes.
    _turn: tokio_postgres::Client,
}

impl House {
    /// Starts all six; waits for the house that is running now to be gone.
    pub(crate) async fn start(name: &str) -> Self {
        find_programs();
        let turn = connect("postgres").await;
        turn.batch_execute("select pg_advisory_lock(hashtext('aiflow processes'))").await.unwrap();
        turn.batch_execute(&format!("drop database if exists {DATABASE} with (force)"))
            .await
            .unwrap();
        turn.batch_execute(&format!("create database {DATABASE}")).await.unwrap();

        let began = Instant::now();
        let postgres = Relay::start(free_port(), SocketAddr::from(([127, 0, 0, 1], 5432))).await;
        let broker = Relay::start(free_port(), SocketAddr::from(([127, 0, 0, 1], 5672))).await;
        let ports: BTreeMap<_, _> = SERVICES.into_iter().map(|name| (name, free_port())).collect();
        let prefix = shared::testing::unique("processes-") + "-";
        let settings = settings(&ports, &prefix, postgres.address, broker.address);
        let logs = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("processes-{name}"));
        // The last run's logs are of no use to anybody.
        let _ = std::fs::remove_dir_all(&logs);
        std::fs::create_dir_all(&logs).unwrap();
        let house = Self {
            postgres,
            broker,
            ports,
            running: Mutex::default(),
            settings,
            guard: guard(),
            logs,
            prefix,
            http: shared::http::client::new(Duration::from_secs(10)).unwrap(),
            sql: connect(DATABASE).await,
            _turn: turn,
        };
        for service in SERVICES {
            house.launch(service);
        }
        for service in SERVICES {
            house.wait_until_ready(service).await;
        }
        println!("\n--- {name}: six processes are up after {:.1?}", began.elapsed());
        house
    }

    fn launch(&self, service: &'static str) {
        let log = self.logs.join(format!("{service}.log"));
        let log = OpenOptions::new().create(true).append(true).open(log).unwrap();
        let mut command = Command::new(program(service));
        // What the caller's shell says about aiflow is not for this house.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AIFLOW") {
                command.env_remove(name);
            }
        }
        command.envs(self.settings.clone()).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        command.process_group(i32::try_from(self.guard.id()).unwrap());
        let child = command.spawn().unwrap();
        assert!(self.running.lock().unwrap().insert(service, child).is_none(), "{service} runs");
    }

    /// Starts a service that was ended, where it was before; does not wait until it is ready.
    pub(crate) fn start_again(&self, service: &'static str) {
        self.launch(service);
    }

    /// Ends a service as the kernel does when memory is short.
    pub(crate) fn kill9(&self, service: &'static str) {
        let mut child = self.running.lock().unwrap().remove(service).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// The process that a service is.
    pub(crate) fn pid(&self, service: &str) -> u32 {
        self.running.lock().unwrap()[service].id()
    }

    /// Sends SIGTERM and waits; gives the exit code and how long it took.
    pub(crate) async fn stop_gracefully(&self, service: &'static str) -> (Option<i32>, Duration) {
        let mut child = self.running.lock().unwrap().remove(service).unwrap();
        let began = Instant::now();
        let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        while began.elapsed() < Duration::from_secs(40) {
            if let Some(status) = child.try_wait().unwrap() {
                return (status.code(), began.elapsed());
            }
            pause(10).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        (None, began.elapsed())
    }

    /// Waits until a service answers that it can work.
    pub(crate) async fn wait_until_ready(&self, service: &'static str) {
        let what = format!("{service} is ready");
        until(Duration::from_secs(45), &what, || async {
            if let Some(child) = self.running.lock().unwrap().get_mut(service)
                && let Some(status) = child.try_wait().unwrap()
            {
                panic!("{service} ended with {status}; see {}", self.logs.display());
            }
            let (http, body) = self.health(service).await;
            if http == 200 { Ok(()) } else { Err(format!("{http} {body}")) }
        })
        .await;
    }

    /// `/health/ready` of a service; 0 where nobody answers.
    pub(crate) async fn health(&self, service: &'static str) -> (u16, Value) {
        let asked = self.http.get(format!("http://{}/health/ready", self.address(service)));
        match asked.send().await {
            Ok(answer) => (answer.status().as_u16(), answer.json().await.unwrap_or_default()),
            Err(error) => (0, Value::String(error.to_string())),
        }
    }

    pub(crate) fn address(&self, service: &str) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.ports[service]))
    }

    /// Does something as `aiflow-admin` does.
    pub(crate) async fn admin(&self, path: &str, body: Value) -> Value {
        self.admin_of("sso", path, body).await
    }

    /// Does something as `aiflow-admin` does, at another service.
    pub(crate) async fn admin_of(&self, service: &str, path: &str, body: Value) -> Value {
        self.ask(service, "-", "aiflow-admin", &format!("/aflow/api/admin{path}"), body).await
    }

    /// Asks for an enterprise's DingTalk token as notify-service does.
    pub(crate) async fn dingtalk_access(&self, tenant: &str) -> Value {
        self.ask("sso", tenant, "notify", "/internal/dingtalk", serde_json::json!({})).await
    }

    async fn ask(
        &self,
        service: &str,
        tenant: &str,
        asker: &str,
        path: &str,
        body: Value,
    ) -> Value {
        let keys = Keys::new(&SecretString::from(INTERNAL_KEY), Clock::system());
        let address = format!("http://{}", self.address(service));
        let peer = Peer::new(&address, keys, Duration::from_secs(10)).unwrap();
        let caller = Caller::service(Tenant::stored(tenant), asker);
        peer.post(&caller, path, &body).await.unwrap()
    }

    /// Rows as texts.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for message in self.sql.simple_query(sql).await.unwrap() {
            if let tokio_postgres::SimpleQueryMessage::Row(row) = message {
                let text = |place| row.get(place).unwrap_or_default().to_owned();
                rows.push((0..row.len()).map(text).collect());
            }
        }
        rows
    }

    /// The one number a query gives.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.rows(sql).await[0][0].parse().unwrap()
    }

    /// Rows of one table over all schemas that have it.
    pub(crate) async fn count_all(&self, table: &str) -> i64 {
        let each = SCHEMAS.map(|schema| format!("(select count(*) from {schema}.{table})"));
        self.count(&format!("select {}", each.join(" + "))).await
    }

    /// The lines of all logs that contain `needle`.
    pub(crate) fn logged(&self, needle: &str) -> Vec<String> {
        let mut found = Vec::new();
        for service in SERVICES {
            let log = std::fs::read(self.logs.join(format!("{service}.log"))).unwrap();
            let log = String::from_utf8_lossy(&log);
            let lines = log.lines().filter(|line| line.contains(needle));
            found.extend(lines.map(|line| format!("{service}: {line}")));
        }
        found
    }

    /// The end of every scenario: no secret was logged, and everybody stops when asked to.
    pub(crate) async fn close(self) {
        for secret in SECRETS {
            let found = self.logged(secret);
            assert!(found.is_empty(), "{secret} is in {} lines: {:?}", found.len(), found.first());
        }
        let stopping = SERVICES.into_iter().rev().map(|service| self.stop_gracefully(service));
        let ends = futures_util::future::join_all(stopping).await;
        for (service, (code, took)) in SERVICES.into_iter().rev().zip(ends) {
            assert_eq!(code, Some(0), "{service} ended badly after {took:.1?}");
            assert!(took < Duration::from_secs(25), "{service} took {took:.1?} to stop");
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let mut running = std::mem::take(&mut *self.running.lock().unwrap());
        for child in running.values_mut().chain([&mut self.guard]) {
            // One that ended by itself is what we want, too.
            let _ = child.kill();
            let _ = child.wait();
        }
        let prefix = self.prefix.clone();
        let tidied = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(tidy_broker(&prefix))
        });
        if !matches!(tidied.join(), Ok(Ok(()))) {
            say("the broker's queues could not be removed");
        }
    }
}

async fn tidy_broker(prefix: &str) -> lapin::Result<()> {
    let address = format!("{BROKER}:5672/%2f");
    let connection = lapin::Connection::connect(&address, Default::default()).await?;
    let channel = connection.create_channel().await?;
    for service in SERVICES {
        let queue = format!("{prefix}{service}");
        channel.queue_delete(queue.as_str().into(), Default::default()).await?;
    }
    let exchange = format!("{prefix}aiflow");
    channel.exchange_delete(exchange.as_str().into(), Default::default()).await?;
    connection.close(0, "done".into()).await
}

/// A process that does nothing but kill its group, in which all services are, once this process is
/// gone, however it went.
fn guard() -> Child {
    let script = "read line; kill -9 0";
    let mut command = Command::new("sh");
    command.args(["-c", script]).stdin(Stdio::piped()).process_group(0);
    let mut guard = command.spawn().unwrap();
    guard.stdin.as_mut().unwrap().flush().unwrap();
    guard
}

fn program(service: &str) -> PathBuf {
    let name = if service == "gateway" { service.to_owned() } else { format!("{service}-service") };
    let folder = std::env::current_exe().unwrap();
    folder.parent().unwrap().parent().unwrap().join(name)
}

fn find_programs() {
    for service in SERVICES {
        let path = program(service);
        let found = path.exists();
        assert!(found, "{} is missing: run `cargo build --workspace` first", path.display());
    }
}

/// Below the range from which the kernel takes ports for outgoing connections, so that none of these
/// is taken while its service is down.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let started_at = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let port = started_at + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

async fn connect(database: &str) -> tokio_postgres::Client {
    let address = format!("{SERVER} dbname={database}");
    let (client, connection) = tokio_postgres::connect(&address, NoTls)
        .await
        .unwrap_or_else(|error| panic!("no PostgreSQL at {SERVER}: {error}; start one first"));
    shared::telemetry::spawn(async move {
        // Ends with the client, or with the server; the next query says so.
        let _ = connection.await;
    });
    client
}

fn settings(
    ports: &BTreeMap<&'static str, u16>,
    prefix: &str,
    postgres: SocketAddr,
    broker: SocketAddr,
) -> Vec<(String, String)> {
    let own = |name: &str, value: &str| (format!("AIFLOW__{name}"), value.to_owned());
    let mut settings = vec![
        own("DATABASE__URL", &format!("postgres://postgres@{postgres}/{DATABASE}")),
        own("BUS__URL", &format!("amqp://guest:guest@{broker}/%2f")),
        own("BUS__PREFIX", prefix),
        own("INTERNAL__KEY", INTERNAL_KEY),
        own("SEAL__KEY", SEAL_KEY),
        own("PUBLIC__URL", &format!("http://127.0.0.1:{}", ports["gateway"])),
        own("ERP__ALLOWED_NETWORKS", "127.0.0.0/8"),
        own("LOG__LEVEL", "debug"),
        own("METRICS__ADDRESS", &format!("127.0.0.1:{}", free_port())),
    ];
    for (name, port) in ports {
        let (upper, address) = (name.to_uppercase(), format!("127.0.0.1:{port}"));
        settings.push((format!("AIFLOW_{upper}__HTTP__ADDRESS"), address.clone()));
        settings.push(own(&format!("{upper}__URL"), &format!("http://{address}")));
        settings.push(own(&format!("SERVICES__{upper}"), &format!("http://{address}")));
    }
    settings
}
