//! Access tokens: who signs them, until when, and what is none.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::code::Code;
use shared::session::{AccessClaims, Signer};

use crate::helpers::{Process, TestApp};

fn part(token: &str, place: usize) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(place).unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_says_what_the_house_agreed_on() {
    let app = TestApp::spawn().await;
    let token = app.signed_in().await.cookie("aiflow_session").unwrap();

    let (header, claims) = (part(&token, 0), part(&token, 1));

    assert_eq!((&header["alg"], &header["typ"]), (&json!("EdDSA"), &json!("JWT")));
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("aiflow"), &json!("aiflow")));
    assert_eq!((&claims["sub"], &claims["tenant"]), (&json!("USER001"), &json!(app.tenant)));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    for name in ["sid", "jti", "name", "nbf"] {
        assert!(!claims[name].is_null(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_keys_are_published_twice_and_prove_the_tokens() {
    let app = TestApp::spawn().await;
    let token = app.signed_in().await.cookie("aiflow_session").unwrap();
    let kid = part(&token, 0)["kid"].clone();

    let set = app.browser().get("/aflow/api/oauth2/jwks").await;
    let internal = app.ask("/internal/session/keys").await.ok();

    let key = set.body["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid).unwrap();
    assert_eq!(
        (&key["kty"], &key["crv"], &key["use"]),
        (&json!("OKP"), &json!("Ed25519"), &json!("sig"))
    );
    assert_eq!(set.headers["cache-control"], "public, max-age=300");
    let known = internal["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid).unwrap();
    assert_eq!(known["x"], key["x"]);
    let known: shared::contract::session::TokenKeys = serde_json::from_value(internal).unwrap();
    shared::session::verify(&token, &known, Clock::system().now()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_signs_and_the_old_one_is_believed_until_its_tokens_have_ended() {
    let app = TestApp::spawn().await;
    let old = app.signed_in().await.cookie("aiflow_session").unwrap();

    let kid = app.admin("/session/rotate-key", json!({})).await.ok()["kid"].clone();
    let new = app.signed_in().await.cookie("aiflow_session").unwrap();

    assert_eq!(part(&new, 0)["kid"], kid);
    assert_ne!(part(&old, 0)["kid"], kid);
    app.me(&old).await.ok();
    app.me(&new).await.ok();
    let set = app.browser().get("/aflow/api/oauth2/jwks").await;
    assert!(set.body["keys"].as_array().unwrap().len() >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_learns_of_a_key_that_another_one_made() {
    let app = TestApp::spawn().await;
    let start = || Process::start("second", Clock::system(), &[]);
    let second = tokio::task::spawn_blocking(start).await.unwrap();
    let there = app.at(&second);
    there.browser().get("/aflow/api/oauth2/jwks").await;

    app.admin("/session/rotate-key", json!({})).await.ok();
    let token = app.signed_in().await.cookie("aiflow_session").unwrap();

    // At most one look a second.
    shared::testing::eventually("the other process believes it", || async {
        (there.me(&token).await.http == 200).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_past_or_of_the_future_is_refused() {
    let app = TestApp::spawn().await;
    let clock = Clock::fixed(Clock::system().now());
    let fixed = clock.clone();
    let start = move || Process::start("fixed", fixed, &[]);
    let process = tokio::task::spawn_blocking(start).await.unwrap();
    let there = app.at(&process);
    let token = there.signed_in().await.cookie("aiflow_session").unwrap();

    there.me(&token).await.ok();
    clock.advance(Duration::seconds(3_604));
    there.me(&token).await.ok();
    clock.advance(Duration::seconds(1));
    there.me(&token).await.refused(Code::SessionInvalid);
    clock.advance(Duration::seconds(-3_605 - 6));
    there.me(&token).await.refused(Code::SessionInvalid);
    clock.advance(Duration::seconds(1));
    there.me(&token).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_tokens_are_refused() {
    let app = TestApp::spawn().await;
    let token = app.signed_in().await.cookie("aiflow_session").unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let kid = part(&token, 0)["kid"].as_str().unwrap().to_owned();
    let claims: AccessClaims = serde_json::from_value(part(&token, 1)).unwrap();
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let none = encode(json!({"alg": "none", "typ": "JWT", "kid": kid}));
    let hmac = encode(json!({"alg": "HS256", "typ": "JWT", "kid": kid}));
    let mut raised = part(&token, 1);
    raised["sub"] = json!("USER002");
    let forged = [
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{hmac}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], encode(raised), parts[2]),
        Signer::new(&kid, &[9; 32]).sign(&claims).unwrap(),
        Signer::new("0000000000000000", &[9; 32]).sign(&claims).unwrap(),
        format!("{}.{}", parts[0], parts[1]),
        "x".repeat(5_000),
        String::from("e30.e30.e30"),
    ];
    for token in forged {
        app.me(&token).await.refused(Code::SessionInvalid);
    }
    app.browser().get("/aflow/api/oauth2/me").await.refused(Code::SessionInvalid);
}
