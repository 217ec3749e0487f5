//! End to end: from the answer to a sync until DingTalk has the push.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::house::House;
use crate::load::{Signer, Wire};
use crate::orders;

/// Whose orders they are: an enterprise with the fake DingTalk.
pub(crate) const TENANT: &str = "BENCHPUSH";

/// Those of the fake's people who can be found by their mobile.
const MOBILES: [&str; 4] = ["13800138000", "13800138001", "13800138002", "13800138003"];

/// What came of it; ascending, in microseconds.
pub(crate) struct Pushed {
    /// From the ERP's answer until DingTalk accepted the push.
    pub(crate) accepted: Vec<u32>,
    /// From the ERP's request until its answer.
    pub(crate) answered: Vec<u32>,
    pub(crate) missing: usize,
}

/// People who can be reached, found once, so that only pushes remain.
pub(crate) async fn prepare(house: &House, erp: &Signer) -> anyhow::Result<()> {
    let mut wire = Wire::open(house.address("gateway")).await?;
    let user = |(number, mobile): (usize, &&str)| json!({"userId": format!("P{number}"), "userName": format!("员工{number}"), "mobile": mobile, "deptId": "DEPT001"});
    let users = MOBILES.iter().enumerate().map(user).collect();
    orders::prepare_organisation(erp, &mut wire, users, "P0").await?;
    house.rest(Duration::from_secs(20)).await?;
    for number in 0..MOBILES.len() as u64 {
        erp.post(&mut wire, "/aflow/api/order/sync/task", &body(number)).await?;
    }
    let began = Instant::now();
    while arrivals(house).await?.len() < MOBILES.len() {
        if began.elapsed() > Duration::from_secs(30) {
            bail!("the first pushes did not arrive");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// An order with one task of one person.
fn body(number: u64) -> Value {
    let person = format!("P{}", number % MOBILES.len() as u64);
    json!({
        "orderId": number + 1, "flowCode": "BENCH_FLOW", "orderStatus": "ing", "orderResult": "ing",
        "initiator": "P0", "version": 1, "businessKey": format!("PUSH{number}E"),
        "createTime": "2026-01-24 10:00:00", "updateTime": "2026-01-24 15:30:00",
        "tasks": [{"taskId": "TASK001", "taskName": "部门经理审批", "assigneeUserCode": [person],
            "taskStatus": "ing", "taskResult": "new", "deadLine": "2099-01-25 18:00:00", "nodeType": "audit"}],
    })
}

/// Sends `rate` orders a second, numbered from `first` on, whether or not earlier ones are answered.
pub(crate) async fn run(
    house: &House,
    erp: &Signer,
    first: u64,
    rate: u32,
    time: Duration,
) -> anyhow::Result<Pushed> {
    let wires: Arc<Mutex<Vec<Wire>>> = Arc::default();
    let mut timer = tokio::time::interval(Duration::from_secs(1) / rate);
    timer.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut sent = JoinSet::new();
    let count = u64::from(rate) * time.as_secs();
    for number in first..first + count {
        timer.tick().await;
        let (wires, erp, address) = (wires.clone(), erp.clone(), house.address("gateway"));
        sent.spawn(async move {
            let free = wires.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut wire = match free {
                Some(wire) => wire,
                None => Wire::open(address).await?,
            };
            let began = Instant::now();
            erp.post(&mut wire, "/aflow/api/order/sync/task", &body(number)).await?;
            let took = began.elapsed();
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
            wires.lock().unwrap_or_else(PoisonError::into_inner).push(wire);
            anyhow::Ok((number, now.as_micros() as i64, took))
        });
    }
    let (mut answers, mut answered) = (HashMap::new(), Vec::new());
    while let Some(done) = sent.join_next().await {
        let (number, at, took) = done??;
        answers.insert(number, at);
        answered.push(u32::try_from(took.as_micros())?);
    }
    let began = Instant::now();
    let arrived = loop {
        let arrived = arrivals(house).await?;
        let here = answers.keys().filter(|number| arrived.contains_key(number)).count();
        if here == answers.len() || began.elapsed() > Duration::from_secs(60) {
            break arrived;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    let waited = |(number, at): (&u64, &i64)| Some(arrived.get(number)?.saturating_sub(*at).max(0));
    let mut accepted: Vec<u32> = answers
        .iter()
        .filter_map(waited)
        .map(|micros| u32::try_from(micros).unwrap_or(u32::MAX))
        .collect();
    accepted.sort_unstable();
    answered.sort_unstable();
    Ok(Pushed { missing: answers.len() - accepted.len(), accepted, answered })
}

/// When DingTalk accepted the push of each order, in microseconds since 1970. The inbox shows when
/// it arrived, which the fake puts a fixed time after accepting it.
async fn arrivals(house: &House) -> anyhow::Result<HashMap<u64, i64>> {
    let delay_ms = fakes::dingtalk::Options::demo().delivery_delay_ms;
    let mut wire = Wire::open(house.address("dingtalk")).await?;
    let answer = wire.exchange(b"GET /_inbox HTTP/1.1\r\nHost: bench\r\n\r\n").await?;
    let inbox: Value = serde_json::from_slice(answer.body)?;
    let mut arrivals = HashMap::new();
    for message in inbox.get("messages").and_then(Value::as_array).context("no messages")? {
        let text = message.get("text").and_then(Value::as_str).unwrap_or_default();
        let number =
            text.split_once("PUSH").and_then(|(_, rest)| rest.split_once('E')?.0.parse().ok());
        let at = message.get("at").and_then(Value::as_str).unwrap_or_default();
        if let Some(number) = number {
            let at = chrono::DateTime::parse_from_rfc3339(at)?.timestamp_millis() - delay_ms;
            arrivals.insert(number, at * 1000);
        }
    }
    Ok(arrivals)
}
