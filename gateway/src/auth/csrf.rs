//! Writes that a browser sends with our cookie: only our own pages may cause them.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, ORIGIN};
use shared::code::Code;
use shared::http::reply::ApiError;
use subtle::ConstantTimeEq;

const TOKEN_HEADER: &str = "x-csrf-token";
pub(crate) const FETCH_SITE_HEADER: &str = "sec-fetch-site";

/// Whether the request may change something.
pub(crate) fn is_write(request: &HttpRequest) -> bool {
    !matches!(*request.method(), Method::GET | Method::HEAD)
}

/// Where the browser says from which page a request comes, it must be one of ours.
pub(crate) fn check_site(headers: &HeaderMap, origin: &str) -> Result<(), &'static str> {
    if headers.get_all(ORIGIN).any(|from| from != origin) {
        return Err("origin is not ours");
    }
    if headers.get_all(FETCH_SITE_HEADER).any(|site| site != "same-origin") {
        return Err("sent by another site");
    }
    Ok(())
}

/// The token of this very session, once.
pub(crate) fn check_token(headers: &HeaderMap, expected: &str) -> Result<(), &'static str> {
    let mut sent = headers.get_all(TOKEN_HEADER);
    let (Some(sent), None) = (sent.next(), sent.next()) else {
        return Err("csrf token missing or given twice");
    };
    let is_right: bool = sent.as_bytes().ct_eq(expected.as_bytes()).into();
    if is_right && !expected.is_empty() { Ok(()) } else { Err("csrf token wrong") }
}

/// What the caller reads, whichever check failed.
pub(crate) fn refused() -> ApiError {
    ApiError::new(
        Code::NotPermitted,
        "请求未通过跨站校验，请从本站页面发起，并携带请求头 X-CSRF-Token",
    )
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    const OURS: &str = "https://aiflow.example.com";

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_our_own_pages_may_write() {
        for pairs in [
            &[][..],
            &[("origin", OURS)],
            &[("sec-fetch-site", "same-origin")],
            &[("origin", OURS), ("sec-fetch-site", "same-origin")],
        ] {
            assert_eq!(check_site(&headers(pairs), OURS), Ok(()), "{pairs:?}");
        }
        for pairs in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "null")],
            &[("origin", "")],
            &[("origin", "http://aiflow.example.com")],
            &[("origin", "https://aiflow.example.com:8443")],
            &[("origin", "https://aiflow.example.com.evil.example")],
            &[("origin", OURS), ("origin", "https://evil.example")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("origin", OURS), ("sec-fetch-site", "cross-site")],
        ] {
            assert!(check_site(&headers(pairs), OURS).is_err(), "{pairs:?}");
        }
    }

    #[test]
    fn the_token_is_needed_once_and_whole() {
        let expected = "0123456789abcdef";

        assert_eq!(
            check_token(&headers(&[("x-csrf-token", "0123456789abcdef")]), expected),
            Ok(())
        );
        for pairs in [
            &[][..],
            &[("x-csrf-token", "")],
            &[("x-csrf-token", "0123456789abcde")],
            &[("x-csrf-token", "0123456789ABCDEF")],
            &[("x-csrf-token", "0123456789abcdef0")],
            &[("x-csrf-token", "0123456789abcdef"), ("x-csrf-token", "0123456789abcdef")],
        ] {
            assert!(check_token(&headers(pairs), expected).is_err(), "{pairs:?}");
        }
        assert!(check_token(&headers(&[("x-csrf-token", "")]), "").is_err());
    }
}
