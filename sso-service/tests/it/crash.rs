//! A process that ends between two steps of a sign-in leaves nothing half done.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::json;
use shared::clock::Clock;

use crate::helpers::{Process, TestApp, location, reason};

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_began_at_one_process_ends_at_another() {
    let app = TestApp::spawn().await;
    let start = || Process::start("other", Clock::system(), &[]);
    let other = tokio::task::spawn_blocking(start).await.unwrap();
    let mut browser = app.at(&other).browser();
    let state = browser.begin("/x").await["state"].clone();
    drop(other);

    browser.app = app.clone();

    assert_eq!(location(&browser.come_back(&state, "c").await), "/x");
    browser.get("/aflow/api/oauth2/me").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_cut_off_while_the_erp_is_asked_opens_nothing_and_can_be_begun_anew() {
    let app = TestApp::spawn().await;
    // The ERP takes the question and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let token = format!("http://{}/token", silent.local_addr().unwrap());
    app.set_provider(json!({"tokenUrl": token})).await.ok();
    let browser = app.browser();
    let state = browser.begin("/").await["state"].clone();

    // The browser hangs up, as if the process had ended under it.
    let asked = tokio::time::timeout(Duration::from_millis(500), browser.come_back(&state, "c"));
    assert!(asked.await.is_err());

    assert_eq!(app.count("sessions where tenant = $1").await, 0);
    assert_eq!(
        app.count("logins where tenant = $1 and used_at is not null and finished_at is null").await,
        1
    );
    app.set_provider(json!({})).await.ok();
    assert_eq!(reason(&browser.come_back(&state, "c").await), "state_expired");
    assert_eq!(location(&browser.sign_in("/").await), "/");
    assert_eq!(app.count("sessions where tenant = $1").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_cannot_be_opened_whole_is_not_opened() {
    let app = TestApp::spawn().await;
    let browser = app.browser();
    let state = browser.begin("/").await["state"].clone();
    let schema = crate::helpers::schema();
    let refuse = format!(
        "create or replace function {schema}.refuse_{0}() returns trigger language plpgsql as \
         $$ begin if new.tenant = '{0}' then raise exception 'refused by a test'; end if; return new; end $$; \
         create trigger refuse_{0} before insert on {schema}.audit_records for each row execute function {schema}.refuse_{0}()",
        app.tenant
    );
    let client = crate::helpers::connect().await;
    client.batch_execute(&refuse).await.unwrap();

    let answer = browser.come_back(&state, "c").await;
    let mend = format!("drop trigger refuse_{0} on {schema}.audit_records", app.tenant);
    client.batch_execute(&mend).await.unwrap();

    assert_eq!(reason(&answer), "unavailable");
    assert_eq!(app.count("sessions where tenant = $1").await, 0);
    assert_eq!(app.count("bindings where tenant = $1").await, 0);
    assert_eq!(location(&browser.sign_in("/").await), "/");
}
