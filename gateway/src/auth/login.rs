//! Where a person signs in, and how a request without a session is told so.

use actix_web::http::header::{HeaderMap, REFERER};
use shared::code::Code;
use shared::fault::FieldError;
use shared::http::reply::ApiError;
use url::form_urlencoded::byte_serialize;

/// The address that brings somebody back to a page of ours.
pub(crate) fn address(return_to: &str) -> String {
    let return_to: String = byte_serialize(return_to.as_bytes()).collect();
    format!("/aflow/api/oauth2/login?return_to={return_to}")
}

/// SESSION_INVALID with the address to sign in at, which leads back to the page that asked.
pub(crate) fn needed(headers: &HeaderMap, origin: &str) -> ApiError {
    let referer = headers.get(REFERER).and_then(|referer| referer.to_str().ok());
    let page = referer.and_then(|referer| referer.strip_prefix(origin));
    let page = page.filter(|page| page.starts_with('/')).unwrap_or("/");
    ApiError::new(Code::SessionInvalid, "请先登录；应用调用时请携带请求头 A-Signature")
        .with_details(vec![FieldError::malformed("login", address(page))])
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn the_way_back_leads_to_the_page_that_asked_and_never_elsewhere() {
        for (referer, expected) in [
            (None, "%2F"),
            (Some("https://a.example/tasks?list=todo"), "%2Ftasks%3Flist%3Dtodo"),
            (Some("https://a.example"), "%2F"),
            (Some("https://a.example.evil/x"), "%2F"),
            (Some("https://evil/https://a.example/"), "%2F"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(referer) = referer {
                headers.insert(REFERER, HeaderValue::from_static(referer));
            }

            let error = needed(&headers, "https://a.example");

            let wanted = format!("/aflow/api/oauth2/login?return_to={expected}");
            assert_eq!(error.details[0].message, wanted, "{referer:?}");
            assert_eq!(
                (error.code, error.details[0].field.as_str()),
                (Code::SessionInvalid, "login")
            );
        }
    }
}
