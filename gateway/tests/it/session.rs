//! People's sessions at the task centre: cookie, bearer, writes of other sites, the end.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use shared::code::Code;
use shared::identity::{Actor, IDENTITY_HEADER};
use shared::testing::eventually;
use tokio::sync::Semaphore;

use crate::helpers::{
    ORIGIN, READ, TENANT, TODO, TestApp, caller_of, claims, csrf, public, signed, token,
};

const JSON: (&str, &str) = ("Content-Type", "application/json");

fn cookie(token: &str) -> String {
    format!("theme=dark; aiflow_session={token}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_served_with_cookie_or_bearer_and_only_their_identity_travels_on() {
    let app = TestApp::spawn().await;
    let token = token("s1");
    let claimed = [
        (IDENTITY_HEADER, "forged"),
        ("X-User-Code", "ADMIN"),
        ("X-Enterprise-Code", "OTHER"),
        ("X-Request-Id", "req-1"),
    ];
    let bearer = format!("Bearer {token}");
    let cookie = cookie(&token);

    let answers = [
        app.get(TODO, &[&claimed[..], &[("Cookie", cookie.as_str())]].concat()).await,
        app.get(TODO, &[&claimed[..], &[("Authorization", bearer.as_str())]].concat()).await,
    ];

    for answered in answers {
        assert_eq!(answered.headers["cache-control"], "no-store");
        answered.ok();
    }
    let seen = app.task.seen("GET /aflow/api/task/todo");
    assert_eq!(seen.len(), 2);
    for request in &seen {
        let caller = caller_of(request);
        assert_eq!(caller.tenant.as_str(), TENANT);
        assert!(matches!(caller.actor, Actor::Person(user) if user.as_str() == "USER001"));
        assert_eq!(request.header("x-request-id"), Some("req-1"));
        for name in ["cookie", "authorization", "x-user-code", "x-enterprise-code"] {
            assert_eq!(request.header(name), None, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_session_the_answer_says_where_to_sign_in() {
    let app = TestApp::spawn().await;
    let referer = format!("{ORIGIN}/tasks?list=todo");
    let two = format!("aiflow_session={}; aiflow_session={}", token("a"), token("b"));

    for (headers, way_back) in [
        (&[][..], "%2F"),
        (&[("Referer", referer.as_str())], "%2Ftasks%3Flist%3Dtodo"),
        (&[("Cookie", "aiflow_session=")], "%2F"),
        (&[("Cookie", "aiflow_session=x.y.z")], "%2F"),
        (&[("Cookie", two.as_str())], "%2F"),
        (&[("Authorization", "Bearer x")], "%2F"),
        (&[("Authorization", "Basic dTpw")], "%2F"),
    ] {
        let answered = app.get(TODO, headers).await.refused(Code::SessionInvalid);
        assert_eq!(answered.headers["www-authenticate"], "Bearer");
        let login = format!("/aflow/api/oauth2/login?return_to={way_back}");
        let details = &answered.body["data"]["errorDetails"];
        assert_eq!(*details, json!([{"field": "login", "message": login}]), "{headers:?}");
    }
    assert!(app.task.seen("GET /aflow/api/task/todo").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_opens_no_address_of_applications_and_never_helps_a_wrong_signature() {
    let app = TestApp::spawn().await;
    let token = token("s1");
    let bearer = format!("Bearer {token}");

    for (headers, path) in [
        (&[("Authorization", bearer.as_str()), JSON][..], "/aflow/api/order/sync/task"),
        (&[("Authorization", bearer.as_str()), JSON, ("A-Signature", "7b7d")], READ),
        (&[("Authorization", bearer.as_str()), JSON, ("X-A-Signature", "00")], READ),
    ] {
        app.post(path, headers).await.refused(Code::SignatureInvalid);
    }
    assert!(app.task.seen("POST /aflow/api/task/read").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_with_the_cookie_needs_our_own_page() {
    let app = TestApp::spawn().await;
    let (cookie, right, other) = (cookie(&token("s1")), csrf("s1"), csrf("s2"));
    let own = ("X-CSRF-Token", right.as_str());
    let base = [("Cookie", cookie.as_str()), JSON];

    for bad in [
        &[][..],
        &[("X-CSRF-Token", "")],
        &[("X-CSRF-Token", other.as_str())],
        &[own, own],
        &[own, ("Origin", "https://evil.example")],
        &[own, ("Origin", "null")],
        &[own, ("Sec-Fetch-Site", "cross-site")],
        &[own, ("Sec-Fetch-Site", "same-site")],
    ] {
        let answered = app.post(READ, &[&base[..], bad].concat()).await;
        assert_eq!(answered.code(), Code::NotPermitted.name(), "{bad:?}");
    }
    assert!(app.task.seen("POST /aflow/api/task/read").is_empty());

    for good in [&[own][..], &[own, ("Origin", ORIGIN), ("Sec-Fetch-Site", "same-origin")]] {
        app.post(READ, &[&base[..], good].concat()).await.ok();
    }
    let from_elsewhere = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", "cross-site")];
    app.get(TODO, &from_elsewhere).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_with_a_bearer_needs_no_csrf_token_but_a_json_body() {
    let app = TestApp::spawn().await;
    let bearer = format!("Bearer {}", token("s1"));
    let base = ("Authorization", bearer.as_str());

    app.post(READ, &[base, JSON]).await.ok();
    app.post(READ, &[base, ("Content-Type", "text/plain")])
        .await
        .refused(Code::UnsupportedMediaType);
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_tokens_are_refused_and_make_no_work_for_sso_service() {
    let app = TestApp::spawn().await;
    let good = claims("s1");
    let with = |name: &str, value: Value| {
        let mut changed = good.clone();
        changed[name] = value;
        signed(1, &changed)
    };
    let now = good["iat"].as_i64().unwrap();
    let mut hs256 = Header::new(jsonwebtoken::Algorithm::HS256);
    hs256.kid = Some("k1".to_owned());
    let confused =
        jsonwebtoken::encode(&hs256, &good, &EncodingKey::from_secret(public(1).as_bytes()))
            .unwrap();
    let whole = token("s1");
    // {"alg":"none","typ":"JWT","kid":"k1"}
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIiwia2lkIjoiazEifQ";
    let mut forged = vec![
        format!("{none}.{}.", whole.split('.').nth(1).unwrap()),
        confused,
        with("exp", json!(now - 6)),
        with("nbf", json!(now + 60)),
        with("iat", json!(now + 60)),
        with("iss", json!("evil")),
        with("aud", json!("evil")),
        with("name", json!("x".repeat(5_000))),
        whole[..whole.len() - 2].to_owned(),
    ];
    forged.extend((2..40).map(|seed| signed(seed, &good)));

    for token in &forged {
        app.todo(token).await.refused(Code::SessionInvalid);
    }

    assert!(app.task.seen("GET /aflow/api/task/todo").is_empty());
    assert!(app.sso.seen("GET /internal/session").is_empty());
    // Strangers' key ids are asked about at most once a second.
    let asked = app.sso.seen("GET /internal/session/keys").len();
    assert!(asked <= 8, "{asked}");
    app.todo(&whole).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_is_refused_as_soon_as_the_gateway_hears_of_it() {
    let app = TestApp::spawn().await;
    let (ended, other) = (token("s1"), token("s2"));
    app.todo(&ended).await.ok();
    app.todo(&other).await.ok();

    app.end("s1").await;

    app.todo(&ended).await.refused(Code::SessionInvalid);
    // Also with another token of the same session.
    app.todo(&token("s1")).await.refused(Code::SessionInvalid);
    app.todo(&other).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_does_not_revive_an_ended_session() {
    let app = TestApp::spawn().await;
    let gate = Arc::new(Semaphore::new(0));
    app.sso(|sso| sso.gate = Some(gate.clone()));
    let token = token("s1");

    let (answered, ()) = tokio::join!(app.todo(&token), async {
        eventually("sso-service was asked", || async {
            (!app.sso.seen("GET /internal/session").is_empty()).then_some(())
        })
        .await;
        app.end("s1").await;
        gate.add_permits(1);
    });

    answered.refused(Code::SessionInvalid);
    app.todo(&token).await.refused(Code::SessionInvalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_nobody_announced_is_found_out_by_asking() {
    let app = TestApp::with(&[("session.remembered_secs", "1")]).await;
    let token = token("s1");
    app.todo(&token).await.ok();

    app.sso(|sso| sso.ended.extend(["s1".to_owned()]));

    eventually("the session has ended", || async {
        (app.todo(&token).await.code() == Code::SessionInvalid.name()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_that_cannot_be_read_makes_the_gateway_ask_again() {
    let app = TestApp::spawn().await;
    let token = token("s1");
    app.todo(&token).await.ok();
    app.sso(|sso| sso.ended.extend(["s1".to_owned()]));

    app.publish(json!({"sessions": 7})).await;

    app.todo(&token).await.refused(Code::SessionInvalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_asked_about_once_while_it_is_remembered() {
    let app = TestApp::spawn().await;
    let token = token("s1");

    for _ in 0..20 {
        app.todo(&token).await.ok();
    }

    assert_eq!(app.sso.seen("GET /internal/session").len(), 1);
    assert_eq!(app.sso.seen("GET /internal/session/keys").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_sso_service_is_away_only_what_is_fresh_is_believed() {
    let app = TestApp::with(&[("session.remembered_secs", "2")]).await;
    let known = token("s1");
    app.todo(&known).await.ok();

    app.sso(|sso| sso.is_away = true);

    app.todo(&known).await.ok();
    let answered = app.todo(&token("s2")).await.refused(Code::Unavailable);
    assert!(answered.headers.contains_key("retry-after"));
    eventually("nothing fresh is left", || async {
        (app.todo(&known).await.code() == Code::Unavailable.name()).then_some(())
    })
    .await;
    app.sso(|sso| sso.is_away = false);
    eventually("it is back", || async { (app.todo(&known).await.http == 200).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_never_saw_a_key_says_that_it_cannot_tell() {
    let app = TestApp::spawn().await;
    app.sso(|sso| sso.is_away = true);

    app.todo(&token("s1")).await.refused(Code::Unavailable);
    app.todo("no.token.atall").await.refused(Code::SessionInvalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_learned_within_a_moment() {
    let app = TestApp::spawn().await;
    app.todo(&token("s1")).await.ok();

    app.sso(|sso| sso.keys = vec![2, 1]);

    let fresh = signed(2, &claims("s1"));
    eventually("the new key counts", || async {
        (app.todo(&fresh).await.http == 200).then_some(())
    })
    .await;
    app.todo(&token("s1")).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_home_page_names_who_is_signed_in_and_sends_everybody_else_to_sign_in() {
    let app = TestApp::spawn().await;
    let cookie = cookie(&token("s1"));

    let stranger = app.get("/?from=mail", &[]).await;
    let person = app.get("/", &[("Cookie", cookie.as_str())]).await;

    assert_eq!(stranger.http, 302);
    // At the public address, whatever name of this machine was typed.
    let login = "http://127.0.0.1:7020/aflow/api/oauth2/login?return_to=%2F%3Ffrom%3Dmail";
    assert_eq!(stranger.headers["location"], login);
    assert_eq!(stranger.headers["cache-control"], "no-store");
    assert_eq!(person.http, 200);
    let page = person.body.as_str().unwrap();
    assert!(page.contains("已登录") && page.contains("&lt;张三&gt;"), "{page}");
    let policy = person.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
    app.end("s1").await;
    assert_eq!(app.get("/", &[("Cookie", cookie.as_str())]).await.http, 302);
    let answered = app.post("/", &[JSON]).await.refused(Code::MethodNotAllowed);
    assert_eq!(answered.headers["allow"], "GET");
}

#[tokio::test(flavor = "multi_thread")]
async fn under_https_only_the_cookie_of_this_very_host_counts() {
    let app = TestApp::with(&[("public.url", "https://aiflow.example.com")]).await;
    let token = token("s1");
    let (plain, bound) =
        (format!("aiflow_session={token}"), format!("__Host-aiflow_session={token}"));

    app.get(TODO, &[("Cookie", plain.as_str())]).await.refused(Code::SessionInvalid);
    app.get(TODO, &[("Cookie", bound.as_str())]).await.ok();

    let right = csrf("s1");
    let base = [("Cookie", bound.as_str()), JSON, ("X-CSRF-Token", right.as_str())];
    app.post(READ, &[&base[..], &[("Origin", "https://aiflow.example.com")]].concat()).await.ok();
    app.post(READ, &[&base[..], &[("Origin", ORIGIN)]].concat()).await.refused(Code::NotPermitted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remembered_session_costs_sso_service_nothing_under_load() {
    let app = Arc::new(TestApp::spawn().await);
    let token = token("s1");
    app.todo(&token).await.ok();

    let all = (0..8).map(|_| {
        let (app, token) = (app.clone(), token.clone());
        shared::telemetry::spawn(async move {
            for _ in 0..25 {
                app.todo(&token).await.ok();
            }
        })
    });
    for one in all.collect::<Vec<_>>() {
        tokio::time::timeout(Duration::from_secs(60), one).await.unwrap().unwrap();
    }

    assert_eq!(app.sso.seen("GET /internal/session").len(), 1);
}
