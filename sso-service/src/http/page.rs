//! The page that a person sees when a sign-in came to nothing. It shows words of ours only.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::domain::login::Reason;

const STYLE: &str = "body{font:16px/1.7 system-ui,-apple-system,'PingFang SC','Microsoft YaHei',sans-serif;\
background:#f5f6f8;color:#1f2329;margin:0;display:flex;min-height:100vh;align-items:center;justify-content:center}\
main{background:#fff;border-radius:12px;padding:40px;max-width:28rem;margin:16px;box-shadow:0 2px 16px rgba(31,35,41,.08)}\
h1{font-size:20px;margin:0 0 12px}p{margin:0 0 8px}.advice{color:#646a73}\
a{display:inline-block;margin:20px 0 16px;padding:8px 24px;border-radius:6px;background:#1f5eff;color:#fff;text-decoration:none}\
small{color:#8f959e;word-break:break-all}";

/// Nothing but this one style: no script, no picture, no frame around it, no form.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
});

/// The page; `request` and `enterprise` are shown only where they are plain words.
pub(crate) fn error_page(
    reason: Reason,
    request: Option<String>,
    enterprise: Option<String>,
) -> HttpResponse {
    let id = request.filter(|id| is_plain(id)).unwrap_or_else(|| "-".to_owned());
    let again = match enterprise.filter(|code| is_plain(code)) {
        Some(code) => format!("/aflow/api/oauth2/login?enterprise={code}"),
        None => "/aflow/api/oauth2/login".to_owned(),
    };
    let body = format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>登录未完成</title>\
         <style>{STYLE}</style></head><body><main><h1>登录未完成</h1><p>{}</p><p class=\"advice\">{}</p>\
         <a href=\"{again}\">重新登录</a><br><small>请求编号：{id}</small></main></body></html>",
        reason.sentence(),
        reason.advice(),
    );
    HttpResponse::build(StatusCode::OK)
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .body(body)
}

/// A word that means the same in an address, in HTML and in a log line.
pub(crate) fn is_plain(word: &str) -> bool {
    (1..=64).contains(&word.len())
        && word.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.:".contains(&c))
}
