//! Who was urged, informed or mentioned hears of it, once.

use serde_json::json;
use shared::contract::order::{CopiedTo, Operated, OrderAdvanced, Place};

use crate::helpers::TestApp;

/// A step of order 7 in which USER001 does something.
fn step(app: &TestApp, seq: i64, operations: Vec<Operated>) -> OrderAdvanced {
    OrderAdvanced {
        tenant: app.tenant.clone(),
        app: "APP001".to_owned(),
        order_id: 7,
        business_key: "SO-7".to_owned(),
        title: "销售订单审批 SO-7".to_owned(),
        initiator: "USER001".to_owned(),
        seq,
        at: "2025-01-24T10:50:00+00:00".to_owned(),
        operations,
        ..OrderAdvanced::default()
    }
}

fn did(action: &str, people: &[&str], count: Option<i32>) -> Operated {
    Operated {
        task_id: Some("7-1".to_owned()),
        place: Place {
            activity_id: "a".to_owned(), activity_name: "部门经理审批".to_owned()
        },
        action: action.to_owned(),
        user_code: "USER001".to_owned(),
        on_behalf_of: None,
        comment: None,
        people: people.iter().map(|user| (*user).to_owned()).collect(),
        attachments: Vec::new(),
        count,
        waiting_since: Some("2025-01-24T07:30:00+00:00".to_owned()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_urge_is_a_notification_of_its_own_however_often_it_is_heard_of() {
    let app = TestApp::spawn().await;
    app.know_people().await;
    let urge =
        Operated { comment: Some("请尽快".to_owned()), ..did("urge", &["USER002"], Some(1)) };

    let heard = app.publish(&step(&app, 2, vec![urge])).await;
    app.publish_message(heard).await;
    app.reaches("delivered", 1).await;
    app.publish(&step(&app, 3, vec![did("urge", &["USER002"], Some(2))])).await;
    app.reaches("delivered", 2).await;

    assert_eq!((app.messages("lisi"), app.todos("lisi")), (2, (0, 0)));
    let mut messages = app.ding.inbox();
    messages.sort_by_key(|message| message.text.contains("第 2 次"));
    assert_eq!(messages[0].title, "催办：部门经理审批");
    for part in ["第 1 次催办", "已等待 3 小时 20 分钟", "请尽快", "USER001", "SO-7"]
    {
        assert!(messages[0].text.contains(part), "{part} in {}", messages[0].text);
    }
    let listed = app.deliveries_of(7).await;
    assert_eq!((listed.len(), &listed[0]["taskId"]), (2, &json!("urge-3-1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_mentions_reminders_and_returned_delegations_are_told_and_nothing_else_is() {
    let app = TestApp::spawn().await;
    app.know_people().await;
    let comment = Operated {
        comment: Some("请看附件".to_owned()),
        ..did("comment", &["USER002", "USER001"], None)
    };
    let silent = ["transfer", "delegate", "add_sign_before", "claim", "release", "copy", "agent"];
    let mut operations: Vec<Operated> =
        silent.iter().map(|action| did(action, &["USER003"], None)).collect();
    operations.push(comment);
    let reminder =
        Operated { user_code: String::new(), ..did("timeout_remind", &["USER002"], None) };
    operations.extend([reminder, did("delegate_return", &["USER002"], None)]);
    let copied = CopiedTo {
        people: vec!["USER002".to_owned(), "USER002".to_owned()],
        by: Some("USER001".to_owned()),
        comment: Some("请知悉".to_owned()),
    };

    app.publish(&OrderAdvanced { copies: vec![copied], ..step(&app, 2, operations) }).await;
    app.reaches("delivered", 4).await;

    assert_eq!((app.messages("lisi"), app.messages("wangwu")), (4, 0));
    let mut told: Vec<(String, String)> =
        app.ding.inbox().into_iter().map(|message| (message.title, message.text)).collect();
    told.sort();
    let titles: Vec<&str> = told.iter().map(|(title, _)| title.as_str()).collect();
    let wanted = [
        "委派已返回：部门经理审批",
        "抄送：销售订单审批 SO-7",
        "评论提到了您：部门经理审批",
        "超时提醒：部门经理审批",
    ];
    assert_eq!(titles, wanted);
    assert!(told[1].1.contains("请知悉") && told[2].1.contains("请看附件"), "{told:?}");
    assert!(told[3].1.contains("已等待"), "{told:?}");
    assert_eq!(app.counts().await["pending"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_leads_to_the_order_and_who_is_unknown_is_told_when_they_appear() {
    let app = TestApp::spawn().await;
    app.publish(&step(&app, 2, vec![did("urge", &["USER002"], Some(1))])).await;
    app.reaches("waiting_person", 1).await;

    app.know_people().await;
    app.reaches("delivered", 1).await;

    let link = "https://aiflow.example.com/order/APP001/7?taskId=7-1&source=native";
    let found = "select count(*) from {schema}.deliveries where h5_url = '".to_owned() + link;
    assert_eq!(app.number(&(found + "' and tenant = $1")).await, 1);
}
