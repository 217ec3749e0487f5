//! `/`: who is signed in. The pages of the task centre come later.

use std::sync::LazyLock;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use shared::http::reply::ApiError;

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
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(page(session.name())))
}

fn page(name: &str) -> String {
    let name = escape(name);
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>aiflow</title>\
         <style>{STYLE}</style></head><body><h1>审批中心</h1><p>已登录：<strong>{name}</strong></p>\
         <p>待办、已办与审批页面即将推出；目前待办会推送到钉钉，也可在业务系统中查看。</p>\
         <footer><a href=\"/docs\">接口文档</a></footer></body></html>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_text_and_nothing_else() {
        let page = page("<script>alert(1)</script> & \"张三\"");

        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;张三&quot;"));
        assert!(!page.contains("<script"));
    }

    #[test]
    fn the_policy_names_the_style_of_the_page() {
        let page = page("张三");
        let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        let digest = STANDARD.encode(Sha256::digest(style.as_bytes()));

        assert!(POLICY.contains(&format!("'sha256-{digest}'")), "{}", *POLICY);
    }
}
