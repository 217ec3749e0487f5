//! Somebody's session was stolen: the person hears of it, once.

use shared::contract::directory::Person;
use shared::contract::session::SessionStolen;

use crate::helpers::{TestApp, person};

const SESSION: &str = "019413a2-7c00-7000-8000-000000000001";

fn stolen(app: &TestApp, user: &str, session: &str) -> SessionStolen {
    SessionStolen {
        tenant: app.tenant.clone(),
        user_code: user.to_owned(),
        session: session.to_owned(),
        at: "2025-01-24T07:30:00+00:00".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_session_is_one_notification_and_no_to_do_however_often_it_is_heard_of() {
    let app = TestApp::spawn().await;
    app.know_people().await;

    let heard = app.publish(&stolen(&app, "USER002", SESSION)).await;
    app.publish_message(heard).await;
    app.publish(&stolen(&app, "USER002", SESSION)).await;
    app.reaches("delivered", 1).await;
    app.publish(&stolen(&app, "USER002", &SESSION.replace('9', "8"))).await;
    app.reaches("delivered", 2).await;

    assert_eq!((app.messages("lisi"), app.todos("lisi")), (2, (0, 0)));
    let message = app.ding.inbox().remove(0);
    assert_eq!((message.msgtype.as_str(), message.title.as_str()), ("markdown", "登录安全提醒"));
    assert!(message.text.contains("2025-01-24 15:30:00") && message.text.contains(SESSION));
    let listed = app.deliveries().await.remove(1);
    assert_eq!((&listed["taskId"], &listed["taskName"]), (&SESSION.into(), &"登录安全提醒".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_reached_yet_is_warned_later_and_who_left_is_not() {
    let app = TestApp::spawn().await;
    app.publish(&stolen(&app, "USER002", SESSION)).await;
    app.reaches("waiting_person", 1).await;
    app.tell_people(vec![
        person("USER002", "13800138001"),
        Person { active: false, ..person("USER003", "13800138002") },
    ])
    .await;
    app.publish(&stolen(&app, "USER003", &SESSION.replace('9', "8"))).await;

    app.reaches("delivered", 1).await;

    assert_eq!((app.messages("lisi"), app.messages("wangwu")), (1, 0));
    app.reaches("skipped", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_dingtalk_nobody_is_warned_and_the_list_says_so() {
    let app = TestApp::spawn().await;
    let bare = TestApp::sharing(app.ding.clone()).await;
    bare.know_people().await;

    bare.publish(&stolen(&bare, "USER002", SESSION)).await;

    bare.reaches("not_configured", 1).await;
    assert_eq!(bare.messages("lisi"), 0);
}
