//! Orders of our own engine from start to end over HTTP, each step persisted before its answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::house::House;
use crate::load::{Meter, Outcome, Plan, Signer, Wire};
use crate::proc::Watch;

const FLOW: &str = "BENCH_NATIVE";

/// start → first approval → gateway on the amount → second approval → end.
const DRAWING: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:flowable="http://flowable.org/bpmn" targetNamespace="http://aiflow/bench">
<process id="bench" isExecutable="true"><startEvent id="start"/>
<sequenceFlow id="f1" sourceRef="start" targetRef="first"/><userTask id="first" name="部门经理审批" flowable:assignee="U0001"/>
<sequenceFlow id="f2" sourceRef="first" targetRef="large"/><exclusiveGateway id="large" default="f4"/>
<sequenceFlow id="f3" sourceRef="large" targetRef="second"><conditionExpression xsi:type="tFormalExpression">${amount &gt; 50000}</conditionExpression></sequenceFlow>
<sequenceFlow id="f4" sourceRef="large" targetRef="end"/><userTask id="second" name="总经理审批" flowable:assignee="U0002"/>
<sequenceFlow id="f5" sourceRef="second" targetRef="end"/><endEvent id="end"/></process></definitions>"#;

/// Publishes the flow.
pub(crate) async fn prepare(address: SocketAddr, erp: &Signer) -> anyhow::Result<()> {
    let mut wire = Wire::open(address).await?;
    let form = json!({"components": [
        {"type": "input", "name": "customerName", "label": "客户名称", "required": true},
        {"type": "number", "name": "amount", "label": "订单金额", "required": true},
    ]});
    let flow = json!({"flowCode": FLOW, "flowName": "销售订单审批", "formSchema": form, "bpmnXml": DRAWING});
    erp.post(&mut wire, "/aflow/api/flow/create", &flow).await?;
    erp.post(&mut wire, "/aflow/api/flow/publish", &json!({"flowCode": FLOW, "flowVersion": 1}))
        .await
}

/// Runs orders from start to end, each connection one after the other; a latency is a whole order's.
pub(crate) async fn run(
    plan: Plan,
    erp: &Signer,
    numbers: &Arc<AtomicU64>,
    watch: &Watch,
) -> anyhow::Result<Outcome> {
    let (meter, mut drivers) = (Arc::new(Meter::default()), JoinSet::new());
    for _ in 0..plan.connections {
        let driver =
            Driver { erp: erp.clone(), wire: Wire::open(plan.address).await?, request: Vec::new() };
        drivers.spawn(driver.drive(meter.clone(), numbers.clone()));
    }
    meter.measure(&plan, watch, drivers).await
}

struct Driver {
    erp: Signer,
    wire: Wire,
    request: Vec<u8>,
}

impl Driver {
    async fn drive(
        mut self,
        meter: Arc<Meter>,
        numbers: Arc<AtomicU64>,
    ) -> anyhow::Result<Vec<u32>> {
        let mut latencies = Vec::new();
        // The engine numbers what waits the same way in every order of a flow.
        let waits = self.learn(numbers.fetch_add(1, Ordering::Relaxed)).await?;
        while meter.goes_on() {
            let began = Instant::now();
            let order = self.start(numbers.fetch_add(1, Ordering::Relaxed)).await?;
            for (wait, user) in waits.iter().zip(["U0001", "U0002"]) {
                self.pass(&format!("{order}{wait}"), user).await?;
            }
            meter.note(began, &mut latencies);
        }
        Ok(latencies)
    }

    /// What follows the order's number in the ids of its two tasks.
    async fn learn(&mut self, number: u64) -> anyhow::Result<Vec<String>> {
        let order = self.start(number).await?;
        let mut waits = Vec::new();
        for user in ["U0001", "U0002"] {
            let path = format!("/aflow/api/order/tasks?orderId={order}");
            let tasks = self.ask("GET", &path, None).await?;
            let id = tasks.pointer("/data/0/taskId").and_then(Value::as_str);
            let id = id.with_context(|| format!("no open task: {tasks}"))?.to_owned();
            let wait = id.strip_prefix(&order.to_string()).context("an id of another form")?;
            waits.push(wait.to_owned());
            self.pass(&id, user).await?;
        }
        Ok(waits)
    }

    async fn start(&mut self, number: u64) -> anyhow::Result<i64> {
        let order = json!({"flowCode": FLOW, "initiator": "U0003", "businessKey": format!("NATIVE{number}"),
            "title": format!("销售订单 {number}"), "formData": {"customerName": "客户名称", "amount": 80_000}});
        let answer = self.ask("POST", "/aflow/api/order/start", Some(&order)).await?;
        answer.pointer("/data/orderId").and_then(Value::as_i64).with_context(|| answer.to_string())
    }

    async fn pass(&mut self, task: &str, user: &str) -> anyhow::Result<()> {
        let decision =
            json!({"taskId": task, "userCode": user, "action": "pass", "comment": "同意"});
        self.ask("POST", "/aflow/api/task/complete", Some(&decision)).await.map(drop)
    }

    async fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        self.request.clear();
        let body = body.map(Value::to_string).unwrap_or_default();
        self.erp.write(method, path, body.as_bytes(), &mut self.request);
        let answer =
            tokio::time::timeout(Duration::from_secs(10), self.wire.exchange(&self.request));
        let answer = answer.await.with_context(|| format!("{path} did not answer"))??;
        let said: Value = serde_json::from_slice(answer.body)?;
        anyhow::ensure!(said.pointer("/status") == Some(&json!(0)), "{path}: {said}");
        Ok(said)
    }
}

const TIMER_FLOW: &str = "BENCH_TIMER";

/// start → a timer far away → end.
const TIMER_DRAWING: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="http://aiflow/bench">
<process id="bench_timer" isExecutable="true"><startEvent id="start"/>
<sequenceFlow id="f1" sourceRef="start" targetRef="wait"/>
<intermediateCatchEvent id="wait"><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></intermediateCatchEvent>
<sequenceFlow id="f2" sourceRef="wait" targetRef="end"/><endEvent id="end"/></process></definitions>"#;

/// Lets so many orders wait for a timer, makes all timers due at once, and gives how long it takes
/// until the last has fired.
pub(crate) async fn fire_timers(
    house: &House,
    erp: &Signer,
    numbers: &Arc<AtomicU64>,
    count: usize,
) -> anyhow::Result<Duration> {
    let address = house.address("gateway");
    let mut wire = Wire::open(address).await?;
    let flow = json!({"flowCode": TIMER_FLOW, "flowName": "定时", "formSchema": {"components": []},
        "bpmnXml": TIMER_DRAWING});
    erp.post(&mut wire, "/aflow/api/flow/create", &flow).await?;
    let version = json!({"flowCode": TIMER_FLOW, "flowVersion": 1});
    erp.post(&mut wire, "/aflow/api/flow/publish", &version).await?;
    let mut starting = JoinSet::new();
    for _ in 0..STARTERS {
        let (erp, numbers) = (erp.clone(), numbers.clone());
        starting.spawn(async move {
            let mut wire = Wire::open(address).await?;
            for _ in 0..count / STARTERS {
                let key = format!("TIMER{}", numbers.fetch_add(1, Ordering::Relaxed));
                let order =
                    json!({"flowCode": TIMER_FLOW, "initiator": "U0003", "businessKey": key});
                erp.post(&mut wire, "/aflow/api/order/start", &order).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(started) = starting.join_next().await {
        started??;
    }
    let began = Instant::now();
    house.db.batch_execute("update flow.timers set due_at = now()").await?;
    loop {
        let left: i64 = house.db.query_one("select count(*) from flow.timers", &[]).await?.get(0);
        if left == 0 {
            return Ok(began.elapsed());
        }
        anyhow::ensure!(began.elapsed() < Duration::from_secs(300), "{left} timers never fired");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// How many connections start the orders of [`fire_timers`].
const STARTERS: usize = 32;
