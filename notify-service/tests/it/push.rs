//! What people get when a task opens for them.

use shared::contract::task::TasksChanged;

use crate::helpers::{CREATE, SEND, TestApp, person};

#[tokio::test(flavor = "multi_thread")]
async fn each_assignee_gets_exactly_one_message_and_one_to_do() {
    let app = TestApp::spawn().await;
    app.know_people().await;

    app.publish(&app.opening(1, &["USER002", "USER003"])).await;
    app.quiet().await;

    for userid in ["lisi", "wangwu"] {
        assert_eq!((app.messages(userid), app.todos(userid)), (1, (1, 0)), "{userid}");
    }
    let message = app.ding.inbox().remove(0);
    assert_eq!(message.title, "新任务：部门经理审批");
    assert_eq!(message.url, "https://erp.example.com/h5/order?orderId=1");
    let todo = app.ding.todos().remove(0);
    assert_eq!(todo.subject, "销售订单审批流程：部门经理审批");
    assert_eq!(todo.url, "https://erp.example.com/web/order?orderId=1");
    let counts = app.counts().await;
    assert_eq!(
        (&counts["byState"]["delivered"], &counts["byState"]["created"]),
        (&2.into(), &2.into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_get_the_same_message_share_one_send() {
    let app = TestApp::spawn().await;
    app.know_people().await;

    app.publish(&app.opening(1, &["USER002", "USER003"])).await;
    app.quiet().await;

    assert_eq!(app.ding.calls().of(SEND).total(), 1);
    assert_eq!(app.ding.calls().of(CREATE).total(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_twice_adds_nothing() {
    let app = TestApp::spawn().await;
    app.know_people().await;

    let message = app.publish(&app.opening(1, &["USER002"])).await;
    app.publish_message(message).await;
    // A repeat under another id, as a producer that lost its memory would send it.
    app.publish(&app.opening(1, &["USER002"])).await;
    app.quiet().await;

    assert_eq!((app.messages("lisi"), app.todos("lisi")), (1, (1, 0)));
    assert_eq!(app.ding.calls().of(SEND).total(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_to_be_read_makes_a_message_and_no_to_do() {
    let app = TestApp::spawn().await;
    app.know_people().await;
    let mut opening: TasksChanged = app.opening(1, &["USER002"]);
    opening.opened[0].node_type = "notify".to_owned();

    app.publish(&opening).await;
    app.quiet().await;

    assert_eq!((app.messages("lisi"), app.todos("lisi")), (1, (0, 0)));
    assert_eq!(app.ding.inbox()[0].title, "待阅：部门经理审批");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_person_is_found_by_the_binding() {
    let app = TestApp::spawn().await;
    let mut bound = person("USER009", "13999999999");
    bound.dingtalk_user_id = Some("zhoujiu".to_owned());
    app.tell_people(vec![bound]).await;

    app.publish(&app.opening(1, &["USER009"])).await;
    app.quiet().await;

    assert_eq!((app.messages("zhoujiu"), app.todos("zhoujiu")), (1, (1, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_markdown_cannot_inject_a_link() {
    let app = TestApp::spawn().await;
    app.know_people().await;
    let mut opening = app.opening(1, &["USER002"]);
    opening.title = "[点我](http://evil.example.com) @all".to_owned();
    opening.opened[0].name = "![](http://evil.example.com/p.png)\n# 标题".to_owned();

    app.publish(&opening).await;
    app.quiet().await;

    let text = app.ding.inbox().remove(0).text;
    for bad in ["](", "http://", "@all", "\n# "] {
        assert!(!text.contains(bad), "{bad:?} in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_enterprise_sees_nothing_of_it() {
    let app = TestApp::spawn().await;
    let other = TestApp::spawn().await;
    app.know_people().await;

    app.publish(&app.opening(1, &["USER002"])).await;
    app.quiet().await;

    assert!(other.deliveries().await.is_empty());
    assert!(other.ding.inbox().is_empty());
}
