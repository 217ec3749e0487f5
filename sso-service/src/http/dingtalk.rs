//! Signing in with DingTalk: `/aflow/api/oauth2/dingtalk/login` and `callback`.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder, get};
use serde::Serialize;
use shared::http::reply::{ApiError, Reply};
use shared::http::server::detached;
use utoipa::{IntoParams, ToSchema};

use super::cookies;
use super::oauth2::{answer_start, finish, read_callback, read_start, refused};
use super::params::Params;
use crate::domain::login::{Kind, Reason};
use crate::usecase;
use crate::usecase::Ctx;

/// Who wants to sign in, and to go where.
#[derive(IntoParams)]
#[expect(dead_code, reason = "the description of a query that is read by hand")]
pub(crate) struct DingtalkLoginIn {
    /// The enterprise; may be left out where only one has a DingTalk application.
    enterprise: Option<String>,
    /// A path of our own origin; whatever is doubtful counts as `/`.
    return_to: Option<String>,
    /// `inside` from a page in the DingTalk client: the answer is JSON instead of a redirect.
    client: Option<String>,
}

/// What a page inside the DingTalk client needs for `requestAuthCode`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InsideOut {
    corp_id: String,
    client_id: String,
    /// To be sent to `callback` with the code.
    state: String,
}

/// Sends the browser to DingTalk's sign-in page. With `client=inside` the answer is `{corpId,
/// clientId, state}` and a cookie: the page asks the DingTalk client for a code with the first two, and
/// leads the browser to `dingtalk/callback?code=…&state=…`. There, too, a code without a state of this
/// browser is worth nothing.
#[utoipa::path(params(DingtalkLoginIn), responses((status = 200, body = InsideOut), (status = 302, description = "DingTalk's page, or the error page")), tag = "sign-in")]
#[get("/aflow/api/oauth2/dingtalk/login")]
pub(crate) async fn start_dingtalk(
    ctx: Data<Ctx>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let Ok((wanted, word)) = read_start(&ctx, &request) else {
        return Ok(refused(Reason::EnterpriseMissing, None));
    };
    let is_inside = Params::read(request.query_string()).any("client").as_deref() == Some("inside");
    let shared = ctx.clone();
    if !is_inside {
        let started =
            detached(async move { usecase::start_dingtalk::start_dingtalk(&shared, wanted).await })
                .await;
        return Ok(answer_start(&ctx, started, &word));
    }
    let inside =
        detached(async move { usecase::start_dingtalk::start_inside(&shared, wanted).await })
            .await?;
    let out =
        InsideOut { corp_id: inside.corp_id, client_id: inside.client_id, state: inside.state };
    let mut answer = Reply(out).respond_to(&request);
    cookies::set_login(&ctx, &mut answer, &word);
    answer.headers_mut().insert(CACHE_CONTROL, cookies::NO_STORE);
    Ok(answer)
}

/// What DingTalk, or a page inside its client, sends back.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
#[expect(dead_code, reason = "the description of a query that is read by hand")]
pub(crate) struct DingtalkCallbackIn {
    /// The code; `code` has the same value and counts where this is absent.
    auth_code: Option<String>,
    /// See `authCode`; from inside the client the code of `requestAuthCode`.
    code: Option<String>,
    /// The state that the sign-in began with, also from inside the client.
    state: Option<String>,
    /// DingTalk's word for why there is no code.
    error: Option<String>,
}

/// Takes DingTalk's code, finds out who it is, opens a session and leads back to the page that was
/// wanted, by the same rules as for the ERP. The person is found by the bound DingTalk user, else by
/// the mobile.
#[utoipa::path(params(DingtalkCallbackIn), responses((status = 302, description = "the page that was wanted, with cookies, or the error page")), tag = "sign-in")]
#[get("/aflow/api/oauth2/dingtalk/callback")]
pub(crate) async fn finish_dingtalk(ctx: Data<Ctx>, request: HttpRequest) -> HttpResponse {
    let Ok(callback) = read_callback(&ctx, &request, &["authCode", "code"]) else {
        return refused(Reason::StateInvalid, None);
    };
    finish(&ctx, callback, &[Kind::Dingtalk, Kind::DingtalkInside]).await
}
