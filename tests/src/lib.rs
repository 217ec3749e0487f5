//! The whole house in one process on real servers: six Apps, PostgreSQL, RabbitMQ, a fake DingTalk.
//!
//! One house serves all tests of a binary; each test has an enterprise of its own, so that none sees
//! another's data.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up fails"
)]

mod client;
mod drawings;
mod python;
mod visitor;

use std::net::TcpListener;
use std::sync::OnceLock;
use std::time::Duration;

use fakes::dingtalk::{App as DingtalkApp, DingTalk, Options, Person};
use fakes::odoo::{self, Odoo};
use secrecy::SecretString;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::config::{self, Overrides};
use shared::http::client::Peer;
use shared::id::Tenant;
use shared::identity::{Caller, Keys};
use shared::service::Service;
use shared::testing;
use tokio_util::sync::CancellationToken;

pub use client::{Client, Signing};
pub use drawings::{DRAWINGS, Drawing};
pub use python::Program;
pub use shared::testing::{Answered, eventually, unique};
pub use visitor::{Visitor, Walk, onward};

/// Where the services of the one house listen.
struct House {
    gateway: String,
    /// A second gateway, with the limits that everybody has.
    strict_gateway: String,
    addresses: Vec<(&'static str, String)>,
}

static HOUSE: OnceLock<House> = OnceLock::new();

/// Starts the house on a runtime of its own, which outlives every test.
fn house() -> &'static House {
    HOUSE.get_or_init(|| {
        let (sender, started) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                sender.send(start().await).unwrap();
                std::future::pending::<()>().await;
            });
        });
        started
            .recv_timeout(Duration::from_secs(120))
            .expect("the house did not start within two minutes")
    })
}

async fn start() -> House {
    testing::prepare_database().await;
    // Where people come back to must be known before the services start.
    let mut free = free_addresses();
    let public = free.next().expect("some port is free");
    let task = free.next().expect("another port is free");
    let mut addresses: Vec<(&'static str, String)> = vec![("public", format!("http://{public}"))];
    let sync = run::<sync_service::App>(&addresses).await;
    addresses.push(("sync", sync));
    // flow-service and task-service call each other.
    addresses.push(("task", format!("http://{task}")));
    let sso = run::<sso_service::App>(&addresses).await;
    addresses.push(("sso", sso));
    let flow = run::<flow_service::App>(&addresses).await;
    addresses.push(("flow", flow));
    run::<task_service::App>(&addresses).await;
    let notify = run::<notify_service::App>(&addresses).await;
    addresses.push(("notify", notify));
    let gateway = run::<gateway::App>(&addresses).await;
    addresses.retain(|(name, _)| *name != "public");
    let strict_gateway = run::<gateway::App>(&addresses).await;
    House { gateway, strict_gateway, addresses }
}

async fn run<S: Service>(known: &[(&'static str, String)]) -> String {
    let mut overrides = testing::overrides(&format!("house_{}", S::NAME), "unused");
    overrides.extend(Overrides::from([
        ("bus.url".to_owned(), testing::bus_url()),
        ("bus.prefix".to_owned(), "aiflow-test-".to_owned()),
        ("seal.key".to_owned(), "5e".repeat(32)),
        // The fake ERPs listen on loopback.
        ("erp.allowed_networks".to_owned(), "127.0.0.0/8".to_owned()),
        ("metrics.address".to_owned(), "127.0.0.1:0".to_owned()),
        // Short, so that a test can wait for it.
        ("body.deadline_secs".to_owned(), "2".to_owned()),
        ("limit.address_per_second".to_owned(), "100000".to_owned()),
        ("limit.address_burst".to_owned(), "100000".to_owned()),
        // All tests come from one address.
        ("limit.login_per_second".to_owned(), "100000".to_owned()),
        ("limit.login_burst".to_owned(), "100000".to_owned()),
        ("limit.application_per_second".to_owned(), "200".to_owned()),
        ("limit.application_burst".to_owned(), "400".to_owned()),
    ]));
    if known.iter().any(|(name, _)| *name == "public") {
        for limit in ["login_per_second", "login_burst", "guesses_per_minute"] {
            overrides.insert(format!("limit.{limit}"), "100000".to_owned());
        }
    }
    for (name, address) in known {
        overrides.insert(format!("{name}.url"), address.clone());
        overrides.insert(format!("services.{name}"), address.clone());
        if (*name == "public" && S::NAME == "gateway") || (*name == "task" && S::NAME == "task") {
            let address = address.trim_start_matches("http://").to_owned();
            overrides.insert("http.address".to_owned(), address);
        }
    }
    let config: S::Config = config::load(S::NAME, S::DEFAULTS, &overrides).unwrap();
    let app = S::build(config, Clock::system()).await.unwrap();
    let address = format!("http://{}", app.address());
    tokio::runtime::Handle::current().spawn(async move {
        app.run(CancellationToken::new()).await.unwrap();
    });
    address
}

/// One test's enterprise: an application that may sign, and a DingTalk of its own.
pub struct World {
    /// The enterprise's code.
    pub tenant: String,
    /// Its DingTalk.
    pub dingtalk: DingTalk,
    erp: Option<Odoo>,
    house: &'static House,
    http: reqwest::Client,
}

/// The application that every enterprise has, and its secret.
pub const APP: &str = "APP001";
/// See [`APP`].
pub const SECRET: &str = "your_app_secret";

impl World {
    /// A fresh enterprise in the running house.
    pub async fn start() -> Self {
        let house = house();
        let app = DingtalkApp::new("dingdemo", "demo-secret", 1_000_001, "dingcorpdemo");
        let people = vec![
            person("u1", "张三", "13800138000"),
            person("u2", "李四", "13800138001"),
            person("u3", "王五", "13800138002"),
        ];
        let options = Options { port: 0, apps: vec![app], people, ..Options::demo() };
        let dingtalk = DingTalk::start(options).await.unwrap();
        let http = shared::http::client::new(Duration::from_secs(30)).unwrap();
        let world = World { tenant: unique("T"), dingtalk, erp: None, house, http };
        world
            .admin("/enterprise", json!({"enterpriseCode": world.tenant, "name": "测试企业"}))
            .await;
        world.create_application(APP, SECRET, json!({})).await;
        world
    }

    /// Gives the enterprise its DingTalk application.
    pub async fn with_dingtalk(self) -> Self {
        let url = self.dingtalk.base_url();
        let app = json!({"enterpriseCode": self.tenant, "appKey": "dingdemo", "appSecret": "demo-secret",
            "agentId": 1_000_001, "corpId": "dingcorpdemo", "oapiUrl": url, "apiUrl": url, "loginUrl": url});
        self.admin("/dingtalk", app).await;
        let callback = format!("{}/aflow/api/oauth2/dingtalk/callback", self.gateway());
        self.dingtalk.register("dingdemo", &callback);
        self
    }

    /// Gives the enterprise an ERP at which its people sign in, and which is told of its orders.
    pub async fn with_odoo(mut self) -> Self {
        let credential = odoo::Credential {
            enterprise_code: self.tenant.clone(),
            app_id: APP.to_owned(),
            app_secret: SECRET.to_owned(),
        };
        let options = odoo::Options { credential, ..odoo::Options::demo() };
        let odoo = Odoo::start(options).await.unwrap();
        let endpoint =
            json!({"enterpriseCode": self.tenant, "appId": APP, "baseUrl": odoo.base_url()});
        self.admin_of("notify", "/erp_endpoint", endpoint).await;
        odoo.register(&self.callback_url());
        let provider = self.provider(&odoo);
        self.admin("/provider", provider).await;
        self.erp = Some(odoo);
        self
    }

    /// The ERP of [`with_odoo`](Self::with_odoo).
    pub fn odoo(&self) -> &Odoo {
        self.erp.as_ref().expect("this world has no ERP to sign in at")
    }

    /// What `aiflow-admin` says about an ERP: JSON, PKCE, nobody is made.
    pub fn provider(&self, odoo: &Odoo) -> Value {
        json!({
            "enterpriseCode": self.tenant, "authorizeUrl": odoo.authorize_url(), "tokenUrl": odoo.token_url(),
            "userinfoUrl": odoo.userinfo_url(), "clientId": "aiflow", "clientSecret": "aiflow-client-secret",
            "scope": "openid", "bindByEmail": false, "autoCreate": false, "dialect": "json", "pkce": true,
        })
    }

    /// Where ERPs send people back to.
    pub fn callback_url(&self) -> String {
        format!("{}/aflow/api/oauth2/callback", self.gateway())
    }

    /// Where signing in begins.
    pub fn login_url(&self, return_to: &str) -> String {
        self.begin("/aflow/api/oauth2/login", return_to)
    }

    /// Where signing in with DingTalk begins.
    pub fn dingtalk_login_url(&self, return_to: &str) -> String {
        self.begin("/aflow/api/oauth2/dingtalk/login", return_to)
    }

    fn begin(&self, path: &str, return_to: &str) -> String {
        let query = [("enterprise", self.tenant.as_str()), ("return_to", return_to)];
        let address = format!("{}{path}", self.gateway());
        reqwest::Url::parse_with_params(&address, query).unwrap().into()
    }

    /// Nobody else's people can sign in any more, so that `/` knows whose do.
    pub async fn close_other_doors(&self) {
        testing::execute("update house_sso.providers set enabled = false").await;
    }

    /// Whether an address is what the callback sends people to.
    pub fn is_after_callback(&self, url: &str) -> bool {
        url.starts_with(self.gateway()) && !url.starts_with(&self.callback_url())
    }

    /// Another application of the enterprise.
    pub async fn create_application(&self, app: &str, secret: &str, switches: Value) {
        let mut body =
            json!({"enterpriseCode": self.tenant, "appId": app, "name": app, "appSecret": secret});
        if let (Some(body), Some(switches)) = (body.as_object_mut(), switches.as_object()) {
            body.extend(switches.clone());
        }
        self.admin("/application", body).await;
    }

    /// Does something as `aiflow-admin` does; fails the test when it is refused.
    pub async fn admin(&self, path: &str, body: Value) -> Value {
        self.admin_of("sso", path, body).await
    }

    /// The same at any service.
    pub async fn admin_of(&self, service: &str, path: &str, body: Value) -> Value {
        let peer = self.peer(service);
        let caller = Caller::service(Tenant::stored("-"), "aiflow-admin");
        peer.post(&caller, &format!("/aflow/api/admin{path}"), &body).await.unwrap()
    }

    /// A service of the house, asked as another service.
    pub fn peer(&self, service: &str) -> Peer {
        let keys = Keys::new(&SecretString::from(testing::INTERNAL_KEY), Clock::system());
        Peer::new(&self.service(service), keys, Duration::from_secs(10)).unwrap()
    }

    /// The internal address of a service.
    pub fn service(&self, name: &str) -> String {
        self.house.addresses.iter().find(|(known, _)| *known == name).unwrap().1.clone()
    }

    /// The gateway's address.
    pub fn gateway(&self) -> &str {
        &self.house.gateway
    }

    /// Another gateway of the same house, with the usual limits for who signs in.
    pub fn strict_gateway(&self) -> &str {
        &self.house.strict_gateway
    }

    /// The enterprise's ERP: signs as [`APP`].
    pub fn erp(&self) -> Client {
        self.client(APP, SECRET)
    }

    /// An application that signs with this secret.
    pub fn client(&self, app: &str, secret: &str) -> Client {
        Client::new(self.http.clone(), &self.house.gateway, &self.tenant, app, secret)
    }

    /// Departments and people of the documented examples.
    pub async fn with_people(self) -> Self {
        let erp = self.erp();
        let department =
            |id: &str, parent: &str| json!({"deptId": id, "deptName": id, "parentId": parent});
        let departments =
            json!({"departments": [department("DEPT001", ""), department("DEPT002", "DEPT001")]});
        erp.post("/aflow/api/sys/sync/department", &departments).await.ok();
        let user = |id: &str, name: &str, mobile: &str| json!({"userId": id, "userName": name, "realName": name, "mobile": mobile, "deptId": "DEPT001"});
        let users = json!({"users": [
            user("USER001", "张三", "13800138000"),
            user("USER002", "李四", "13800138001"),
            user("USER003", "王五", "13800138002"),
        ]});
        erp.post("/aflow/api/sys/sync/user", &users).await.ok();
        // Names reach the task centre as an event, a moment after the answer.
        let known =
            format!("select count(*) from house_task.people where tenant = '{}'", self.tenant);
        eventually("the task centre knows the names", || async {
            (testing::count(&known).await == 3).then_some(())
        })
        .await;
        self
    }

    /// The documented third-party flow, online.
    pub async fn with_flow(self) -> Self {
        let erp = self.erp();
        erp.post("/aflow/api/flow/create_third_party", &sales_order()).await.ok();
        erp.post("/aflow/api/flow/online_third_party", &json!({"flowCode": "SALES_ORDER"}))
            .await
            .ok();
        self
    }
}

/// The documented flow of our own engine: two people, a gateway on the amount, and the ERP is told.
pub const SALES_APPROVAL: &str = include_str!("drawings/sales_approval.bpmn");

/// Ports that nobody listens on, below those that the kernel gives to outgoing connections.
fn free_addresses() -> impl Iterator<Item = String> {
    let begin = 10_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    let free =
        (begin..begin + 1_000).filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.map(|port| format!("127.0.0.1:{port}"))
}

fn person(userid: &str, name: &str, mobile: &str) -> Person {
    Person { mobile: Some(mobile.to_owned()), ..Person::new(userid, name) }
}

/// The documented third-party flow (E 4.1).
pub fn sales_order() -> Value {
    json!({
        "flowCode": "SALES_ORDER", "title": "销售订单审批流程",
        "initiateUrl": {"h5Url": "https://odoo.example.com/h5/sales/apply", "webUrl": "https://odoo.example.com/web/sales/apply"},
        "detailUrl": {"h5Url": "https://odoo.example.com/h5/sales/detail", "webUrl": "https://odoo.example.com/web/sales/detail"},
        "groupId": "GROUP001", "managerUserCode": "USER001", "operationUserCode": "USER002",
        "configUserCode": "USER003", "createBy": "USER001", "allowedApplyTerminals": ["pc", "mobile"],
        "allowedApplyRule": {"allowedApplyType": "all"}, "allowedManageRule": {"allowedApplyType": "all"},
    })
}

/// A snapshot of order `number`: one open task for USER002, a copy for USER003 (E 4.3).
pub fn snapshot(number: i64) -> Value {
    json!({
        "orderId": number, "orderStatus": "ing", "orderResult": "ing", "initiator": "USER001", "version": 1,
        "businessKey": format!("SALES_{number}"), "createTime": "2025-01-24 10:00:00", "updateTime": "2025-01-24 15:30:00",
        "ccUsers": [{"userCode": "USER003", "ccTime": "2025-01-24 10:00:00"}],
        "tasks": [open_task("TASK001", &["USER002"])],
    })
}

/// An open task of a snapshot.
pub fn open_task(code: &str, users: &[&str]) -> Value {
    json!({"taskId": code, "taskName": "部门经理审批", "assigneeUserCode": users, "taskStatus": "new", "taskResult": "new",
        "deadLine": "2099-01-25 18:00:00", "nodeType": "audit", "showPc": true, "showMobile": true})
}

/// A passed task of a snapshot.
pub fn passed_task(code: &str, users: &[&str]) -> Value {
    let mut task = open_task(code, users);
    task["taskStatus"] = json!("over");
    task["taskResult"] = json!("pass");
    task["handleTime"] = json!("2025-01-24 16:00:00");
    task
}
