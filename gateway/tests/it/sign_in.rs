//! Signing in through the door: what reaches sso-service, what comes back, what is never repeated.

use futures_util::future::join_all;
use reqwest::Method;
use shared::code::Code;
use shared::identity::IDENTITY_HEADER;
use shared::testing::eventually;

use crate::helpers::{ORIGIN, TestApp, token};

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
        app.get(path, &[("Accept", "application/json")]).await.refused(Code::Unavailable);
    }
    let refresh = app.post(REFRESH, &[JSON, ("Accept", "text/html")]).await;
    refresh.refused(Code::Unavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_sso_service_is_away_a_person_reads_a_page_that_says_what_to_do() {
    let app = TestApp::spawn().await;
    app.sso(|sso| sso.is_away = true);
    let session = format!("aiflow_session={}", token("s1"));
    let asked = [
        ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
        ("Cookie", session.as_str()),
        ("X-Request-Id", "req-8"),
    ];

    for (path, again) in [
        ("/?from=mail", "/?from=mail"),
        (
            "/aflow/api/oauth2/login?enterprise=A&return_to=/x",
            "/aflow/api/oauth2/login?enterprise=A&amp;return_to=/x",
        ),
        (
            "/aflow/api/oauth2/callback?code=c&state=s",
            "/aflow/api/oauth2/callback?code=c&amp;state=s",
        ),
        ("/aflow/api/oauth2/dingtalk/login", "/aflow/api/oauth2/dingtalk/login"),
    ] {
        let answered = app.get(path, &asked).await;

        assert_eq!((answered.http, &answered.headers["retry-after"]), (503, &"2".parse().unwrap()));
        let page = answered.body.as_str().unwrap();
        for part in ["暂时没有响应", "请求编号：req-8", &format!("<a href=\"{again}\">重试</a>")]
        {
            assert!(page.contains(part), "{path}: {part} in {page}");
        }
        assert_eq!(answered.headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(answered.headers["cache-control"], "no-store");
        let policy = answered.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none';") && !policy.contains("unsafe"),
            "{policy}"
        );
    }
    // Whoever has no session yet is sent to sign in, and reads it there.
    assert_eq!(app.get("/", &asked[..1]).await.http, 302);
    app.get("/", &asked[1..]).await.refused(Code::Unavailable);
    app.sso(|sso| sso.is_away = false);
    eventually("it is back", || async { (app.get("/", &asked).await.http == 200).then_some(()) })
        .await;
}
