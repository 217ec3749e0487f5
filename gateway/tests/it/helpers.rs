//! One gateway for each test, a stand-in of sso-service whose keys we hold, and sessions made here.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gateway::App;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use shared::bus::memory::Memory;
use shared::bus::{Bus, Message};
use shared::clock::Clock;
use shared::contract::Event;
use shared::contract::session::SessionEnded;
use shared::identity::{IDENTITY_HEADER, Keys, csrf_token};
use shared::service::Service;
use shared::testing::{self, Answered, unique};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::stand_in::{Seen, StandIn, data, http};

pub(crate) const TENANT: &str = "COMPANY001";
pub(crate) const TODO: &str = "/aflow/api/task/todo";
pub(crate) const READ: &str = "/aflow/api/task/read";
pub(crate) const ORIGIN: &str = "http://127.0.0.1:7020";

/// What sso-service would know.
#[derive(Default)]
pub(crate) struct Sso {
    /// The seeds of its keys; `kN` is the one made of `N`.
    pub(crate) keys: Vec<u8>,
    pub(crate) ended: HashSet<String>,
    pub(crate) is_away: bool,
    /// Answers about a session wait for a permit.
    pub(crate) gate: Option<Arc<Semaphore>>,
}

pub(crate) struct TestApp {
    pub(crate) sso: StandIn,
    pub(crate) task: StandIn,
    pub(crate) state: Arc<Mutex<Sso>>,
    pub(crate) http: reqwest::Client,
    gateway: String,
    bus: Bus,
    _stop: tokio_util::sync::DropGuard,
}

impl TestApp {
    pub(crate) async fn spawn() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let state = Arc::new(Mutex::new(Sso { keys: vec![1], ..Sso::default() }));
        let asked = state.clone();
        let sso = StandIn::start(move |seen| Box::pin(answer(asked.clone(), seen))).await;
        let task =
            StandIn::start(|_| Box::pin(async { Some(data(json!({"total": 0, "rows": []}))) }))
                .await;
        let bus = unique("gateway");
        let mut overrides = testing::overrides("unused", &bus);
        overrides.insert("metrics.address".to_owned(), "127.0.0.1:0".to_owned());
        overrides.insert("services.sso".to_owned(), sso.url());
        overrides.insert("services.task".to_owned(), task.url());
        for (name, value) in settings {
            overrides.insert((*name).to_owned(), (*value).to_owned());
        }
        let config = shared::config::load(App::NAME, App::DEFAULTS, &overrides).unwrap();
        let app = App::build(config, Clock::system()).await.unwrap();
        let gateway = format!("http://{}", app.address());
        let stop = CancellationToken::new();
        shared::telemetry::spawn(app.run(stop.clone()));
        let http = shared::http::client::new(Duration::from_secs(20)).unwrap();
        let bus = Bus::Memory(Memory::named(&format!("{bus}?alone")));
        Self { sso, task, state, http, gateway, bus, _stop: stop.drop_guard() }
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answered {
        self.send(reqwest::Method::GET, path, headers, None).await
    }

    /// Posts `{}`.
    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)]) -> Answered {
        self.send(reqwest::Method::POST, path, headers, Some("{}".to_owned())).await
    }

    pub(crate) async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Answered {
        let mut request = self.http.request(method, format!("{}{path}", self.gateway));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        Answered::read(request.send().await.unwrap()).await
    }

    /// With a bearer, the to-do list.
    pub(crate) async fn todo(&self, token: &str) -> Answered {
        self.get(TODO, &[("Authorization", &format!("Bearer {token}"))]).await
    }

    /// Tells the gateway that sessions ended, and waits until it has heard.
    pub(crate) async fn end(&self, sid: &str) {
        let fact = SessionEnded { tenant: TENANT.to_owned(), sessions: vec![sid.to_owned()] };
        self.publish(serde_json::to_value(fact).unwrap()).await;
    }

    pub(crate) async fn publish(&self, payload: Value) {
        let message = Message {
            id: shared::id::new_id(),
            topic: SessionEnded::TOPIC.to_owned(),
            key: TENANT.to_owned(),
            payload: payload.to_string(),
            request_id: None,
        };
        testing::eventually("the gateway hears it", || async {
            self.bus.publish(vec![message.clone()]).await.remove(0).ok()
        })
        .await;
    }

    pub(crate) fn sso(&self, change: impl FnOnce(&mut Sso)) {
        change(&mut self.state.lock().unwrap());
    }
}

async fn answer(state: Arc<Mutex<Sso>>, seen: Seen) -> Option<String> {
    let (gate, is_away) = {
        let state = state.lock().unwrap();
        (state.gate.clone(), state.is_away)
    };
    if is_away {
        return None;
    }
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    let asker = seen.header(IDENTITY_HEADER).and_then(|token| keys().verify(token));
    match path {
        "GET /internal/session/keys" => {
            asker.unwrap().require_service().unwrap();
            let keys = state.lock().unwrap().keys.clone();
            let keys: Vec<Value> = keys
                .iter()
                .map(|seed| json!({"kid": format!("k{seed}"), "x": public(*seed)}))
                .collect();
            Some(data(json!({"issuer": "aiflow", "audience": "aiflow", "keys": keys})))
        }
        "GET /internal/session" => {
            assert_eq!(asker.unwrap().tenant.as_str(), TENANT);
            let sid = query.trim_start_matches("id=");
            let active = !state.lock().unwrap().ended.contains(sid);
            if let Some(gate) = gate {
                gate.acquire().await.unwrap().forget();
            }
            Some(data(json!({"active": active})))
        }
        "POST /internal/credential" => Some(data(Value::Null)),
        "GET /aflow/api/oauth2/callback" if query.contains("code=break") => None,
        "GET /aflow/api/oauth2/me" if query.contains("break") => None,
        "GET /aflow/api/oauth2/callback" => Some(http(
            "302 Found",
            &[
                ("Location", "/wanted?page=1"),
                ("Set-Cookie", "aiflow_session=a; HttpOnly; Path=/"),
                ("Set-Cookie", "aiflow_refresh=b; HttpOnly; Path=/"),
                ("Set-Cookie", "aiflow_csrf=c; Path=/"),
                ("Cache-Control", "no-store"),
                ("Referrer-Policy", "no-referrer"),
                ("Content-Security-Policy", "default-src 'none'"),
                ("X-Content-Type-Options", "nosniff"),
                ("Server", "inner"),
            ],
            "",
        )),
        _ => Some(data(json!({"success": true}))),
    }
}

fn keys() -> Keys {
    Keys::new(&testing::INTERNAL_KEY.to_owned().into(), Clock::system())
}

/// What the identity header of a forwarded request says.
pub(crate) fn caller_of(seen: &Seen) -> shared::identity::Caller {
    keys().verify(seen.header(IDENTITY_HEADER).unwrap()).unwrap()
}

/// The value of `X-CSRF-Token` for a session.
pub(crate) fn csrf(sid: &str) -> String {
    csrf_token(&testing::INTERNAL_KEY.to_owned().into(), sid)
}

/// An Ed25519 key made of one byte, as PKCS #8.
pub(crate) fn signing_key(seed: u8) -> EncodingKey {
    let mut der = vec![
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    der.extend([seed; 32]);
    EncodingKey::from_ed_der(&der)
}

pub(crate) fn public(seed: u8) -> String {
    let jwk = Jwk::from_encoding_key(&signing_key(seed), Algorithm::EdDSA).unwrap();
    match jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(pair) => pair.x,
        other => panic!("{other:?}"),
    }
}

/// What a good token of this session says.
pub(crate) fn claims(sid: &str) -> Value {
    let now = Clock::system().now().timestamp();
    json!({"iss": "aiflow", "aud": "aiflow", "sub": "USER001", "tenant": TENANT, "sid": sid, "name": "<张三>",
        "iat": now, "nbf": now, "exp": now + 3600, "jti": unique("j")})
}

/// A token signed with the key made of `seed`, which it names.
pub(crate) fn signed(seed: u8, claims: &Value) -> String {
    let header = Header { kid: Some(format!("k{seed}")), ..Header::new(Algorithm::EdDSA) };
    jsonwebtoken::encode(&header, claims, &signing_key(seed)).unwrap()
}

/// A good token of a session that stands.
pub(crate) fn token(sid: &str) -> String {
    signed(1, &claims(sid))
}
