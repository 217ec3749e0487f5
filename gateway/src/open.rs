//! Addresses that nobody signs: our home page, and signing in, which sso-service does with the
//! caller's own cookies.

use std::sync::Arc;

use actix_web::body::SizedStream;
use actix_web::http::Uri;
use actix_web::http::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    COOKIE, HeaderName, LOCATION, ORIGIN, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE, USER_AGENT,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use awc::error::SendRequestError;
use awc::{Client, ClientResponse};
use bytes::Bytes;
use serde_json::Value;
use shared::code::Code;
use shared::http::reply::ApiError;
use shared::http::request_id;
use shared::identity::REQUEST_ID_HEADER;

use crate::auth::csrf;
use crate::door::{Door, check_json};
use crate::routes::{Manner, Route, Target};
use crate::{person, proxy, web};

/// What sso-service needs of a request. Whatever else it claims stays outside.
const ONWARD: [HeaderName; 7] = [
    COOKIE,
    AUTHORIZATION,
    CONTENT_TYPE,
    ACCEPT,
    USER_AGENT,
    ORIGIN,
    HeaderName::from_static(csrf::FETCH_SITE_HEADER),
];

/// What a browser needs of the answer.
const BACK: [HeaderName; 9] = [
    CONTENT_TYPE,
    RETRY_AFTER,
    LOCATION,
    SET_COOKIE,
    CACHE_CONTROL,
    CONTENT_SECURITY_POLICY,
    REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
    WWW_AUTHENTICATE,
];

/// The longest answer to a guess: two tokens and a few words.
const GUESS_MAX_BYTES: usize = 64 * 1024;

/// Serves an address that anybody may call.
pub(crate) async fn serve(
    door: &Arc<Door>,
    client: &Client,
    request: &HttpRequest,
    payload: Payload,
    route: &Route,
) -> Result<HttpResponse, ApiError> {
    let answer = match route.target {
        Target::Home => web::home(door, request).await,
        Target::Sso => sign_in(door, client, request, payload, route).await,
        Target::Flow | Target::Task | Target::Sync | Target::Later => {
            Err(ApiError::of(Code::NotSupported))
        }
    };
    match answer {
        Err(error)
            if error.code == Code::Unavailable
                && !csrf::is_write(request)
                && web::is_wanted(request) =>
        {
            Ok(web::sorry(request, &error))
        }
        answer => answer,
    }
}

async fn sign_in(
    door: &Arc<Door>,
    client: &Client,
    request: &HttpRequest,
    payload: Payload,
    route: &Route,
) -> Result<HttpResponse, ApiError> {
    if route.manner != Manner::Plain
        && let Some(peer) = request.peer_addr()
    {
        door.limits.check_login(peer.ip())?;
    }
    let body = door.read_body(request, payload, route.body_max_bytes).await?.bytes;
    // A form of another site says its type also where it is empty.
    let is_typed = csrf::is_write(request) && request.headers().contains_key(CONTENT_TYPE);
    check_json(request, is_typed || !body.is_empty())?;
    if csrf::is_write(request) {
        csrf::check_site(request.headers(), &door.origin)
            .map_err(|reason| person::suspect(door, request, csrf::refused(), reason))?;
    }
    let Some(base) = door.bases.of(Target::Sso) else {
        return Err(ApiError::of(Code::NotSupported));
    };
    let address = proxy::address(base, request)?;
    let answer = match send(client, &address, request, &body).await {
        // As in `proxy::forward`; but a state that was used once must not be sent again.
        Err(cause)
            if route.manner != Manner::SignIn && !matches!(cause, SendRequestError::Timeout) =>
        {
            tracing::debug!(%cause, "asking sso-service again");
            send(client, &address, request, &body).await
        }
        first => first,
    };
    let answer = answer.map_err(|cause| {
        // Not the whole address: its query may hold a code.
        tracing::warn!(%cause, path = request.path(), "sso-service did not answer");
        let mut error = ApiError::of(Code::Unavailable);
        error.retry_after_secs = Some(2);
        error
    })?;
    let mut response = HttpResponse::build(answer.status());
    for name in BACK {
        for value in answer.headers().get_all(&name) {
            response.append_header((name.clone(), value.clone()));
        }
    }
    if route.manner == Manner::Guessable {
        return guessed(door, request, response, answer).await;
    }
    let length =
        answer.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    Ok(match length {
        Some(length) => response.body(SizedStream::new(length, answer)),
        None => response.streaming(answer),
    })
}

/// Counts wrong guesses, so that nobody makes many. A right one is never held up by wrong ones of
/// others behind the same address.
async fn guessed(
    door: &Door,
    request: &HttpRequest,
    mut response: HttpResponseBuilder,
    mut answer: ClientResponse,
) -> Result<HttpResponse, ApiError> {
    let body = answer.body().limit(GUESS_MAX_BYTES).await.map_err(|cause| {
        tracing::warn!(%cause, path = request.path(), "sso-service broke off");
        ApiError::of(Code::Unavailable)
    })?;
    let said: Value = serde_json::from_slice(&body).unwrap_or_default();
    let code = said.pointer("/data/errorCode").and_then(Value::as_str);
    if code == Some(Code::InvalidGrant.name())
        && let Some(peer) = request.peer_addr()
    {
        door.limits.check_guess(peer.ip())?;
    }
    Ok(response.body(body))
}

async fn send(
    client: &Client,
    address: &Uri,
    request: &HttpRequest,
    body: &Bytes,
) -> Result<ClientResponse, SendRequestError> {
    let mut outgoing = client
        .request(request.method().clone(), address.clone())
        .insert_header((REQUEST_ID_HEADER, request_id::current().unwrap_or_default()));
    for name in ONWARD {
        for value in request.headers().get_all(&name) {
            outgoing = outgoing.append_header((name.clone(), value.clone()));
        }
    }
    outgoing.send_body(body.clone()).await
}
