//! People who are unknown, appear, change, leave.

use crate::helpers::{SEND, TestApp, person};

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_person_is_pushed_once_they_appear() {
    let app = TestApp::spawn().await;
    app.publish(&app.opening(1, &["USER002"])).await;
    app.reaches("waiting_person", 2).await;

    app.know_people().await;
    app.quiet().await;

    assert_eq!((app.messages("lisi"), app.todos("lisi")), (1, (1, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_without_mobile_and_binding_waits_for_one() {
    let app = TestApp::spawn().await;
    let bare = shared::contract::directory::Person { mobile: None, ..person("USER002", "") };
    app.tell_people(vec![bare]).await;
    app.publish(&app.opening(1, &["USER002"])).await;
    app.reaches("waiting_person", 2).await;

    let with =
        shared::contract::directory::Person { revision: 2, ..person("USER002", "13800138001") };
    app.tell_people(vec![with]).await;
    app.quiet().await;

    assert_eq!(app.messages("lisi"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_person_is_not_pushed() {
    let app = TestApp::spawn().await;
    app.publish(&app.opening(1, &["USER002"])).await;
    let disabled =
        shared::contract::directory::Person { active: false, ..person("USER002", "13800138001") };

    app.tell_people(vec![disabled]).await;
    app.publish(&app.opening(2, &["USER002"])).await;
    app.quiet().await;

    app.reaches("skipped", 2).await;
    assert_eq!(app.ding.calls().of(SEND).total(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_fact_about_a_person_changes_nothing() {
    let app = TestApp::spawn().await;
    let newer =
        shared::contract::directory::Person { revision: 5, ..person("USER002", "13800138001") };
    app.tell_people(vec![newer]).await;
    app.tell_people(vec![person("USER002", "13800138002")]).await;

    app.publish(&app.opening(1, &["USER002"])).await;
    app.quiet().await;

    assert_eq!((app.messages("lisi"), app.messages("wangwu")), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_dingtalk_is_a_failure_until_the_mobile_is_mended() {
    let app = TestApp::spawn().await;
    app.tell_people(vec![person("USER002", "13900000000")]).await;
    app.publish(&app.opening(1, &["USER002"])).await;
    app.reaches("failed", 2).await;
    assert_eq!(app.delivery("work").await["lastCode"], "60121");

    let mended =
        shared::contract::directory::Person { revision: 2, ..person("USER002", "13800138001") };
    app.tell_people(vec![mended]).await;
    app.quiet().await;

    assert_eq!((app.messages("lisi"), app.todos("lisi")), (1, (1, 0)));
}
