//! One flow-service for all tests; each test has an enterprise of its own. sync-service and
//! task-service are small fakes.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use flow_service::App;
use serde_json::{Value, json};
use shared::bus::memory::Memory;
use shared::bus::{Bus, Message};
use shared::clock::Clock;
use shared::config::Overrides;
use shared::contract::Event;
use shared::contract::directory::{FindPeople, Person};
use shared::id::{AppId, Tenant, UserCode};
use shared::identity::{Actor, Caller, IDENTITY_HEADER, Keys};
use shared::service::Service;
use shared::testing::{self, Answered, eventually, unique};
use tokio_util::sync::CancellationToken;

/// The one service of this process, in a schema of its own.
struct House {
    address: SocketAddr,
    bus: String,
}

/// What the fakes know of an enterprise.
#[derive(Default)]
struct Enterprise {
    /// User codes, and whether each is active.
    people: HashMap<String, bool>,
    /// Department codes and their members.
    departments: HashMap<String, Vec<String>>,
    /// Who is whose direct superior.
    superiors: HashMap<String, String>,
    /// What task-service was told.
    told: Vec<Value>,
    is_away: bool,
}

static ENTERPRISES: LazyLock<Mutex<HashMap<String, Enterprise>>> = LazyLock::new(Mutex::default);

static HOUSE: LazyLock<House> = LazyLock::new(|| {
    let (ready, started) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            prepare_database().await;
            let bus = unique("flow");
            let neighbours = format!("http://{}", start_neighbours());
            let mut overrides: Overrides = testing::overrides(&schema(), &bus);
            overrides.insert("sync.url".to_owned(), neighbours.clone());
            overrides.insert("task.url".to_owned(), neighbours);
            overrides.insert("away.every_secs".to_owned(), "1".to_owned());
            let config = shared::config::load(App::NAME, App::DEFAULTS, &overrides).unwrap();
            let app = App::build(config, Clock::system()).await.unwrap();
            ready.send(House { address: app.address(), bus }).unwrap();
            app.run(CancellationToken::new()).await.unwrap();
        });
    });
    started.recv().unwrap()
});

pub(crate) fn schema() -> String {
    format!("flow_test_{}", std::process::id())
}

/// Creates the test database if it is missing and removes the schemas of processes that ended.
async fn prepare_database() {
    let url = testing::database_url();
    let (server, name) = url.rsplit_once('/').unwrap();
    let admin = connect(&format!("{server}/postgres")).await;
    // Another test binary may be creating it at this moment.
    drop(admin.batch_execute(&format!("create database {name}")).await);
    let client = connect(&url).await;
    let listed = "select nspname::text from pg_namespace where nspname like 'flow_test_%'";
    for row in client.query(listed, &[]).await.unwrap() {
        let found: String = row.get(0);
        let pid = found.trim_start_matches("flow_test_");
        if found == schema() || !std::path::Path::new(&format!("/proc/{pid}")).exists() {
            drop(client.batch_execute(&format!("drop schema {found} cascade")).await);
        }
    }
}

pub(crate) async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    shared::telemetry::spawn(async move { drop(connection.await) });
    client
}

/// A sync-service and a task-service in one.
fn start_neighbours() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let app = || {
            actix_web::App::new()
                .app_data(web::JsonConfig::default().limit(64 << 20))
                .route("/internal/people/find", web::post().to(find_people))
                .route("/internal/order/advanced", web::post().to(order_advanced))
        };
        actix_web::rt::System::new().block_on(async move {
            actix_web::HttpServer::new(app)
                .workers(1)
                .disable_signals()
                .listen(listener)
                .unwrap()
                .run()
                .await
        })
    });
    address
}

fn tenant_of(request: &HttpRequest) -> String {
    let token = request.headers().get(IDENTITY_HEADER).unwrap().to_str().unwrap();
    keys().verify(token).unwrap().tenant.into_string()
}

fn answer(data: Value) -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": 0, "msg": "success", "data": data}))
}

async fn find_people(request: HttpRequest, body: web::Json<FindPeople>) -> HttpResponse {
    let enterprises = ENTERPRISES.lock().unwrap();
    let Some(enterprise) = enterprises.get(&tenant_of(&request)) else {
        return answer(json!({"people": [], "departments": []}));
    };
    if enterprise.is_away {
        return HttpResponse::ServiceUnavailable().json(json!({"status": -1024, "data": {}}));
    }
    let mut codes = body.users.clone();
    let mut departments = Vec::new();
    for department in &body.departments {
        if let Some(members) = enterprise.departments.get(department) {
            codes.extend(members.clone());
            departments.push(json!({"department": department, "users": members}));
        }
    }
    let people = codes.iter().filter_map(|code| enterprise.find(code));
    let mut people: Vec<Person> = people.collect();
    for code in &body.around {
        let mut at = Some(code);
        while let Some(found) = at.and_then(|code| enterprise.find(code)) {
            at = at.and_then(|code| enterprise.superiors.get(code));
            let (dept_id, supervisor) = ("TEAM".to_owned(), at.cloned());
            people.push(Person { dept_id, supervisor, ..found });
        }
    }
    answer(json!({"people": people, "departments": departments}))
}

impl Enterprise {
    fn find(&self, code: &str) -> Option<Person> {
        Some(person(code, *self.people.get(code)?, 1))
    }
}

async fn order_advanced(request: HttpRequest, body: web::Json<Vec<Value>>) -> HttpResponse {
    let mut enterprises = ENTERPRISES.lock().unwrap();
    let enterprise = enterprises.entry(tenant_of(&request)).or_default();
    enterprise.told.extend(body.into_inner());
    answer(json!({"success": true}))
}

fn keys() -> Keys {
    Keys::new(&testing::INTERNAL_KEY.to_owned().into(), Clock::system())
}

pub(crate) fn person(code: &str, active: bool, revision: i64) -> Person {
    Person {
        user_code: code.to_owned(),
        name: code.to_owned(),
        mobile: None,
        dingtalk_user_id: None,
        active,
        revision,
        ..Person::default()
    }
}

/// An enterprise, as a test sees it. USER001 to USER004 are there; D1 has USER003 and USER004.
pub(crate) struct TestApp {
    pub(crate) tenant: String,
    bus: Bus,
    http: reqwest::Client,
}

impl TestApp {
    pub(crate) async fn spawn() -> Self {
        let house = tokio::task::spawn_blocking(|| &*HOUSE).await.unwrap();
        let tenant = unique("T");
        let people = ["USER001", "USER002", "USER003", "USER004"];
        let enterprise = Enterprise {
            people: people.iter().map(|code| ((*code).to_owned(), true)).collect(),
            departments: [("D1".to_owned(), vec!["USER003".to_owned(), "USER004".to_owned()])]
                .into(),
            ..Enterprise::default()
        };
        ENTERPRISES.lock().unwrap().insert(tenant.clone(), enterprise);
        let bus = Bus::Memory(Memory::named(&format!("{}?alone", house.bus)));
        let http = shared::http::client::new(Duration::from_secs(30)).unwrap();
        Self { tenant, bus, http }
    }

    /// Somebody whom sync-service knows from now on.
    pub(crate) fn hire(&self, code: &str, active: bool) {
        self.with(|enterprise| {
            enterprise.people.insert(code.to_owned(), active);
        });
    }

    /// Whom sync-service names as somebody's direct superior from now on.
    pub(crate) fn promote(&self, code: &str, superior: &str) {
        self.with(|enterprise| {
            enterprise.superiors.insert(code.to_owned(), superior.to_owned());
        });
    }

    /// Whether sync-service answers.
    pub(crate) fn turn_sync(&self, is_away: bool) {
        self.with(|enterprise| enterprise.is_away = is_away);
    }

    /// What task-service was told at once.
    pub(crate) fn told(&self) -> Vec<Value> {
        self.with(|enterprise| enterprise.told.clone())
    }

    fn with<T>(&self, change: impl FnOnce(&mut Enterprise) -> T) -> T {
        change(ENTERPRISES.lock().unwrap().get_mut(&self.tenant).unwrap())
    }

    pub(crate) fn application(&self) -> Caller {
        self.application_named("APP001")
    }

    pub(crate) fn application_named(&self, app: &str) -> Caller {
        let actor = Actor::Application { app: AppId::stored(app), any_order: false };
        Caller { tenant: self.tenant(), actor }
    }

    pub(crate) fn user(&self, code: &str) -> Caller {
        Caller { tenant: self.tenant(), actor: Actor::Person(UserCode::stored(code)) }
    }

    pub(crate) fn service(&self) -> Caller {
        Caller::service(self.tenant(), "task")
    }

    fn tenant(&self) -> Tenant {
        Tenant::stored(self.tenant.clone())
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answered {
        self.post_as(self.application(), path, body).await
    }

    pub(crate) async fn post_as(&self, caller: Caller, path: &str, body: Value) -> Answered {
        self.send(self.http.post(url(path)).json(&body), caller).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answered {
        self.send(self.http.put(url(path)).json(&body), self.application()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.get_as(self.application(), path).await
    }

    pub(crate) async fn get_as(&self, caller: Caller, path: &str) -> Answered {
        self.send(self.http.get(url(path)), caller).await
    }

    /// As often as wanted with one request id, as the gateway does when a connection breaks.
    pub(crate) async fn repeat(&self, id: &str, path: &str, body: Value) -> Answered {
        let request = self.http.post(url(path)).header("x-request-id", id).json(&body);
        self.send(request, self.application()).await
    }

    async fn send(&self, request: reqwest::RequestBuilder, caller: Caller) -> Answered {
        let token = keys().issue(&caller).unwrap();
        Answered::read(request.header(IDENTITY_HEADER, token).send().await.unwrap()).await
    }

    /// Publishes an event until the service has handled it.
    pub(crate) async fn publish<E: Event>(&self, event: &E) {
        self.publish_as(shared::id::new_id(), event).await;
    }

    pub(crate) async fn publish_as<E: Event>(&self, id: uuid::Uuid, event: &E) {
        let message = Message {
            id,
            topic: E::TOPIC.to_owned(),
            key: event.key(),
            payload: serde_json::to_string(event).unwrap(),
            request_id: None,
        };
        eventually("the event is handled", || async {
            self.bus.publish(vec![message.clone()]).await.remove(0).ok()
        })
        .await;
    }

    /// Creates a flow of this drawing and puts it online.
    pub(crate) async fn publish_flow(&self, code: &str, xml: &str) {
        self.publish_form_flow(code, json!([]), xml).await;
    }

    pub(crate) async fn publish_form_flow(&self, code: &str, components: Value, xml: &str) {
        self.post("/aflow/api/flow/create", flow(code, components, xml)).await.ok();
        self.post("/aflow/api/flow/publish", json!({"flowCode": code})).await.ok();
    }

    /// Starts an order of a flow as USER001.
    pub(crate) async fn start(&self, code: &str, more: Value) -> i64 {
        self.try_start(code, more).await.ok()["orderId"].as_i64().unwrap()
    }

    pub(crate) async fn try_start(&self, code: &str, more: Value) -> Answered {
        let mut body = json!({"flowCode": code, "initiator": "USER001"});
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.post("/aflow/api/order/start", body).await
    }

    /// The open tasks of an order.
    pub(crate) async fn tasks(&self, order: i64) -> Vec<Value> {
        let tasks = self.get(&format!("/aflow/api/order/tasks?orderId={order}")).await.ok();
        tasks.as_array().unwrap().clone()
    }

    /// The activities that wait, in the order in which they opened.
    pub(crate) async fn open(&self, order: i64) -> Vec<String> {
        let tasks = self.tasks(order).await;
        tasks.iter().map(|task| task["activityId"].as_str().unwrap().to_owned()).collect()
    }

    /// Decides the one open task of this activity.
    pub(crate) async fn decide(
        &self,
        order: i64,
        activity: &str,
        user: &str,
        action: &str,
    ) -> Answered {
        let tasks = self.tasks(order).await;
        let task = tasks.iter().find(|task| task["activityId"] == activity).unwrap();
        self.complete(json!({"taskId": task["taskId"], "userCode": user, "action": action})).await
    }

    /// As task-service asks when somebody decides: `action` is `pass`, `reject` or `rebut`. The data
    /// of the answer are the facts alone.
    pub(crate) async fn complete(&self, mut body: Value) -> Answered {
        let kind = body.as_object_mut().and_then(|fields| fields.remove("action")).unwrap();
        body["operation"] = match kind.as_str() {
            Some("rebut") => json!({"kind": "rebut", "to": {"target": "previous"}}),
            _ => json!({ "kind": kind }),
        };
        let mut answered = self.operate(body).await;
        if let Some(facts) = answered.body.pointer("/data/facts").cloned() {
            answered.body["data"] = facts;
        }
        answered
    }

    /// As task-service asks.
    pub(crate) async fn operate(&self, body: Value) -> Answered {
        self.post_as(self.service(), "/internal/task/operate", body).await
    }

    pub(crate) async fn history(&self, order: i64) -> Value {
        self.get(&format!("/aflow/api/order/history?orderId={order}")).await.ok()
    }

    /// The activities that were completed, in order.
    pub(crate) async fn trace(&self, order: i64) -> Vec<String> {
        let history = self.history(order).await;
        let records = history["records"].as_array().unwrap();
        let completed = records.iter().filter(|record| record["event"] == "completed");
        completed.map(|record| record["activityId"].as_str().unwrap().to_owned()).collect()
    }

    /// Who has the order's first open task.
    pub(crate) async fn assignees(&self, order: i64) -> Value {
        self.tasks(order).await[0]["assignees"].clone()
    }

    /// Waits until they have it.
    pub(crate) async fn waits_for(&self, order: i64, people: Value) {
        eventually("they have the task", || async {
            (self.assignees(order).await == people).then_some(())
        })
        .await;
    }

    /// What task-service was told that people, or the house, did with tasks.
    pub(crate) fn operations(&self) -> Vec<Value> {
        let told = self.told();
        let lists = told.iter().filter_map(|fact| fact["operations"].as_array());
        lists.flatten().cloned().collect()
    }

    /// How an order stands.
    pub(crate) async fn state(&self, order: i64) -> String {
        let history = self.history(order).await;
        let orders = history["orders"].as_array().unwrap();
        let own = orders.iter().find(|one| one["orderId"] == order).unwrap();
        own["state"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn variables(&self, order: i64) -> Value {
        let address = format!("/aflow/api/order/variables?orderId={order}");
        self.get(&address).await.ok()["variables"].clone()
    }

    /// The facts of the enterprise that the outbox still holds or has handed over are counted by
    /// order and number.
    pub(crate) async fn execute(&self, statement: &str) -> u64 {
        let client = connect(&testing::database_url()).await;
        client.batch_execute(&format!("set search_path = {}", schema())).await.unwrap();
        client.execute(statement, &[&self.tenant]).await.unwrap()
    }

    pub(crate) async fn count(&self, query: &str) -> i64 {
        let client = connect(&testing::database_url()).await;
        client.batch_execute(&format!("set search_path = {}", schema())).await.unwrap();
        client.query_one(query, &[&self.tenant]).await.unwrap().get(0)
    }
}

fn url(path: &str) -> String {
    format!("http://{}{path}", HOUSE.address)
}

pub(crate) fn flow(code: &str, components: Value, xml: &str) -> Value {
    json!({"flowCode": code, "flowName": "请假", "formSchema": {"components": components}, "bpmnXml": xml})
}

/// A drawing with these elements in its one process.
pub(crate) fn drawing(id: &str, elements: &str) -> String {
    definitions(&format!("<process id=\"{id}\" isExecutable=\"true\">{elements}</process>"))
}

/// start → this user task → end.
pub(crate) fn user_task(attributes: &str, extensions: &str) -> String {
    drawing(
        "p",
        &format!(
            "<startEvent id=\"s\" name=\"开始\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"approve\"/>\
             <userTask id=\"approve\" name=\"审批\" {attributes}><extensionElements>{extensions}</extensionElements></userTask>\
             <sequenceFlow id=\"f2\" sourceRef=\"approve\" targetRef=\"e\"/><endEvent id=\"e\" name=\"结束\"/>"
        ),
    )
}

/// A drawing with these root elements.
pub(crate) fn definitions(roots: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:aiflow=\"http://aiflow/bpmn\" \
         xmlns:flowable=\"http://flowable.org/bpmn\" targetNamespace=\"t\">{roots}</definitions>"
    )
}

/// start → one task for USER002 → end.
pub(crate) fn one_task() -> String {
    drawing(
        "p",
        "<startEvent id=\"s\" name=\"开始\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"approve\"/>\
         <userTask id=\"approve\" name=\"审批\" flowable:assignee=\"USER002\"/>\
         <sequenceFlow id=\"f2\" sourceRef=\"approve\" targetRef=\"e\"/><endEvent id=\"e\" name=\"结束\"/>",
    )
}
