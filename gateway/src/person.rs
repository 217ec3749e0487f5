//! A request of a person: session, cross-site check, body, forward.

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use awc::Client;
use shared::code::Code;
use shared::http::reply::ApiError;
use shared::session::Refusal;

use crate::auth::presented::{self, Presented};
use crate::auth::session::{Failure, Session};
use crate::auth::{csrf, login, signature};
use crate::door::{Door, check_form};
use crate::proxy;
use crate::routes::Route;

/// Serves an address that a person may call.
pub(crate) async fn serve(
    door: &Arc<Door>,
    client: &Client,
    request: &HttpRequest,
    payload: Payload,
    route: &Route,
) -> Result<HttpResponse, ApiError> {
    let session = prove(door, request).await?;
    check_form(request)?;
    let body = door.read_body(request, payload, route.body_max_bytes).await?;
    let Some(base) = door.bases.of(route.target) else {
        return Err(ApiError::of(Code::NotSupported));
    };
    let token = door.sessions.token(&session)?;
    let mut answer = proxy::forward(client, base, request, body.bytes, token).await?;
    // The next person at this browser gets nothing of this one.
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

/// The session, and for a write with the cookie the proof that our own page sent it.
async fn prove(door: &Door, request: &HttpRequest) -> Result<Arc<Session>, ApiError> {
    let session = find(door, request).await?.ok_or_else(|| sign_in(door, request))?;
    let by_cookie = matches!(read(door, request), Presented::Cookie(_));
    if by_cookie && csrf::is_write(request) {
        csrf::check_site(request.headers(), &door.origin)
            .and_then(|()| csrf::check_token(request.headers(), &session.csrf))
            .map_err(|reason| suspect(door, request, csrf::refused(), reason))?;
    }
    Ok(session)
}

/// The session of a request; nothing where there is none, or no longer.
pub(crate) async fn find(
    door: &Door,
    request: &HttpRequest,
) -> Result<Option<Arc<Session>>, ApiError> {
    let token = match read(door, request) {
        Presented::Bearer(token) | Presented::Cookie(token) => token,
        Presented::Nothing => return Ok(None),
        Presented::Ambiguous => {
            suspect(door, request, sign_in(door, request), "two different tokens");
            return Ok(None);
        }
    };
    match door.sessions.find(token).await {
        Ok(session) => return Ok(Some(session)),
        Err(Failure::Away(error)) => return Err(error),
        Err(Failure::Token(Refusal::Expired)) => tracing::debug!("the token has expired"),
        Err(Failure::Token(Refusal::UnknownKey)) => {
            suspect(door, request, sign_in(door, request), "token of an unknown key");
        }
        Err(Failure::Token(Refusal::Invalid)) => {
            suspect(door, request, sign_in(door, request), "token not valid");
        }
        Err(Failure::Ended) => tracing::debug!("the session has ended"),
    }
    Ok(None)
}

fn read<'a>(door: &Door, request: &'a HttpRequest) -> Presented<'a> {
    presented::read(request.headers(), &door.session_cookie)
}

fn sign_in(door: &Door, request: &HttpRequest) -> ApiError {
    login::needed(request.headers(), &door.origin)
}

/// What does not happen to honest people ends in the audit log.
pub(crate) fn suspect(
    door: &Door,
    request: &HttpRequest,
    error: ApiError,
    reason: &'static str,
) -> ApiError {
    door.refuse(signature::Refusal { error, reason, envelope: None }, request)
}
