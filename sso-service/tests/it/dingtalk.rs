//! A person signs in with DingTalk, from a page or inside its client.

use serde_json::json;
use shared::code::Code;

use crate::helpers::{Browser, PUBLIC, TestApp, location, query, reason};
use crate::outside::{self, Person};

async fn begin(browser: &Browser, more: &str) -> shared::testing::Answered {
    let tenant = &browser.app.tenant;
    browser
        .get(&format!("/aflow/api/oauth2/dingtalk/login?enterprise={tenant}&return_to=/x{more}"))
        .await
}

async fn who(browser: &Browser) -> String {
    browser.get("/aflow/api/oauth2/me").await.ok()["userCode"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_at_dingtalks_page_and_is_found_by_mobile() {
    let app = TestApp::bare().await;
    app.set_dingtalk().await;
    let browser = app.browser();

    let away = location(&begin(&browser, "").await);
    let asked = query(&away);
    let back =
        format!("/aflow/api/oauth2/dingtalk/callback?authCode=c&code=c&state={}", asked["state"]);
    let answer = browser.get(&back).await;

    assert!(away.starts_with("https://login.example.com/oauth2/auth?"), "{away}");
    assert!(away.contains("scope=openid%20corpid"), "{away}");
    assert_eq!(asked["redirect_uri"], format!("{PUBLIC}/aflow/api/oauth2/dingtalk/callback"));
    assert_eq!((asked["client_id"].as_str(), asked["prompt"].as_str()), ("dingkey", "consent"));
    assert_eq!(location(&answer), "/x");
    assert_eq!(who(&browser).await, "USER001");
    assert_eq!(reason(&browser.get(&back).await), "state_expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bound_dingtalk_user_counts_before_the_mobile() {
    let app = TestApp::bare().await;
    app.set_dingtalk().await;
    outside::with(&app.tenant, |outside| {
        outside.people.push(Person { code: "BOUND", dingtalk: "ding1", ..Person::default() });
    });
    let browser = app.browser();

    let state = query(&location(&begin(&browser, "").await))["state"].clone();
    browser.get(&format!("/aflow/api/oauth2/dingtalk/callback?code=c&state={state}")).await;

    assert_eq!(who(&browser).await, "BOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn inside_the_client_a_code_needs_a_state_too() {
    let app = TestApp::bare().await;
    app.set_dingtalk().await;
    let browser = app.browser();

    let inside = begin(&browser, "&client=inside").await.ok();
    let without = browser
        .get(&format!("/aflow/api/oauth2/dingtalk/callback?enterprise={}&code=c", app.tenant))
        .await;
    let state = inside["state"].as_str().unwrap();
    let with =
        browser.get(&format!("/aflow/api/oauth2/dingtalk/callback?code=c&state={state}")).await;

    assert_eq!((&inside["corpId"], &inside["clientId"]), (&json!("dingcorp"), &json!("dingkey")));
    assert_eq!(reason(&without), "state_invalid");
    assert_eq!(location(&with), "/x");
    assert_eq!(who(&browser).await, "USER001");
    let seen = outside::with(&app.tenant, |outside| outside.seen.clone());
    assert!(seen[0].address.ends_with("/topapi/v2/user/getuserinfo"), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_one_way_is_none_of_another() {
    let app = TestApp::spawn().await;
    app.set_dingtalk().await;
    let browser = app.browser();
    let erp = browser.begin("/").await["state"].clone();
    let ding = query(&location(&begin(&browser, "").await))["state"].clone();

    let crossed =
        browser.get(&format!("/aflow/api/oauth2/dingtalk/callback?code=c&state={erp}")).await;

    assert_ne!(location(&crossed), "/");
    reason(&crossed);
    reason(&browser.come_back(&ding, "c").await);
    assert_eq!(app.count("sessions where tenant = $1").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enterprise_without_dingtalk_cannot_be_signed_in_to_with_it() {
    let app = TestApp::spawn().await;
    let browser = app.browser();

    assert_eq!(reason(&begin(&browser, "").await), "not_configured");
    begin(&browser, "&client=inside").await.refused(Code::NotSupported);
}
