//! Who somebody is: by code, mobile, e-mail; two who fit, nobody who fits, somebody who left.

use serde_json::json;
use shared::code::Code;

use crate::helpers::{TestApp, location, reason};
use crate::outside::{self, Person};

fn people(app: &TestApp, people: Vec<Person>) {
    outside::with(&app.tenant, |outside| outside.people = people);
}

fn user(app: &TestApp, user: serde_json::Value) {
    outside::with(&app.tenant, |outside| outside.user.1 = user.to_string());
}

async fn who(browser: &crate::helpers::Browser) -> String {
    browser.get("/aflow/api/oauth2/me").await.ok()["userCode"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_found_by_mobile_and_stays_who_they_are_when_the_number_changes() {
    let app = TestApp::spawn().await;
    people(&app, vec![Person { code: "U1", mobile: "13900000001", ..Person::default() }]);
    user(&app, json!({"userId": "77", "phoneNumber": "13900000001"}));
    let browser = app.browser();

    browser.sign_in("/").await;
    assert_eq!(who(&browser).await, "U1");
    user(&app, json!({"userId": "77", "phoneNumber": "13900000009"}));
    browser.sign_in("/").await;
    assert_eq!(who(&browser).await, "U1");

    let named = json!({"enterpriseCode": app.tenant, "userCode": "U1"});
    assert_eq!(app.admin("/binding/forget", named).await.ok()["count"], 1);
    assert_eq!(reason_after(&app).await, "person_unknown");
}

async fn reason_after(app: &TestApp) -> String {
    reason(&app.browser().sign_in("/").await)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_finds_somebody_only_where_that_is_switched_on() {
    let app = TestApp::spawn().await;
    people(&app, vec![Person { code: "U1", email: "a@example.com", ..Person::default() }]);
    user(&app, json!({"userId": "77", "email": "a@example.com"}));

    assert_eq!(reason_after(&app).await, "person_unknown");
    app.set_provider(json!({"bindByEmail": true})).await.ok();
    assert_eq!(location(&app.browser().sign_in("/").await), "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_fit_are_signed_in_as_nobody_and_shown_to_the_administrator() {
    let app = TestApp::spawn().await;
    let same = |code| Person { code, mobile: "13900000001", ..Person::default() };
    people(&app, vec![same("U1"), same("U2")]);
    user(&app, json!({"userId": "77", "phoneNumber": "13900000001"}));

    assert_eq!(reason_after(&app).await, "person_ambiguous");

    let address = format!("/aflow/api/admin/logins?enterpriseCode={}&problems=true", app.tenant);
    let rows = app.ask(&address).await.ok()["rows"].clone();
    assert_eq!(rows[0]["outcome"], "login.ambiguous");
    assert_eq!(
        (&rows[0]["detail"]["users"], &rows[0]["detail"]["by"]),
        (&json!(["U1", "U2"]), &json!("mobile"))
    );
    assert!(rows[0]["requestId"].is_string());
    assert!(!rows.to_string().contains("13900000001"));
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_unknown_is_created_only_where_that_is_switched_on_and_the_department_is_named() {
    let app = TestApp::spawn().await;
    people(&app, Vec::new());
    user(&app, json!({"userId": "NEWCOMER", "name": "新人", "deptId": "DEPT001"}));

    assert_eq!(reason_after(&app).await, "person_unknown");
    app.set_provider(json!({"autoCreate": true})).await.ok();
    let browser = app.browser();
    browser.sign_in("/").await;
    assert_eq!(who(&browser).await, "NEWCOMER");
    let actions: Vec<String> = app.audit().await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions[0], "login.created");

    people(&app, Vec::new());
    user(&app, json!({"userId": "OTHER", "name": "新人"}));
    assert_eq!(reason_after(&app).await, "person_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_left_is_not_let_in() {
    let app = TestApp::spawn().await;
    people(&app, vec![Person { code: "USER001", left: true, ..Person::default() }]);

    assert_eq!(reason_after(&app).await, "person_disabled");
    assert_eq!(app.count("sessions where tenant = $1").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_fact_that_somebody_left_wins_over_what_sync_service_said_before() {
    let app = TestApp::spawn().await;

    app.tell("USER001", false, 9).await;

    assert_eq!(reason_after(&app).await, "person_disabled");
    assert_eq!(app.count("sessions where tenant = $1").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_department_is_only_written_down() {
    let app = TestApp::spawn().await;
    user(&app, json!({"userId": "USER001", "deptId": "DEPT999"}));

    assert_eq!(location(&app.browser().sign_in("/").await), "/");

    assert_eq!(app.audit().await[0].1["otherDepartment"], "DEPT999");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_services_may_administer() {
    let app = TestApp::spawn().await;
    let browser = app.browser();
    for address in
        ["/aflow/api/admin/logins", "/aflow/api/admin/provider", "/internal/session/keys"]
    {
        browser.get(address).await.refused(Code::NotPermitted);
    }
}
