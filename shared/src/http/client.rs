//! HTTP to others: with time limits, without redirects, answers read to a limit.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fault::FieldError;
use crate::identity::{Caller, IDENTITY_HEADER, Keys, REQUEST_ID_HEADER};

/// The most that is read of any answer.
pub const ANSWER_MAX_BYTES: usize = 4 * 1024 * 1024;

/// A client whose calls end within `timeout`, redirects not followed.
pub fn new(timeout: Duration) -> anyhow::Result<reqwest::Client> {
    Ok(builder(timeout).build()?)
}

/// The same, for whoever has more to say about it.
pub fn builder(timeout: Duration) -> reqwest::ClientBuilder {
    // Installing twice is refused and harmless: the first provider serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(timeout)
        .connect_timeout(timeout.min(Duration::from_secs(5)))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("aiflow")
}

/// Reads an answer's body, at most `limit` bytes of it.
pub async fn read_limited(mut response: reqwest::Response, limit: usize) -> Result<Bytes, Error> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit {
            return Err(Error::TooLong(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Why a call had no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection, a time-out, a cut connection.
    #[error("no answer")]
    Network(#[from] reqwest::Error),
    /// The answer is longer than we read.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    /// The answer is not what the address promises.
    #[error("not the promised answer: {0}")]
    Unexpected(String),
    /// The service refused.
    #[error("refused with {code}: {message}")]
    Refused {
        /// Its `errorCode`.
        code: String,
        /// Its `errorMessage`.
        message: String,
        /// Its `errorDetails`.
        details: Vec<FieldError>,
    },
}

/// Another service of the house, by its internal address.
#[derive(Clone)]
pub struct Peer {
    client: reqwest::Client,
    keys: Keys,
    base: String,
}

impl Peer {
    /// A peer at `base`, such as `http://127.0.0.1:7023`.
    pub fn new(base: &str, keys: Keys, timeout: Duration) -> anyhow::Result<Self> {
        Ok(Self { client: new(timeout)?, keys, base: base.trim_end_matches('/').to_owned() })
    }

    /// Posts to an internal address on behalf of `caller` and reads the envelope's `data`.
    pub async fn post<I: Serialize + Sync, O: DeserializeOwned>(
        &self,
        caller: &Caller,
        path: &str,
        body: &I,
    ) -> Result<O, Error> {
        self.send(self.client.post(format!("{}{path}", self.base)).json(body), caller).await
    }

    /// Gets an internal address on behalf of `caller` and reads the envelope's `data`.
    pub async fn get<O: DeserializeOwned>(&self, caller: &Caller, path: &str) -> Result<O, Error> {
        self.send(self.client.get(format!("{}{path}", self.base)), caller).await
    }

    async fn send<O: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
        caller: &Caller,
    ) -> Result<O, Error> {
        let token =
            self.keys.issue(caller).map_err(|error| Error::Unexpected(error.to_string()))?;
        let mut request = request.header(IDENTITY_HEADER, token);
        if let Some(id) = super::request_id::current() {
            request = request.header(REQUEST_ID_HEADER, id);
        }
        let body = read_limited(request.send().await?, ANSWER_MAX_BYTES).await?;
        let envelope: serde_json::Value =
            serde_json::from_slice(&body).map_err(|error| Error::Unexpected(error.to_string()))?;
        let text = |name: &str| {
            envelope
                .pointer(&format!("/data/{name}"))
                .and_then(|value| value.as_str())
                .unwrap_or_default()
                .to_owned()
        };
        if envelope.get("status").and_then(serde_json::Value::as_i64) != Some(0) {
            return Err(Error::Refused {
                code: text("errorCode"),
                message: text("errorMessage"),
                details: details(&envelope),
            });
        }
        let data = envelope.get("data").cloned().unwrap_or_default();
        serde_json::from_value(data).map_err(|error| Error::Unexpected(error.to_string()))
    }
}

/// The fields that a refusal names.
fn details(envelope: &serde_json::Value) -> Vec<FieldError> {
    let named = envelope.pointer("/data/errorDetails").and_then(|value| value.as_array());
    let text = |detail: &serde_json::Value, name: &str| {
        detail.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
    };
    let read = |detail| FieldError::malformed(text(detail, "field"), text(detail, "message"));
    named.map(|details| details.iter().map(read).collect()).unwrap_or_default()
}
