//! One notify-service for all tests; each test has an enterprise and a DingTalk of its own.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use fakes::dingtalk::{DingTalk, Knobs, Options};
use notify_service::App;
use serde_json::{Value, json};
use shared::bus::memory::Memory;
use shared::bus::{Bus, Message, Queue};
use shared::clock::Clock;
use shared::config::Overrides;
use shared::contract::Event;
use shared::contract::access::{Credential, DingtalkAccess, WantDingtalk};
use shared::contract::directory::{PeopleChanged, Person};
use shared::contract::order::ServiceAnswered;
use shared::contract::task::{Assignee, ClosedTask, OpenedTask, TasksChanged};
use shared::dingtalk::Access;
use shared::id::Tenant;
use shared::identity::{Caller, IDENTITY_HEADER, Keys};
use shared::service::Service;
use shared::testing::{self, Answered, eventually, unique};
use tokio_util::sync::CancellationToken;

pub(crate) const SEND: &str = "/topapi/message/corpconversation/asyncsend_v2";
pub(crate) const CREATE: &str = "/v1.0/todo/users/{unionId}/tasks";

/// The secret of every enterprise's application.
pub(crate) const SECRET: &str = "your_app_secret";

/// The one service of this process, in a schema of its own.
struct House {
    address: SocketAddr,
    bus: String,
}

/// What the fake sso-service knows of an enterprise.
#[derive(Default)]
struct Enterprise {
    /// Its DingTalk's address.
    base: Option<String>,
    /// How often a token was called stale.
    stale: u32,
}

static ENTERPRISES: LazyLock<Mutex<HashMap<String, Enterprise>>> = LazyLock::new(Mutex::default);

/// The secret of application APP001, by enterprise.
static SECRETS: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Mutex::default);

/// What flows were told of their calls and no test has taken yet.
static ANSWERS: LazyLock<Mutex<Vec<ServiceAnswered>>> = LazyLock::new(Mutex::default);

/// Gives application APP001 of an enterprise its newest secret.
pub(crate) fn set_secret(tenant: &str, secret: &str) {
    SECRETS.lock().unwrap().insert(tenant.to_owned(), secret.to_owned());
}

/// Takes what an enterprise's flow was told since the last time.
pub(crate) fn take_answers(tenant: &str) -> Vec<ServiceAnswered> {
    let mut answers = ANSWERS.lock().unwrap();
    let (own, others) = answers.drain(..).partition(|answer| answer.tenant == tenant);
    *answers = others;
    own
}

static HOUSE: LazyLock<House> = LazyLock::new(|| {
    let (ready, started) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let schema = format!("notify_test_{}", std::process::id());
            prepare_database(&schema).await;
            let bus = unique("notify");
            let mut overrides: Overrides = testing::overrides(&schema, &bus);
            overrides.insert("sso.url".to_owned(), format!("http://{}", start_sso()));
            let page = "https://aiflow.example.com".to_owned();
            overrides.insert("pages.public_url".to_owned(), page);
            overrides.insert("erp.allowed_networks".to_owned(), "127.0.0.0/8".to_owned());
            // Short, so that a test can wait for it.
            overrides.insert("erp.timeout_ms".to_owned(), "1500".to_owned());
            overrides.insert("erp.probe_secs".to_owned(), "1".to_owned());
            hear_answers(&bus);
            let config = shared::config::load(App::NAME, App::DEFAULTS, &overrides).unwrap();
            let app = App::build(config, Clock::system()).await.unwrap();
            ready.send(House { address: app.address(), bus }).unwrap();
            app.run(CancellationToken::new()).await.unwrap();
        });
    });
    started.recv().unwrap()
});

/// Creates the test database if it is missing and removes the schemas of processes that ended.
async fn prepare_database(schema: &str) {
    let url = testing::database_url();
    let (server, name) = url.rsplit_once('/').unwrap();
    let admin = connect(&format!("{server}/postgres")).await;
    // Another test binary may be creating it at this moment.
    drop(admin.batch_execute(&format!("create database {name}")).await);
    let client = connect(&url).await;
    let listed = "select nspname::text from pg_namespace where nspname like 'notify_test_%'";
    for row in client.query(listed, &[]).await.unwrap() {
        let found: String = row.get(0);
        let pid = found.trim_start_matches("notify_test_");
        if found == schema || !std::path::Path::new(&format!("/proc/{pid}")).exists() {
            drop(client.batch_execute(&format!("drop schema {found} cascade")).await);
        }
    }
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    shared::telemetry::spawn(async move { drop(connection.await) });
    client
}

/// Hears in flow-service's place what ERPs answered.
fn hear_answers(bus: &str) {
    let bus = Bus::Memory(Memory::named(&format!("{bus}?alone")));
    let mut heard = bus.subscribe(Queue::Shared("flow"), &[ServiceAnswered::TOPIC]);
    shared::telemetry::spawn(async move {
        loop {
            let batch = heard.next().await;
            let answers = batch.messages();
            let answers =
                answers.iter().map(|answer| ServiceAnswered::read(&answer.payload).unwrap());
            ANSWERS.lock().unwrap().extend(answers);
            batch.ack().await;
        }
    });
}

/// A sso-service that knows nothing but `/internal/dingtalk` and `/internal/credential`.
fn start_sso() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let app = || {
            actix_web::App::new()
                .route("/internal/dingtalk", web::post().to(dingtalk_access))
                .route("/internal/credential", web::post().to(credential))
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

async fn dingtalk_access(request: HttpRequest, body: web::Json<WantDingtalk>) -> HttpResponse {
    let token = request.headers().get(IDENTITY_HEADER).unwrap().to_str().unwrap();
    let tenant = keys().verify(token).unwrap().tenant.into_string();
    let base = {
        let mut enterprises = ENTERPRISES.lock().unwrap();
        match enterprises.get_mut(&tenant) {
            Some(enterprise) => {
                enterprise.stale += u32::from(body.stale.is_some());
                enterprise.base.clone()
            }
            None => None,
        }
    };
    let access = match base {
        None => None,
        Some(base) => {
            let client = shared::dingtalk::Client::new(Duration::from_secs(5)).unwrap();
            match client.token(&base, "dingdemo", "demo-secret").await {
                Ok((token, _)) => Some(Access {
                    token,
                    agent_id: 1_000_001,
                    oapi_url: base.clone(),
                    api_url: base,
                }),
                Err(_) => return HttpResponse::BadGateway().json(json!({"status": -1024})),
            }
        }
    };
    let data = serde_json::to_value(DingtalkAccess { access }).unwrap();
    HttpResponse::Ok().json(json!({"status": 0, "msg": "success", "data": data}))
}

async fn credential(request: HttpRequest, body: web::Json<Value>) -> HttpResponse {
    let token = request.headers().get(IDENTITY_HEADER).unwrap().to_str().unwrap();
    let tenant = keys().verify(token).unwrap().tenant.into_string();
    let secret = SECRETS.lock().unwrap().get(&tenant).cloned();
    let known = secret.filter(|_| body["app"] == "APP001").map(|secret| Credential {
        enabled: true,
        accept_v0: false,
        require_timestamp: false,
        any_order: false,
        secret,
        previous_secret: None,
    });
    HttpResponse::Ok().json(json!({"status": 0, "msg": "success", "data": known}))
}

fn keys() -> Keys {
    Keys::new(&testing::INTERNAL_KEY.to_owned().into(), Clock::system())
}

/// An enterprise with its DingTalk, as a test sees it.
#[derive(Clone)]
pub(crate) struct TestApp {
    pub(crate) tenant: String,
    pub(crate) ding: Arc<DingTalk>,
    bus: Bus,
    http: reqwest::Client,
}

impl TestApp {
    /// An enterprise whose DingTalk has the people of the demo.
    pub(crate) async fn spawn() -> Self {
        Self::with(Options::demo()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let ding = DingTalk::start(options).await.unwrap();
        let app = Self::sharing(Arc::new(ding)).await;
        app.configure();
        app
    }

    /// An enterprise on the DingTalk of another one, not configured yet.
    pub(crate) async fn sharing(ding: Arc<DingTalk>) -> Self {
        let house = tokio::task::spawn_blocking(|| &*HOUSE).await.unwrap();
        let tenant = unique("T");
        ENTERPRISES.lock().unwrap().insert(tenant.clone(), Enterprise::default());
        let bus = Bus::Memory(Memory::named(&format!("{}?alone", house.bus)));
        let http = shared::http::client::new(Duration::from_secs(10)).unwrap();
        Self { tenant, ding, bus, http }
    }

    /// An enterprise without DingTalk.
    pub(crate) async fn bare() -> Self {
        static UNUSED: tokio::sync::OnceCell<Arc<DingTalk>> = tokio::sync::OnceCell::const_new();
        let unused = UNUSED
            .get_or_init(|| async { Arc::new(DingTalk::start(Options::demo()).await.unwrap()) })
            .await;
        Self::sharing(unused.clone()).await
    }

    /// Gives the enterprise its DingTalk application.
    pub(crate) fn configure(&self) {
        let enterprise = Enterprise { base: Some(self.ding.base_url()), stale: 0 };
        ENTERPRISES.lock().unwrap().insert(self.tenant.clone(), enterprise);
    }

    pub(crate) fn tokens_called_stale(&self) -> u32 {
        ENTERPRISES.lock().unwrap()[&self.tenant].stale
    }

    pub(crate) fn turn(&self, knobs: Knobs) {
        self.ding.knobs(knobs);
    }

    /// Publishes an event until the service has handled it; gives its id.
    pub(crate) async fn publish<E: Event>(&self, event: &E) -> Message {
        let message = Message {
            id: shared::id::new_id(),
            topic: E::TOPIC.to_owned(),
            key: event.key(),
            payload: serde_json::to_string(event).unwrap(),
            request_id: None,
        };
        self.publish_message(message.clone()).await;
        message
    }

    pub(crate) async fn publish_message(&self, message: Message) {
        eventually("the event is handled", || async {
            self.bus.publish(vec![message.clone()]).await.remove(0).ok()
        })
        .await;
    }

    pub(crate) async fn publish_all<E: Event>(&self, events: &[E]) {
        let message = |event: &E| Message {
            id: shared::id::new_id(),
            topic: E::TOPIC.to_owned(),
            key: event.key(),
            payload: serde_json::to_string(event).unwrap(),
            request_id: None,
        };
        for outcome in self.bus.publish(events.iter().map(message).collect()).await {
            outcome.unwrap();
        }
    }

    /// USER002 is 李四 and USER003 王五 of the demo, found by their mobiles.
    pub(crate) async fn know_people(&self) {
        let people = vec![person("USER002", "13800138001"), person("USER003", "13800138002")];
        self.tell_people(people).await;
    }

    pub(crate) async fn tell_people(&self, people: Vec<Person>) {
        self.publish(&PeopleChanged { tenant: self.tenant.clone(), people }).await;
    }

    /// A change of order 1 in which TASK1 opens for these people.
    pub(crate) fn opening(&self, seq: i64, users: &[&str]) -> TasksChanged {
        let assignee = |user: &&str| Assignee {
            user_code: (*user).to_owned(),
            web_url: "https://erp.example.com/web/order?orderId=1".to_owned(),
            h5_url: "https://erp.example.com/h5/order?orderId=1".to_owned(),
        };
        let opened = OpenedTask {
            task_id: "TASK1".to_owned(),
            name: "部门经理审批".to_owned(),
            node_type: "audit".to_owned(),
            due_at: Some("2030-01-25T10:00:00+00:00".to_owned()),
            assignees: users.iter().map(assignee).collect(),
        };
        TasksChanged { opened: vec![opened], ..self.change(seq) }
    }

    /// A change of order 1 in which TASK1 ends for these people.
    pub(crate) fn closing(&self, seq: i64, users: &[&str]) -> TasksChanged {
        let users = users.iter().map(|user| (*user).to_owned()).collect();
        let closed = ClosedTask { task_id: "TASK1".to_owned(), users };
        TasksChanged { closed: vec![closed], ..self.change(seq) }
    }

    fn change(&self, seq: i64) -> TasksChanged {
        TasksChanged {
            tenant: self.tenant.clone(),
            app: "APP001".to_owned(),
            order_id: 1,
            title: "销售订单审批流程".to_owned(),
            initiator: "USER001".to_owned(),
            business_key: "SO-1".to_owned(),
            seq,
            opened: Vec::new(),
            closed: Vec::new(),
        }
    }

    /// Waits until nothing is left to do for the enterprise.
    pub(crate) async fn quiet(&self) {
        eventually("nothing is pending", || async {
            (self.counts().await["pending"] == 0).then_some(())
        })
        .await;
    }

    /// Waits until so many deliveries are in that state.
    pub(crate) async fn reaches(&self, state: &str, count: i64) {
        eventually(&format!("{count} are {state}"), || async {
            (self.counts().await["byState"][state] == count).then_some(())
        })
        .await;
    }

    /// Waits until a try of the delivery to this person came to nothing.
    pub(crate) async fn fails(&self, user: &str, channel: &str) {
        eventually("a try fails", || async {
            let all = self.deliveries().await;
            let is_it = |one: &&Value| one["userCode"] == user && one["channel"] == channel;
            all.iter().find(is_it).filter(|one| !one["lastError"].is_null()).map(|_| ())
        })
        .await;
    }

    pub(crate) async fn counts(&self) -> Value {
        self.get(&format!("/internal/counts?enterpriseCode={}", self.tenant)).await.ok()
    }

    /// All deliveries of the enterprise, newest first.
    pub(crate) async fn deliveries(&self) -> Vec<Value> {
        let address =
            format!("/aflow/api/admin/deliveries?size=100&enterpriseCode={}", self.tenant);
        self.get(&address).await.ok()["rows"].as_array().unwrap().clone()
    }

    /// Those of one order.
    pub(crate) async fn deliveries_of(&self, order: i64) -> Vec<Value> {
        let tenant = &self.tenant;
        let address =
            format!("/aflow/api/admin/deliveries?orderId={order}&enterpriseCode={tenant}");
        self.get(&address).await.ok()["rows"].as_array().unwrap().clone()
    }

    /// The delivery through this channel.
    pub(crate) async fn delivery(&self, channel: &str) -> Value {
        let all = self.deliveries().await;
        all.into_iter().find(|delivery| delivery["channel"] == channel).unwrap()
    }

    /// What was tried for a delivery, newest first.
    pub(crate) async fn attempts(&self, delivery: &Value) -> Vec<Value> {
        let address = format!("/aflow/api/admin/delivery?id={}", delivery["id"]);
        self.get(&address).await.ok()["attempts"].as_array().unwrap().clone()
    }

    pub(crate) async fn replay(&self, body: Value) -> Answered {
        self.post("/aflow/api/admin/delivery/replay", body).await
    }

    /// Makes what is scheduled for later due now.
    pub(crate) async fn hurry(&self) {
        self.update("due_at = now() where lease is null and due_at > now()").await;
    }

    /// A worker takes everything in hand …
    pub(crate) async fn take(&self) {
        self.update("lease = gen_random_uuid() where lease is null").await;
    }

    /// … and died; its half minute is over.
    pub(crate) async fn abandon(&self) {
        self.update("state = 'due', due_at = now() where lease is not null").await;
    }

    async fn update(&self, change: &str) {
        self.execute(&format!("update {{schema}}.deliveries set {change} and tenant = $1")).await;
    }

    /// Changes the service's tables behind its back; `$1` is the enterprise.
    pub(crate) async fn execute(&self, statement: &str) {
        let client = connect(&testing::database_url()).await;
        client.execute(&in_schema(statement), &[&self.tenant]).await.unwrap();
    }

    /// The one number that a query of the service's tables gives; `$1` is the enterprise.
    pub(crate) async fn number(&self, query: &str) -> i64 {
        let client = connect(&testing::database_url()).await;
        client.query_one(&in_schema(query), &[&self.tenant]).await.unwrap().get(0)
    }

    pub(crate) async fn get(&self, address: &str) -> Answered {
        self.send(self.http.get(url(address)), Caller::service(self.tenant(), "admin")).await
    }

    pub(crate) async fn post(&self, address: &str, body: Value) -> Answered {
        self.send(self.http.post(url(address)).json(&body), Caller::service(self.tenant(), "admin"))
            .await
    }

    pub(crate) async fn get_as(&self, caller: Caller, address: &str) -> Answered {
        self.send(self.http.get(url(address)), caller).await
    }

    async fn send(&self, request: reqwest::RequestBuilder, caller: Caller) -> Answered {
        let token = keys().issue(&caller).unwrap();
        Answered::read(request.header(IDENTITY_HEADER, token).send().await.unwrap()).await
    }

    pub(crate) fn tenant(&self) -> Tenant {
        Tenant::stored(self.tenant.clone())
    }

    /// How many notifications a DingTalk user has.
    pub(crate) fn messages(&self, userid: &str) -> usize {
        self.ding.inbox().iter().filter(|message| message.userid == userid).count()
    }

    /// How many to-dos a DingTalk user has, and how many of them are ticked off.
    pub(crate) fn todos(&self, userid: &str) -> (usize, usize) {
        let all = self.ding.todos();
        let own = || all.iter().filter(|todo| todo.userid == userid);
        (own().count(), own().filter(|todo| todo.done).count())
    }
}

fn in_schema(statement: &str) -> String {
    statement.replace("{schema}", &format!("notify_test_{}", std::process::id()))
}

fn url(address: &str) -> String {
    format!("http://{}{address}", HOUSE.address)
}

/// A person who is found by mobile.
pub(crate) fn person(code: &str, mobile: &str) -> Person {
    Person {
        user_code: code.to_owned(),
        name: format!("{code} 的姓名"),
        mobile: Some(mobile.to_owned()),
        dingtalk_user_id: None,
        active: true,
        revision: 1,
        ..Person::default()
    }
}
