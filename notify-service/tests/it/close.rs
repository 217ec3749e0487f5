//! What becomes of pushes when the task closes, early, late or again.

use fakes::dingtalk::Knobs;

use crate::helpers::{CREATE, SEND, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn closing_finishes_the_to_do() {
    let app = TestApp::spawn().await;
    app.know_people().await;
    app.publish(&app.opening(1, &["USER002", "USER003"])).await;
    app.quiet().await;

    app.publish(&app.closing(2, &["USER002"])).await;
    app.reaches("finished", 1).await;

    assert_eq!((app.todos("lisi"), app.todos("wangwu")), ((1, 1), (1, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_closed_before_it_was_opened_pushes_nothing() {
    let app = TestApp::spawn().await;
    app.know_people().await;

    app.publish(&app.closing(2, &["USER002"])).await;
    app.publish(&app.opening(1, &["USER002"])).await;
    app.quiet().await;

    app.reaches("skipped", 2).await;
    assert_eq!(app.ding.calls().of(SEND).total(), 0);
    assert_eq!(app.ding.calls().of(CREATE).total(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_closed_while_dingtalk_is_away_is_not_pushed_later() {
    let app = TestApp::spawn().await;
    // Nobody can be looked up, so that nothing can have gone out.
    let only_path = Some("/topapi/v2/user/getbymobile".to_owned());
    app.turn(Knobs { busy: Some(1_000), only_path, ..Knobs::default() });
    app.know_people().await;
    app.publish(&app.opening(1, &["USER002"])).await;
    for channel in ["work", "todo"] {
        app.fails("USER002", channel).await;
    }

    app.publish(&app.closing(2, &["USER002"])).await;
    app.turn(Knobs { busy: Some(0), ..Knobs::default() });
    app.hurry().await;
    app.quiet().await;

    app.reaches("skipped", 2).await;
    assert_eq!((app.messages("lisi"), app.todos("lisi")), (0, (0, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_reopened_later_does_not_push_again() {
    let app = TestApp::spawn().await;
    app.know_people().await;
    app.publish(&app.opening(1, &["USER002"])).await;
    app.quiet().await;
    app.publish(&app.closing(2, &["USER002"])).await;
    app.reaches("finished", 1).await;

    app.publish(&app.opening(3, &["USER002"])).await;
    app.quiet().await;

    assert_eq!((app.messages("lisi"), app.todos("lisi").0), (1, 1));
    assert_eq!(app.ding.calls().of(SEND).total(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_closed_before_it_went_out_and_reopened_is_pushed() {
    let app = TestApp::spawn().await;
    app.publish(&app.opening(1, &["USER002"])).await;
    app.publish(&app.closing(2, &["USER002"])).await;
    app.reaches("skipped", 2).await;

    app.publish(&app.opening(3, &["USER002"])).await;
    app.know_people().await;
    app.quiet().await;

    assert_eq!((app.messages("lisi"), app.todos("lisi")), (1, (1, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_to_do_whose_answer_was_lost_is_found_and_ticked_off_after_closing() {
    let app = TestApp::spawn().await;
    app.know_people().await;
    let only_path = Some(CREATE.to_owned());
    app.turn(Knobs { drop_after_accept: Some(1), only_path, ..Knobs::default() });
    app.publish(&app.opening(1, &["USER002"])).await;
    app.reaches("delivered", 1).await;
    assert_eq!(app.delivery("todo").await["state"], "due");

    app.publish(&app.closing(2, &["USER002"])).await;
    app.hurry().await;
    app.reaches("finished", 1).await;

    assert_eq!(app.todos("lisi"), (1, 1));
    assert_eq!(app.ding.calls().of(CREATE).total(), 1);
}
