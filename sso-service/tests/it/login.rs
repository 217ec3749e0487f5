//! A person signs in at the ERP, and what must not work.

use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::json;

use crate::helpers::{PUBLIC, TestApp, location, query, reason};
use crate::outside;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_and_comes_back_to_the_page_they_wanted() {
    let app = TestApp::spawn().await;
    let browser = app.browser();

    let asked = browser.begin("/task/todo?page=2").await;
    let answer = browser.come_back(&asked["state"], "a-code").await;
    let me = browser.get("/aflow/api/oauth2/me").await.ok();

    assert_eq!((answer.http, location(&answer).as_str()), (302, "/task/todo?page=2"));
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    assert_eq!((&me["userCode"], &me["name"]), (&json!("USER001"), &json!("张三")));
    assert_eq!((&me["enterpriseCode"], &me["roles"]), (&json!(app.tenant), &json!([])));
    assert!((3_590..=3_600).contains(&me["expiresIn"].as_i64().unwrap()));
    assert_eq!(asked["client_id"], "APP001");
    assert_eq!(asked["redirect_uri"], format!("{PUBLIC}/aflow/api/oauth2/callback"));
    assert_eq!((asked["response_type"].as_str(), asked["scope"].as_str()), ("code", "basic"));
    assert_eq!(app.audit().await[0].0, "login.finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookies_are_out_of_the_reach_of_scripts_but_for_the_word_against_forgery() {
    let app = TestApp::spawn().await;
    let browser = app.browser();

    let answer = browser.sign_in("/").await;

    let lines: Vec<&str> =
        answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    for (name, hidden) in
        [("aiflow_session", true), ("aiflow_refresh", true), ("aiflow_csrf", false)]
    {
        let line = lines.iter().find(|line| line.starts_with(&format!("{name}="))).unwrap();
        assert!(line.contains("; Path=/;") && line.contains("SameSite=Lax"), "{line}");
        assert_eq!(line.contains("HttpOnly"), hidden, "{line}");
    }
    let sid = app.audit().await[0].1["session"].as_str().unwrap().to_owned();
    let word = shared::identity::csrf_token(&shared::testing::INTERNAL_KEY.to_owned().into(), &sid);
    assert_eq!(browser.cookie("aiflow_csrf"), Some(word));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_is_exchanged_as_documented_with_the_verifier_of_the_challenge() {
    let app = TestApp::spawn().await;
    let browser = app.browser();

    let asked = browser.begin("/").await;
    browser.come_back(&asked["state"], "a-code").await;

    let seen = outside::with(&app.tenant, |outside| outside.seen.clone());
    let body: serde_json::Value = serde_json::from_str(&seen[0].body).unwrap();
    assert_eq!(seen[0].kind, "application/json");
    assert_eq!(
        (&body["clientId"], &body["grantType"]),
        (&json!("APP001"), &json!("authorization_code"))
    );
    assert_eq!(
        (&body["code"], &body["redirectUri"]),
        (&json!("a-code"), &json!(asked["redirect_uri"]))
    );
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(body["codeVerifier"].as_str().unwrap().len(), 43);
    assert_eq!(seen[1].authorization, format!("Bearer {}", outside::ERP_TOKEN));
    assert!(seen[1].address.starts_with("POST "));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_callbacks_at_once_make_one_session() {
    let app = TestApp::spawn().await;
    let browser = Arc::new(app.browser());
    let state = browser.begin("/").await["state"].clone();

    let answers = join_all((0..50).map(|_| browser.come_back(&state, "a-code"))).await;

    let signed_in = answers.iter().filter(|answer| location(answer) == "/").count();
    assert_eq!(signed_in, 1);
    assert_eq!(app.count("sessions where tenant = $1").await, 1);
    let asked = outside::with(&app.tenant, |outside| {
        outside.seen.iter().filter(|seen| seen.address.ends_with("/token")).count()
    });
    assert_eq!(asked, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_works_once_in_the_browser_that_began() {
    let app = TestApp::spawn().await;
    let (mine, theirs) = (app.browser(), app.browser());
    let state = mine.begin("/").await["state"].clone();
    theirs.begin("/").await;

    assert_eq!(reason(&theirs.come_back(&state, "a-code").await), "state_invalid");
    assert_eq!(reason(&app.browser().come_back(&state, "a-code").await), "state_invalid");
    assert_eq!(outside::with(&app.tenant, |outside| outside.seen.len()), 0);
    assert_eq!(location(&mine.come_back(&state, "a-code").await), "/");
    assert_eq!(reason(&mine.come_back(&state, "a-code").await), "state_expired");
    assert_eq!(app.count("sessions where tenant = $1 and ended_at is null").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_tabs_may_sign_in_at_once() {
    let app = TestApp::spawn().await;
    let browser = app.browser();
    let first = browser.begin("/one").await["state"].clone();
    let second = browser.begin("/two").await["state"].clone();

    assert_eq!(location(&browser.come_back(&second, "c").await), "/two");
    assert_eq!(location(&browser.come_back(&first, "c").await), "/one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_good_for_five_minutes() {
    let app = TestApp::spawn().await;
    let browser = app.browser();
    let state = browser.begin("/").await["state"].clone();

    app.change("update {}.logins set until = now() - interval '1 second' where tenant = $1").await;

    assert_eq!(reason(&browser.come_back(&state, "a-code").await), "state_expired");
    assert_eq!(outside::with(&app.tenant, |outside| outside.seen.len()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_lacks_something_or_has_it_twice_asks_nobody() {
    let app = TestApp::spawn().await;
    let long = "A".repeat(8 * 1024);
    for (query, expected) in [
        ("state=STATE".to_owned(), "code_invalid"),
        ("code=abc".to_owned(), "state_invalid"),
        ("code=abc&state=zzz".to_owned(), "state_invalid"),
        ("code=abc&code=def&state=STATE".to_owned(), "state_invalid"),
        ("code=abc&state=STATE&state=STATE".to_owned(), "state_invalid"),
        (format!("code={long}&state=STATE"), "code_invalid"),
        ("code=%27%22%0d%0a%00&state=STATE".to_owned(), "code_invalid"),
    ] {
        let browser = app.browser();
        let state = browser.begin("/").await["state"].clone();
        let query = query.replace("STATE", &state);
        let answer = browser.get(&format!("/aflow/api/oauth2/callback?{query}")).await;
        assert_eq!(reason(&answer), expected, "{query}");
    }
    assert_eq!(outside::with(&app.tenant, |outside| outside.seen.len()), 0);
    assert_eq!(app.count("sessions where tenant = $1").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_erp_says_in_place_of_a_code_is_told_in_words_of_ours() {
    let app = TestApp::spawn().await;
    let browser = app.browser();
    let state = browser.begin("/").await["state"].clone();
    let error = "error=access_denied&error_description=%3Cscript%3Ealert(1)%3C%2Fscript%3E";

    let answer = browser.get(&format!("/aflow/api/oauth2/callback?{error}&state={state}")).await;
    let page = browser.get(&location(&answer)).await;

    assert_eq!(reason(&answer), "denied");
    let text = page.body.as_str().unwrap();
    assert!(text.contains("您取消了登录") && text.contains("重新登录"), "{text}");
    assert!(!text.contains("script") && !text.contains("alert"), "{text}");
    assert!(text.contains(&query(&location(&answer))["request"]), "{text}");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert_eq!(reason(&browser.come_back(&state, "a-code").await), "state_expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_error_page_repeats_no_word_of_the_address() {
    let app = TestApp::spawn().await;
    let address =
        "/aflow/api/oauth2/error?reason=%3Cb%3Eevil&request=%3Ci%3Ex&enterprise=%22%3E%3Cs%3E";

    let page = app.browser().get(address).await;

    assert_eq!(page.http, 200);
    let text = page.body.as_str().unwrap();
    for word in ["evil", "<b>", "<i>", "<s>"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_another_origin_is_led_to() {
    let app = TestApp::spawn().await;
    for hostile in [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/%5cevil.example",
        "/\t/evil.example",
        "/..//evil.example",
        "javascript:alert(1)",
    ] {
        let answer = app.browser().sign_in(hostile).await;
        assert_eq!(location(&answer), "/", "{hostile}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enterprise_that_is_unknown_looks_like_one_without_sign_in() {
    let app = TestApp::bare().await;
    let off = TestApp::spawn().await;
    let disabled = json!({"enterpriseCode": off.tenant, "enabled": false});
    off.admin("/provider/enable", disabled).await.ok();

    for code in ["NOBODY", app.tenant.as_str(), off.tenant.as_str(), "%00", "a%0ab"] {
        let answer = app.browser().get(&format!("/aflow/api/oauth2/login?enterprise={code}")).await;
        assert_eq!(reason(&answer), "not_configured", "{code}");
    }
    // Many enterprises of these tests have sign-in, so none is meant by default.
    let answer = app.browser().get("/aflow/api/oauth2/login").await;
    assert_eq!(reason(&answer), "enterprise_missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_as_somebody_else_ends_the_session_before() {
    let app = TestApp::spawn().await;
    let browser = app.signed_in().await;
    let old = browser.cookie("aiflow_session").unwrap();
    outside::with(&app.tenant, |outside| {
        outside.people.push(outside::Person { code: "USER002", ..Default::default() });
        outside.user.1 = json!({"userId": "USER002"}).to_string();
    });

    browser.sign_in("/").await;

    let me = browser.get("/aflow/api/oauth2/me").await.ok();
    assert_eq!(me["userCode"], "USER002");
    app.me(&old).await.refused(shared::code::Code::SessionInvalid);
    assert_eq!(app.count("sessions where tenant = $1 and ended_why = 'replaced'").await, 1);
}
