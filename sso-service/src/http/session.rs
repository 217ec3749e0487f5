//! Sessions of people: `/aflow/api/oauth2/refresh`, `logout`, `me` and `jwks`.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, Responder, get, post};
use serde::Serialize;
use serde_json::{Value, json};
use shared::code::Code;
use shared::fault::FieldError;
use shared::http::fields::{self, Fields, Read};
use shared::http::json;
use shared::http::reply::{ApiError, Done, Reply};
use shared::http::server::detached;
use utoipa::ToSchema;

use super::cookies::{self, Cookie};
use crate::error::Error;
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::end_session::EndSession;

/// A longer text is no token of ours.
const TOKEN_MAX_CHARS: usize = 4_096;

/// A refresh token; a browser leaves it out, its cookie has it.
#[derive(Default, ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct RefreshIn {
    refresh_token: Option<String>,
}

impl Read for RefreshIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { refresh_token: fields.optional_text("refreshToken", TOKEN_MAX_CHARS) }
    }
}

/// The body, where there is one.
fn read_body(request: &HttpRequest, bytes: &Bytes) -> Result<RefreshIn, ApiError> {
    if bytes.is_empty() {
        return Ok(RefreshIn::default());
    }
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_json = kind
        .and_then(|kind| kind.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if !is_json {
        return Err(ApiError::of(Code::UnsupportedMediaType));
    }
    let body = json::parse(bytes).map_err(|refusal| {
        let detail = FieldError::malformed("body", refusal.to_string());
        ApiError::bad_fields(vec![detail])
    })?;
    fields::read(&body).map_err(ApiError::bad_fields)
}

/// A request that rests on cookies must come from a page of ours.
fn check_page(ctx: &Ctx, request: &HttpRequest) -> Result<(), ApiError> {
    if cookies::is_of_our_page(ctx, request) {
        return Ok(());
    }
    Err(ApiError::new(Code::NotPermitted, "请求不是由本站页面发起的"))
}

/// A new pair of tokens. A browser that used its cookie gets them as cookies, and reads only how long
/// the session's token is good.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokensOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Seconds for which the access token is good.
    expires_in: i64,
}

/// Gives new tokens for a refresh token, which is then used up. Within five seconds the same
/// successor is given again; later, a second use ends the session.
#[utoipa::path(request_body = RefreshIn, responses((status = 200, body = TokensOut)), tag = "sign-in")]
#[post("/aflow/api/oauth2/refresh")]
pub(crate) async fn refresh_token(
    ctx: Data<Ctx>,
    request: HttpRequest,
    bytes: Bytes,
) -> Result<HttpResponse, ApiError> {
    let body = read_body(&request, &bytes)?;
    let from_cookie =
        if body.refresh_token.is_none() { Cookie::Refresh.of(&ctx, &request) } else { None };
    let is_browser = from_cookie.is_some();
    if is_browser {
        check_page(&ctx, &request)?;
    }
    let token = body.refresh_token.or(from_cookie).ok_or_else(|| {
        ApiError::bad_fields(vec![FieldError::malformed("refreshToken", "不能为空")])
    })?;
    let shared = ctx.clone();
    let tokens =
        detached(async move { usecase::refresh_token::refresh_token(&shared, &token).await })
            .await?;
    let handed = |token: &str| (!is_browser).then(|| token.to_owned());
    let out = TokensOut {
        access_token: handed(&tokens.access),
        refresh_token: handed(&tokens.refresh),
        expires_in: tokens.expires_in,
    };
    let mut answer = Reply(out).respond_to(&request);
    if is_browser {
        cookies::set_session(&ctx, &mut answer, &tokens);
    }
    answer.headers_mut().insert(CACHE_CONTROL, cookies::NO_STORE);
    Ok(answer)
}

/// Ends the session that the cookies, the bearer token or the body name. One that has ended already
/// is a success.
#[utoipa::path(request_body = RefreshIn, responses((status = 200, body = Done)), tag = "sign-in")]
#[post("/aflow/api/oauth2/logout")]
pub(crate) async fn end_session(
    ctx: Data<Ctx>,
    request: HttpRequest,
    bytes: Bytes,
) -> Result<HttpResponse, ApiError> {
    let body = read_body(&request, &bytes)?;
    let (session, refresh) =
        (Cookie::Session.of(&ctx, &request), Cookie::Refresh.of(&ctx, &request));
    if session.is_some() || refresh.is_some() {
        check_page(&ctx, &request)?;
    }
    let named = EndSession {
        access: cookies::bearer(&request).into_iter().chain(session).collect(),
        refresh: body.refresh_token.into_iter().chain(refresh).collect(),
    };
    let shared = ctx.clone();
    detached(async move { usecase::end_session::end_session(&shared, named).await }).await?;
    let mut answer = Reply(Done::new()).respond_to(&request);
    cookies::clear_session(&ctx, &mut answer);
    answer.headers_mut().insert(CACHE_CONTROL, cookies::NO_STORE);
    Ok(answer)
}

/// The person of the session.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MeOut {
    user_code: String,
    name: String,
    enterprise_code: String,
    /// Empty until roles exist.
    roles: Vec<String>,
    /// Seconds for which the access token is still good.
    expires_in: i64,
}

/// Who is signed in.
#[utoipa::path(responses((status = 200, body = MeOut)), tag = "sign-in")]
#[get("/aflow/api/oauth2/me")]
pub(crate) async fn verify_session(
    ctx: Data<Ctx>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let token = cookies::bearer(&request)
        .or_else(|| Cookie::Session.of(&ctx, &request))
        .ok_or(Error::SessionInvalid)?;
    let shared = ctx.clone();
    let claims =
        detached(async move { usecase::verify_session::verify_session(&shared, &token).await })
            .await?;
    let me = MeOut {
        expires_in: (claims.exp - ctx.clock.now().timestamp()).max(0),
        user_code: claims.sub,
        name: claims.name,
        enterprise_code: claims.tenant,
        roles: Vec::new(),
    };
    let mut answer = Reply(me).respond_to(&request);
    answer.headers_mut().insert(CACHE_CONTROL, cookies::NO_STORE);
    Ok(answer)
}

/// The public keys that prove access tokens, as RFC 7517 has them (not in our envelope).
#[utoipa::path(responses((status = 200, description = "a JSON Web Key Set", body = Value)), tag = "sign-in")]
#[get("/aflow/api/oauth2/jwks")]
pub(crate) async fn list_keys(ctx: Data<Ctx>) -> Result<HttpResponse, ApiError> {
    let keys = detached(async move { usecase::use_keys::keys(&ctx).await }).await?;
    let key = |key: &shared::contract::session::TokenKey| json!({"kty": "OKP", "crv": "Ed25519", "kid": key.kid, "x": key.x, "use": "sig", "alg": "EdDSA"});
    let set: Vec<Value> = keys.public.keys.iter().map(key).collect();
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")))
        .json(json!({"keys": set})))
}
