//! One request, step by step: address, limits, header, body, proof, forward.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{BytesMut, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use awc::Client;
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use shared::clock::Clock;
use shared::code::Code;
use shared::contract::access::Refused;
use shared::http::health::Draining;
use shared::http::reply::ApiError;
use shared::http::request_id;

use crate::auth::credentials::Credentials;
use crate::auth::refusals::Refusals;
use crate::auth::session::Sessions;
use crate::auth::signature::{self, Hashed, Refusal};
use crate::config::Services;
use crate::limit::Limits;
use crate::proxy::{self, Bases};
use crate::routes::{Found, Route, Table, Target, Who};
use crate::{open, person};

/// What the door needs; shared by all threads.
pub(crate) struct Door {
    pub(crate) table: Table,
    pub(crate) credentials: Credentials,
    pub(crate) sessions: Sessions,
    /// Our public address, as browsers write it in `Origin`.
    pub(crate) origin: String,
    pub(crate) session_cookie: String,
    pub(crate) refusals: Refusals,
    pub(crate) limits: Limits,
    pub(crate) services: Services,
    pub(crate) bases: Bases,
    pub(crate) body_deadline: Duration,
    pub(crate) clock: Clock,
    pub(crate) draining: Draining,
}

/// Every address of the services comes through here.
pub(crate) async fn enter(
    door: Data<Door>,
    client: Data<Client>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    if let Some(peer) = request.peer_addr() {
        door.limits.check_address(peer.ip())?;
    }
    let route = match door.table.find(request.method(), request.path()) {
        Found::Route(route) => route,
        Found::OtherMethod(allow) => return Err(method_not_allowed(allow)),
        Found::Nothing => return Err(ApiError::of(Code::NotFound)),
    };
    match route.who {
        Who::Anyone => open::serve(&door, &client, &request, payload, route).await,
        Who::Both if !signature::is_sent(&request) => {
            person::serve(&door, &client, &request, payload, route).await
        }
        Who::Application | Who::Both => {
            serve_application(&door, &client, &request, payload, route).await
        }
    }
}

async fn serve_application(
    door: &Arc<Door>,
    client: &Client,
    request: &HttpRequest,
    payload: Payload,
    route: &Route,
) -> Result<HttpResponse, ApiError> {
    let envelope = signature::read(request).map_err(|refusal| door.refuse(refusal, request))?;
    check_form(request)?;
    let body = door.read_body(request, payload, route.body_max_bytes).await?;
    let known = signature::prove(&envelope, &body, request, &door.credentials, &door.clock)
        .await
        .map_err(|refusal| door.refuse(refusal, request))?;
    door.limits.check_application(&envelope.enterprise, &envelope.app)?;
    // Last, so that a request refused for another reason may be sent again as it is.
    signature::use_nonce(&envelope, &door.credentials)
        .await
        .map_err(|refusal| door.refuse(refusal, request))?;
    let Some(base) = door.bases.of(route.target) else {
        return Err(ApiError::of(Code::NotSupported));
    };
    debug_assert_ne!(route.target, Target::Later);
    let token = door.credentials.token(&known)?;
    proxy::forward(client, base, request, body.bytes, token).await
}

/// The signature covers the bytes on the wire, so an encoded body cannot be checked; and a body
/// that is not declared as JSON may come from a web form of another site.
pub(crate) fn check_form(request: &HttpRequest) -> Result<(), ApiError> {
    check_json(request, matches!(*request.method(), Method::POST | Method::PUT))
}

/// The same where only some requests carry a body.
pub(crate) fn check_json(request: &HttpRequest, carries_body: bool) -> Result<(), ApiError> {
    let is_encoded = request
        .headers()
        .get(CONTENT_ENCODING)
        .is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if is_encoded || (carries_body && !is_json(request)) {
        return Err(ApiError::new(
            Code::UnsupportedMediaType,
            "请求头 Content-Type 应为 application/json，且不支持 Content-Encoding",
        ));
    }
    Ok(())
}

fn is_json(request: &HttpRequest) -> bool {
    let text = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut parts = text.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    is_json
        && parts.all(|part| match part.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
                value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

impl Door {
    /// Reads the body to its limit and deadline while it is hashed.
    pub(crate) async fn read_body(
        &self,
        request: &HttpRequest,
        payload: Payload,
        limit: usize,
    ) -> Result<Hashed, ApiError> {
        let declared = request
            .headers()
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if declared.is_some_and(|length| length > limit) {
            return Err(too_large(limit));
        }
        match tokio::time::timeout(
            self.body_deadline,
            read_hashed(payload, declared.unwrap_or(0), limit),
        )
        .await
        {
            Ok(outcome) => outcome,
            Err(_) => Err(ApiError::of(Code::RequestTimeout)),
        }
    }

    /// Writes a refusal to the log and to the audit log; the header itself goes nowhere.
    pub(crate) fn refuse(&self, refusal: Refusal, request: &HttpRequest) -> ApiError {
        let Refusal { error, reason, envelope } = refusal;
        let (tenant, app) =
            envelope.map_or_else(Default::default, |envelope| (envelope.enterprise, envelope.app));
        tracing::info!(tenant, app, reason, code = error.code.name(), "request refused");
        metrics::counter!("gateway_refused", "code" => error.code.name()).increment(1);
        self.refusals.note(Refused {
            tenant,
            app,
            request_id: request_id::current().unwrap_or_default(),
            address: format!("{} {}", request.method(), request.path()),
            code: error.code.name().to_owned(),
            reason: reason.to_owned(),
        });
        error
    }
}

async fn read_hashed(
    mut payload: Payload,
    expected: usize,
    limit: usize,
) -> Result<Hashed, ApiError> {
    let mut bytes = BytesMut::with_capacity(expected);
    let mut hasher = Sha256::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|cause| {
            tracing::debug!(%cause, "the body was cut");
            ApiError::new(Code::InvalidParameter, "请求体未能完整接收")
        })?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        hasher.update(&chunk);
        bytes.extend_from_slice(&chunk);
    }
    Ok(Hashed::new(bytes.freeze(), hasher))
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(Code::BodyTooLarge, format!("请求体过大，上限为 {limit} 字节"))
}

fn method_not_allowed(allow: &str) -> ApiError {
    let mut error = ApiError::of(Code::MethodNotAllowed);
    error.allow = Some(allow.to_owned());
    error
}
