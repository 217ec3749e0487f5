//! Codes and tokens: once, in time, for whom and where they were asked for.

use fakes::odoo::Control;
use serde_json::{Value, json};

use super::{Erp, REDIRECT, VERIFIER, reply};

#[tokio::test(flavor = "multi_thread")]
async fn a_code_becomes_tokens_in_the_documented_words() {
    let erp = Erp::start().await;

    let answer = erp.exchange(&erp.code(&[]).await, json!({})).await;

    let mut names: Vec<&String> = answer.body.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(answer.status, 200);
    assert_eq!(names, ["accessToken", "expiresIn", "refreshToken", "tokenType"]);
    assert_eq!(
        (&answer.body["tokenType"], &answer.body["expiresIn"]),
        (&json!("Bearer"), &json!(3600))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_used_twice_ends_the_tokens_it_gave() {
    let erp = Erp::start().await;
    let code = erp.code(&[]).await;
    let first = erp.exchange(&code, json!({})).await;
    let token = first.body["accessToken"].as_str().unwrap();
    assert_eq!(erp.userinfo(token).await.status, 200);

    let second = erp.exchange(&code, json!({})).await;

    second.refuses(400, "invalid_grant");
    erp.userinfo(token).await.refuses(401, "invalid_token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_for_a_minute() {
    let erp = Erp::start().await;
    let (early, late) = (erp.code(&[]).await, erp.code(&[]).await);

    erp.fake.advance(59);
    let in_time = erp.exchange(&early, json!({})).await;
    erp.fake.advance(1);
    let too_late = erp.exchange(&late, json!({})).await;

    assert_eq!(in_time.status, 200);
    too_late.refuses(400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_a_code_is_good_can_be_set() {
    let erp = Erp::start().await;
    erp.fake.control(Control { code_secs: Some(0), ..Control::default() });

    erp.exchange(&erp.code(&[]).await, json!({})).await.refuses(400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_exchanges_must_be_who_asked() {
    let erp = Erp::start().await;

    for (changes, status, error) in [
        (json!({ "clientId": "APP002" }), 401, "invalid_client"),
        (json!({ "clientSecret": "wrong" }), 401, "invalid_client"),
        (json!({ "clientSecret": null }), 401, "invalid_client"),
        (json!({ "grantType": "password" }), 400, "unsupported_grant_type"),
        (json!({ "grantType": null }), 400, "unsupported_grant_type"),
        (json!({ "redirectUri": format!("{REDIRECT}/") }), 400, "invalid_grant"),
        (json!({ "redirectUri": null }), 400, "invalid_grant"),
        (
            json!({ "codeVerifier": "another-verifier-another-verifier-another-v" }),
            400,
            "invalid_grant",
        ),
        (json!({ "codeVerifier": null }), 400, "invalid_grant"),
        (json!({ "code": "unknown" }), 400, "invalid_grant"),
        (json!({ "code": null }), 400, "invalid_grant"),
        (json!({ "code": 7 }), 400, "invalid_grant"),
    ] {
        let code = erp.code(&[]).await;
        erp.exchange(&code, changes).await.refuses(status, error);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verifier_that_nobody_announced_is_refused() {
    let erp = Erp::start().await;
    let without = [("code_challenge", ""), ("code_challenge_method", "")];

    let plain = erp.exchange(&erp.code(&without).await, json!({ "codeVerifier": null })).await;
    let surplus = erp.exchange(&erp.code(&without).await, json!({})).await;

    assert_eq!(plain.status, 200);
    surplus.refuses(400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_is_json_unless_the_form_dialect_is_on() {
    let erp = Erp::start().await;
    let form = |code: &str| {
        [
            ("client_id", "aiflow".to_owned()),
            ("client_secret", "aiflow-client-secret".to_owned()),
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", REDIRECT.to_owned()),
            ("code_verifier", VERIFIER.to_owned()),
        ]
    };
    let code = erp.code(&[]).await;
    let post = |form| erp.http.post(erp.fake.token_url()).form(&form).send();

    let as_form = reply(post(form(&code)).await.unwrap()).await;
    erp.fake.control(Control { form: Some(true), ..Control::default() });
    let as_json = erp.exchange(&code, json!({})).await;
    let fitting = reply(post(form(&code)).await.unwrap()).await;

    as_form.refuses(400, "invalid_request");
    as_json.refuses(400, "invalid_request");
    assert_eq!(fitting.status, 200, "{}", fitting.body);
    assert!(fitting.body["access_token"].is_string() && fitting.body["accessToken"] == Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_form_dialect_the_client_may_name_itself_in_the_header() {
    let erp = Erp::start().await;
    erp.fake.control(Control { form: Some(true), ..Control::default() });
    let code = erp.code(&[]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];

    let request = erp.http.post(erp.fake.token_url()).form(&form);
    let request = request.basic_auth("aiflow", Some("aiflow-client-secret"));
    let answer = reply(request.send().await.unwrap()).await;

    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_may_not_use_codes_gets_no_tokens_either() {
    let erp = Erp::start().await;
    let code = erp.code(&[]).await;

    erp.fake.control(Control { may_use_codes: Some(false), ..Control::default() });

    erp.exchange(&code, json!({})).await.refuses(400, "unauthorized_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_good_once() {
    let erp = Erp::start().await;
    let (access, refresh) = erp.tokens().await;
    let body = json!({ "clientId": "aiflow", "clientSecret": "aiflow-client-secret",
        "grantType": "refresh_token", "refreshToken": refresh });

    let first = erp.token(body.clone()).await;
    let again = erp.token(body).await;

    assert_eq!(first.status, 200);
    again.refuses(400, "invalid_grant");
    erp.userinfo(&access).await.refuses(401, "invalid_token");
    assert_eq!(erp.userinfo(first.body["accessToken"].as_str().unwrap()).await.status, 200);
}
