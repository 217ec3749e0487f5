//! The house over HTTP, through the gateway, with signed requests and a clock that nobody moves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flow_engine::bpmn;
use serde_json::{Value, json};
use shared::sign::{Claim, sign};

use crate::corpus::Variables;
use crate::driver::{Driver, History, Order, Record, Task};

/// Where the house is and who asks.
#[derive(Clone, Debug)]
pub struct House {
    /// Such as `http://127.0.0.1:7020`.
    pub base: String,
    /// The enterprise of the signature.
    pub enterprise: String,
    /// The application of the signature.
    pub app: String,
    /// Its secret.
    pub secret: String,
    /// The person who starts orders and does tasks.
    pub user: String,
}

/// One run of one case.
pub struct OverHttp {
    house: Arc<House>,
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
    began: Instant,
    created: BTreeMap<String, i64>,
    /// Which flow a process of this run stands in.
    flows: BTreeMap<String, String>,
    orders: BTreeSet<String>,
}

const FLOW: &str = "/aflow/api/flow";
const ORDER: &str = "/aflow/api/order";

impl OverHttp {
    /// A run that has created nothing yet.
    pub fn new(house: Arc<House>) -> anyhow::Result<OverHttp> {
        Ok(OverHttp {
            house,
            client: shared::http::client::new(Duration::from_secs(30))?,
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
            began: Instant::now(),
            created: BTreeMap::new(),
            flows: BTreeMap::new(),
            orders: BTreeSet::new(),
        })
    }

    /// The `data` of an answer with status 0; else what it says.
    fn ask(
        &self,
        method: reqwest::Method,
        target: &str,
        body: Option<Value>,
    ) -> Result<Value, String> {
        let bytes = body.map(|it| it.to_string().into_bytes()).unwrap_or_default();
        let line = format!("{method} {target}");
        let claim = Claim {
            enterprise: &self.house.enterprise,
            app: &self.house.app,
            timestamp: None,
            nonce: None,
            target: Some(&line),
        };
        let signature = sign(&claim, &self.house.secret, &bytes);
        let request = self
            .client
            .request(method, format!("{}{target}", self.house.base))
            .header(shared::sign::HEADER, signature)
            .header("content-type", "application/json")
            .body(bytes);
        let answer: Result<Value, String> = self.runtime.block_on(async {
            let answer = request.send().await.map_err(|err| format!("{line}: {err}"))?;
            let status = answer.status();
            let text = answer.text().await.map_err(|err| format!("{line}: {err}"))?;
            serde_json::from_str(&text).map_err(|_err| format!("{line}: HTTP {status}: {text}"))
        });
        let mut answer = answer?;
        match answer.get("status").and_then(Value::as_i64) {
            Some(0) => Ok(answer.get_mut("data").map(Value::take).unwrap_or_default()),
            _ => Err(refusal(&answer)),
        }
    }

    fn post(&self, target: &str, body: Value) -> Result<Value, String> {
        self.ask(reqwest::Method::POST, target, Some(body))
    }

    /// What a list of the house says of every process of this run.
    fn lists(&self, address: &str) -> Result<Vec<Value>, String> {
        let mut answers = Vec::new();
        for process in self.flows.keys() {
            let target = format!("{address}?processId={process}");
            answers.push(self.ask(reqwest::Method::GET, &target, None)?);
        }
        for order in &self.orders {
            let target = format!("{address}?orderId={order}");
            answers.push(self.ask(reqwest::Method::GET, &target, None)?);
        }
        Ok(answers)
    }
}

/// The sentences of a refusal, with what stands in `errorDetails`.
fn refusal(answer: &Value) -> String {
    let data = answer.get("data").unwrap_or(&Value::Null);
    let part = |name: &str| data.get(name).map(Value::to_string).unwrap_or_default();
    let msg = answer.get("msg").and_then(Value::as_str).unwrap_or_default();
    format!("{msg} {} {}", part("errorMessage"), part("errorDetails"))
}

/// A text or number as text.
fn word(value: &Value, name: &str) -> String {
    match value.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

/// The objects of an answer, wherever their list stands in it.
fn objects(answer: &Value) -> Vec<&Value> {
    match answer {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().filter_map(Value::as_array).flatten().collect(),
        _ => Vec::new(),
    }
}

impl Driver for OverHttp {
    fn create(&mut self, code: &str, xml: &str) -> Result<(), String> {
        let answer = self.post(
            &format!("{FLOW}/create"),
            json!({"flowCode": code, "flowName": code, "formSchema": {"components": []}, "bpmnXml": xml}),
        )?;
        let version = answer.get("flowVersion").and_then(Value::as_i64).unwrap_or(1);
        self.created.insert(code.to_owned(), version);
        for process in bpmn::parse(xml).map(|it| it.processes).unwrap_or_default() {
            self.flows.insert(process.id, code.to_owned());
        }
        Ok(())
    }

    fn publish(&mut self, code: &str) -> Result<(), String> {
        let version = self.created.get(code).copied().unwrap_or(1);
        let body = json!({"flowCode": code, "flowVersion": version, "updateDesc": "conformance"});
        self.post(&format!("{FLOW}/publish"), body).map(drop)
    }

    fn start(&mut self, process: &str, variables: &Variables) -> Result<String, String> {
        let flow = self.flows.get(process).map_or(process, String::as_str);
        let answer = self.post(
            &format!("{ORDER}/start"),
            json!({"flowCode": flow, "processId": process, "initiator": self.house.user,
                   "variables": variables}),
        )?;
        let order = word(&answer, "orderId");
        self.orders.insert(order.clone());
        Ok(order)
    }

    fn tasks(&mut self) -> Result<Vec<Task>, String> {
        let mut tasks = BTreeMap::new();
        for answer in self.lists(&format!("{ORDER}/tasks"))? {
            for task in objects(&answer) {
                let created = task.get("createdSeq").and_then(Value::as_u64).unwrap_or(0);
                let task = Task {
                    id: word(task, "taskId"),
                    order: word(task, "orderId"),
                    activity: word(task, "activityId"),
                    created,
                };
                tasks.insert(task.id.clone(), task);
            }
        }
        let mut tasks: Vec<Task> = tasks.into_values().collect();
        tasks.sort_by_key(|task| task.created);
        Ok(tasks)
    }

    fn complete(
        &mut self,
        task: &Task,
        variables: &Variables,
        error: Option<&str>,
    ) -> Result<(), String> {
        let mut body = json!({"taskId": task.id, "userCode": self.house.user, "action": "pass",
                              "variables": variables});
        if let (Some(code), Some(body)) = (error, body.as_object_mut()) {
            body.insert("bpmnErrorCode".into(), code.into());
        }
        self.post("/aflow/api/task/complete", body).map(drop)
    }

    fn message(&mut self, name: &str, variables: &Variables) -> Result<(), String> {
        let body = json!({"name": name, "variables": variables});
        self.post(&format!("{FLOW}/message"), body).map(drop)
    }

    fn signal(&mut self, name: &str, variables: &Variables) -> Result<(), String> {
        let body = json!({"name": name, "variables": variables});
        self.post(&format!("{FLOW}/signal"), body).map(drop)
    }

    fn variables(&mut self, order: &str) -> Result<Variables, String> {
        let target = format!("{ORDER}/variables?orderId={order}");
        let answer = self.ask(reqwest::Method::GET, &target, None)?;
        let variables = answer.get("variables").filter(|it| it.is_object()).unwrap_or(&answer);
        let fields = variables.as_object().into_iter().flatten();
        Ok(fields.map(|(name, it)| (name.clone(), it.clone())).collect())
    }

    fn set_variables(&mut self, order: &str, variables: &Variables) -> Result<(), String> {
        let target = format!("{ORDER}/variables?orderId={order}");
        let body = json!({"orderId": order, "variables": variables});
        self.ask(reqwest::Method::PUT, &target, Some(body)).map(drop)
    }

    fn cancel(&mut self, order: &str) -> Result<(), String> {
        let body = json!({"orderId": order, "userCode": self.house.user, "reason": "conformance"});
        self.post(&format!("{ORDER}/cancel"), body).map(drop)
    }

    fn history(&mut self) -> Result<History, String> {
        let (mut records, mut orders) = (BTreeMap::new(), BTreeMap::new());
        let mut stuck: BTreeMap<String, String> = BTreeMap::new();
        for answer in self.lists(&format!("{ORDER}/history"))? {
            for it in objects(&answer) {
                if it.get("event").is_some_and(Value::is_string) {
                    let seq = it.get("seq").and_then(Value::as_u64).unwrap_or(0);
                    let (activity, event) = (word(it, "activityId"), word(it, "event"));
                    let order = word(it, "orderId");
                    records.insert(seq, Record { seq, order, activity, event });
                } else if it.get("state").is_some_and(Value::is_string) {
                    let id = word(it, "orderId");
                    let (process, state) = (word(it, "processId"), word(it, "state"));
                    orders.insert(id.clone(), Order { id, process, state, stuck: None });
                } else if word(it, "kind") == "element" {
                    stuck.insert(word(it, "orderId"), word(it, "reason"));
                }
            }
        }
        for (id, why) in stuck {
            if let Some(order) = orders.get_mut(&id) {
                order.stuck = Some(why);
            }
        }
        Ok(History {
            records: records.into_values().collect(),
            orders: orders.into_values().collect(),
        })
    }

    fn pass(&mut self, time: Duration) -> Result<(), String> {
        std::thread::sleep(time);
        Ok(())
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}
