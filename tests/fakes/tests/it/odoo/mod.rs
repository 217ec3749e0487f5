//! The fake Odoo over real HTTP: pages, codes, tokens, and what it does when told to misbehave.

mod authorize;
mod faults;
mod token;
mod userinfo;
mod workflow;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use fakes::odoo::{Odoo, Options};
use reqwest::{Client, Response, redirect::Policy};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const REDIRECT: &str = "http://127.0.0.1:7020/aflow/api/oauth2/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// One fake, its clock standing, and a browser that follows nothing by itself.
struct Erp {
    fake: Odoo,
    http: Client,
}

/// An answer of the two addresses that aiflow calls.
struct Reply {
    status: u16,
    body: Value,
}

impl Erp {
    async fn start() -> Erp {
        drop(rustls::crypto::ring::default_provider().install_default());
        let options = Options { clock_at: "2026-08-03T02:00:00Z".parse().ok(), ..Options::demo() };
        let http = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Erp { fake: Odoo::start(options).await.unwrap(), http }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.fake.base_url())
    }

    /// What aiflow asks a browser for, with some parameters changed; an empty one is left out.
    fn asked(changes: &[(&str, &str)]) -> Vec<(String, String)> {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let usual = [
            ("client_id", "aiflow"),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", "s-1"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        let changed = |name: &str| changes.iter().find(|(known, _)| *known == name);
        let pair = |(name, value): (&str, &str)| {
            let value = changed(name).map_or(value, |(_, value)| *value);
            (!value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
        };
        usual.into_iter().filter_map(pair).collect()
    }

    async fn authorize(&self, changes: &[(&str, &str)], cookie: Option<&str>) -> Response {
        let mut request = self.http.get(self.fake.authorize_url()).query(&Self::asked(changes));
        if let Some(cookie) = cookie {
            request = request.header("Cookie", cookie);
        }
        request.send().await.unwrap()
    }

    async fn submit(&self, path: &str, form: &[(&str, &str)], cookie: Option<&str>) -> Response {
        let mut request = self.http.post(self.url(path)).form(form);
        if let Some(cookie) = cookie {
            request = request.header("Cookie", cookie);
        }
        request.send().await.unwrap()
    }

    /// The session cookie of whoever signs in with this name.
    async fn sign_in(&self, username: &str) -> String {
        let password = format!("{username}-password");
        let form = [("login", username), ("password", &password), ("redirect", "")];
        let answer = self.submit("/web/login", &form, None).await;
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    /// A fresh code of 张三, asked for with these changes.
    async fn code(&self, changes: &[(&str, &str)]) -> String {
        let cookie = self.sign_in("zhangsan").await;
        let answer = self.authorize(changes, Some(&cookie)).await;
        from_query(&location(&answer), "code").unwrap()
    }

    /// Exchanges a code; what is null in `changes` is left out.
    async fn exchange(&self, code: &str, changes: Value) -> Reply {
        let body = json!({
            "clientId": "aiflow", "clientSecret": "aiflow-client-secret", "code": code,
            "grantType": "authorization_code", "redirectUri": REDIRECT, "codeVerifier": VERIFIER,
        });
        self.token(merged(body, changes)).await
    }

    async fn token(&self, body: Value) -> Reply {
        reply(self.http.post(self.fake.token_url()).json(&body).send().await.unwrap()).await
    }

    /// A good access token of 张三, and its refresh token.
    async fn tokens(&self) -> (String, String) {
        let answer = self.exchange(&self.code(&[]).await, json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let text = |name: &str| answer.body[name].as_str().unwrap().to_owned();
        (text("accessToken"), text("refreshToken"))
    }

    async fn userinfo(&self, token: &str) -> Reply {
        let request = self.http.post(self.fake.userinfo_url()).bearer_auth(token);
        reply(request.send().await.unwrap()).await
    }
}

impl Reply {
    #[track_caller]
    fn refuses(&self, status: u16, error: &str) {
        assert_eq!((self.status, &self.body["error"]), (status, &json!(error)), "{}", self.body);
        assert!(self.body["error_description"].is_string());
    }
}

async fn reply(response: Response) -> Reply {
    Reply { status: response.status().as_u16(), body: response.json().await.unwrap_or_default() }
}

#[track_caller]
fn location(answer: &Response) -> String {
    assert_eq!(answer.status(), 302);
    answer.headers()["location"].to_str().unwrap().to_owned()
}

fn from_query(address: &str, name: &str) -> Option<String> {
    let address = reqwest::Url::parse(address).unwrap();
    address.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

fn merged(mut body: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(body.as_object_mut().unwrap().remove(name)),
            value => body[name] = value.clone(),
        }
    }
    body
}
