//! A DingTalk that is not configured, limits calls, loses answers, is away or keeps messages back.

use std::sync::Arc;

use fakes::dingtalk::{Knobs, Options};
use serde_json::json;
use shared::contract::task::TasksChanged;

use crate::helpers::{CREATE, SEND, TestApp, person};

#[tokio::test(flavor = "multi_thread")]
async fn dingtalk_not_configured_is_recorded_and_can_be_replayed() {
    let ding = fakes::dingtalk::DingTalk::start(Options::demo()).await.unwrap();
    let app = TestApp::sharing(Arc::new(ding)).await;
    app.know_people().await;

    app.publish(&app.opening(1, &["USER002"])).await;
    app.reaches("not_configured", 2).await;

    let delivery = app.delivery("work").await;
    assert_eq!(delivery["lastError"], "DingTalk is not configured");
    assert_eq!(app.replay(json!({"id": delivery["id"]})).await.ok()["replayed"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn throttling_is_retried_and_nothing_is_doubled() {
    let app = TestApp::spawn().await;
    app.know_people().await;
    app.publish(&app.opening(1, &["USER002", "USER003"])).await;
    app.quiet().await;

    // One send and two to-dos.
    app.turn(Knobs { global_throttle: Some(3), ..Knobs::default() });
    app.publish(&TasksChanged { order_id: 2, ..app.opening(1, &["USER002", "USER003"]) }).await;
    app.quiet().await;

    for userid in ["lisi", "wangwu"] {
        assert_eq!((app.messages(userid), app.todos(userid)), (2, (2, 0)), "{userid}");
    }
    assert_eq!(app.counts().await["byState"], json!({"delivered": 4, "created": 4}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_revoked_in_the_middle_is_renewed_once() {
    let app = TestApp::spawn().await;
    app.know_people().await;
    app.publish(&app.opening(1, &["USER002"])).await;
    app.quiet().await;

    app.turn(Knobs { revoke_token: true, ..Knobs::default() });
    app.publish(&app.opening(2, &["USER003"])).await;
    app.quiet().await;

    assert_eq!((app.messages("wangwu"), app.todos("wangwu")), (1, (1, 0)));
    assert_eq!(app.tokens_called_stale(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_leads_to_one_visible_message() {
    let app = TestApp::spawn().await;
    app.know_people().await;
    let only_path = Some(SEND.to_owned());
    app.turn(Knobs { drop_after_accept: Some(1), only_path, ..Knobs::default() });

    app.publish(&app.opening(1, &["USER002"])).await;
    app.quiet().await;

    assert_eq!(app.ding.calls().of(SEND).ok, 2);
    assert_eq!(app.messages("lisi"), 1);
    assert_eq!(app.delivery("work").await["state"], "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_leads_to_one_to_do() {
    let app = TestApp::spawn().await;
    app.know_people().await;
    let only_path = Some(CREATE.to_owned());
    app.turn(Knobs { drop_after_accept: Some(1), only_path, ..Knobs::default() });

    app.publish(&app.opening(1, &["USER002"])).await;
    app.quiet().await;
    app.publish(&app.closing(2, &["USER002"])).await;
    app.reaches("finished", 1).await;

    assert_eq!(app.todos("lisi"), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_that_is_not_ours_is_recorded_as_blocked() {
    let app = TestApp::spawn().await;
    let twin = TestApp::sharing(app.ding.clone()).await;
    twin.configure();
    for one in [&app, &twin] {
        one.know_people().await;
    }
    app.publish(&app.opening(1, &["USER002"])).await;
    app.quiet().await;

    twin.publish(&twin.opening(1, &["USER002"])).await;
    twin.quiet().await;

    let delivery = twin.delivery("work").await;
    assert_eq!((&delivery["state"], &delivery["lastCode"]), (&json!("blocked"), &json!("143106")));
    assert_eq!(app.messages("lisi"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_due_while_dingtalk_was_away_is_delivered_afterwards() {
    let app = TestApp::spawn().await;
    app.know_people().await;
    // The token is at hand already, so that DingTalk itself is what does not answer.
    app.publish(&app.opening(1, &["USER003"])).await;
    app.quiet().await;
    app.turn(Knobs { down: Some(true), ..Knobs::default() });

    app.publish(&app.opening(2, &["USER002"])).await;
    for channel in ["work", "todo"] {
        app.fails("USER002", channel).await;
    }
    app.turn(Knobs { down: Some(false), ..Knobs::default() });
    app.quiet().await;

    assert_eq!((app.messages("lisi"), app.todos("lisi")), (1, (1, 0)));
    let tried = app.attempts(&app.delivery("todo").await).await;
    assert!(tried.len() >= 2, "{tried:?}");
    assert_eq!((&tried[0]["ok"], &tried[tried.len() - 1]["ok"]), (&json!(true), &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_final_refusal_is_not_tried_again() {
    let mut options = Options::demo();
    options.apps = options.apps.into_iter().map(|app| app.without("Todo.Todo.Write")).collect();
    let app = TestApp::with(options).await;
    app.know_people().await;

    app.publish(&app.opening(1, &["USER002"])).await;
    app.quiet().await;

    assert_eq!(app.delivery("todo").await["state"], "failed");
    assert_eq!(app.delivery("work").await["state"], "delivered");
    assert_eq!(app.ding.calls().of(CREATE).total(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_worker_held_is_taken_over() {
    let app = TestApp::spawn().await;
    app.publish(&app.opening(1, &["USER002"])).await;
    app.reaches("waiting_person", 2).await;

    app.take().await;
    app.know_people().await;
    app.abandon().await;
    app.quiet().await;

    assert_eq!((app.messages("lisi"), app.todos("lisi")), (1, (1, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_of_what_a_dead_worker_may_have_sent_counts_as_delivered() {
    let app = TestApp::spawn().await;
    let twin = TestApp::sharing(app.ding.clone()).await;
    twin.configure();
    app.know_people().await;
    app.publish(&app.opening(1, &["USER002"])).await;
    app.quiet().await;
    twin.know_people().await;
    let mut unknown = twin.opening(1, &["USER002"]);
    unknown.opened[0].assignees[0].user_code = "USER004".to_owned();
    twin.publish(&unknown).await;
    twin.reaches("waiting_person", 2).await;

    // The twin's worker sent the same message, which the person has, and died before it said so.
    twin.take().await;
    twin.tell_people(vec![person("USER004", "13800138001")]).await;
    twin.abandon().await;
    twin.quiet().await;

    assert_eq!(twin.delivery("work").await["state"], "delivered");
    assert_eq!(app.messages("lisi"), 1);
}
