//! A service of a few lines: shows what reached it, and answers, or breaks the connection.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Method and path with its query.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Seen {
    /// A header's value, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Nothing = the connection is cut.
pub(crate) type Answer = Pin<Box<dyn Future<Output = Option<String>> + Send>>;

/// Listens until the test's runtime ends.
pub(crate) struct StandIn {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl StandIn {
    pub(crate) async fn start(answer: impl Fn(Seen) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (noted, answer) = (seen.clone(), Arc::new(answer));
        shared::telemetry::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared::telemetry::spawn(serve(stream, noted.clone(), answer.clone()));
            }
        });
        Self { address, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What reached it at this method and path.
    pub(crate) fn seen(&self, target: &str) -> Vec<Seen> {
        let all = self.seen.lock().unwrap();
        let fits = |one: &&Seen| one.target.split('?').next() == Some(target);
        all.iter().filter(fits).cloned().collect()
    }
}

async fn serve(
    mut stream: TcpStream,
    noted: Arc<Mutex<Vec<Seen>>>,
    answer: Arc<impl Fn(Seen) -> Answer + Send + Sync + 'static>,
) {
    let mut received = Vec::new();
    while let Some(request) = read(&mut stream, &mut received).await {
        noted.lock().unwrap().push(request.clone());
        let Some(text) = answer(request).await else { return };
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Reads one request; its body is thrown away.
async fn read(stream: &mut TcpStream, received: &mut Vec<u8>) -> Option<Seen> {
    loop {
        if let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(received[..end].to_vec()).unwrap();
            let mut lines = head.split("\r\n");
            let target = lines.next()?.trim_end_matches(" HTTP/1.1").to_owned();
            let pair = |line: &str| {
                let (name, value) = line.split_once(':')?;
                Some((name.to_lowercase(), value.trim().to_owned()))
            };
            let seen = Seen { target, headers: lines.filter_map(pair).collect() };
            let length = seen.header("content-length").map_or(0, |text| text.parse().unwrap());
            while received.len() < end + 4 + length {
                more(stream, received).await?;
            }
            received.drain(..end + 4 + length);
            return Some(seen);
        }
        more(stream, received).await?;
    }
}

async fn more(stream: &mut TcpStream, received: &mut Vec<u8>) -> Option<()> {
    let count = stream.read_buf(received).await.ok()?;
    (count > 0).then_some(())
}

/// An answer with these headers.
pub(crate) fn http(status: &str, headers: &[(&str, &str)], body: &str) -> String {
    let headers: String =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// A success in the envelope.
pub(crate) fn data(data: Value) -> String {
    let body = json!({"status": 0, "msg": "success", "data": data}).to_string();
    http("200 OK", &[("Content-Type", "application/json")], &body)
}
