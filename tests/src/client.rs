//! An application as it calls the gateway: signs what it sends, in any way a test wants.

use serde_json::Value;
use shared::sign::{Claim, sign};
use shared::testing::Answered;

/// How a request is signed.
#[derive(Clone, Debug, Default)]
pub struct Signing {
    /// Unix milliseconds.
    pub timestamp: Option<i64>,
    /// Only with a timestamp.
    pub nonce: Option<String>,
    /// Absent = the request's own where the body is empty, none otherwise.
    pub target: Option<String>,
}

/// A signing client.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    tenant: String,
    app: String,
    secret: String,
}

impl Client {
    pub(crate) fn new(
        http: reqwest::Client,
        base: &str,
        tenant: &str,
        app: &str,
        secret: &str,
    ) -> Self {
        let [base, tenant, app, secret] = [base, tenant, app, secret].map(str::to_owned);
        Self { http, base, tenant, app, secret }
    }

    /// Posts JSON, signed the documented way.
    pub async fn post(&self, path: &str, body: &Value) -> Answered {
        self.send("POST", path, body.to_string().into_bytes(), &Signing::default()).await
    }

    /// Gets, signed over its target.
    pub async fn get(&self, path: &str) -> Answered {
        self.send("GET", path, Vec::new(), &Signing::default()).await
    }

    /// The header for a request.
    pub fn header(&self, method: &str, path: &str, body: &[u8], signing: &Signing) -> String {
        let own = format!("{method} {path}");
        let target = match &signing.target {
            Some(target) => Some(target.as_str()),
            None => body.is_empty().then_some(own.as_str()),
        };
        let claim = Claim {
            enterprise: &self.tenant,
            app: &self.app,
            timestamp: signing.timestamp,
            nonce: signing.nonce.as_deref(),
            target,
        };
        sign(&claim, &self.secret, body)
    }

    /// Sends bytes with a right signature.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        body: Vec<u8>,
        signing: &Signing,
    ) -> Answered {
        let header = self.header(method, path, &body, signing);
        self.send_raw(
            method,
            path,
            body,
            &[("A-Signature", &header), ("Content-Type", "application/json")],
        )
        .await
    }

    /// Sends bytes with exactly these headers.
    pub async fn send_raw(
        &self,
        method: &str,
        path: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Answered {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.base)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answered::read(request.send().await.unwrap()).await
    }
}
