//! `make bench`: load through the gateway, and beside it, in the same run and on the same server,
//! what the database alone can do.

mod engine;
mod flows;
mod hop;
mod house;
mod load;
mod orders;
mod people;
mod pgbench;
mod proc;
mod push;
mod report;
mod session;
mod sign_in;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use clap::Parser;

use crate::house::{House, Servers};
use crate::load::{Outcome, Plan, Signer, Source, percentile};
use crate::pgbench::Pgbench;
use crate::report::{Line, Promise, Push, Report};

/// The application of every enterprise here.
pub(crate) const APP: &str = "APP001";

/// Load through the gateway, and its ratio to what the database alone can do.
#[derive(Parser)]
struct Asked {
    /// A short look: 3 s each, a tenth of the open tasks.
    #[arg(long)]
    quick: bool,
    /// Only these parts: engine, flow, sync, hop, people, todo, push, session, refresh.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// With so many connections at a time; orders alone look at it.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 32, 128])]
    connections: Vec<usize>,
    /// Keep the database, to look at what was written.
    #[arg(long)]
    keep: bool,
    /// A PostgreSQL whose user may create databases.
    #[arg(
        long,
        env = "AIFLOW_TEST_DATABASE_URL",
        default_value = "postgres://postgres@127.0.0.1:5432/postgres"
    )]
    database: String,
    /// A RabbitMQ.
    #[arg(
        long,
        env = "AIFLOW_TEST_BUS_URL",
        default_value = "amqp://guest:guest@127.0.0.1:5672/%2f"
    )]
    bus: String,
    /// Where reports, logs and scratch files go.
    #[arg(long, default_value = "target")]
    folder: PathBuf,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let asked = Asked::parse();
    // Ending this way runs every Drop, so that no service is left behind.
    let outcome = tokio::select! {
        outcome = measure(&asked) => outcome,
        () = told_to_stop() => Err(anyhow::anyhow!("stopped")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut term) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = term.recv() => {}
            }
        }
        Err(_) => std::future::pending().await,
    }
}

async fn measure(asked: &Asked) -> anyhow::Result<()> {
    fs::create_dir_all(&asked.folder)?;
    let target = asked.folder.canonicalize()?;
    let servers = Servers { database: asked.database.clone(), bus: asked.bus.clone() };
    let began = Instant::now();
    say(began, "starting six services and a fake DingTalk");
    let house = House::start(&servers, &target.join("bench")).await?;
    let mut bench = Bench::new(house, asked, began).await?;
    let wants = |part: &str| asked.only.is_empty() || asked.only.iter().any(|only| only == part);
    if wants("engine") {
        bench.run_engine()?;
    }
    if wants("sync") {
        bench.sync_tasks().await?;
    }
    if wants("flow") {
        bench.run_flows().await?;
    }
    if wants("hop") {
        bench.hops().await?;
    }
    if wants("people") {
        bench.sync_people().await?;
    }
    if wants("todo") {
        bench.list_todo().await?;
    }
    if wants("push") {
        bench.try_pushes().await;
    }
    if wants("session") || wants("refresh") {
        bench.sessions(wants("session"), wants("refresh")).await?;
    }
    bench.weigh();
    let text = bench.report.markdown();
    fs::write(target.join("bench.md"), &text)?;
    fs::write(target.join("bench.json"), format!("{:#}\n", bench.report.json()))?;
    print(&text);
    say(began, &format!("done; written to {}/bench.md and bench.json", target.display()));
    if !asked.keep {
        bench.house.tear_down(&servers).await?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what was asked for")]
fn print(text: &str) {
    println!("\n{text}");
}

fn say(began: Instant, what: &str) {
    eprintln!("[{:>4} s] {what}", began.elapsed().as_secs());
}

struct Bench {
    house: House,
    /// The ERP whose orders are synced and listed.
    erp: Signer,
    began: Instant,
    quick: bool,
    connections: Vec<usize>,
    warmup: Duration,
    measured: Duration,
    limit: Pgbench,
    numbers: Arc<AtomicU64>,
    report: Report,
}

impl Bench {
    async fn new(house: House, asked: &Asked, began: Instant) -> anyhow::Result<Self> {
        let quick = asked.quick;
        let secs = |full: u64, short: u64| Duration::from_secs(if quick { short } else { full });
        house.db.batch_execute(pgbench::TABLES).await?;
        let erp = house.create_enterprise(orders::TENANT, false).await?;
        orders::prepare(&house, &erp).await?;
        // The server's connections, less those of others and those that the services may open.
        let free: i32 = house
            .db
            .query_one(
                "select current_setting('max_connections')::int \
                 - current_setting('superuser_reserved_connections')::int - 50 \
                 - (select count(*) from pg_stat_activity where backend_type = 'client backend' \
                    and datname <> current_database())::int",
                &[],
            )
            .await?
            .try_get(0)?;
        let limit = Pgbench {
            url: house.database_url.clone(),
            folder: house.folder.join("pgbench"),
            most_clients: usize::try_from(free.clamp(1, 128))?,
            measured: secs(12, 3),
        };
        let version: String = house.db.query_one("select version()", &[]).await?.try_get(0)?;
        let version = version.split(" on ").next().unwrap_or_default().to_owned();
        let (warmup, measured) = (secs(3, 1), secs(12, 3));
        let mut conditions = vec![
            format!("Machine: {}; {version}, settings as installed", proc::machine()),
            format!(
                "{} s measured after {} s of warm-up; six release processes with default settings, except for \
                 the gateway's limits and log level warn; signed requests on kept connections",
                measured.as_secs(),
                warmup.as_secs()
            ),
            format!(
                "limit = pgbench, prepared, one transaction doing the same rows in tables of the same shape, in the \
                 same minutes, with as many clients, at most {} (the server's connections)",
                limit.most_clients
            ),
        ];
        if quick {
            conditions.push("A quick run: short and noisy".to_owned());
        }
        let report = Report { conditions, ..Report::default() };
        Ok(Self {
            house,
            erp,
            began,
            quick,
            connections: asked.connections.clone(),
            warmup,
            measured,
            limit,
            numbers: Arc::new(AtomicU64::new(1)),
            report,
        })
    }

    fn say(&self, what: &str) {
        say(self.began, what);
    }

    /// Load through one address; the line says what came of it.
    async fn load(
        &self,
        work: &str,
        address: std::net::SocketAddr,
        connections: usize,
        source: Source,
        must_have: &'static str,
    ) -> anyhow::Result<Line> {
        let plan =
            Plan { address, connections, warmup: self.warmup, measured: self.measured, must_have };
        let outcome = load::run(plan, source, &self.numbers, &self.house.watch).await?;
        let line = self.line(work, connections, outcome);
        self.say(&format!(
            "{work}, {connections} connections: {:.0} per s, p99 {:.1} ms",
            line.per_second, line.p99
        ));
        Ok(line)
    }

    fn line(&self, work: &str, connections: usize, outcome: Outcome) -> Line {
        let secs = outcome.measured.as_secs_f64();
        Line {
            work: work.to_owned(),
            connections,
            per_second: outcome.per_second(),
            p50: percentile(&outcome.latencies, 0.5),
            p95: percentile(&outcome.latencies, 0.95),
            p99: percentile(&outcome.latencies, 0.99),
            failures: outcome.failures,
            cores: outcome.cpu.into_iter().map(|(name, used)| (name, used / secs)).collect(),
            memory: Some(Report::services_memory(&self.house.watch.memory())),
            limit: None,
        }
    }

    async fn limit(&self, work: &str, script: String, clients: usize) -> anyhow::Result<Line> {
        let line = self.limit.run(work, script, clients, &self.house.watch).await?;
        self.say(&format!("{work}, {} clients: {:.0} per s", line.connections, line.per_second));
        Ok(line)
    }

    /// Pgbench, then the same work through the gateway, then a rest.
    async fn compare(
        &mut self,
        work: &str,
        script: String,
        connections: usize,
        source: Source,
        must_have: &'static str,
    ) -> anyhow::Result<()> {
        let limit = self.limit(&format!("pgbench: {work}"), script, connections).await?;
        let gateway = self.house.address("gateway");
        let mut line = self.load(work, gateway, connections, source, must_have).await?;
        line.limit = Some(limit.per_second);
        self.report.lines.extend([limit, line]);
        self.rest().await
    }

    async fn rest(&mut self) -> anyhow::Result<()> {
        let longest = Duration::from_secs(if self.quick { 20 } else { 60 });
        let rested = self.house.rest(longest).await?;
        if rested.waiting > 0 {
            let what = format!(
                "after {} s of rest {} events were still waiting for notify-service; what follows was \
                 measured beside it",
                longest.as_secs(),
                rested.waiting
            );
            self.say(&what);
            self.report.conditions.push(what);
        } else if rested.took > Duration::from_secs(1) {
            self.say(&format!("notify-service caught up after {:.1} s", rested.took.as_secs_f64()));
        }
        Ok(())
    }

    async fn sync_tasks(&mut self) -> anyhow::Result<()> {
        let erp = self.erp.clone();
        // A little of everything, so that PostgreSQL knows its tables before it counts.
        let gateway = self.house.address("gateway");
        self.load("warm-up: order/sync/task", gateway, 8, orders::syncs(&erp), "").await?;
        self.rest().await?;
        self.house.analyze().await?;
        for connections in self.connections.clone() {
            let (script, source) = (pgbench::sync_script()?, orders::syncs(&erp));
            self.compare("order/sync/task", script, connections, source, "\"warnings\":[]").await?;
        }
        let counts = "select (select count(*) from task.orders), (select count(*) from task.tasks), \
                      (select count(*) from task.cards), (select count(*) from task.audit_records), \
                      (select count(*) from notify.deliveries)";
        let row = self.house.db.query_one(counts, &[]).await?;
        let (orders, tasks, cards): (i64, i64, i64) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let (audits, deliveries): (i64, i64) = (row.try_get(3)?, row.try_get(4)?);
        self.report.conditions.push(format!(
            "{orders} orders were synced with {tasks} tasks, {cards} cards, {audits} audit records; \
             {deliveries} deliveries followed from them"
        ));
        Ok(())
    }

    /// The engine alone: no server has a part in it.
    fn run_engine(&mut self) -> anyhow::Result<()> {
        self.say("the engine in memory");
        let measured = engine::measure(self.measured / 4)?;
        self.report.engine.extend(measured.notes);
        self.report.promises.extend(measured.promises);
        Ok(())
    }

    /// Orders of our own engine, against pgbench with the same rows in three transactions.
    async fn run_flows(&mut self) -> anyhow::Result<()> {
        let erp = self.erp.clone();
        let gateway = self.house.address("gateway");
        flows::prepare(gateway, &erp).await?;
        let work = "order/start → two approvals → end";
        let (warmup, measured) = (self.warmup, self.measured);
        let plan =
            |connections| Plan { address: gateway, connections, warmup, measured, must_have: "" };
        // As with snapshots: PostgreSQL knows its tables before it counts.
        flows::run(plan(8), &erp, &self.numbers, &self.house.watch).await?;
        self.rest().await?;
        self.house.analyze().await?;
        for connections in self.connections.clone() {
            let limit = format!("pgbench: {work}");
            let limit = self.limit(&limit, pgbench::flow_script()?, connections).await?;
            let outcome =
                flows::run(plan(connections), &erp, &self.numbers, &self.house.watch).await?;
            let mut line = self.line(work, connections, outcome);
            self.say(&format!("{work}, {connections} connections: {:.0} per s", line.per_second));
            line.limit = Some(limit.per_second);
            self.report.lines.extend([limit, line]);
            self.rest().await?;
        }
        let count = if self.quick { 1_024 } else { 10_016 };
        self.say(&format!("{count} orders that wait for a timer"));
        let took = flows::fire_timers(&self.house, &erp, &self.numbers, count).await?;
        self.report.engine.push(format!(
            "{count} timers due at once, each persisted with what follows: all fired after {:.1} s, {:.0} a second",
            took.as_secs_f64(),
            count as f64 / took.as_secs_f64()
        ));
        self.rest().await
    }

    async fn hops(&mut self) -> anyhow::Result<()> {
        let erp = self.erp.clone();
        let proof = hop::proof_micros(&erp)?;
        let nginx = hop::start_nginx(&mut self.house).await?;
        let (task, gateway) = (self.house.address("task"), self.house.address("gateway"));
        // Everything twice, so that a slow moment does not decide.
        for _ in 0..2 {
            let direct = hop::direct(&erp)?;
            let line = self.load("straight to task-service", task, 32, direct.clone(), "").await?;
            self.report.hops.push(line);
            let line = self.load("through the gateway", gateway, 32, hop::signed(&erp), "").await?;
            self.report.hops.push(line);
            if let Some((address, _)) = &nginx {
                let line = self.load("through nginx", *address, 32, direct, "").await?;
                self.report.hops.push(line);
            }
        }
        let notes = &mut self.report.hop_notes;
        notes.push(format!(
            "Checking the signature itself takes {proof:.1} µs (decoding, parsing, two HMACs)"
        ));
        let mean = |work: &str, name: &str| {
            let lines = self.report.hops.iter().filter(|line| line.work == work);
            let micros: Vec<f64> = lines.filter_map(|line| line.micros(name)).collect();
            (!micros.is_empty()).then(|| micros.iter().sum::<f64>() / micros.len() as f64)
        };
        let (ours, theirs) =
            (mean("through the gateway", "gateway"), mean("through nginx", "nginx"));
        match (ours, theirs) {
            (Some(ours), Some(theirs)) => self.report.promises.push(Promise {
                promised:
                    "the gateway's hop costs less CPU than nginx as a plain proxy, plus the HMAC"
                        .to_owned(),
                measured: format!("{ours:.0} µs against {theirs:.0} + {proof:.1} µs"),
                kept: ours < theirs + proof,
            }),
            _ => notes.push(
                "nginx was not measured: it is not installed (Debian: nginx-light)".to_owned(),
            ),
        }
        Ok(())
    }

    async fn sync_people(&mut self) -> anyhow::Result<()> {
        let erp = self.house.create_enterprise(people::TENANT, false).await?;
        people::prepare(&self.house, &erp).await?;
        let all_well = "\"failCount\":0";
        for connections in [1, 8] {
            let (script, source) = (pgbench::people_script()?, people::fresh(&erp));
            let work = "sys/sync/user, 1,000 new people";
            self.compare(work, script, connections, source, all_well).await?;
        }
        let gateway = self.house.address("gateway");
        let work = "sys/sync/user, the same 1,000 people";
        let line = self.load(work, gateway, 1, people::repeated(&erp), all_well).await?;
        self.report.lines.push(line);
        self.rest().await
    }

    async fn list_todo(&mut self) -> anyhow::Result<()> {
        let erp = self.erp.clone();
        let count = if self.quick { 100_000 } else { 1_000_000 };
        self.say(&format!("writing {count} open tasks"));
        let open = orders::load_open_tasks(&self.house, count).await?;
        self.report
            .conditions
            .push(format!("task/todo with {open} open tasks of {} people", orders::PEOPLE));
        for connections in [1, 8, 32] {
            let source = orders::lists(&erp);
            self.compare("task/todo", pgbench::todo_script(), connections, source, "\"total\":")
                .await?;
        }
        Ok(())
    }

    /// What goes wrong here must not cost the rest of the report.
    async fn try_pushes(&mut self) {
        if let Err(error) = self.pushes().await {
            self.say(&format!("pushes: {error:#}"));
            self.report.promises.push(Promise {
                promised: "sync answered → push received".to_owned(),
                measured: format!("{error:#}"),
                kept: false,
            });
        }
    }

    async fn pushes(&mut self) -> anyhow::Result<()> {
        let erp = self.house.create_enterprise(push::TENANT, true).await?;
        push::prepare(&self.house, &erp).await?;
        let time = Duration::from_secs(if self.quick { 5 } else { 20 });
        let mut first = 1_000;
        // notify-service makes 18 calls a second for one enterprise: 15 fit, 20 must queue.
        for rate in [15, 20] {
            let pushed = push::run(&self.house, &erp, first, rate, time).await?;
            first += 10_000;
            let p95 = percentile(&pushed.accepted, 0.95);
            self.say(&format!("sync answered → push received at {rate} per s: p95 {p95:.0} ms"));
            self.report.pushes.push(Push {
                rate,
                syncs: pushed.answered.len(),
                missing: pushed.missing,
                p50: percentile(&pushed.accepted, 0.5),
                p95,
                p99: percentile(&pushed.accepted, 0.99),
                answered_p95: percentile(&pushed.answered, 0.95),
            });
            self.rest().await?;
        }
        Ok(())
    }

    /// People who have signed in: what the door's check of them costs, and what a refresh does.
    async fn sessions(&mut self, check: bool, refresh: bool) -> anyhow::Result<()> {
        let erp = self.house.create_enterprise(sign_in::TENANT, false).await?;
        sign_in::prepare(&self.house, &erp).await?;
        let people = sign_in::sign_in(&self.house, 32).await?;
        self.say("32 people have signed in");
        if check {
            self.check_sessions(&erp, &people).await?;
        }
        if refresh {
            self.refresh_tokens(&people).await?;
        }
        Ok(())
    }

    async fn check_sessions(
        &mut self,
        erp: &Signer,
        people: &[sign_in::SignedIn],
    ) -> anyhow::Result<()> {
        let proof = hop::proof_micros(erp)?;
        let (task, gateway) = (self.house.address("task"), self.house.address("gateway"));
        let (bearer, signed) =
            ("task/todo through the gateway, bearer", "task/todo through the gateway, signed");
        for _ in 0..2 {
            let source = session::direct(people)?;
            let line =
                self.load("task/todo straight to task-service", task, 32, source, "").await?;
            self.report.hops.push(line);
            let line = self.load(signed, gateway, 32, session::signed(erp, people), "").await?;
            self.report.hops.push(line);
            let line = self.load(bearer, gateway, 32, session::with_bearer(people), "").await?;
            self.report.hops.push(line);
        }
        // The same hop for the same list: what a signed one costs beside its own check is what a hop
        // with no check would cost, but for a look-up of the application in memory.
        if let (Some(with_bearer), Some(with_signature)) =
            (self.mean_hop(bearer), self.mean_hop(signed))
        {
            let check = with_bearer - (with_signature - proof);
            self.report.promises.push(Promise {
                promised: "checking a session costs the gateway at most 50 µs".to_owned(),
                measured: format!(
                    "{check:.0} µs: the hop takes {with_bearer:.0} with a session and {with_signature:.0} with a \
                     signature, of which checking the signature is {proof:.1}"
                ),
                kept: check <= 50.0,
            });
        }
        Ok(())
    }

    /// Microseconds of the gateway's CPU for each answer, over all lines of this work.
    fn mean_hop(&self, work: &str) -> Option<f64> {
        let lines = self.report.hops.iter().filter(|line| line.work == work);
        let micros: Vec<f64> = lines.filter_map(|line| line.micros("gateway")).collect();
        (!micros.is_empty()).then(|| micros.iter().sum::<f64>() / micros.len() as f64)
    }

    async fn refresh_tokens(&mut self, people: &[sign_in::SignedIn]) -> anyhow::Result<()> {
        for connections in [1, 8, 32] {
            let plan = Plan {
                address: self.house.address("gateway"),
                connections,
                warmup: self.warmup,
                measured: self.measured,
                must_have: "",
            };
            // New sessions each time: the old ones' tokens have moved on.
            let fresh = sign_in::sign_in(&self.house, connections.min(people.len())).await?;
            let outcome = session::refresh(plan, &fresh, &self.house.watch).await?;
            let line = self.line("oauth2/refresh", connections, outcome);
            let micros = |name: &str| line.micros(name).unwrap_or_default();
            let (sso, gateway, database) = (micros("sso"), micros("gateway"), micros("PostgreSQL"));
            self.say(&format!(
                "oauth2/refresh, {connections} connections: {:.0} per s",
                line.per_second
            ));
            self.report.hop_notes.push(format!(
                "oauth2/refresh, {connections} connections: CPU for each is {sso:.0} µs of sso-service, {gateway:.0} of \
                 the gateway, {database:.0} of PostgreSQL"
            ));
            self.report.lines.push(line);
        }
        Ok(())
    }

    /// Memory at the end, and the promises that the lines answer.
    fn weigh(&mut self) {
        let memory = self.house.watch.memory();
        let services = Report::services_memory(&memory);
        let mut rows: Vec<_> =
            memory.into_iter().map(|(name, now, most)| (name, now, Some(most))).collect();
        rows.push(("the six services together".to_owned(), services, None));
        let families = self.house.watch.shared_memory();
        let running = families.into_iter().filter(|(_, now)| *now > 0.0);
        rows.extend(running.map(|(name, now)| (name, now, None)));
        self.report.memory = rows;
        let ratio = |line: &&Line| line.work == "order/sync/task" && line.connections == 32;
        if let Some(ratio) = self.report.lines.iter().find(ratio).and_then(Line::ratio) {
            self.report.promises.push(Promise {
                promised: "order/sync/task reaches 0.5 of pgbench's rate at 32 connections"
                    .to_owned(),
                measured: format!("{ratio:.2}"),
                kept: ratio >= 0.5,
            });
        }
        let flow = |line: &&Line| line.work.starts_with("order/start") && line.connections == 32;
        if let Some(ratio) = self.report.lines.iter().find(flow).and_then(Line::ratio) {
            self.report.promises.push(Promise {
                promised: "an order of our own engine, start to end, reaches 0.5 of pgbench's rate at 32 connections"
                    .to_owned(),
                measured: format!("{ratio:.2}"),
                kept: ratio >= 0.5,
            });
        }
        let todo = self.report.lines.iter().filter(|line| line.work == "task/todo");
        let todo: Vec<Promise> = todo
            .map(|line| Promise {
                promised: format!(
                    "task/todo answers in p99 ≤ 20 ms, {} connections",
                    line.connections
                ),
                measured: format!("{:.1} ms", line.p99),
                kept: line.p99 <= 20.0,
            })
            .collect();
        self.report.promises.extend(todo);
        let pushes: Vec<Promise> = self
            .report
            .pushes
            .iter()
            .map(|push| Promise {
                promised: format!("sync answered → push received p95 ≤ 1 s, {} per s", push.rate),
                measured: format!("{:.0} ms", push.p95),
                kept: push.p95 <= 1000.0 && push.missing == 0,
            })
            .collect();
        self.report.promises.extend(pushes);
    }
}
