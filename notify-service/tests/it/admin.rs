//! The administrator's view: listing, looking at one, replaying.

use fakes::dingtalk::Options;
use serde_json::json;
use shared::code::Code;
use shared::id::UserCode;
use shared::identity::{Actor, Caller};

use crate::helpers::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_listed_with_its_attempts() {
    let app = TestApp::spawn().await;
    app.know_people().await;
    app.publish(&app.opening(1, &["USER002", "USER003"])).await;
    app.quiet().await;

    let address = format!(
        "/aflow/api/admin/deliveries?enterpriseCode={}&state=delivered&userCode=USER002&orderId=1",
        app.tenant
    );
    let page = app.get(&address).await.ok();

    assert_eq!((&page["total"], &page["rows"][0]["channel"]), (&json!(1), &json!("work")));
    let attempts = app.attempts(&page["rows"][0]).await;
    let what: Vec<_> = attempts.iter().map(|attempt| attempt["what"].clone()).collect();
    assert_eq!(what, [json!("poll"), json!("push")]);
    assert_eq!(page["rows"][0]["attempts"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_goes_out_when_it_is_replayed() {
    let mut options = Options::demo();
    let whole = options.people.clone();
    options.people.retain(|person| person.userid != "lisi");
    let app = TestApp::with(options).await;
    app.know_people().await;
    app.publish(&app.opening(1, &["USER002"])).await;
    app.reaches("failed", 2).await;

    let lisi = whole.into_iter().find(|person| person.userid == "lisi").unwrap();
    app.ding.add_person(lisi);
    let answer = app.replay(json!({"enterpriseCode": app.tenant, "state": "failed"})).await.ok();
    app.quiet().await;

    assert_eq!(answer["replayed"], 2);
    assert_eq!((app.messages("lisi"), app.todos("lisi")), (1, (1, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_arrived_cannot_be_replayed() {
    let app = TestApp::spawn().await;
    app.know_people().await;
    app.publish(&app.opening(1, &["USER002"])).await;
    app.quiet().await;

    let delivery = app.delivery("work").await;

    app.replay(json!({"id": delivery["id"]})).await.refused(Code::WrongState);
    app.replay(json!({"id": 999_999_999})).await.refused(Code::UnknownReference);
    app.replay(json!({})).await.refused(Code::InvalidParameter);
    app.replay(json!({"enterpriseCode": app.tenant, "state": "sent"}))
        .await
        .refused(Code::InvalidParameter);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_failure_of_a_closed_task_is_not_replayed() {
    let app = TestApp::spawn().await;
    app.tell_people(vec![crate::helpers::person("USER002", "13900000000")]).await;
    app.publish(&app.opening(1, &["USER002"])).await;
    app.reaches("failed", 2).await;

    app.publish(&app.closing(2, &["USER002"])).await;
    let delivery = app.delivery("work").await;

    app.replay(json!({"id": delivery["id"]})).await.refused(Code::WrongState);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_services_may_look() {
    let app = TestApp::spawn().await;
    let person = Caller { tenant: app.tenant(), actor: Actor::Person(UserCode::stored("USER002")) };

    for address in
        ["/aflow/api/admin/deliveries", "/aflow/api/admin/delivery?id=1", "/internal/counts"]
    {
        app.get_as(person.clone(), address).await.refused(Code::NotPermitted);
    }
}
