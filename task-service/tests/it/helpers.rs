//! One task-service for all tests, another one without flow-service; each test has an enterprise of
//! its own.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use shared::bus::memory::Memory;
use shared::bus::{Bus, Message, Queue};
use shared::clock::Clock;
use shared::contract::Event;
use shared::contract::order::OrderAdvanced;
use shared::contract::task::TasksChanged;
use shared::id::{AppId, Tenant, UserCode};
use shared::identity::{Actor, Caller, IDENTITY_HEADER, Keys};
use shared::service::Service;
use shared::testing::{self, Answered, eventually, unique};
use task_service::App;
use tokio_util::sync::CancellationToken;

use crate::engine;

/// Where both listen; the second finds no flow-service.
struct House {
    address: SocketAddr,
    lonely: SocketAddr,
    bus: String,
}

/// What was announced, by enterprise.
static TOLD: LazyLock<Mutex<HashMap<String, Vec<TasksChanged>>>> = LazyLock::new(Mutex::default);

static HOUSE: LazyLock<House> = LazyLock::new(|| {
    let schema = format!("task_test_{}", std::process::id());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(prepare_database(&schema));
    let bus = unique("task");
    listen(Bus::Memory(Memory::named(&format!("{bus}?alone"))));
    let address = start(&schema, &bus, &format!("http://{}", *engine::ADDRESS));
    let lonely = start(&schema, &unique("lonely"), "http://127.0.0.1:9");
    House { address, lonely, bus }
});

/// Starts one on the common tables.
fn start(schema: &str, bus: &str, flow: &str) -> SocketAddr {
    let mut overrides = testing::overrides(schema, bus);
    overrides.insert("flow.url".to_owned(), flow.to_owned());
    // Nobody knows whether people exist.
    overrides.insert("sync.url".to_owned(), "http://127.0.0.1:9".to_owned());
    overrides.insert("pages.public_url".to_owned(), "https://aiflow.example.com".to_owned());
    let (ready, started) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let config = shared::config::load(App::NAME, App::DEFAULTS, &overrides).unwrap();
            let app = App::build(config, Clock::system()).await.unwrap();
            ready.send(app.address()).unwrap();
            app.run(CancellationToken::new()).await.unwrap();
        });
    });
    started.recv().unwrap()
}

/// Hears what is announced, in notify-service's place.
fn listen(bus: Bus) {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mut subscription = bus.subscribe(Queue::Shared("notify"), &[TasksChanged::TOPIC]);
            loop {
                let batch = subscription.next().await;
                for message in batch.messages() {
                    let fact = TasksChanged::read(&message.payload).unwrap();
                    TOLD.lock().unwrap().entry(fact.tenant.clone()).or_default().push(fact);
                }
                batch.ack().await;
            }
        });
    });
}

/// Creates the test database if it is missing and removes the schemas of processes that ended.
async fn prepare_database(schema: &str) {
    testing::prepare_database().await;
    let (client, connection) =
        tokio_postgres::connect(&testing::database_url(), tokio_postgres::NoTls).await.unwrap();
    shared::telemetry::spawn(async move { drop(connection.await) });
    let listed = "select nspname::text from pg_namespace where nspname like 'task_test_%'";
    for row in client.query(listed, &[]).await.unwrap() {
        let found: String = row.get(0);
        let pid = found.trim_start_matches("task_test_");
        if found == schema || !std::path::Path::new(&format!("/proc/{pid}")).exists() {
            drop(client.batch_execute(&format!("drop schema {found} cascade")).await);
        }
    }
}

/// An enterprise as a test sees it.
#[derive(Clone)]
pub(crate) struct TestApp {
    pub(crate) tenant: String,
    address: SocketAddr,
    bus: Bus,
    http: reqwest::Client,
}

impl TestApp {
    pub(crate) async fn spawn() -> Self {
        let house = tokio::task::spawn_blocking(|| &*HOUSE).await.unwrap();
        let bus = Bus::Memory(Memory::named(&format!("{}?alone", house.bus)));
        let http = shared::http::client::new(Duration::from_secs(10)).unwrap();
        Self { tenant: unique("T"), address: house.address, bus, http }
    }

    /// The same enterprise at the process that finds no flow-service.
    pub(crate) fn without_flow_service(&self) -> Self {
        Self { address: HOUSE.lonely, ..self.clone() }
    }

    /// An order of our own of which everything so far was heard.
    pub(crate) async fn start(&self, stages: &[&[&str]]) -> i64 {
        let number = engine::start(&self.tenant, stages);
        self.tell(&engine::facts(number)).await;
        number
    }

    /// Tells steps as flow-service does over HTTP.
    pub(crate) async fn tell(&self, facts: &[OrderAdvanced]) {
        let body = serde_json::to_value(facts).unwrap();
        self.post_as(&self.service(), "/internal/order/advanced", body).await.ok();
    }

    /// Tells steps over the bus, until they were handled.
    pub(crate) async fn publish(&self, facts: &[OrderAdvanced]) {
        let message = |fact: &OrderAdvanced| Message {
            id: shared::id::new_id(),
            topic: OrderAdvanced::TOPIC.to_owned(),
            key: fact.key(),
            payload: fact.write().unwrap(),
            request_id: None,
        };
        let messages: Vec<Message> = facts.iter().map(message).collect();
        eventually("the steps are handled", || async {
            let outcomes = self.bus.publish(messages.clone()).await;
            outcomes.into_iter().collect::<Result<(), _>>().ok()
        })
        .await;
    }

    /// Decides as the application that owns the flow.
    pub(crate) async fn decide(&self, task: &str, user: &str, action: &str) -> Answered {
        let body = json!({"taskId": task, "userCode": user, "action": action});
        self.complete(&self.application(engine::APP), body).await
    }

    pub(crate) async fn complete(&self, caller: &Caller, body: Value) -> Answered {
        self.post_as(caller, "/aflow/api/task/complete", body).await
    }

    /// An order of an ERP with one open task.
    pub(crate) async fn sync(&self, number: i64, task: &str, user: &str) -> Answered {
        let body = json!({"orderId": number, "orderResult": "ing", "initiator": "USER001",
            "businessKey": format!("ERP-{number}"), "createTime": "2025-01-24 15:00:00",
            "updateTime": "2025-01-24 15:30:00", "tasks": [{"taskId": task, "taskName": "经理审批",
            "assigneeUserCode": [user], "taskResult": "new", "deadLine": "2030-01-25 18:00:00"}]});
        self.post_as(&self.application(engine::APP), "/aflow/api/order/sync/task", body).await
    }

    pub(crate) async fn rows(&self, list: &str, user: &str) -> Vec<Value> {
        let address = format!("/aflow/api/task/{list}?size=100&userCode={user}");
        let page = self.get_as(&self.application(engine::APP), &address).await.ok();
        assert_eq!(page["total"], page["rows"].as_array().unwrap().len());
        page["rows"].as_array().unwrap().clone()
    }

    /// The tasks in a list.
    pub(crate) async fn tasks(&self, list: &str, user: &str) -> Vec<String> {
        let rows = self.rows(list, user).await;
        rows.iter().map(|row| row["taskId"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) async fn detail(&self, number: i64) -> Value {
        self.ask_detail(&format!("orderId={number}")).await.ok()
    }

    pub(crate) async fn ask_detail(&self, query: &str) -> Answered {
        let address = format!("/aflow/api/order/detail?{query}");
        self.get_as(&self.application(engine::APP), &address).await
    }

    /// What was announced of an order, once this many facts were.
    pub(crate) async fn told(&self, number: i64, count: usize) -> Vec<TasksChanged> {
        eventually("it is announced", || async {
            let told = TOLD.lock().unwrap();
            let mut facts = told.get(&self.tenant).cloned().unwrap_or_default();
            facts.retain(|fact| fact.order_id == number);
            (facts.len() >= count).then_some(facts)
        })
        .await
    }

    pub(crate) async fn get_as(&self, caller: &Caller, address: &str) -> Answered {
        let url = format!("http://{}{address}", self.address);
        self.send(self.http.get(url), caller).await
    }

    pub(crate) async fn post_as(&self, caller: &Caller, address: &str, body: Value) -> Answered {
        let url = format!("http://{}{address}", self.address);
        self.send(self.http.post(url).json(&body), caller).await
    }

    async fn send(&self, request: reqwest::RequestBuilder, caller: &Caller) -> Answered {
        let keys = Keys::new(&testing::INTERNAL_KEY.to_owned().into(), Clock::system());
        let token = keys.issue(caller).unwrap();
        Answered::read(request.header(IDENTITY_HEADER, token).send().await.unwrap()).await
    }

    pub(crate) fn application(&self, app: &str) -> Caller {
        let actor = Actor::Application { app: AppId::stored(app), any_order: false };
        Caller { tenant: Tenant::stored(self.tenant.clone()), actor }
    }

    pub(crate) fn person(&self, user: &str) -> Caller {
        let actor = Actor::Person(UserCode::stored(user));
        Caller { tenant: Tenant::stored(self.tenant.clone()), actor }
    }

    pub(crate) fn service(&self) -> Caller {
        Caller::service(Tenant::stored(self.tenant.clone()), "flow")
    }
}
