//! One order's pushes: once each, in order, whatever order its facts come in.

use fakes::odoo::{Control, Fault};
use serde_json::json;
use shared::contract::order::{ClosedWork, Operated, OrderAdvanced};

use super::{LOG, TestErp, place};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_told_from_start_to_end_and_every_signature_is_right() {
    let erp = TestErp::spawn().await;

    erp.publish(&[
        erp.start(7),
        erp.handled(7, 2, "pass"),
        erp.call(7, 3, super::APPROVED),
        erp.end(7, 4, "pass"),
    ])
    .await;
    erp.reaches("delivered", 4).await;

    assert_eq!(erp.told(7), ["START", "LOG", super::APPROVED, "COMPLETE"]);
    let taken = erp.taken();
    assert!(taken.iter().all(|push| push.proven));
    assert_eq!(
        taken[0].body,
        json!({
            "orderId": 7, "businessKey": "SO-7", "taskId": "start", "taskName": "开始", "action": "START",
            "formData": {"customerName": "客户名称", "amount": 10_000},
            "processVariables": {"variable1": "value1"}, "handlerUserCode": "USER001",
            "handleTime": "2025-01-24 15:30:00",
        })
    );
    assert_eq!(
        taken[1].body,
        json!({"orderId": 7, "businessKey": "SO-7", "logs": [{
            "taskId": "7-2", "taskName": "部门经理审批", "handlerUserCode": "USER002", "handleResult": "APPROVED",
            "handleComment": "同意", "handleTime": "2025-01-24 15:30:00", "formData": {"comment": "审批意见"},
        }]})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_that_come_twice_late_or_out_of_order_are_told_once_and_in_order() {
    let erp = TestErp::spawn().await;
    let facts = [
        erp.start(7),
        erp.handled(7, 2, "pass"),
        erp.step(7, 3),
        erp.handled(7, 4, "reject"),
        erp.end(7, 5, "reject"),
    ];

    for place in [4, 2, 1, 4, 3, 1] {
        erp.publish(&[facts[place].clone()]).await;
    }
    assert_eq!(erp.told(7), Vec::<String>::new());
    erp.publish(&[facts[0].clone(), facts[0].clone(), facts[2].clone()]).await;
    erp.reaches("delivered", 4).await;
    erp.publish(&facts).await;

    assert_eq!(erp.told(7), ["START", "LOG", "LOG", "REJECT"]);
    assert_eq!(erp.pushes().await.len(), 4);
    assert_eq!(erp.app.counts().await["pushes"], json!({"delivered": 4}));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_order_waits_alone_and_goes_on_in_order() {
    let erp = TestErp::spawn().await;
    let broken = Fault::Say { status: 500, body: json!({"status": -1024, "msg": "出错"}) };
    erp.control(Control { orders: [(7, broken)].into(), ..Control::default() });

    erp.publish(&[erp.start(7), erp.end(7, 2, "revoke"), erp.start(8), erp.end(8, 2, "pass")])
        .await;
    erp.reaches("delivered", 2).await;
    let push = erp.tried(7, 1).await;

    assert_eq!(erp.told(8), ["START", "COMPLETE"]);
    assert_eq!(push["lastError"], "HTTP 500, status -1024: 出错");
    assert_eq!(erp.app.counts().await["pushes"], json!({"delivered": 2, "due": 1, "waiting": 1}));

    erp.control(Control { reset: true, ..Control::default() });
    erp.hurry().await;
    erp.reaches("delivered", 4).await;

    assert_eq!(erp.told(7), ["START", "CANCEL"]);
    let ids: Vec<String> = erp
        .odoo
        .pushes()
        .into_iter()
        .filter(|push| push.order() == 7)
        .map(|push| push.webhook[0].clone())
        .collect();
    assert_eq!((ids.len(), ids[0] == ids[1], ids[1] == ids[2]), (3, true, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_died_in_the_middle_is_taken_over_under_the_same_id() {
    let erp = TestErp::spawn().await;
    erp.control(Control { receive: Some(Fault::NotJson), ..Control::default() });
    erp.publish(&[erp.start(7), erp.end(7, 2, "pass")]).await;
    erp.tried(7, 1).await;

    // A worker took it and died; its half minute is not over yet.
    erp.control(Control { reset: true, ..Control::default() });
    erp.execute(
        "update {schema}.erp_pushes set lease = gen_random_uuid(), due_at = now() + interval '2 s' \
         where state = 'due' and tenant = $1",
    )
    .await;
    erp.reaches("delivered", 2).await;

    assert_eq!(erp.odoo.pushes().len(), 3);
    let ids: Vec<String> = erp.odoo.pushes().iter().map(|push| push.webhook[0].clone()).collect();
    assert_eq!((&ids[0], erp.odoo.pushes()[2].action()), (&ids[1], "COMPLETE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_another_one_called_is_told_in_its_callers_line() {
    let erp = TestErp::spawn().await;
    let child = |fact: OrderAdvanced| OrderAdvanced { parent_order_id: Some(7), ..fact };
    let grandchild = |fact: OrderAdvanced| OrderAdvanced { parent_order_id: Some(8), ..fact };

    erp.publish(&[
        grandchild(erp.start(9)),
        child(erp.start(8)),
        erp.start(7),
        child(erp.handled(8, 2, "pass")),
        grandchild(erp.handled(9, 2, "pass")),
        grandchild(erp.end(9, 3, "pass")),
        child(erp.end(8, 3, "pass")),
        erp.end(7, 2, "pass"),
    ])
    .await;
    erp.reaches("delivered", 4).await;

    assert_eq!(erp.told(7), ["START", "LOG", "LOG", "COMPLETE"]);
    assert_eq!(erp.taken().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_nobody_decided_are_no_log() {
    let erp = TestErp::spawn().await;
    let revoked = ClosedWork {
        task_id: "7-9".to_owned(),
        place: place("approve", "审批"),
        result: "revoke".to_owned(),
        handler: None,
        comment: None,
        form_data: None,
        ..ClosedWork::default()
    };

    erp.publish(&[erp.start(7), OrderAdvanced { closed: vec![revoked], ..erp.end(7, 2, "fail") }])
        .await;
    erp.reaches("delivered", 2).await;

    assert_eq!(erp.told(7), ["START", "CANCEL"]);
    assert_eq!(erp.taken()[1].body["processVariables"]["aiflowResult"], "fail");
    assert!(erp.taken().iter().all(|push| push.path != LOG));
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_went_to_others_or_back_are_logged_and_words_about_them_are_not() {
    let erp = TestErp::spawn().await;
    let did = |action: &str, user: &str| Operated {
        task_id: Some("7-1".to_owned()),
        place: place("approve", "部门经理审批"),
        action: action.to_owned(),
        user_code: user.to_owned(),
        on_behalf_of: Some("USER009".to_owned()).filter(|_| action == "agent"),
        comment: Some("忙".to_owned()),
        people: vec!["USER003".to_owned()],
        attachments: Vec::new(),
        count: None,
        waiting_since: None,
    };
    let given = vec![
        did("transfer", "USER002"),
        did("comment", "USER002"),
        did("agent", ""),
        did("urge", "USER001"),
        // Nobody to name.
        did("timeout_transfer", ""),
    ];

    erp.publish(&[
        erp.start(7),
        OrderAdvanced { operations: given, ..erp.step(7, 2) },
        OrderAdvanced { operations: vec![did("comment", "USER002")], ..erp.step(7, 3) },
        erp.handled(7, 4, "rebut"),
        erp.end(7, 5, "revoke"),
    ])
    .await;
    erp.reaches("delivered", 4).await;

    assert_eq!(erp.told(7), ["START", "LOG", "LOG", "CANCEL"]);
    let lines = |push: usize| {
        let logs = erp.taken()[push].body["logs"].as_array().unwrap().clone();
        let line = |log: &serde_json::Value| {
            json!([log["handlerUserCode"], log["handleResult"], log["handleComment"]])
        };
        logs.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(
        lines(1),
        [
            json!(["USER002", "TRANSFERRED", "转办给 USER003：忙"]),
            json!(["USER009", "TRANSFERRED", "由代理人处理 USER003：忙"]),
        ]
    );
    assert_eq!(lines(2), [json!(["USER002", "REJECTED", "驳回：同意"])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_called_order_called_is_told_in_the_first_ones_line_however_late_that_is_heard() {
    let erp = TestErp::spawn().await;
    let child = |fact: OrderAdvanced| OrderAdvanced { parent_order_id: Some(7), ..fact };
    let grandchild = |fact: OrderAdvanced| OrderAdvanced { parent_order_id: Some(8), ..fact };

    erp.publish(&[grandchild(erp.start(9))]).await;
    erp.publish(&[child(erp.start(8))]).await;
    erp.publish(&[erp.start(7), grandchild(erp.handled(9, 2, "pass"))]).await;
    erp.reaches("delivered", 2).await;

    assert_eq!(erp.told(7), ["START", "LOG"]);
}
