//! The cookies of a browser: read from a request, set and cleared in an answer.

use actix_web::http::header::{AUTHORIZATION, COOKIE, HeaderValue, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};
use shared::identity::csrf_token;

use crate::usecase::Ctx;
use crate::usecase::open_session::Tokens;

/// Seconds for which a browser holds what it began a sign-in with.
const LOGIN_SECS: i64 = 300;

/// For answers that nobody keeps.
pub(crate) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The cookies that there are.
#[derive(Clone, Copy)]
pub(crate) enum Cookie {
    /// The access token.
    Session,
    /// The refresh token.
    Refresh,
    /// The word that a page sends back with a write; scripts may read it.
    Csrf,
    /// What ties an attempt to sign in to the browser.
    Login,
}

impl Cookie {
    const SESSION: [Cookie; 3] = [Cookie::Session, Cookie::Refresh, Cookie::Csrf];

    /// `__Host-` makes browsers take it only over https, from this host, for all of it.
    fn name(self, ctx: &Ctx) -> String {
        let word = match self {
            Cookie::Session => "aiflow_session",
            Cookie::Refresh => "aiflow_refresh",
            Cookie::Csrf => "aiflow_csrf",
            Cookie::Login => "aiflow_login",
        };
        let prefix = if ctx.public.is_https() { "__Host-" } else { "" };
        format!("{prefix}{word}")
    }

    /// Its value in a request.
    pub(crate) fn of(self, ctx: &Ctx, request: &HttpRequest) -> Option<String> {
        let name = self.name(ctx);
        let lines = request.headers().get_all(COOKIE).filter_map(|line| line.to_str().ok());
        lines
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, value)| *key == name && !value.is_empty())
            .map(|(_, value)| value.to_owned())
    }

    fn line(self, ctx: &Ctx, value: &str, max_age: i64) -> Option<HeaderValue> {
        let mut line =
            format!("{}={value}; Path=/; Max-Age={max_age}; SameSite=Lax", self.name(ctx));
        if !matches!(self, Cookie::Csrf) {
            line.push_str("; HttpOnly");
        }
        if ctx.public.is_https() {
            line.push_str("; Secure");
        }
        HeaderValue::from_str(&line).ok()
    }
}

/// Gives the browser what it began with.
pub(crate) fn set_login(ctx: &Ctx, answer: &mut HttpResponse, word: &str) {
    if let Some(line) = Cookie::Login.line(ctx, word, LOGIN_SECS) {
        answer.headers_mut().append(SET_COOKIE, line);
    }
}

/// Gives the browser a session.
pub(crate) fn set_session(ctx: &Ctx, answer: &mut HttpResponse, tokens: &Tokens) {
    let csrf = csrf_token(&ctx.internal_key, &tokens.session.to_string());
    let refresh_secs = i64::from(ctx.session.refresh_days) * 86_400;
    let lines = [
        Cookie::Session.line(ctx, &tokens.access, tokens.expires_in),
        Cookie::Refresh.line(ctx, &tokens.refresh, refresh_secs),
        Cookie::Csrf.line(ctx, &csrf, refresh_secs),
    ];
    for line in lines.into_iter().flatten() {
        answer.headers_mut().append(SET_COOKIE, line);
    }
}

/// Takes the session from the browser.
pub(crate) fn clear_session(ctx: &Ctx, answer: &mut HttpResponse) {
    for cookie in Cookie::SESSION {
        if let Some(line) = cookie.line(ctx, "", 0) {
            answer.headers_mut().append(SET_COOKIE, line);
        }
    }
}

/// The token in `Authorization: Bearer`.
pub(crate) fn bearer(request: &HttpRequest) -> Option<String> {
    let text = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned())
}

/// Whether a request that rests on cookies was sent by a page of ours: browsers say so in headers
/// that no script can write. A program that says nothing has no cookies of somebody else.
pub(crate) fn is_of_our_page(ctx: &Ctx, request: &HttpRequest) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let same_origin = header("origin").is_none_or(|origin| origin == ctx.public.origin());
    let same_site =
        header("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    same_origin && same_site
}
