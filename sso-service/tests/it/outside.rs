//! The outside of sso-service, each enterprise with its own: an ERP with OAuth2, DingTalk's sign-in,
//! and sync-service's one address. Answers as documented unless it is told otherwise.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{LazyLock, Mutex};

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::contract::directory::{MatchPeople, Matches, PersonMatch};
use shared::identity::{IDENTITY_HEADER, Keys};
use shared::testing;

/// A secret of the ERP that must show up nowhere.
pub(crate) const ERP_TOKEN: &str = "MARK-erp-access-token-71c3";

/// How the outside of an enterprise behaves, and what it has seen.
pub(crate) struct Outside {
    /// Status and body of the token address.
    pub(crate) token: (u16, String),
    /// Status and body of the userinfo address.
    pub(crate) user: (u16, String),
    /// The userinfo address takes a GET only.
    pub(crate) get_only: bool,
    pub(crate) people: Vec<Person>,
    /// Whom DingTalk names for any code.
    pub(crate) dingtalk: Value,
    pub(crate) seen: Vec<Seen>,
}

/// A request that came in.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) address: String,
    pub(crate) kind: String,
    pub(crate) body: String,
    pub(crate) authorization: String,
}

/// Somebody whom sync-service knows.
#[derive(Clone, Default)]
pub(crate) struct Person {
    pub(crate) code: &'static str,
    pub(crate) mobile: &'static str,
    pub(crate) email: &'static str,
    pub(crate) dingtalk: &'static str,
    pub(crate) left: bool,
}

impl Default for Outside {
    fn default() -> Self {
        let token = json!({"accessToken": ERP_TOKEN, "tokenType": "Bearer", "expiresIn": 3600,
            "refreshToken": "MARK-erp-refresh-token-71c4"});
        let user = json!({"userId": "USER001", "username": "zhangsan", "name": "张三",
            "phoneNumber": "13800138000", "email": "zhangsan@example.com", "deptId": "DEPT001"});
        let person = Person {
            code: "USER001",
            mobile: "13800138000",
            email: "zhangsan@example.com",
            ..Person::default()
        };
        Self {
            token: (200, token.to_string()),
            user: (200, user.to_string()),
            get_only: false,
            people: vec![person],
            dingtalk: json!({"userid": "ding1", "unionId": "union1", "nick": "张三", "mobile": "13800138000"}),
            seen: Vec::new(),
        }
    }
}

static OUTSIDES: LazyLock<Mutex<HashMap<String, Outside>>> = LazyLock::new(Mutex::default);

/// Changes or looks at an enterprise's outside.
pub(crate) fn with<R>(tenant: &str, look: impl FnOnce(&mut Outside) -> R) -> R {
    look(OUTSIDES.lock().unwrap().entry(tenant.to_owned()).or_default())
}

pub(crate) static ADDRESS: LazyLock<SocketAddr> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let app = || {
            actix_web::App::new()
                .route("/internal/people/match", web::post().to(match_people))
                .route("/{tenant}/token", web::post().to(token))
                .route("/{tenant}/userinfo", web::to(userinfo))
                .route("/{tenant}/ding/gettoken", web::get().to(ding_token))
                .route("/{tenant}/ding/{path:.*}", web::to(ding))
        };
        actix_web::rt::System::new().block_on(async move {
            let server = actix_web::HttpServer::new(app).workers(2).disable_signals();
            server.listen(listener).unwrap().run().await
        })
    });
    address
});

fn note(tenant: &str, request: &HttpRequest, body: &web::Bytes) {
    let header = |name: &str| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let seen = Seen {
        address: format!("{} {}", request.method(), request.path()),
        kind: header("content-type"),
        body: String::from_utf8_lossy(body).into_owned(),
        authorization: header("authorization"),
    };
    with(tenant, |outside| outside.seen.push(seen));
}

fn answer((status, body): (u16, String)) -> HttpResponse {
    let mut answer = HttpResponse::build(StatusCode::from_u16(status).unwrap());
    if status == 302 {
        answer.insert_header(("location", body.clone()));
    }
    answer.content_type("application/json").body(body)
}

async fn token(path: web::Path<String>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    note(&path, &request, &body);
    answer(with(&path, |outside| outside.token.clone()))
}

async fn userinfo(path: web::Path<String>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    note(&path, &request, &body);
    if with(&path, |outside| outside.get_only) && request.method() != "GET" {
        return answer((405, String::new()));
    }
    answer(with(&path, |outside| outside.user.clone()))
}

async fn ding_token() -> HttpResponse {
    answer((
        200,
        json!({"errcode": 0, "access_token": "app-token", "expires_in": 7200}).to_string(),
    ))
}

async fn ding(
    path: web::Path<(String, String)>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    let (tenant, path) = path.into_inner();
    note(&tenant, &request, &body);
    let person = with(&tenant, |outside| outside.dingtalk.clone());
    let body = match path.as_str() {
        "v1.0/oauth2/userAccessToken" => json!({"accessToken": "person-token", "expireIn": 7200}),
        "v1.0/contact/users/me" => person,
        _ => json!({"errcode": 0, "result": person}),
    };
    answer((200, body.to_string()))
}

async fn match_people(request: HttpRequest, body: web::Json<MatchPeople>) -> HttpResponse {
    let token = request.headers().get(IDENTITY_HEADER).unwrap().to_str().unwrap();
    let keys = Keys::new(&testing::INTERNAL_KEY.to_owned().into(), Clock::system());
    let tenant = keys.verify(token).unwrap().tenant.into_string();
    let mut answer = Matches { department: body.department.clone(), ..Matches::default() };
    with(&tenant, |outside| {
        if outside.people.iter().all(|person| names(person, &body).is_empty())
            && body.create.is_some()
        {
            outside.people.push(Person { code: "NEWCOMER", ..Person::default() });
            answer.created = true;
            answer.matches.push(found(outside.people.last().unwrap(), "code"));
        }
        for person in &outside.people {
            answer.matches.extend(names(person, &body).into_iter().map(|by| found(person, by)));
        }
    });
    HttpResponse::Ok().json(json!({"status": 0, "msg": "success", "data": answer}))
}

fn names(person: &Person, wanted: &MatchPeople) -> Vec<&'static str> {
    let is = |wanted: &Option<String>, own: &str| !own.is_empty() && wanted.as_deref() == Some(own);
    let parts = [
        ("code", is(&wanted.user_code, person.code)),
        ("bound", is(&wanted.bound_user_code, person.code)),
        ("mobile", is(&wanted.mobile, person.mobile)),
        ("email", is(&wanted.email, person.email)),
        ("dingtalk", is(&wanted.dingtalk_user_id, person.dingtalk)),
        ("dingtalkMobile", is(&wanted.dingtalk_mobile, person.mobile)),
    ];
    parts.into_iter().filter(|(_, fits)| *fits).map(|(by, _)| by).collect()
}

fn found(person: &Person, by: &str) -> PersonMatch {
    PersonMatch {
        user_code: person.code.to_owned(),
        name: "张三".to_owned(),
        active: !person.left,
        revision: 5,
        dept_id: "DEPT001".to_owned(),
        by: by.to_owned(),
    }
}
