//! A-Signature: what the gateway checks, in the order of the specification.

use std::sync::Arc;

use actix_web::HttpRequest;
use sha2::{Digest, Sha256};
use shared::clock::Clock;
use shared::code::Code;
use shared::http::reply::ApiError;
use shared::sign::{Envelope, HEADER, PUBLISHED_HEADER, Scheme};

use super::credentials::{Credentials, Known};

/// How far a caller's clock may be off, either way.
const MAX_SKEW_MS: i64 = 300_000;

/// The one sentence for everything that could tell applications apart.
const WRONG: &str = "签名验证失败：应用不存在、已停用或签名不正确";

/// A refusal: what the caller reads, and what the audit log says.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) error: ApiError,
    /// Which check failed; for the audit log only.
    pub(crate) reason: &'static str,
    /// The envelope, where the header could be read.
    pub(crate) envelope: Option<Box<Envelope>>,
}

impl Refusal {
    fn new(
        code: Code,
        message: impl Into<String>,
        reason: &'static str,
        envelope: Option<&Envelope>,
    ) -> Self {
        Self {
            error: ApiError::new(code, message),
            reason,
            envelope: envelope.cloned().map(Box::new),
        }
    }
}

/// Whether a request claims to come from an application.
pub(crate) fn is_sent(request: &HttpRequest) -> bool {
    [HEADER, PUBLISHED_HEADER].iter().any(|name| request.headers().contains_key(*name))
}

/// Step 1: exactly one header value (the published name must agree), hexadecimal, JSON, field rules.
pub(crate) fn read(request: &HttpRequest) -> Result<Envelope, Refusal> {
    let refuse =
        |message: String, reason| Refusal::new(Code::SignatureInvalid, message, reason, None);
    let names = [HEADER, PUBLISHED_HEADER];
    let mut value = None;
    for name in names {
        let mut values = request.headers().get_all(name);
        let Some(first) = values.next() else { continue };
        if values.next().is_some() {
            return Err(refuse("A-Signature 只能出现一次".to_owned(), "header given twice"));
        }
        if value.replace(first).is_some_and(|other| other != first) {
            return Err(refuse("A-Signature 与 X-A-Signature 不一致".to_owned(), "headers differ"));
        }
    }
    let Some(value) = value else {
        return Err(refuse("缺少请求头 A-Signature".to_owned(), "header missing"));
    };
    let text = value.to_str().unwrap_or_default();
    Envelope::parse(text).map_err(|malformed| refuse(malformed.to_string(), "header malformed"))
}

/// A body with its digest, made while it was read.
pub(crate) struct Hashed {
    pub(crate) bytes: bytes::Bytes,
    pub(crate) digest: [u8; 32],
}

impl Hashed {
    pub(crate) fn new(bytes: bytes::Bytes, hasher: Sha256) -> Self {
        Self { bytes, digest: hasher.finalize().into() }
    }
}

/// Steps 3 and 4: application, scheme, target, cipher; clock.
pub(crate) async fn prove(
    envelope: &Envelope,
    body: &Hashed,
    request: &HttpRequest,
    credentials: &Credentials,
    clock: &Clock,
) -> Result<Arc<Known>, Refusal> {
    let known = credentials
        .find(&envelope.enterprise, &envelope.app)
        .await
        .map_err(|error| Refusal { error, reason: "credential not available", envelope: None })?;
    let known = check_cipher(envelope, body, request, known)
        .map_err(|reason| Refusal::new(Code::SignatureInvalid, WRONG, reason, Some(envelope)))?;
    check_clock(envelope, known.credential.require_timestamp, clock)?;
    Ok(known)
}

/// Step 5: the nonce, stored only after everything else was right.
pub(crate) async fn use_nonce(
    envelope: &Envelope,
    credentials: &Credentials,
) -> Result<(), Refusal> {
    let Some(nonce) = &envelope.nonce else { return Ok(()) };
    let fresh = credentials
        .use_nonce(&envelope.enterprise, &envelope.app, nonce)
        .await
        .map_err(|error| Refusal { error, reason: "nonce not checkable", envelope: None })?;
    if fresh {
        return Ok(());
    }
    let message = Code::SignatureReplayed.sentence();
    Err(Refusal::new(Code::SignatureReplayed, message, "nonce seen before", Some(envelope)))
}

/// Always two HMACs, whether the application exists or has one secret or two.
fn check_cipher(
    envelope: &Envelope,
    body: &Hashed,
    request: &HttpRequest,
    known: Option<Arc<Known>>,
) -> Result<Arc<Known>, &'static str> {
    let secrets = known.as_ref().map(|known| &known.credential);
    let current = secrets.map_or("", |credential| credential.secret.as_str());
    let previous = secrets.and_then(|credential| credential.previous_secret.as_deref());
    let by_current = envelope.proves_digest(current, &body.bytes, &body.digest);
    let by_previous =
        envelope.proves_digest(previous.unwrap_or(current), &body.bytes, &body.digest);
    let is_proven = by_current || (previous.is_some() && by_previous);
    let known = known.ok_or("application unknown")?;
    if !known.credential.enabled {
        return Err("application or enterprise disabled");
    }
    if envelope.scheme == Scheme::V0 && !known.credential.accept_v0 {
        return Err("scheme v0 not accepted");
    }
    match &envelope.target {
        Some(target) if *target != target_of(request) => return Err("target differs"),
        None if body.bytes.is_empty() => return Err("target missing for an empty body"),
        Some(_) | None => {}
    }
    if is_proven { Ok(known) } else { Err("cipher wrong") }
}

/// Method, one space, path with its query exactly as sent.
fn target_of(request: &HttpRequest) -> String {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    format!("{} {path}", request.method())
}

fn check_clock(envelope: &Envelope, required: bool, clock: &Clock) -> Result<(), Refusal> {
    let Some(timestamp) = envelope.timestamp else {
        if required {
            let message = "此应用要求签名携带 timestamp";
            return Err(Refusal::new(
                Code::SignatureExpired,
                message,
                "timestamp missing",
                Some(envelope),
            ));
        }
        return Ok(());
    };
    let off = timestamp.saturating_sub(clock.now().timestamp_millis());
    if off.saturating_abs() <= MAX_SKEW_MS {
        return Ok(());
    }
    let word = if off < 0 { "落后" } else { "超前" };
    let message = format!(
        "签名已过期：调用方时钟{word} {} 毫秒，允许误差 {MAX_SKEW_MS} 毫秒",
        off.saturating_abs()
    );
    Err(Refusal::new(Code::SignatureExpired, message, "clock off", Some(envelope)))
}
