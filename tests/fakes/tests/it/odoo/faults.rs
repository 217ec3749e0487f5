//! What a test can make it do, and what it remembers.

use std::time::{Duration, Instant};

use fakes::odoo::{Control, Fault};
use serde_json::{Value, json};

use super::Erp;

fn token(fault: Fault) -> Control {
    Control { token: Some(fault), ..Control::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_can_be_anything() {
    let erp = Erp::start().await;
    let raw = || async {
        let request = erp.http.post(erp.fake.token_url()).json(&json!({}));
        request.send().await.unwrap()
    };

    erp.fake.control(token(Fault::Say { status: 500, body: json!({ "oops": true }) }));
    let said = raw().await;
    erp.fake.control(token(Fault::NotJson));
    let page = raw().await;
    erp.fake.control(token(Fault::Redirect("http://192.0.2.1/".to_owned())));
    let elsewhere = raw().await;

    assert_eq!(
        (said.status().as_u16(), said.text().await.unwrap()),
        (500, r#"{"oops":true}"#.to_owned())
    );
    assert!(page.text().await.unwrap().starts_with("<!DOCTYPE html>"));
    assert_eq!(elsewhere.headers()["location"], "http://192.0.2.1/");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_can_be_put_over_a_good_answer_and_taken_away() {
    let erp = Erp::start().await;
    let code = erp.code(&[]).await;

    erp.fake.control(token(Fault::Merge(json!({ "tokenType": "mac", "refreshToken": null }))));
    let answer = erp.exchange(&code, json!({})).await;

    assert_eq!(answer.body["tokenType"], "mac");
    assert_eq!(answer.body["refreshToken"], Value::Null);
    assert!(answer.body["accessToken"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_can_be_late_long_or_slow() {
    let erp = Erp::start().await;
    let send = || erp.http.post(erp.fake.token_url()).json(&json!({})).send();

    erp.fake.control(token(Fault::Slow(200)));
    let began = Instant::now();
    send().await.unwrap();
    let took = began.elapsed();
    erp.fake.control(token(Fault::Huge));
    let mut huge = send().await.unwrap();
    let mut read = 0;
    while read < 1024 * 1024 {
        read += huge.chunk().await.unwrap().unwrap().len();
    }
    erp.fake.control(token(Fault::Drip));
    let mut drip = send().await.unwrap();
    let first = drip.chunk().await.unwrap().unwrap();

    assert!(took >= Duration::from_millis(200), "{took:?}");
    assert_eq!(first.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_shows_what_came_in_without_its_secrets() {
    let erp = Erp::start().await;
    let (access, _) = erp.tokens().await;
    erp.userinfo(&access).await;

    let inbox = erp.http.get(erp.url("/_inbox")).send().await.unwrap().text().await.unwrap();

    let shown: Value = serde_json::from_str(&inbox).unwrap();
    let exchange = &shown["received"][2];
    assert_eq!(exchange["path"], "/odoo/api/oauth2/token");
    assert_eq!(exchange["body"]["clientId"], "aiflow");
    assert_eq!(exchange["body"]["clientSecret"], "***");
    assert_eq!(shown["received"][3]["authorization"], "Bearer");
    assert_eq!((erp.fake.token_calls(), erp.fake.userinfo_calls()), (1, 1));
    let mut secrets = erp.fake.secrets();
    secrets.extend(["aiflow-client-secret", "zhangsan-password"].map(str::to_owned));
    assert_eq!(secrets.len(), 6);
    for secret in secrets {
        assert!(!inbox.contains(&secret), "{secret} is in the inbox");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_over_http_as_well_and_forgets_faults_when_told_to() {
    let erp = Erp::start().await;
    let (access, _) = erp.tokens().await;
    let control = |body: Value| erp.http.post(erp.url("/_control")).json(&body).send();

    let done =
        control(json!({ "userinfo": { "say": { "status": 503, "body": {} } } })).await.unwrap();
    let away = erp.userinfo(&access).await.status;
    control(json!({ "reset": true })).await.unwrap();
    let back = erp.userinfo(&access).await.status;
    control(json!({ "revokeTokens": true, "signOut": true })).await.unwrap();
    let unknown = control(json!({ "usrinfo": "fine" })).await.unwrap();

    assert_eq!((done.status().as_u16(), away, back), (200, 503, 200));
    erp.userinfo(&access).await.refuses(401, "invalid_token");
    assert_eq!(unknown.status(), 400);
}
