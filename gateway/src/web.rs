//! Our own pages: who is signed in, and what a person sees while sso-service is away. Those of the
//! task centre come later.

use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use shared::http::reply::ApiError;
use shared::http::request_id;

use crate::auth::login;
use crate::docs::escape;
use crate::door::Door;
use crate::person;

const STYLE: &str = "body{font:16px/1.6 sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem;color:#222}\
    h1{font-size:1.4rem}footer{margin-top:3rem;color:#666;font-size:.9rem}";

/// Nothing but our own style, letter by letter; no script, no frame, no form, no other site.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let digest = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// The home page of whoever is signed in; everybody else is sent to sign in and comes back.
pub(crate) async fn home(door: &Door, request: &HttpRequest) -> Result<HttpResponse, ApiError> {
    let Some(session) = person::find(door, request).await? else {
        let wanted = request.uri().path_and_query().map_or("/", |path| path.as_str());
        return Ok(HttpResponse::Found()
            // At the public address, to which the ERP leads back: under another name of this machine
            // the browser would look for its cookie in vain.
            .insert_header((LOCATION, format!("{}{}", door.origin, login::address(wanted))))
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish());
    };
    Ok(page(StatusCode::OK, &greeting(session.name())))
}

/// Whether somebody waits in front of a browser, and not a program for an answer.
pub(crate) fn is_wanted(request: &HttpRequest) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// What they see instead of `error`. Trying again is safe at every address: a sign-in that was used
/// up meanwhile says so.
pub(crate) fn sorry(request: &HttpRequest, error: &ApiError) -> HttpResponse {
    let here = request.uri().path_and_query().map_or("/", |here| here.as_str());
    let id = request_id::current().unwrap_or_default();
    let mut answer = page(error.status_code(), &apology(here, &id));
    if let Some(seconds) = error.retry_after_secs {
        answer.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    answer
}

fn page(status: StatusCode, body: &str) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(document(body))
}

fn document(body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>aiflow</title>\
         <style>{STYLE}</style></head><body>{body}</body></html>"
    )
}

fn greeting(name: &str) -> String {
    let name = escape(name);
    format!(
        "<h1>审批中心</h1><p>已登录：<strong>{name}</strong></p>\
         <p>待办、已办与审批页面即将推出；目前待办会推送到钉钉，也可在业务系统中查看。</p>\
         <footer><a href=\"/docs\">接口文档</a></footer>"
    )
}

fn apology(here: &str, id: &str) -> String {
    let (here, id) = (escape(here), escape(id));
    format!(
        "<h1>暂时无法登录</h1><p>登录服务暂时没有响应。</p>\
         <p>请稍等片刻后<a href=\"{here}\">重试</a>；若一直如此，请联系管理员并提供请求编号。</p>\
         <footer>请求编号：{id}</footer>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_text_and_nothing_else() {
        let page = document(&greeting("<script>alert(1)</script> & \"张三\""));

        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;张三&quot;"));
        assert!(!page.contains("<script"));
    }

    #[test]
    fn an_address_is_a_link_and_nothing_else() {
        let page = document(&apology("/?a=1&b=\"><script>alert(1)</script>", "req-1"));

        assert!(page.contains("<a href=\"/?a=1&amp;b=&quot;&gt;&lt;script&gt;"), "{page}");
        assert!(!page.contains("<script"));
    }

    #[test]
    fn the_policy_names_the_style_of_the_page() {
        let page = document(&greeting("张三"));
        let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        let digest = STANDARD.encode(Sha256::digest(style.as_bytes()));

        assert!(POLICY.contains(&format!("'sha256-{digest}'")), "{}", *POLICY);
    }
}
