//! Sessions: refreshed, ended, and ended by others.

use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::json;
use shared::code::Code;

use crate::helpers::{PUBLIC, TestApp};

async fn sid(app: &TestApp) -> String {
    app.audit().await[0].1["session"].as_str().unwrap().to_owned()
}

async fn is_active(app: &TestApp, sid: &str) -> bool {
    app.ask(&format!("/internal/session?id={sid}")).await.ok()["active"].as_bool().unwrap()
}

const MAKE_OLD: &str = "update {}.refresh_tokens r set used_at = used_at - interval '6 seconds' \
     from {}.sessions s where s.id = r.session_id and s.tenant = $1";

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_followed_by_a_new_pair() {
    let app = TestApp::spawn().await;
    let browser = app.signed_in().await;
    let first = browser.cookie("aiflow_refresh").unwrap();

    let pair = app.refresh(&first).await.ok();

    assert_ne!(pair["refreshToken"], json!(first));
    assert_eq!(pair["expiresIn"], 3600);
    let me = app.me(pair["accessToken"].as_str().unwrap()).await.ok();
    assert_eq!(me["userCode"], "USER001");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_refreshes_at_once_have_one_successor() {
    let app = TestApp::spawn().await;
    let first = app.signed_in().await.cookie("aiflow_refresh").unwrap();

    let answers = join_all((0..100).map(|_| app.refresh(&first))).await;

    let mut tokens: Vec<String> =
        answers.into_iter().map(|answer| answer.ok()["refreshToken"].to_string()).collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    let rows = format!(
        "refresh_tokens r join {}.sessions s on s.id = r.session_id where s.tenant = $1",
        crate::helpers::schema()
    );
    assert_eq!(app.count(&rows).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_used_again_within_the_grace_gives_the_same_successor_and_later_ends_the_session() {
    let app = TestApp::spawn().await;
    let browser = app.signed_in().await;
    let sid = sid(&app).await;
    let first = browser.cookie("aiflow_refresh").unwrap();
    let second = app.refresh(&first).await.ok()["refreshToken"].as_str().unwrap().to_owned();

    assert_eq!(app.refresh(&first).await.ok()["refreshToken"], json!(second));
    assert!(is_active(&app, &sid).await);
    app.change(MAKE_OLD).await;
    app.refresh(&first).await.refused(Code::InvalidGrant);

    app.refresh(&second).await.refused(Code::InvalidGrant);
    assert!(!is_active(&app, &sid).await);
    browser.get("/aflow/api/oauth2/me").await.refused(Code::SessionInvalid);
    let actions: Vec<String> = app.audit().await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions[..2], ["refresh.reused", "session.ended"]);
    assert_eq!(
        app.count("outbox where topic = 'session.ended' and payload::jsonb->>'tenant' = $1").await,
        1
    );
    app.refresh(&first).await.refused(Code::InvalidGrant);
    let told = "outbox where topic = 'session.stolen' and payload::jsonb->>'tenant' = $1";
    assert_eq!(app.count(told).await, 1);
    let whose =
        format!("{told} and payload::jsonb->>'userCode' = 'USER001' and payload like '%{sid}%'");
    assert_eq!(app.count(&whose).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_refresh_token_is_refused() {
    let app = TestApp::spawn().await;
    let browser = app.signed_in().await;
    let access = browser.cookie("aiflow_session").unwrap();
    let refresh = browser.cookie("aiflow_refresh").unwrap();

    app.refresh(&access).await.refused(Code::InvalidGrant);
    app.refresh("unknown").await.refused(Code::InvalidGrant);
    assert_eq!(app.refresh("").await.refused(Code::InvalidParameter).fields(), ["refreshToken"]);
    let none = app.browser().post("/aflow/api/oauth2/refresh").await;
    assert_eq!(none.refused(Code::InvalidParameter).fields(), ["refreshToken"]);
    app.change("update {}.sessions set until = now() - interval '1 second' where tenant = $1")
        .await;
    app.refresh(&refresh).await.refused(Code::InvalidGrant);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_refreshes_with_its_cookie_and_scripts_see_no_token() {
    let app = TestApp::spawn().await;
    let browser = app.signed_in().await;
    let before = browser.cookie("aiflow_refresh");

    let answer = browser.post("/aflow/api/oauth2/refresh").await.ok();

    assert_eq!(answer, json!({"expiresIn": 3600}));
    assert_ne!(browser.cookie("aiflow_refresh"), before);
    browser.get("/aflow/api/oauth2/me").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_can_neither_refresh_nor_sign_out() {
    let app = TestApp::spawn().await;
    let browser = app.signed_in().await;
    for address in ["/aflow/api/oauth2/refresh", "/aflow/api/oauth2/logout"] {
        browser.post_from(address, "https://evil.example").await.refused(Code::NotPermitted);
        browser.post_from(address, "null").await.refused(Code::NotPermitted);
    }
    browser.get("/aflow/api/oauth2/me").await.ok();
    browser.post_from("/aflow/api/oauth2/logout", PUBLIC).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_everything_at_once_and_may_be_repeated() {
    let app = TestApp::spawn().await;
    let browser = app.signed_in().await;
    let sid = sid(&app).await;
    let (access, refresh) =
        (browser.cookie("aiflow_session").unwrap(), browser.cookie("aiflow_refresh").unwrap());

    browser.post("/aflow/api/oauth2/logout").await.ok();

    assert_eq!(browser.cookie("aiflow_session"), None);
    assert_eq!(browser.cookie("aiflow_refresh"), None);
    app.me(&access).await.refused(Code::SessionInvalid);
    app.refresh(&refresh).await.refused(Code::InvalidGrant);
    assert!(!is_active(&app, &sid).await);
    browser.post("/aflow/api/oauth2/logout").await.ok();
    assert_eq!(
        app.count("outbox where topic = 'session.ended' and payload::jsonb->>'tenant' = $1").await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn after_signing_out_no_refresh_that_raced_with_it_has_a_token_that_works() {
    let app = TestApp::spawn().await;
    for _ in 0..20 {
        let browser = Arc::new(app.signed_in().await);
        let refresh = browser.cookie("aiflow_refresh").unwrap();

        let (refreshed, _) =
            tokio::join!(app.refresh(&refresh), browser.post("/aflow/api/oauth2/logout"));

        let token = refreshed.body["data"]["refreshToken"].as_str().unwrap_or(&refresh).to_owned();
        app.refresh(&token).await.refused(Code::InvalidGrant);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_leaves_is_signed_out_everywhere() {
    let app = TestApp::spawn().await;
    let (one, two) = (app.signed_in().await, app.signed_in().await);

    app.tell("USER001", false, 9).await;

    for browser in [one, two] {
        browser.get("/aflow/api/oauth2/me").await.refused(Code::SessionInvalid);
        let refresh = browser.cookie("aiflow_refresh").unwrap();
        app.refresh(&refresh).await.refused(Code::InvalidGrant);
    }
    assert_eq!(app.count("sessions where tenant = $1 and ended_why = 'disabled'").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_fact_ends_no_session() {
    let app = TestApp::spawn().await;
    let browser = app.signed_in().await;

    app.tell("USER001", false, 4).await;

    browser.get("/aflow/api/oauth2/me").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sessions_of_an_enterprise_that_is_switched_off_count_for_nothing() {
    let app = TestApp::spawn().await;
    let browser = app.signed_in().await;
    let sid = sid(&app).await;
    let refresh = browser.cookie("aiflow_refresh").unwrap();

    let off = json!({"enterpriseCode": app.tenant, "enabled": false});
    app.admin("/enterprise/enable", off).await.ok();

    assert!(!is_active(&app, &sid).await);
    app.refresh(&refresh).await.refused(Code::InvalidGrant);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_nobody_elses() {
    let (app, other) = (TestApp::spawn().await, TestApp::spawn().await);
    app.signed_in().await;
    let sid = sid(&app).await;

    assert!(is_active(&app, &sid).await);
    assert!(!is_active(&other, &sid).await);
    assert!(!is_active(&app, "nonsense").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_ends_all_sessions_of_a_person() {
    let app = TestApp::spawn().await;
    let browser = app.signed_in().await;

    let named = json!({"enterpriseCode": app.tenant, "userCode": "USER001"});
    let ended = app.admin("/session/end", named).await.ok();

    assert_eq!(ended["count"], 1);
    browser.get("/aflow/api/oauth2/me").await.refused(Code::SessionInvalid);
}
