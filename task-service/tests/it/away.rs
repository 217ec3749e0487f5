//! flow-service is away, or its answer gets lost.

use shared::code::Code;

use crate::engine::{self, Manners, task};
use crate::helpers::TestApp;

#[tokio::test]
async fn without_flow_service_native_decisions_wait_and_third_party_tasks_go_on() {
    let app = TestApp::spawn().await.without_flow_service();
    let order = app.start(&[&["USER002"]]).await;

    let away = app.decide(&task(order, 0), "USER002", "pass").await.refused(Code::Unavailable);
    app.sync(7, "TASK7", "USER002").await.ok();
    app.decide("TASK7", "USER002", "pass").await.refused(Code::NotPermitted);
    app.decide(&task(order, 0), "USER002", "accept").await.ok();

    assert_eq!(away.headers["retry-after"], "2");
    let mut waiting = app.tasks("todo", "USER002").await;
    waiting.sort();
    assert_eq!(waiting, [task(order, 0), "TASK7".to_owned()]);
}

#[tokio::test]
async fn a_decision_whose_answer_got_lost_may_be_repeated() {
    let app = TestApp::spawn().await;
    let order = app.start(&[&["USER002"], &["USER003"]]).await;
    engine::behave(&app.tenant, Manners { loses_answers: true, ..Manners::default() });

    app.decide(&task(order, 0), "USER002", "pass").await.refused(Code::Unavailable);
    engine::behave(&app.tenant, Manners::default());
    let again = app.decide(&task(order, 0), "USER002", "pass").await;
    app.publish(&engine::facts(order)).await;

    again.ok();
    assert_eq!(app.tasks("todo", "USER002").await, Vec::<String>::new());
    assert_eq!(app.tasks("todo", "USER003").await, [task(order, 1)]);
    assert_eq!(app.detail(order).await["history"].as_array().unwrap().len(), 1);
}
