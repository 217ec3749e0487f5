//! The administrator's view of endpoints and pushes.

use fakes::odoo::{Control, Fault};
use serde_json::json;
use shared::code::Code;
use shared::id::UserCode;
use shared::identity::{Actor, Caller};

use super::{APPROVED, TestErp};

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_field_of_an_endpoint_is_named() {
    let erp = TestErp::without_endpoint().await;
    let wrong = json!({"baseUrl": "ftp://x", "receivePath": "x", "logPath": "//evil.example"});

    let refused = erp.set(wrong).await.refused(Code::InvalidParameter);
    assert_eq!(refused.fields(), ["baseUrl", "receivePath", "logPath"]);
    erp.set(json!({})).await.refused(Code::InvalidParameter);
    let nobody = json!({"enterpriseCode": erp.app.tenant, "appId": "NOBODY", "baseUrl": "https://a.example"});
    erp.app.post("/aflow/api/admin/erp_endpoint", nobody).await.refused(Code::UnknownReference);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_listed_with_its_paths_and_can_be_changed() {
    let erp = TestErp::spawn().await;

    let endpoint = erp.endpoint().await;
    assert_eq!(endpoint["receivePath"], "/odoo/api/workflow/receive");
    assert_eq!(endpoint["logPath"], "/odoo/api/workflow/approval/log");

    let fields = json!({"baseUrl": format!("{}/", erp.odoo.base_url()), "receivePath": "/odoo/api/order/receive?db=main"});
    erp.set(fields).await.ok();
    erp.publish(&[erp.start(7)]).await;
    erp.reaches("delivered", 1).await;
    assert_eq!(erp.taken()[0].path, "/odoo/api/order/receive");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_shown_with_what_is_sent_and_every_try() {
    let erp = TestErp::spawn().await;
    erp.control(Control { receive: Some(Fault::NotJson), ..Control::default() });
    erp.publish(&[erp.start(7)]).await;
    let push = erp.tried(7, 1).await;
    erp.control(Control { reset: true, ..Control::default() });
    erp.hurry().await;
    erp.reaches("delivered", 1).await;

    let shown = erp.app.get(&format!("/aflow/api/admin/push?id={}", push["id"])).await.ok();

    assert_eq!(shown["body"].as_str().unwrap(), erp.taken()[0].raw);
    assert_eq!(shown["push"]["webhookId"], erp.taken()[0].webhook[0]);
    let attempts = shown["attempts"].as_array().unwrap();
    assert_eq!(
        (attempts.len(), &attempts[0]["ok"], &attempts[1]["ok"]),
        (2, &json!(true), &json!(false))
    );
    assert_eq!(attempts[1]["detail"], "HTTP 200: the answer is not JSON");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_since_an_instant_goes_out_again_in_order_but_no_call() {
    let erp = TestErp::spawn().await;
    erp.publish(&[
        erp.start(7),
        erp.call(7, 2, APPROVED),
        erp.handled(7, 3, "pass"),
        erp.end(7, 4, "pass"),
    ])
    .await;
    erp.reaches("delivered", 4).await;

    let since = erp.of_app(json!({"since": "2020-01-01 00:00:00"}));
    assert_eq!(erp.replay(since).await.ok()["replayed"], 3);
    erp.reaches("delivered", 4).await;

    shared::testing::eventually("all were told again", || async {
        (erp.told(7).len() == 7).then_some(())
    })
    .await;
    assert_eq!(erp.told(7)[4..], ["START", "LOG", "COMPLETE"]);
    let later = erp.of_app(json!({"since": "2099-01-01 00:00:00"}));
    assert_eq!(erp.replay(later).await.ok()["replayed"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_again_is_refused() {
    let erp = TestErp::spawn().await;
    erp.publish(&[erp.call(7, 1, APPROVED)]).await;
    erp.reaches("delivered", 1).await;

    let call = erp.push_of(7).await;

    erp.replay(json!({"id": call["id"]})).await.refused(Code::WrongState);
    erp.replay(json!({"id": 999_999_999})).await.refused(Code::UnknownReference);
    erp.replay(json!({})).await.refused(Code::InvalidParameter);
    erp.replay(erp.of_app(json!({}))).await.refused(Code::InvalidParameter);
    erp.replay(erp.of_app(json!({"state": "delivered"}))).await.refused(Code::InvalidParameter);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_is_left_out_lets_the_order_go_on_and_a_call_fails() {
    let erp = TestErp::spawn().await;
    let refusal = Fault::Say { status: 200, body: json!({"status": -4002}) };
    erp.control(Control {
        receive: Some(refusal),
        service: Some(Fault::NotJson),
        ..Control::default()
    });
    erp.publish(&[erp.start(7), erp.call(7, 2, APPROVED), erp.handled(7, 3, "pass")]).await;
    erp.reaches("parked", 1).await;
    let skip = async |id: serde_json::Value| {
        erp.app.post("/aflow/api/admin/push/skip", json!({"id": id})).await
    };

    skip(erp.push_of(7).await["id"].clone()).await.ok();
    let call = erp.pushes().await[1].clone();
    shared::testing::eventually("the call was tried", || async {
        (!erp.pushes().await[1]["lastError"].is_null()).then_some(())
    })
    .await;
    skip(call["id"].clone()).await.ok();
    let answers = erp.answers(1).await;
    erp.reaches("delivered", 1).await;

    assert_eq!(
        (answers[0].outcome.as_str(), answers[0].reason.as_str()),
        ("failed", "管理员跳过了对 ERP 的调用")
    );
    skip(call["id"].clone()).await.refused(Code::WrongState);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_services_may_look() {
    let erp = TestErp::spawn().await;
    let person =
        Caller { tenant: erp.app.tenant(), actor: Actor::Person(UserCode::stored("USER002")) };

    for address in
        ["/aflow/api/admin/erp_endpoints", "/aflow/api/admin/pushes", "/aflow/api/admin/push?id=1"]
    {
        erp.app.get_as(person.clone(), address).await.refused(Code::NotPermitted);
    }
}
