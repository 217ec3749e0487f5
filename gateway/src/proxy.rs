//! Forwards a proven request to its service and streams the answer back.

use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::http::Uri;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse};
use anyhow::Context;
use awc::Client;
use bytes::Bytes;
use shared::code::Code;
use shared::http::reply::ApiError;
use shared::http::request_id;
use shared::identity::{IDENTITY_HEADER, REQUEST_ID_HEADER};

use crate::config::Services;
use crate::routes::Target;

/// One client for each request thread: its connections stay open.
pub(crate) fn client(timeout: Duration) -> Client {
    let connector = awc::Connector::new()
        .limit(512)
        .conn_keep_alive(Duration::from_secs(30))
        .timeout(Duration::from_secs(3));
    Client::builder()
        .connector(connector)
        .timeout(timeout)
        .disable_redirects()
        .no_default_headers()
        .finish()
}

/// Where the services listen, read once.
pub(crate) struct Bases {
    flow: Uri,
    task: Uri,
    sync: Uri,
    sso: Uri,
}

impl Bases {
    pub(crate) fn new(services: &Services) -> anyhow::Result<Self> {
        let read = |name: &str, text: &str| {
            let uri: Uri = text
                .trim_end_matches('/')
                .parse()
                .with_context(|| format!("services.{name} is no address"))?;
            anyhow::ensure!(uri.host().is_some(), "services.{name} must be like http://host:port");
            Ok(uri)
        };
        Ok(Self {
            flow: read("flow", &services.flow)?,
            task: read("task", &services.task)?,
            sync: read("sync", &services.sync)?,
            sso: read("sso", &services.sso)?,
        })
    }

    /// Where a target's service listens.
    pub(crate) fn of(&self, target: Target) -> Option<&Uri> {
        match target {
            Target::Flow => Some(&self.flow),
            Target::Task => Some(&self.task),
            Target::Sync => Some(&self.sync),
            Target::Sso => Some(&self.sso),
            Target::Home | Target::Later => None,
        }
    }
}

/// The service's address with the request's own path and query.
pub(crate) fn address(base: &Uri, request: &HttpRequest) -> Result<Uri, ApiError> {
    let mut parts = base.clone().into_parts();
    parts.path_and_query = request.uri().path_and_query().cloned();
    Uri::from_parts(parts).map_err(|cause| {
        tracing::error!(%cause, "an address could not be made");
        ApiError::of(Code::Internal)
    })
}

/// Sends the request with our headers only: nothing the caller claims about identity gets through.
pub(crate) async fn forward(
    client: &Client,
    base: &Uri,
    request: &HttpRequest,
    body: Bytes,
    token: HeaderValue,
) -> Result<HttpResponse, ApiError> {
    let address = address(base, request)?;
    let mut retried = false;
    let answer = loop {
        let outgoing = client
            .request(request.method().clone(), address.clone())
            .insert_header((IDENTITY_HEADER, token.clone()))
            .insert_header((REQUEST_ID_HEADER, request_id::current().unwrap_or_default()))
            .insert_header((CONTENT_TYPE, "application/json"));
        match outgoing.send_body(body.clone()).await {
            Ok(answer) => break answer,
            // The service may have just restarted behind a kept connection. Every address is
            // idempotent, so asking once more is safe.
            Err(cause) if !retried && !matches!(cause, awc::error::SendRequestError::Timeout) => {
                tracing::debug!(%cause, "asking the service again");
                retried = true;
            }
            Err(cause) => {
                // Not the whole address: its query may name people.
                tracing::warn!(%cause, service = %base, path = request.path(), "the service did not answer");
                let mut error = ApiError::of(Code::Unavailable);
                error.retry_after_secs = Some(2);
                return Err(error);
            }
        }
    };
    let mut response = HttpResponse::build(answer.status());
    for name in [CONTENT_TYPE, RETRY_AFTER] {
        if let Some(value) = answer.headers().get(&name) {
            response.insert_header((name, value.clone()));
        }
    }
    let length =
        answer.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    Ok(match length {
        Some(length) => response.body(SizedStream::new(length, answer)),
        None => response.streaming(answer),
    })
}
