//! Service tasks: the ERP's answer reaches the flow, whatever it is.

use fakes::odoo::{Control, Fault};
use serde_json::json;
use shared::contract::order::OrderAdvanced;

use super::{APPROVED, TestErp};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_erp_answers_is_told_to_the_flow() {
    let erp = TestErp::spawn().await;

    erp.publish(&[erp.start(7), erp.call(7, 2, APPROVED)]).await;
    let answers = erp.answers(1).await;

    let answer = &answers[0];
    assert_eq!((answer.order_id, answer.call_id.as_str()), (7, "7-2"));
    assert_eq!((answer.outcome.as_str(), answer.reason.as_str()), ("answered", ""));
    assert_eq!(answer.answer["data"]["no"], "ERP-0001");
    assert_eq!(erp.taken()[1].body, json!({"orderId": 7, "amount": 10_000}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_at_once_and_holds_up_nothing() {
    let erp = TestErp::spawn().await;
    let refusal = Fault::Say { status: 200, body: json!({"status": -4001, "msg": "库存不足"}) };
    erp.control(Control { service: Some(refusal), ..Control::default() });

    erp.publish(&[erp.call(7, 1, APPROVED), erp.end(7, 2, "fail")]).await;
    let answers = erp.answers(1).await;
    erp.reaches("delivered", 1).await;

    assert_eq!(answers[0].outcome, "refused");
    assert_eq!(answers[0].reason, "ERP 拒绝了调用（-4001）：库存不足");
    assert_eq!(answers[0].answer["msg"], "库存不足");
    assert_eq!(erp.attempts(&erp.push_of(7).await).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_tried_again_until_the_erp_answers() {
    let erp = TestErp::spawn().await;
    let busy = Fault::Busy { status: 503, retry_after: "1".to_owned() };
    erp.control(Control { service: Some(busy), ..Control::default() });
    erp.publish(&[erp.call(7, 1, APPROVED)]).await;
    erp.tried(7, 1).await;

    erp.control(Control { reset: true, ..Control::default() });
    let answers = erp.answers(1).await;

    assert_eq!((answers.len(), answers[0].outcome.as_str()), (1, "answered"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_given_up_is_told_as_failed() {
    let erp = TestErp::spawn().await;
    erp.control(Control { service: Some(Fault::NotJson), ..Control::default() });
    erp.publish(&[erp.call(7, 1, APPROVED)]).await;
    erp.tried(7, 1).await;

    erp.execute("update {schema}.erp_pushes set tries = 1000 where tenant = $1").await;
    erp.hurry().await;
    let answers = erp.answers(1).await;

    assert_eq!(answers[0].outcome, "failed");
    assert!(answers[0].reason.starts_with("多次调用 ERP 未成功，已放弃"), "{}", answers[0].reason);
    erp.reaches("failed", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_endpoint_a_call_fails_with_a_reason_and_the_rest_is_kept() {
    let erp = TestErp::without_endpoint().await;

    erp.publish(&[erp.start(7), erp.call(7, 2, APPROVED), erp.end(7, 3, "fail")]).await;
    let answers = erp.answers(1).await;

    assert_eq!(answers[0].outcome, "failed");
    assert_eq!(
        answers[0].reason,
        "应用 APP001 没有配置 ERP 地址，无法调用 /odoo/api/order/approved"
    );
    erp.reaches("not_configured", 2).await;

    assert_eq!(erp.configure().await["notConfigured"], 2);
    let all = erp.of_app(json!({"state": "not_configured"}));
    assert_eq!(erp.replay(all).await.ok()["replayed"], 2);
    erp.reaches("delivered", 2).await;
    assert_eq!(erp.told(7), ["START", "CANCEL"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_leads_elsewhere_is_never_called() {
    let erp = TestErp::spawn().await;

    let addresses =
        ["@127.0.0.1:1/x", "//evil.example/x", "http://evil.example/x", "/../admin", ""];
    for (order, address) in (1..).zip(addresses) {
        erp.publish(&[erp.call(order, 1, address)]).await;
    }
    let answers = erp.answers(addresses.len()).await;

    assert!(answers.iter().all(|answer| answer.outcome == "failed"), "{answers:?}");
    assert_eq!(erp.odoo.pushes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_the_flow_took_back_is_not_made_and_holds_up_nothing() {
    let erp = TestErp::spawn().await;
    erp.pause().await;
    let dropped =
        |fact: OrderAdvanced| OrderAdvanced { dropped_calls: vec!["7-2".to_owned()], ..fact };

    erp.publish(&[erp.start(7), erp.call(7, 2, APPROVED), dropped(erp.end(7, 3, "revoke"))]).await;
    erp.resume().await;
    erp.reaches("delivered", 2).await;

    assert_eq!(erp.told(7), ["START", "CANCEL"]);
    assert_eq!(erp.app.counts().await["pushes"], json!({"delivered": 2, "skipped": 1}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_a_call_taken_back_on_its_way_is_told_to_nobody() {
    let erp = TestErp::spawn().await;
    erp.control(Control { service: Some(Fault::Slow(800)), ..Control::default() });
    erp.publish(&[erp.call(7, 1, APPROVED)]).await;
    shared::testing::eventually("the call is under way", || async {
        (erp.odoo.pushes().len() == 1).then_some(())
    })
    .await;

    let dropped =
        OrderAdvanced { dropped_calls: vec!["7-1".to_owned()], ..erp.end(7, 2, "revoke") };
    erp.publish(&[dropped]).await;
    erp.reaches("delivered", 1).await;

    erp.reaches("skipped", 1).await;
    assert_eq!(erp.told(7), [APPROVED, "CANCEL"]);
    assert!(erp.answers(0).await.is_empty());
}
