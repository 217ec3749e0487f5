//! The whole house as it would run: six services and a fake DingTalk, each a release process of its
//! own, with a database and queues that nobody else uses.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use lapin::{Connection, ConnectionProperties};
use secrecy::SecretString;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::http::client::Peer;
use shared::id::Tenant;
use shared::identity::{Caller, Keys};
use tokio_postgres::{Client, NoTls};

use crate::load::{Signer, Wire};
use crate::proc::{self, Watch, Who};

const DATABASE: &str = "aiflow_bench";
const PREFIX: &str = "aiflow-bench-";
const INTERNAL_KEY: &str = "bench-internal-key-bench-internal-key";

/// What each service's settings call it, and its program.
const SERVICES: [(&str, &str); 6] = [
    ("sync", "sync-service"),
    ("sso", "sso-service"),
    ("flow", "flow-service"),
    ("task", "task-service"),
    ("notify", "notify-service"),
    ("gateway", "gateway"),
];

/// Where the servers are.
pub(crate) struct Servers {
    pub(crate) database: String,
    pub(crate) bus: String,
}

/// A program that ends with the bench, however that ends.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(command: &mut Command, log: &Path) -> anyhow::Result<Self> {
        let log = File::create(log)?;
        let program = command.get_program().to_owned();
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        Ok(Self(child))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Asks a program with children of its own to end, so that it takes them along.
    pub(crate) fn end(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status();
        for _ in 0..100 {
            if self.has_ended() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already cannot be killed; that is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What came of waiting for peace.
pub(crate) struct Rested {
    pub(crate) took: Duration,
    /// Events that were still on their way.
    pub(crate) waiting: i64,
}

/// The running house.
pub(crate) struct House {
    pub(crate) db: Client,
    pub(crate) database_url: String,
    pub(crate) watch: Watch,
    pub(crate) folder: PathBuf,
    addresses: BTreeMap<&'static str, SocketAddr>,
    bus: String,
    /// Dropped last, so that nothing loses its servers while it still works.
    _running: Vec<Running>,
}

impl House {
    /// Starts everything and waits until the gateway says that all of it is up.
    pub(crate) async fn start(servers: &Servers, folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        let database_url = prepare_database(&servers.database).await?;
        clear_queues(&servers.bus).await.context("RabbitMQ")?;
        let mut addresses = BTreeMap::new();
        for name in SERVICES.map(|(name, _)| name).into_iter().chain(["metrics", "dingtalk"]) {
            addresses.insert(name, free_address()?);
        }
        let db = connect(&database_url).await?;
        let mut house = Self {
            watch: Watch::default(),
            folder: folder.to_owned(),
            bus: servers.bus.clone(),
            _running: Vec::new(),
            db,
            database_url,
            addresses,
        };
        house.start_all()?;
        house.watch_servers().await?;
        house.wait_until_ready().await?;
        Ok(house)
    }

    fn start_all(&mut self) -> anyhow::Result<()> {
        let programs = std::env::current_exe()?;
        let programs = programs.parent().context("the bench has no folder")?.to_owned();
        for (name, program) in SERVICES {
            let mut command = Command::new(programs.join(program));
            command.envs(self.settings(name)).current_dir(&self.folder);
            let log = self.folder.join(format!("{name}.log"));
            let running = Running::start(&mut command, &log)?;
            self.watch.add(name, Who::One(running.pid()));
            self._running.push(running);
        }
        let mut command = Command::new(programs.join("fake-dingtalk"));
        command.args(["--port", &self.address("dingtalk").port().to_string()]);
        let running = Running::start(&mut command, &self.folder.join("dingtalk.log"))?;
        self.watch.add("fake DingTalk", Who::One(running.pid()));
        self._running.push(running);
        Ok(())
    }

    fn settings(&self, name: &str) -> Vec<(String, String)> {
        let own = |setting: &str| format!("AIFLOW_{}__{setting}", name.to_uppercase());
        let url = |name: &str| format!("http://{}", self.address(name));
        let all = |setting: &str| format!("AIFLOW__{setting}");
        let mut settings = vec![
            (own("HTTP__ADDRESS"), self.address(name).to_string()),
            (all("BUS__URL"), self.bus.clone()),
            (all("BUS__PREFIX"), PREFIX.to_owned()),
            (all("INTERNAL__KEY"), INTERNAL_KEY.to_owned()),
            (all("LOG__LEVEL"), "warn".to_owned()),
            (all("DATABASE__URL"), self.database_url.clone()),
            (all("SEAL__KEY"), "5e".repeat(32)),
            (all("PUBLIC__URL"), url("gateway")),
        ];
        for neighbour in ["sync", "sso", "flow", "task"] {
            settings.push((all(&format!("{}__URL", neighbour.to_uppercase())), url(neighbour)));
        }
        if name == "gateway" {
            settings.push((own("METRICS__ADDRESS"), self.address("metrics").to_string()));
            for service in ["flow", "task", "sync", "sso", "notify"] {
                settings
                    .push((own(&format!("SERVICES__{}", service.to_uppercase())), url(service)));
            }
            for limit in [
                "APPLICATION_PER_SECOND",
                "APPLICATION_BURST",
                "ADDRESS_PER_SECOND",
                "ADDRESS_BURST",
                "LOGIN_PER_SECOND",
                "LOGIN_BURST",
            ] {
                settings.push((own(&format!("LIMIT__{limit}")), "1000000".to_owned()));
            }
        }
        settings
    }

    async fn watch_servers(&mut self) -> anyhow::Result<()> {
        let row = self.db.query_one("select pg_backend_pid()", &[]).await?;
        let backend = u32::try_from(row.try_get::<_, i32>(0)?)?;
        // On another machine the number means nothing; then it most likely names nobody here.
        if let Some(server) = proc::parent(backend) {
            self.watch.add("PostgreSQL", Who::Family(server));
        }
        self.watch.add("RabbitMQ", Who::Named("beam.smp"));
        self.watch.add("generator", Who::One(std::process::id()));
        Ok(())
    }

    async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            if self._running.iter_mut().any(Running::has_ended) {
                bail!("a service ended at once; see the logs in {}", self.folder.display());
            }
            match self.readiness().await {
                Ok(state) if is_ready(&state) => return Ok(()),
                Ok(_) | Err(_) if began.elapsed() < Duration::from_secs(60) => {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                Ok(state) => bail!("the services are not ready after a minute: {state}"),
                Err(error) => return Err(error.context("the gateway does not answer")),
            }
        }
    }

    async fn readiness(&self) -> anyhow::Result<Value> {
        let mut wire = Wire::open(self.address("gateway")).await?;
        let answer = wire.exchange(b"GET /health/ready HTTP/1.1\r\nHost: bench\r\n\r\n").await?;
        Ok(serde_json::from_slice(answer.body)?)
    }

    /// Where a service, or the fake DingTalk, listens.
    pub(crate) fn address(&self, name: &str) -> SocketAddr {
        self.addresses.get(name).copied().unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// What proves one service to another in this house.
    pub(crate) fn keys() -> Keys {
        Keys::new(&SecretString::from(INTERNAL_KEY), Clock::system())
    }

    /// An enterprise with an application and, where asked for, the fake DingTalk.
    pub(crate) async fn create_enterprise(
        &self,
        tenant: &str,
        with_dingtalk: bool,
    ) -> anyhow::Result<Signer> {
        let base = format!("http://{}", self.address("sso"));
        let sso = Peer::new(&base, Self::keys(), Duration::from_secs(10))?;
        let caller = Caller::service(Tenant::stored("-"), "aiflow-admin");
        let (app, secret) = (crate::APP, "bench-secret-bench-secret");
        let mut wanted = vec![
            ("enterprise", json!({"enterpriseCode": tenant, "name": "压测企业"})),
            (
                "application",
                json!({"enterpriseCode": tenant, "appId": app, "name": app, "appSecret": secret}),
            ),
        ];
        if with_dingtalk {
            let url = format!("http://{}", self.address("dingtalk"));
            let body = json!({"enterpriseCode": tenant, "appKey": "dingdemo", "appSecret": "demo-secret",
                "agentId": 1_000_001, "corpId": "dingcorpdemo", "oapiUrl": url, "apiUrl": url});
            wanted.push(("dingtalk", body));
        }
        for (what, body) in wanted {
            let path = format!("/aflow/api/admin/{what}");
            sso.post::<Value, Value>(&caller, &path, &body).await.with_context(|| path.clone())?;
        }
        Ok(Signer { tenant: tenant.to_owned(), app: app.to_owned(), secret: secret.to_owned() })
    }

    /// Waits until what earlier work left behind is done: no event on its way, nobody busy.
    /// Gives up after `longest`.
    pub(crate) async fn rest(&self, longest: Duration) -> anyhow::Result<Rested> {
        let began = Instant::now();
        let names: Vec<&str> = SERVICES.map(|(name, _)| name).to_vec();
        let mut before = self.watch.seconds();
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let after = self.watch.seconds();
            let used = proc::between(&before, &after);
            let busy: f64 = names.iter().filter_map(|name| used.get(*name)).sum();
            let waiting = self.waiting_events().await?;
            let is_late = began.elapsed() > longest;
            if is_late || (busy < 0.04 && waiting == 0) {
                let took = began.elapsed().saturating_sub(Duration::from_millis(500));
                return Ok(Rested { took, waiting });
            }
            before = after;
        }
    }

    /// Events that task-service and sync-service have told and notify-service has not yet handled.
    async fn waiting_events(&self) -> anyhow::Result<i64> {
        let told = "select (select coalesce(sum(last_value), 0)::bigint from pg_sequences \
                      where schemaname in ('task', 'sync') and sequencename = 'outbox_id_seq') \
                    - (select count(*) from notify.inbox)";
        Ok(self.db.query_one(told, &[]).await?.try_get(0)?)
    }

    /// What PostgreSQL does by itself within a minute: without statistics a fresh table is read as if
    /// it were empty.
    pub(crate) async fn analyze(&self) -> anyhow::Result<()> {
        Ok(self.db.batch_execute("analyze").await?)
    }

    /// Ends the programs, then removes the database and the queues.
    pub(crate) async fn tear_down(self, servers: &Servers) -> anyhow::Result<()> {
        let Self { db, _running, bus, .. } = self;
        drop((db, _running));
        drop_database(&servers.database).await?;
        clear_queues(&bus).await
    }
}

/// Every service answers and the two that listen to events do so. The others connect to the broker
/// when they first have something to tell.
fn is_ready(state: &Value) -> bool {
    let is_up = |place: &str| state.pointer(place).and_then(Value::as_str) == Some("up");
    let are_up = |part: &str| is_up(&format!("/data/parts/{part}/parts/bus"));
    state.pointer("/data/state").and_then(Value::as_str).is_some_and(|state| state != "down")
        && are_up("task")
        && are_up("notify")
}

/// A port that was free a moment ago.
pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .with_context(|| format!("no PostgreSQL at {url}"))?;
    shared::telemetry::spawn(async move {
        // Its end is seen by whoever asks next.
        let _ = connection.await;
    });
    Ok(client)
}

fn with_database(url: &str, name: &str) -> anyhow::Result<String> {
    let mut url = url::Url::parse(url)?;
    url.set_path(name);
    Ok(url.to_string())
}

async fn drop_database(server: &str) -> anyhow::Result<Client> {
    let client = connect(&with_database(server, "postgres")?).await?;
    client.batch_execute(&format!("drop database if exists {DATABASE} with (force)")).await?;
    Ok(client)
}

async fn prepare_database(server: &str) -> anyhow::Result<String> {
    let client = drop_database(server).await?;
    client.batch_execute(&format!("create database {DATABASE}")).await?;
    with_database(server, DATABASE)
}

/// Removes what this bench, or one that was killed, left at the broker.
async fn clear_queues(bus: &str) -> anyhow::Result<()> {
    let connection = Connection::connect(bus, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    for (name, _) in SERVICES {
        let queue = format!("{PREFIX}{name}");
        channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
    }
    let exchange = format!("{PREFIX}aiflow");
    channel.exchange_delete(exchange.as_str().into(), ExchangeDeleteOptions::default()).await?;
    connection.close(200, "done".into()).await?;
    Ok(())
}
