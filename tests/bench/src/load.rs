//! A lean load generator: HTTP/1.1 over kept connections, one request after the other on each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use shared::sign::{Claim, sign};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::proc::{Seconds, Watch, between};

/// Failures in a row after which a connection gives up.
const MOST_FAILURES: u32 = 20;

/// Writes the whole request with this number.
pub(crate) type Source = Arc<dyn Fn(u64, &mut Vec<u8>) + Send + Sync>;

/// How much load.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) address: SocketAddr,
    pub(crate) connections: usize,
    pub(crate) warmup: Duration,
    pub(crate) measured: Duration,
    /// What every right answer contains, beside HTTP 200 and `"status":0`.
    pub(crate) must_have: &'static str,
}

/// What came of it.
pub(crate) struct Outcome {
    /// Of each answer within the measured time, in microseconds, ascending.
    pub(crate) latencies: Vec<u32>,
    pub(crate) failures: u64,
    pub(crate) measured: Duration,
    pub(crate) cpu: Seconds,
}

impl Outcome {
    pub(crate) fn per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.measured.as_secs_f64()
    }
}

/// The value below which this share of an ascending list lies, in milliseconds.
pub(crate) fn percentile(micros: &[u32], share: f64) -> f64 {
    let place = (micros.len() as f64 * share).ceil() as usize;
    micros.get(place.saturating_sub(1)).map_or(f64::NAN, |micros| f64::from(*micros) / 1000.0)
}

/// When drivers of their own begin to count, and when they stop.
#[derive(Default)]
pub(crate) struct Meter {
    counting: AtomicBool,
    ended: AtomicBool,
}

impl Meter {
    /// Whether to go on.
    pub(crate) fn goes_on(&self) -> bool {
        !self.ended.load(Ordering::Relaxed)
    }

    /// Notes what began then and is done now.
    pub(crate) fn note(&self, began: Instant, latencies: &mut Vec<u32>) {
        if self.counting.load(Ordering::Relaxed) {
            latencies.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
        }
    }

    /// Lets drivers run whose requests depend on the answers before; they give what they noted.
    pub(crate) async fn measure(
        self: Arc<Self>,
        plan: &Plan,
        watch: &Watch,
        mut drivers: JoinSet<anyhow::Result<Vec<u32>>>,
    ) -> anyhow::Result<Outcome> {
        tokio::time::sleep(plan.warmup).await;
        let (before, began) = (watch.seconds(), Instant::now());
        self.counting.store(true, Ordering::Relaxed);
        tokio::time::sleep(plan.measured).await;
        self.counting.store(false, Ordering::Relaxed);
        let (after, measured) = (watch.seconds(), began.elapsed());
        self.ended.store(true, Ordering::Relaxed);
        let cpu = between(&before, &after);
        let mut outcome = Outcome { latencies: Vec::new(), failures: 0, measured, cpu };
        while let Some(driver) = drivers.join_next().await {
            outcome.latencies.extend(driver??);
        }
        outcome.latencies.sort_unstable();
        Ok(outcome)
    }
}

struct Shared {
    plan: Plan,
    source: Source,
    numbers: Arc<AtomicU64>,
    counting: AtomicBool,
    ended: AtomicBool,
}

/// Numbers requests from `numbers` on, so that none is ever repeated.
pub(crate) async fn run(
    plan: Plan,
    source: Source,
    numbers: &Arc<AtomicU64>,
    watch: &Watch,
) -> anyhow::Result<Outcome> {
    let (connections, warmup, measured) = (plan.connections, plan.warmup, plan.measured);
    let shared = Arc::new(Shared {
        plan,
        source,
        numbers: numbers.clone(),
        counting: AtomicBool::new(false),
        ended: AtomicBool::new(false),
    });
    let mut drivers = JoinSet::new();
    for _ in 0..connections {
        drivers.spawn(drive(shared.clone()));
    }
    tokio::time::sleep(warmup).await;
    let (before, began) = (watch.seconds(), Instant::now());
    shared.counting.store(true, Ordering::Relaxed);
    tokio::time::sleep(measured).await;
    shared.counting.store(false, Ordering::Relaxed);
    let (after, measured) = (watch.seconds(), began.elapsed());
    shared.ended.store(true, Ordering::Relaxed);
    let mut outcome =
        Outcome { latencies: Vec::new(), failures: 0, measured, cpu: between(&before, &after) };
    while let Some(driver) = drivers.join_next().await {
        let (latencies, failures) = driver??;
        outcome.latencies.extend(latencies);
        outcome.failures += failures;
    }
    outcome.latencies.sort_unstable();
    Ok(outcome)
}

async fn drive(shared: Arc<Shared>) -> anyhow::Result<(Vec<u32>, u64)> {
    let plan = &shared.plan;
    let mut wire = Wire::open(plan.address).await?;
    let (mut latencies, mut failures, mut in_a_row) = (Vec::new(), 0, 0);
    let mut request = Vec::new();
    while !shared.ended.load(Ordering::Relaxed) {
        request.clear();
        (shared.source)(shared.numbers.fetch_add(1, Ordering::Relaxed), &mut request);
        let began = Instant::now();
        let answer = wire.exchange(&request).await.and_then(|answer| check(answer, plan.must_have));
        match answer {
            Ok(()) => {
                in_a_row = 0;
                if shared.counting.load(Ordering::Relaxed) {
                    latencies.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
                }
            }
            Err(error) => {
                failures += 1;
                in_a_row += 1;
                if failures == 1 {
                    eprintln!("  ! {error:#}");
                }
                if in_a_row > MOST_FAILURES {
                    return Err(error.context("request after request fails"));
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
                wire = Wire::open(plan.address).await?;
            }
        }
    }
    Ok((latencies, failures))
}

fn check(answer: Answer<'_>, must_have: &str) -> anyhow::Result<()> {
    let body = String::from_utf8_lossy(answer.body);
    if answer.status != 200 || !body.starts_with("{\"status\":0,") || !body.contains(must_have) {
        let start: String = body.chars().take(400).collect();
        bail!("not the expected answer: HTTP {} {start}", answer.status);
    }
    Ok(())
}

/// An answer, still in its connection's memory.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

/// One kept connection.
pub(crate) struct Wire {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Wire {
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("{address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a request and reads its answer whole.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.received.clear();
        let mut head: Option<Head> = None;
        loop {
            if let Some(head) = &head
                && self.received.len() >= head.length + head.body
            {
                let body = self.received.get(head.length..).unwrap_or_default();
                return Ok(Answer { status: head.status, body });
            }
            if self.stream.read_buf(&mut self.received).await? == 0 {
                bail!("the server closed the connection");
            }
            if head.is_none() {
                head = Head::parse(&self.received)?;
            }
        }
    }
}

struct Head {
    status: u16,
    /// Bytes up to the body, and of the body.
    length: usize,
    body: usize,
}

impl Head {
    fn parse(received: &[u8]) -> anyhow::Result<Option<Self>> {
        let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let text = std::str::from_utf8(received.get(..end).unwrap_or_default())?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status")?;
        let length = lines
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .context("an answer without Content-Length")?;
        let (status, body) = (status.parse()?, length.1.trim().parse()?);
        Ok(Some(Self { status, length: end + 4, body }))
    }
}

/// An application that signs its requests, untimed.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) tenant: String,
    pub(crate) app: String,
    pub(crate) secret: String,
}

impl Signer {
    pub(crate) fn header(&self, method: &str, path: &str, body: &[u8]) -> String {
        let own = format!("{method} {path}");
        let target = body.is_empty().then_some(own.as_str());
        let claim = Claim { enterprise: &self.tenant, app: &self.app, target, ..Claim::default() };
        sign(&claim, &self.secret, body)
    }

    /// The bytes of a signed request.
    pub(crate) fn write(&self, method: &str, path: &str, body: &[u8], into: &mut Vec<u8>) {
        let proof = self.header(method, path, body);
        write(method, path, ("A-Signature", &proof), body, into);
    }

    /// Posts and reads `data`; for what the measurements need beforehand.
    pub(crate) async fn post(
        &self,
        wire: &mut Wire,
        path: &str,
        body: &serde_json::Value,
    ) -> anyhow::Result<()> {
        let mut request = Vec::new();
        self.write("POST", path, body.to_string().as_bytes(), &mut request);
        check(wire.exchange(&request).await?, "").with_context(|| path.to_owned())
    }
}

/// The bytes of a request with one header of its own.
pub(crate) fn write(
    method: &str,
    path: &str,
    (name, value): (&str, &str),
    body: &[u8],
    into: &mut Vec<u8>,
) {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: bench\r\n{name}: {value}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    into.extend_from_slice(head.as_bytes());
    into.extend_from_slice(body);
}
