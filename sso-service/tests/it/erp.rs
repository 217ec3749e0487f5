//! The ERP's answers: in every usual spelling, and wrong in every way.

use std::time::Duration;

use serde_json::json;

use crate::helpers::{CLIENT_SECRET, TestApp, location, reason};
use crate::outside;

#[tokio::test(flavor = "multi_thread")]
async fn standard_answers_are_understood_in_the_standards_own_dialect() {
    let app = TestApp::spawn().await;
    app.set_provider(json!({"dialect": "form"})).await.ok();
    outside::with(&app.tenant, |outside| {
        outside.token.1 = json!({"access_token": "t", "token_type": "bearer"}).to_string();
        outside.user.1 = json!({"sub": "USER001", "phone_number": "13800138000"}).to_string();
        outside.get_only = true;
    });

    assert_eq!(location(&app.browser().sign_in("/x").await), "/x");

    let seen = outside::with(&app.tenant, |outside| outside.seen.clone());
    assert_eq!(seen[0].kind, "application/x-www-form-urlencoded");
    let form = crate::helpers::query(&format!("?{}", seen[0].body));
    assert_eq!(
        (form["client_secret"].as_str(), form["grant_type"].as_str()),
        (CLIENT_SECRET, "authorization_code")
    );
    assert_eq!(form["code_verifier"].len(), 43);
    let tail: Vec<&str> = seen[1..].iter().map(|seen| &seen.address[..4]).collect();
    assert_eq!(tail, ["POST", "GET "]);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_inside_an_envelope_are_understood_and_no_challenge_is_sent_where_it_is_off() {
    let app = TestApp::spawn().await;
    app.set_provider(json!({"pkce": false})).await.ok();
    let wrapped = |data| json!({"status": 0, "msg": "success", "data": data}).to_string();
    outside::with(&app.tenant, |outside| {
        outside.token.1 = wrapped(json!({"accessToken": "t", "tokenType": "Bearer"}));
        outside.user.1 = wrapped(json!({"userId": "USER001"}));
    });
    let browser = app.browser();

    let asked = browser.begin("/").await;
    assert_eq!(location(&browser.come_back(&asked["state"], "c").await), "/");

    assert!(!asked.contains_key("code_challenge"));
    let seen = outside::with(&app.tenant, |outside| outside.seen.clone());
    assert!(!seen[0].body.contains("codeVerifier"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_answer_that_is_wrong_signs_nobody_in() {
    let app = TestApp::spawn().await;
    let error = |word: &str| json!({"error": word, "error_description": "x"}).to_string();
    let token = |value: serde_json::Value| json!({"accessToken": value}).to_string();
    for (status, body, expected) in [
        (401, error("invalid_client"), "not_configured"),
        (400, error("invalid_grant"), "code_invalid"),
        (200, error("invalid_grant"), "code_invalid"),
        (500, error("server_error"), "provider_unavailable"),
        (502, "<html>".to_owned(), "provider_unavailable"),
        (200, "<html>".to_owned(), "provider_failed"),
        (200, "[]".to_owned(), "provider_failed"),
        (200, "{}".to_owned(), "provider_failed"),
        (302, "http://169.254.169.254/".to_owned(), "provider_failed"),
        (200, token(json!("")), "provider_failed"),
        (200, token(json!(7)), "provider_failed"),
        (200, token(json!("a\r\nX-Evil: 1")), "provider_failed"),
        (200, token(json!("x".repeat(20_000))), "provider_failed"),
        (200, token(json!("x".repeat(100_000))), "provider_failed"),
        (200, json!({"accessToken": "t", "tokenType": "mac"}).to_string(), "provider_failed"),
        (200, json!({"status": -1, "data": null}).to_string(), "provider_failed"),
    ] {
        outside::with(&app.tenant, |outside| outside.token = (status, body.clone()));
        let answer = app.browser().sign_in("/").await;
        assert_eq!(reason(&answer), expected, "{status} {:.60}", body);
    }
    assert_eq!(app.count("sessions where tenant = $1").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_userinfo_answer_that_is_wrong_signs_nobody_in() {
    let app = TestApp::spawn().await;
    let user = |id: &str| json!({"userId": id, "phoneNumber": "13800138000"}).to_string();
    for (status, body, expected) in [
        (401, json!({"error": "invalid_token"}).to_string(), "provider_failed"),
        (500, String::new(), "provider_unavailable"),
        (200, "{}".to_owned(), "provider_failed"),
        (200, user(" USER001"), "provider_failed"),
        (200, user("USER001 "), "provider_failed"),
        (200, user("USER001\u{0}"), "provider_failed"),
        (200, user(&"U".repeat(300)), "provider_failed"),
        (200, json!({"userId": "user001"}).to_string(), "person_unknown"),
        (200, json!({"userId": "USER001😀"}).to_string(), "person_unknown"),
    ] {
        outside::with(&app.tenant, |outside| outside.user = (status, body.clone()));
        assert_eq!(reason(&app.browser().sign_in("/").await), expected, "{status} {:.60}", body);
    }
    assert_eq!(app.count("sessions where tenant = $1").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erp_that_never_answers_costs_its_time_limit_and_no_more() {
    let app = TestApp::spawn().await;
    // A listener that accepts and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let token = format!("http://{}/token", silent.local_addr().unwrap());
    app.set_provider(json!({"tokenUrl": token})).await.ok();
    let more = [("provider.timeout_ms", "300")];
    let process = tokio::task::spawn_blocking(move || {
        crate::helpers::Process::start("slow", shared::clock::Clock::system(), &more)
    });
    let browser = app.at(&process.await.unwrap()).browser();

    let answer = tokio::time::timeout(Duration::from_secs(5), browser.sign_in("/")).await;

    assert_eq!(reason(&answer.unwrap()), "provider_unavailable");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_shown_without_its_secret_and_may_keep_it() {
    let app = TestApp::spawn().await;
    let address = format!("/aflow/api/admin/provider?enterpriseCode={}", app.tenant);

    let shown = app.ask(&address).await.ok();

    assert_eq!((&shown["clientId"], &shown["dialect"]), (&json!("APP001"), &json!("json")));
    assert_eq!((&shown["pkce"], &shown["enabled"]), (&json!(true), &json!(true)));
    assert!(!shown.to_string().contains(CLIENT_SECRET));
    app.set_provider(json!({"clientSecret": null, "scope": "openid"})).await.ok();
    assert_eq!(location(&app.browser().sign_in("/").await), "/");
    let body = outside::with(&app.tenant, |outside| outside.seen[0].body.clone());
    assert!(body.contains(CLIENT_SECRET));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_with_mistakes_is_refused_with_all_of_them() {
    let app = TestApp::bare().await;
    let wrong = json!({"tokenUrl": "ftp://x", "userinfoUrl": "http://u:p@x/", "dialect": "xml"});

    let refused = app.set_provider(wrong).await.refused(shared::code::Code::InvalidParameter);

    assert_eq!(refused.fields(), ["tokenUrl", "userinfoUrl", "dialect"]);
    let without = json!({"clientSecret": null});
    app.set_provider(without).await.refused(shared::code::Code::InvalidParameter);
}
