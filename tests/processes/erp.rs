//! An ERP as it really is: signs, waits for an answer, asks again with the same bytes, or hangs up.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use shared::sign::{Claim, sign};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Where snapshots go.
pub(crate) const SYNC: &str = "/aflow/api/order/sync/task";

/// A signing application.
#[derive(Clone)]
pub(crate) struct Erp {
    http: reqwest::Client,
    gateway: SocketAddr,
    tenant: String,
    secret: String,
}

/// How a client takes it when it gets no answer.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) most_sends: usize,
    pub(crate) pause: Duration,
}

impl Patience {
    /// Takes the first answer.
    pub(crate) const ONCE: Self = Self { most_sends: 1, pause: Duration::ZERO };

    /// Asks once more, a second later than our 503 says.
    pub(crate) const TWICE: Self = Self { most_sends: 2, pause: Duration::from_secs(3) };

    /// Asks again and again for a minute.
    pub(crate) const STUBBORN: Self = Self { most_sends: 240, pause: Duration::from_millis(250) };
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    /// 0 where nothing came back.
    pub(crate) http: u16,
    pub(crate) body: Value,
    pub(crate) took: Duration,
}

impl Answer {
    /// The write is acknowledged.
    pub(crate) fn is_ok(&self) -> bool {
        self.http == 200 && self.body["status"] == 0
    }

    /// Nothing, or a failure of ours: the same bytes may be sent again.
    pub(crate) fn may_be_repeated(&self) -> bool {
        self.http == 0 || self.http >= 500
    }

    pub(crate) fn code(&self) -> &str {
        self.body["data"]["errorCode"].as_str().unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!(self.is_ok(), "{self:?}");
        self.body["data"].clone()
    }
}

impl Erp {
    pub(crate) fn new(gateway: SocketAddr, tenant: &str, secret: &str) -> Self {
        let http = shared::http::client::new(Duration::from_secs(35)).unwrap();
        Self { http, gateway, tenant: tenant.to_owned(), secret: secret.to_owned() }
    }

    /// The same application with another secret.
    pub(crate) fn with_secret(&self, secret: &str) -> Self {
        Self { secret: secret.to_owned(), ..self.clone() }
    }

    /// The `A-Signature` of a request.
    pub(crate) fn header(&self, method: &str, path: &str, body: &[u8]) -> String {
        let target = format!("{method} {path}");
        let target = body.is_empty().then_some(target.as_str());
        let claim = Claim {
            enterprise: &self.tenant,
            app: super::world::APP,
            timestamp: None,
            nonce: None,
            target,
        };
        sign(&claim, &self.secret, body)
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let body = body.to_string().into_bytes();
        let header = self.header("POST", path, &body);
        let request = self.http.post(format!("http://{}{path}", self.gateway)).body(body);
        read(request.header("A-Signature", header).header("Content-Type", "application/json")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let header = self.header("GET", path, b"");
        let request = self.http.get(format!("http://{}{path}", self.gateway));
        read(request.header("A-Signature", header)).await
    }

    /// Posts until there is an answer that is none of our failures; gives the last answer with the
    /// number of sends.
    pub(crate) async fn insist(
        &self,
        path: &str,
        body: &Value,
        patience: Patience,
    ) -> (Answer, usize) {
        let mut sends = 1;
        loop {
            let answer = self.post(path, body).await;
            if !answer.may_be_repeated() || sends == patience.most_sends {
                return (answer, sends);
            }
            tokio::time::sleep(patience.pause).await;
            sends += 1;
        }
    }

    /// The numbers of the orders on a person's to-do list, page by page.
    pub(crate) async fn todo(&self, user: &str) -> Vec<i64> {
        let mut numbers = Vec::new();
        for page in 1.. {
            let path = format!("/aflow/api/task/todo?userCode={user}&page={page}&size=100");
            let data = self.get(&path).await.ok();
            let rows = data["rows"].as_array().unwrap().clone();
            numbers.extend(rows.iter().map(|row| row["orderId"].as_i64().unwrap()));
            if rows.len() < 100 {
                break;
            }
        }
        numbers
    }

    /// A POST as bytes on the wire.
    pub(crate) fn wire(&self, path: &str, body: &Value) -> Vec<u8> {
        let body = body.to_string();
        let header = self.header("POST", path, body.as_bytes());
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: gateway\r\nA-Signature: {header}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        [head.into_bytes(), body.into_bytes()].concat()
    }

    /// Sends the first `sent` bytes, waits, and hangs up without a word.
    pub(crate) async fn hang_up(&self, bytes: &[u8], sent: usize, wait: Duration) {
        let Ok(mut socket) = TcpStream::connect(self.gateway).await else { return };
        if socket.write_all(&bytes[..sent]).await.is_err() {
            return;
        }
        let mut unread = [0; 4_096];
        // The answer may be half read when the client goes.
        let _ = tokio::time::timeout(wait, socket.read(&mut unread)).await;
        // Zero linger resets the connection instead of closing it politely.
        socket.set_zero_linger().unwrap();
    }
}

async fn read(request: reqwest::RequestBuilder) -> Answer {
    let began = Instant::now();
    let nothing = |error: reqwest::Error| (0, Value::String(error.to_string()));
    let (http, body) = match request.send().await {
        Ok(response) => {
            let http = response.status().as_u16();
            match response.text().await {
                Ok(text) => (http, serde_json::from_str(&text).unwrap_or(Value::String(text))),
                Err(error) => nothing(error),
            }
        }
        Err(error) => nothing(error),
    };
    Answer { http, body, took: began.elapsed() }
}
