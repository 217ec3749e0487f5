//! One sso-service for all tests, more where a test wants them; each test has an enterprise of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use shared::bus::memory::Memory;
use shared::bus::{Bus, Message};
use shared::clock::Clock;
use shared::config::Overrides;
use shared::contract::Event;
use shared::contract::directory::{PeopleChanged, Person};
use shared::id::Tenant;
use shared::identity::{Caller, IDENTITY_HEADER, Keys};
use shared::service::Service;
use shared::testing::{self, Answered, eventually, unique};
use sso_service::App;
use tokio_util::sync::CancellationToken;

use crate::outside;

pub(crate) const PUBLIC: &str = "http://127.0.0.1:7020";
pub(crate) const CLIENT_SECRET: &str = "MARK-client-secret-71c1";

/// A running sso-service.
pub(crate) struct Process {
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
}

impl Process {
    /// Starts one on the common tables.
    pub(crate) fn start(bus: &str, clock: Clock, more: &[(&str, &str)]) -> Self {
        let mut overrides: Overrides = testing::overrides(&schema(), bus);
        let sync = format!("http://{}", *outside::ADDRESS);
        let own =
            [("seal.key", "5e".repeat(32)), ("sync.url", sync), ("public.url", PUBLIC.to_owned())];
        overrides.extend(own.map(|(key, value)| (key.to_owned(), value)));
        overrides.extend(more.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let stop = CancellationToken::new();
        let (ready, started) = std::sync::mpsc::channel();
        let stopped = stop.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let config = shared::config::load(App::NAME, App::DEFAULTS, &overrides).unwrap();
                let app = App::build(config, clock).await.unwrap();
                ready.send(app.address()).unwrap();
                app.run(stopped).await.unwrap();
            });
        });
        Self { address: started.recv().unwrap(), stop }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

static BUS: LazyLock<String> = LazyLock::new(|| unique("sso"));

static HOUSE: LazyLock<Process> = LazyLock::new(|| {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(prepare_database());
    Process::start(&BUS, Clock::system(), &[])
});

pub(crate) fn schema() -> String {
    format!("sso_test_{}", std::process::id())
}

/// Creates the test database if it is missing and removes the schemas of processes that ended.
async fn prepare_database() {
    testing::prepare_database().await;
    let client = connect().await;
    let listed = "select nspname::text from pg_namespace where nspname like 'sso_test_%'";
    for row in client.query(listed, &[]).await.unwrap() {
        let found: String = row.get(0);
        let pid = found.trim_start_matches("sso_test_");
        if found == schema() || !std::path::Path::new(&format!("/proc/{pid}")).exists() {
            drop(client.batch_execute(&format!("drop schema {found} cascade")).await);
        }
    }
}

pub(crate) async fn connect() -> tokio_postgres::Client {
    let url = testing::database_url();
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    shared::telemetry::spawn(async move { drop(connection.await) });
    client
}

fn keys() -> Keys {
    Keys::new(&testing::INTERNAL_KEY.to_owned().into(), Clock::system())
}

/// An enterprise with a provider, as a test sees it.
#[derive(Clone)]
pub(crate) struct TestApp {
    pub(crate) tenant: String,
    base: String,
    http: reqwest::Client,
}

impl TestApp {
    /// An enterprise whose ERP signs people in as documented.
    pub(crate) async fn spawn() -> Self {
        let app = Self::bare().await;
        app.set_provider(json!({})).await.ok();
        app
    }

    /// An enterprise without a way to sign in.
    pub(crate) async fn bare() -> Self {
        let address = tokio::task::spawn_blocking(|| HOUSE.address).await.unwrap();
        let http = shared::http::client::new(Duration::from_secs(30)).unwrap();
        let app = Self { tenant: unique("T"), base: format!("http://{address}"), http };
        let named = json!({"enterpriseCode": app.tenant, "name": "测试企业"});
        app.admin("/enterprise", named).await.ok();
        app
    }

    /// The same enterprise at another process.
    pub(crate) fn at(&self, process: &Process) -> Self {
        Self { base: format!("http://{}", process.address), ..self.clone() }
    }

    /// Stores the provider with these differences from the usual one.
    pub(crate) async fn set_provider(&self, differences: Value) -> Answered {
        let erp = format!("http://{}/{}", *outside::ADDRESS, self.tenant);
        let mut body = json!({"enterpriseCode": self.tenant, "authorizeUrl": format!("{erp}/authorize"),
            "tokenUrl": format!("{erp}/token"), "userinfoUrl": format!("{erp}/userinfo"),
            "clientId": "APP001", "clientSecret": CLIENT_SECRET, "scope": "basic"});
        body.as_object_mut().unwrap().extend(differences.as_object().unwrap().clone());
        self.admin("/provider", body).await
    }

    pub(crate) async fn set_dingtalk(&self) {
        let url = format!("http://{}/{}/ding", *outside::ADDRESS, self.tenant);
        let app = json!({"enterpriseCode": self.tenant, "appKey": "dingkey", "appSecret": "MARK-ding-secret-71c2",
            "agentId": 1, "corpId": "dingcorp", "oapiUrl": url, "apiUrl": url, "loginUrl": "https://login.example.com"});
        self.admin("/dingtalk", app).await.ok();
    }

    pub(crate) async fn admin(&self, path: &str, body: Value) -> Answered {
        self.as_service(self.http.post(self.url(&format!("/aflow/api/admin{path}"))).json(&body))
            .await
    }

    /// Asks as a service of the house, on behalf of the enterprise.
    pub(crate) async fn ask(&self, address: &str) -> Answered {
        self.as_service(self.http.get(self.url(address))).await
    }

    async fn as_service(&self, request: reqwest::RequestBuilder) -> Answered {
        let caller = Caller::service(Tenant::stored(self.tenant.clone()), "test");
        let token = keys().issue(&caller).unwrap();
        Answered::read(request.header(IDENTITY_HEADER, token).send().await.unwrap()).await
    }

    pub(crate) fn url(&self, address: &str) -> String {
        format!("{}{address}", self.base)
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser { app: self.clone(), jar: Mutex::default() }
    }

    /// A browser with a session of USER001.
    pub(crate) async fn signed_in(&self) -> Browser {
        let browser = self.browser();
        let answer = browser.sign_in("/").await;
        assert_eq!(location(&answer), "/", "{answer:?}");
        browser
    }

    /// Refreshes as a program does.
    pub(crate) async fn refresh(&self, token: &str) -> Answered {
        let body = json!({"refreshToken": token});
        let sent = self.http.post(self.url("/aflow/api/oauth2/refresh")).json(&body).send().await;
        Answered::read(sent.unwrap()).await
    }

    /// Asks who an access token names.
    pub(crate) async fn me(&self, access: &str) -> Answered {
        let request = self.http.get(self.url("/aflow/api/oauth2/me")).bearer_auth(access);
        Answered::read(request.send().await.unwrap()).await
    }

    /// What a count over the service's tables gives; `$1` is the enterprise.
    pub(crate) async fn count(&self, from: &str) -> i64 {
        let statement = format!("select count(*) from {}.{from}", schema());
        connect().await.query_one(&statement, &[&self.tenant]).await.unwrap().get(0)
    }

    /// Changes the service's tables; `$1` is the enterprise.
    pub(crate) async fn change(&self, statement: &str) {
        let statement = statement.replace("{}", &schema());
        connect().await.execute(&statement, &[&self.tenant]).await.unwrap();
    }

    /// The audit log of the enterprise, newest first: action and detail.
    pub(crate) async fn audit(&self) -> Vec<(String, Value)> {
        let statement = format!(
            "select action, detail::text from {}.audit_records where tenant = $1 order by id desc",
            schema()
        );
        let rows = connect().await.query(&statement, &[&self.tenant]).await.unwrap();
        let read = |row: &tokio_postgres::Row| {
            (row.get(0), serde_json::from_str(&row.get::<_, String>(1)).unwrap())
        };
        rows.iter().map(read).collect()
    }

    /// sync-service tells that the person changed.
    pub(crate) async fn tell(&self, code: &str, active: bool, revision: i64) {
        let person = Person {
            user_code: code.to_owned(),
            name: "张三".to_owned(),
            mobile: None,
            dingtalk_user_id: None,
            active,
            revision,
            ..Person::default()
        };
        let event = PeopleChanged { tenant: self.tenant.clone(), people: vec![person] };
        let message = Message {
            id: shared::id::new_id(),
            topic: PeopleChanged::TOPIC.to_owned(),
            key: event.key(),
            payload: serde_json::to_string(&event).unwrap(),
            request_id: None,
        };
        let bus = Bus::Memory(Memory::named(&format!("{}?alone", *BUS)));
        eventually("the event is handled", || async {
            bus.publish(vec![message.clone()]).await.remove(0).ok()
        })
        .await;
    }
}

/// Somebody's browser: it keeps cookies and follows no redirect by itself.
pub(crate) struct Browser {
    pub(crate) app: TestApp,
    pub(crate) jar: Mutex<BTreeMap<String, String>>,
}

impl Browser {
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.jar.lock().unwrap().get(name).cloned()
    }

    pub(crate) async fn get(&self, address: &str) -> Answered {
        self.send(self.app.http.get(self.app.url(address))).await
    }

    pub(crate) async fn post(&self, address: &str) -> Answered {
        self.send(self.app.http.post(self.app.url(address))).await
    }

    /// As a page of that origin would.
    pub(crate) async fn post_from(&self, address: &str, origin: &str) -> Answered {
        self.send(self.app.http.post(self.app.url(address)).header("origin", origin)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answered {
        let jar = self.jar.lock().unwrap().clone();
        let cookies: Vec<String> =
            jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request =
            if cookies.is_empty() { request } else { request.header("cookie", cookies.join("; ")) };
        let answer = Answered::read(request.send().await.unwrap()).await;
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            let mut jar = self.jar.lock().unwrap();
            if line.contains("Max-Age=0;") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Wants to sign in; gives the query of the ERP's page.
    pub(crate) async fn begin(&self, return_to: &str) -> BTreeMap<String, String> {
        let to: String = url::form_urlencoded::byte_serialize(return_to.as_bytes()).collect();
        let address =
            format!("/aflow/api/oauth2/login?enterprise={}&return_to={to}", self.app.tenant);
        let answer = self.get(&address).await;
        assert_eq!(answer.http, 302, "{answer:?}");
        query(&location(&answer))
    }

    /// Comes back from the ERP.
    pub(crate) async fn come_back(&self, state: &str, code: &str) -> Answered {
        self.get(&format!("/aflow/api/oauth2/callback?code={code}&state={state}")).await
    }

    /// Goes the whole way; gives the last answer.
    pub(crate) async fn sign_in(&self, return_to: &str) -> Answered {
        let state = self.begin(return_to).await["state"].clone();
        self.come_back(&state, "a-code").await
    }
}

/// Where an answer leads.
pub(crate) fn location(answer: &Answered) -> String {
    answer.headers.get("location").map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// The reason of the error page that an answer leads to.
#[track_caller]
pub(crate) fn reason(answer: &Answered) -> String {
    assert_eq!(answer.http, 302, "{answer:?}");
    let to = location(answer);
    assert!(to.starts_with("/aflow/api/oauth2/error?reason="), "{to}");
    assert!(answer.headers.get("set-cookie").is_none(), "{answer:?}");
    query(&to)["reason"].clone()
}

pub(crate) fn query(address: &str) -> BTreeMap<String, String> {
    let query = address.split_once('?').map(|(_, query)| query).unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}
