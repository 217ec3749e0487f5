//! Signing in: `/aflow/api/oauth2/login`, `callback` and `error`.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, get};
use shared::http::reply::ApiError;
use shared::http::request_id;
use shared::http::server::detached;
use utoipa::IntoParams;

use super::cookies::{self, Cookie};
use super::page;
use super::params::{Params, Twice};
use crate::domain::login::{Kind, Reason, is_word};
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::start_login::{StartLogin, Started};
use crate::usecase::use_login::{Callback, Finished};

/// Who wants to sign in, and to go where. For the interface description only: the query is read by
/// hand, since a browser is answered with a page and not with a list of fields.
#[derive(IntoParams)]
#[expect(dead_code, reason = "the description of a query that is read by hand")]
pub(crate) struct LoginIn {
    /// The enterprise; may be left out where only one has sign-in.
    enterprise: Option<String>,
    /// A path of our own origin; whatever is doubtful counts as `/`.
    return_to: Option<String>,
}

/// Sends the browser to the ERP to sign in. The attempt is good for five minutes, once, in this
/// browser.
#[utoipa::path(params(LoginIn), responses((status = 302, description = "the ERP's page, or the error page")), tag = "sign-in")]
#[get("/aflow/api/oauth2/login")]
pub(crate) async fn start_login(ctx: Data<Ctx>, request: HttpRequest) -> HttpResponse {
    let Ok((wanted, word)) = read_start(&ctx, &request) else {
        return refused(Reason::EnterpriseMissing, None);
    };
    let started = {
        let ctx = ctx.clone();
        detached(async move { usecase::start_login::start_login(&ctx, wanted).await }).await
    };
    answer_start(&ctx, started, &word)
}

/// What is asked, and the word that ties it to the browser: one for all its tabs.
pub(crate) fn read_start(ctx: &Ctx, request: &HttpRequest) -> Result<(StartLogin, String), Twice> {
    let params = Params::read(request.query_string());
    let held = Cookie::Login.of(ctx, request).filter(|word| is_word(word));
    let word = held.unwrap_or_else(usecase::start_login::fresh_word);
    let wanted = StartLogin {
        enterprise: params.one("enterprise")?,
        return_to: params.one("return_to").ok().flatten().unwrap_or_default(),
        browser: word.clone(),
    };
    Ok((wanted, word))
}

pub(crate) fn answer_start(
    ctx: &Ctx,
    started: Result<Started, ApiError>,
    word: &str,
) -> HttpResponse {
    match started {
        Ok(Started::Away(page)) => {
            let mut answer = redirect(&page).finish();
            cookies::set_login(ctx, &mut answer, word);
            answer
        }
        Ok(Started::Refused(reason)) => refused(reason, None),
        Err(_) => refused(Reason::Unavailable, None),
    }
}

/// What the ERP sends back through the browser.
#[derive(IntoParams)]
#[expect(dead_code, reason = "the description of a query that is read by hand")]
pub(crate) struct CallbackIn {
    /// The authorization code.
    code: Option<String>,
    /// The state that the sign-in began with.
    state: Option<String>,
    /// The ERP's word for why there is no code.
    error: Option<String>,
    /// Never shown to anybody.
    error_description: Option<String>,
}

/// Takes the ERP's code, finds out who it is, opens a session and leads back to the page that was
/// wanted. Whatever is wrong leads to the error page, and no code is exchanged for a bad state.
#[utoipa::path(params(CallbackIn), responses((status = 302, description = "the page that was wanted, with cookies, or the error page")), tag = "sign-in")]
#[get("/aflow/api/oauth2/callback")]
pub(crate) async fn finish_login(ctx: Data<Ctx>, request: HttpRequest) -> HttpResponse {
    let Ok(callback) = read_callback(&ctx, &request, &["code"]) else {
        return refused(Reason::StateInvalid, None);
    };
    finish(&ctx, callback, &[Kind::Erp]).await
}

/// What the browser brings; `codes` are the names under which the code may stand.
pub(crate) fn read_callback(
    ctx: &Ctx,
    request: &HttpRequest,
    codes: &[&str],
) -> Result<Callback, Twice> {
    let params = Params::read(request.query_string());
    let mut code = None;
    for name in codes {
        code = code.or(params.one(name)?);
    }
    Ok(Callback {
        state: params.one("state")?,
        code,
        error: params.one("error")?,
        browser: Cookie::Login.of(ctx, request),
        former: Cookie::Refresh.of(ctx, request),
    })
}

/// Finishes an attempt of one of these ways, and leads to the page that was wanted or to the error
/// page.
pub(crate) async fn finish(
    ctx: &Data<Ctx>,
    callback: Callback,
    kinds: &'static [Kind],
) -> HttpResponse {
    let shared = ctx.clone();
    let finished =
        detached(
            async move { usecase::finish_login::finish_login(&shared, callback, kinds).await },
        );
    match finished.await {
        Ok(Finished::SignedIn { tokens, return_to }) => {
            let mut answer = redirect(&return_to).finish();
            cookies::set_session(ctx, &mut answer, &tokens);
            answer
        }
        Ok(Finished::Refused { reason, enterprise }) => refused(reason, enterprise),
        Err(_) => refused(Reason::Unavailable, None),
    }
}

/// Which page to show.
#[derive(IntoParams)]
#[expect(dead_code, reason = "the description of a query that is read by hand")]
pub(crate) struct ErrorIn {
    /// A word of a closed list.
    reason: Option<String>,
    /// The id of the request that failed.
    request: Option<String>,
    /// The enterprise to sign in to again.
    enterprise: Option<String>,
}

/// The page that says why a sign-in came to nothing, and what to do.
#[utoipa::path(params(ErrorIn), responses((status = 200, description = "an HTML page", content_type = "text/html", body = String)), tag = "sign-in")]
#[get("/aflow/api/oauth2/error")]
pub(crate) async fn show_error(request: HttpRequest) -> HttpResponse {
    let params = Params::read(request.query_string());
    let reason = Reason::of_word(&params.any("reason").unwrap_or_default());
    page::error_page(reason, params.any("request"), params.any("enterprise"))
}

/// Leads to the error page.
pub(crate) fn refused(reason: Reason, enterprise: Option<String>) -> HttpResponse {
    let id = request_id::current().unwrap_or_default();
    let mut page = format!("/aflow/api/oauth2/error?reason={}&request={id}", reason.word());
    if let Some(code) = enterprise.filter(|code| page::is_plain(code)) {
        page.push_str(&format!("&enterprise={code}"));
    }
    redirect(&page).finish()
}

/// A redirect that nobody keeps, and that tells the next page nothing about this one.
fn redirect(to: &str) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(StatusCode::FOUND);
    answer
        .insert_header((LOCATION, to))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"));
    answer
}
