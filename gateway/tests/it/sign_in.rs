//! Signing in through the door: what reaches sso-service, what comes back, what is never repeated.

use futures_util::future::join_all;
use reqwest::Method;
use shared::code::Code;
use shared::identity::IDENTITY_HEADER;

use crate::helpers::{ORIGIN, TestApp};

const JSON: (&str, &str) = ("Content-Type", "application/json");
const CALLBACK: &str = "/aflow/api/oauth2/callback";
const REFRESH: &str = "/aflow/api/oauth2/refresh";

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_comes_back_with_every_cookie_and_nothing_of_the_inner_server() {
    let app = TestApp::spawn().await;

    let answered = app.get(&format!("{CALLBACK}?code=a%2Fb&state=s"), &[]).await;

    assert_eq!(answered.http, 302);
    assert_eq!(answered.headers["location"], "/wanted?page=1");
    let cookies: Vec<&str> =
        answered.headers.get_all("set-cookie").iter().map(|one| one.to_str().unwrap()).collect();
    assert_eq!(
        cookies,
        [
            "aiflow_session=a; HttpOnly; Path=/",
            "aiflow_refresh=b; HttpOnly; Path=/",
            "aiflow_csrf=c; Path=/"
        ]
    );
    assert_eq!(answered.headers["cache-control"], "no-store");
    assert_eq!(answered.headers["referrer-policy"], "no-referrer");
    assert_eq!(answered.headers["content-security-policy"], "default-src 'none'");
    assert_eq!(answered.headers["x-content-type-options"], "nosniff");
    assert!(!answered.headers.contains_key("server"));
    let seen = app.sso.seen(&format!("GET {CALLBACK}"));
    assert_eq!(seen[0].target, format!("GET {CALLBACK}?code=a%2Fb&state=s"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sso_service_sees_the_callers_own_cookies_and_no_identity() {
    let app = TestApp::spawn().await;
    let headers = [
        ("Cookie", "aiflow_login=x"),
        ("Authorization", "Bearer t"),
        ("User-Agent", "browser"),
        ("Accept", "text/html"),
        ("X-Request-Id", "req-7"),
        (IDENTITY_HEADER, "forged"),
        ("X-Forwarded-Host", "evil.example"),
    ];

    app.get("/aflow/api/oauth2/me", &headers).await.ok();

    let seen = app.sso.seen("GET /aflow/api/oauth2/me").remove(0);
    for (name, value) in &headers[..4] {
        assert_eq!(seen.header(&name.to_lowercase()), Some(*value), "{name}");
    }
    assert_eq!(seen.header("x-request-id"), Some("req-7"));
    assert_eq!(seen.header(IDENTITY_HEADER), None);
    assert_eq!(seen.header("x-forwarded-host"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_callback_is_not_sent_again_and_a_broken_read_is() {
    let app = TestApp::spawn().await;

    app.get(&format!("{CALLBACK}?code=break&state=s"), &[]).await.refused(Code::Unavailable);
    app.get("/aflow/api/oauth2/me?break", &[]).await.refused(Code::Unavailable);

    assert_eq!(app.sso.seen(&format!("GET {CALLBACK}")).len(), 1);
    assert_eq!(app.sso.seen("GET /aflow/api/oauth2/me").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_site_refreshes_nothing() {
    let app = TestApp::spawn().await;
    let form = ("Content-Type", "application/x-www-form-urlencoded");

    let whole = app.post(REFRESH, &[("Content-Type", "text/plain")]).await;
    let empty = app.send(Method::POST, REFRESH, &[form], None).await;
    let untyped = app.send(Method::POST, REFRESH, &[], Some("{}".to_owned())).await;
    let foreign = app.post(REFRESH, &[JSON, ("Origin", "https://evil.example")]).await;
    let cross = app.post(REFRESH, &[JSON, ("Sec-Fetch-Site", "cross-site")]).await;

    for answered in [whole, empty, untyped] {
        answered.refused(Code::UnsupportedMediaType);
    }
    for answered in [foreign, cross] {
        answered.refused(Code::NotPermitted);
    }
    assert!(app.sso.seen(&format!("POST {REFRESH}")).is_empty());
    app.post(REFRESH, &[JSON, ("Origin", ORIGIN)]).await.ok();
    app.send(Method::POST, REFRESH, &[], None).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_64_kib_is_not_taken() {
    let app = TestApp::spawn().await;
    let long = format!("{{\"refreshToken\":\"{}\"}}", "x".repeat(64 * 1024));

    let answered = app.send(Method::POST, REFRESH, &[JSON], Some(long)).await;

    answered.refused(Code::BodyTooLarge);
    assert!(app.sso.seen(&format!("POST {REFRESH}")).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_refreshes_at_once_from_one_address_are_told_to_wait() {
    let settings = [("limit.login_per_second", "1"), ("limit.login_burst", "50")];
    let app = TestApp::with(&settings).await;

    let answers = join_all((0..60).map(|_| app.post(REFRESH, &[JSON]))).await;

    let (slow, well): (Vec<_>, Vec<_>) = answers.into_iter().partition(|one| one.http == 429);
    assert!(slow.len() >= 5 && well.len() >= 50, "{} and {}", slow.len(), well.len());
    for answered in slow {
        let answered = answered.refused(Code::TooManyRequests);
        assert!(answered.headers.contains_key("retry-after"));
    }
    // Others are counted apart.
    app.get("/aflow/api/oauth2/jwks", &[]).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_sso_service_is_away_signing_in_says_so() {
    let app = TestApp::spawn().await;
    app.sso(|sso| sso.is_away = true);

    for path in ["/aflow/api/oauth2/login", CALLBACK, "/aflow/api/oauth2/jwks"] {
        app.get(path, &[]).await.refused(Code::Unavailable);
    }
}
