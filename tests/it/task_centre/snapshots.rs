//! What a snapshot changes, what it does not, and what it warns of.

use serde_json::{Value, json};
use shared::clock::Clock;
use shared::code::Code;
use shared::time;
use tests::{open_task, passed_task, snapshot};

use crate::helpers::{SYNC, detail, enterprise, page, sync, task_ids, texts, warnings};

/// The order at a version, with these tasks.
fn at(version: i64, tasks: Value) -> Value {
    let mut order = snapshot(1);
    order["version"] = json!(version);
    order["tasks"] = tasks;
    order
}

fn over(mut order: Value, result: &str) -> Value {
    order["orderStatus"] = json!("over");
    order["orderResult"] = json!(result);
    order
}

fn outcomes(data: &Value) -> Vec<(String, String)> {
    texts(&data["tasks"], "taskId").into_iter().zip(texts(&data["tasks"], "outcome")).collect()
}

fn outcome(task: &str, word: &str) -> (String, String) {
    (task.to_owned(), word.to_owned())
}

fn applied(data: &Value) -> (bool, Option<&str>) {
    (data["applied"].as_bool().unwrap(), data["reason"].as_str())
}

#[tokio::test]
async fn each_task_says_what_became_of_it() {
    let world = enterprise().await;
    let [first, second] = ["T1", "T2"].map(|code| open_task(code, &["USER002"]));
    let mut renamed = second.clone();
    renamed["taskName"] = json!("总经理审批");

    let created = sync(&world, &at(1, json!([first, second]))).await;
    let changed = sync(&world, &at(2, json!([passed_task("T1", &["USER002"]), renamed]))).await;
    let again = sync(&world, &at(3, json!([renamed, open_task("T3", &["USER003"])]))).await;

    assert_eq!((&created["success"], applied(&created)), (&json!(true), (true, None)));
    assert_eq!(outcomes(&created), [outcome("T1", "created"), outcome("T2", "created")]);
    assert_eq!(outcomes(&changed), [outcome("T1", "closed"), outcome("T2", "updated")]);
    assert_eq!(outcomes(&again), [outcome("T2", "unchanged"), outcome("T3", "created")]);
}

#[tokio::test]
async fn an_older_version_changes_nothing() {
    let world = enterprise().await;
    sync(&world, &at(5, json!([open_task("T1", &["USER002"])]))).await;

    let mut old = over(at(4, json!([passed_task("T1", &["USER002"])])), "pass");
    old["updateTime"] = json!("2025-02-01 00:00:00");
    let data = sync(&world, &old).await;

    assert_eq!(applied(&data), (false, Some("STALE")));
    assert_eq!(task_ids(&world, "todo", "USER002").await, ["T1"]);
    assert_eq!(detail(&world, 1).await["version"], 5);
}

#[tokio::test]
async fn without_a_version_on_both_sides_the_update_time_decides() {
    let world = enterprise().await;
    let timed = |time: &str| {
        let mut order = at(1, json!([open_task("T1", &["USER002"])]));
        order.as_object_mut().unwrap().remove("version");
        order["updateTime"] = json!(time);
        order
    };
    sync(&world, &at(7, json!([]))).await;

    let older = sync(&world, &timed("2025-01-24 15:29:59")).await;
    let newer = sync(&world, &timed("2025-01-24 15:30:01")).await;
    let lower = sync(&world, &at(6, json!([]))).await;

    assert_eq!(
        [applied(&older), applied(&newer), applied(&lower)],
        [(false, Some("STALE")), (true, None), (false, Some("STALE"))]
    );
}

#[tokio::test]
async fn the_same_snapshot_again_is_unchanged() {
    let world = enterprise().await;
    let order = snapshot(1);
    sync(&world, &order).await;
    let before = detail(&world, 1).await;

    let data = sync(&world, &order).await;

    assert_eq!(
        (applied(&data), outcomes(&data)),
        ((false, Some("UNCHANGED")), vec![outcome("TASK001", "unchanged")])
    );
    assert_eq!(detail(&world, 1).await, before);
}

#[tokio::test]
async fn an_over_snapshot_without_handle_time_is_unchanged_when_repeated() {
    let world = enterprise().await;
    let mut task = passed_task("T1", &["USER002"]);
    task.as_object_mut().unwrap().remove("handleTime");
    let order = over(at(1, json!([task])), "pass");

    let first = sync(&world, &order).await;
    let again = sync(&world, &order).await;

    assert!(warnings(&first).contains("handleTime"), "{first}");
    assert_eq!(applied(&again), (false, Some("UNCHANGED")));
    assert!(detail(&world, 1).await["tasks"][0]["handleTime"].is_string());
}

#[tokio::test]
async fn an_equal_clock_with_other_content_is_applied_but_reopens_nothing() {
    let world = enterprise().await;
    sync(&world, &at(1, json!([passed_task("T1", &["USER002"])]))).await;

    let data =
        sync(&world, &at(1, json!([open_task("T1", &["USER002"]), open_task("T2", &["USER002"])])))
            .await;

    assert_eq!(applied(&data), (true, None));
    assert!(warnings(&data).contains("T1"), "{data}");
    assert_eq!(task_ids(&world, "todo", "USER002").await, ["T2"]);
    assert_eq!(task_ids(&world, "done", "USER002").await, ["T1"]);
}

#[tokio::test]
async fn an_order_that_is_over_stays_over_at_an_equal_clock() {
    let world = enterprise().await;
    sync(&world, &over(at(1, json!([])), "pass")).await;

    let data = sync(&world, &at(1, json!([open_task("T1", &["USER002"])]))).await;

    assert!(!warnings(&data).is_empty());
    assert_eq!(detail(&world, 1).await["orderStatus"], "over");
    assert!(task_ids(&world, "todo", "USER002").await.is_empty());
}

#[tokio::test]
async fn a_newer_snapshot_reopens_with_a_warning_and_an_audit_record() {
    let world = enterprise().await;
    sync(&world, &over(at(1, json!([passed_task("T1", &["USER002"])])), "pass")).await;

    let data = sync(&world, &at(2, json!([open_task("T1", &["USER002"])]))).await;

    assert!(warnings(&data).contains("重新打开"), "{data}");
    assert_eq!(task_ids(&world, "todo", "USER002").await, ["T1"]);
    let shown = detail(&world, 1).await;
    assert_eq!(shown["orderStatus"], "ing");
    let audits: Vec<_> = shown["history"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|line| line["kind"] == "audit")
        .collect();
    assert_eq!(audits.len(), 2, "{audits:?}");
}

#[tokio::test]
async fn tasks_that_are_absent_stay_unless_the_list_replaces() {
    let world = enterprise().await;
    let [first, second] = ["T1", "T2"].map(|code| open_task(code, &["USER002"]));
    sync(&world, &at(1, json!([first, second]))).await;

    let merged = sync(&world, &at(2, json!([second]))).await;
    let still = task_ids(&world, "todo", "USER002").await.len();
    let mut replacing = at(3, json!([second]));
    replacing["syncMode"] = json!("REPLACE");
    let replaced = sync(&world, &replacing).await;

    assert_eq!((outcomes(&merged), still), (vec![outcome("T2", "unchanged")], 2));
    assert_eq!(outcomes(&replaced), [outcome("T2", "unchanged"), outcome("T1", "closed")]);
    assert_eq!(task_ids(&world, "todo", "USER002").await, ["T2"]);
    assert_eq!(detail(&world, 1).await["tasks"][0]["taskResult"], "revoke");
}

#[tokio::test]
async fn an_order_that_is_over_closes_its_open_tasks() {
    let world = enterprise().await;
    sync(&world, &at(1, json!([open_task("T1", &["USER002"]), open_task("T2", &["USER003"])])))
        .await;

    let data = sync(&world, &over(at(2, json!([passed_task("T1", &["USER002"])])), "reject")).await;

    assert_eq!(outcomes(&data), [outcome("T1", "closed"), outcome("T2", "closed")]);
    for user in ["USER002", "USER003"] {
        assert!(task_ids(&world, "todo", user).await.is_empty());
    }
}

#[tokio::test]
async fn every_pair_of_status_and_result_is_taken_or_refused_as_the_contract_says() {
    let world = enterprise().await;
    let results = ["ing", "pass", "reject", "revoke", "delete"];
    for status in ["new", "ing", "over"] {
        for result in results {
            let mut order = at(1, json!([]));
            (order["orderStatus"], order["orderResult"]) = (json!(status), json!(result));
            order["orderId"] = json!(
                1_000
                    + results.iter().position(|word| *word == result).unwrap() * 10
                    + status.len()
            );
            let answered = world.erp().post(SYNC, &order).await;
            if (status == "over") == (result != "ing") {
                answered.ok();
            } else {
                assert_eq!(answered.refused(Code::InvalidParameter).fields(), ["orderResult"]);
            }
        }
    }
}

#[tokio::test]
async fn every_pair_of_task_status_and_result_is_taken_or_refused_as_the_contract_says() {
    let world = enterprise().await;
    let fits = |status: &str, result: &str| match status {
        "new" => result == "new",
        "ing" => ["new", "accept"].contains(&result),
        _ => !["new", "accept"].contains(&result),
    };
    for status in ["new", "ing", "over"] {
        for result in ["new", "accept", "pass", "reject", "revoke", "rebut"] {
            let mut task = open_task(&format!("{status}-{result}"), &["USER002"]);
            (task["taskStatus"], task["taskResult"]) = (json!(status), json!(result));
            let answered = world.erp().post(SYNC, &at(9, json!([task]))).await;
            if fits(status, result) {
                answered.ok();
            } else {
                assert_eq!(
                    answered.refused(Code::InvalidParameter).fields(),
                    ["tasks[0].taskResult"]
                );
            }
        }
    }
}

#[tokio::test]
async fn what_is_left_out_has_its_default() {
    let world = enterprise().await;
    let mut order = at(
        1,
        json!([{"taskId": "T1", "taskName": "n", "assigneeUserCode": ["USER002"], "taskResult": "accept", "deadLine": "2099-01-01 00:00:00"}]),
    );
    order.as_object_mut().unwrap().remove("orderStatus");

    sync(&world, &order).await;

    let shown = detail(&world, 1).await;
    let task = &shown["tasks"][0];
    assert_eq!(
        (&shown["orderStatus"], &task["taskStatus"], &task["nodeType"]),
        (&json!("ing"), &json!("ing"), &json!("audit"))
    );
    assert_eq!((&task["showPc"], &task["showMobile"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn a_deadline_is_needed_only_while_the_task_is_open() {
    let world = enterprise().await;
    let without = |mut task: Value| {
        task.as_object_mut().unwrap().remove("deadLine");
        task
    };

    let open =
        world.erp().post(SYNC, &at(1, json!([without(open_task("T1", &["USER002"]))]))).await;

    assert_eq!(open.refused(Code::InvalidParameter).fields(), ["tasks[0].deadLine"]);
    sync(&world, &at(1, json!([without(passed_task("T1", &["USER002"]))]))).await;
}

#[tokio::test]
async fn a_clock_more_than_a_day_ahead_is_refused() {
    let world = enterprise().await;
    let ahead = |hours: i64| {
        let mut order = at(1, json!([]));
        order["updateTime"] =
            json!(time::format(Clock::system().now() + chrono::Duration::hours(hours)));
        order
    };

    let refused = world.erp().post(SYNC, &ahead(25)).await.refused(Code::InvalidParameter);

    assert_eq!(refused.fields(), ["updateTime"]);
    sync(&world, &ahead(23)).await;
}

#[tokio::test]
async fn times_with_an_offset_are_the_same_instant() {
    let world = enterprise().await;
    sync(&world, &snapshot(1)).await;
    let mut order = snapshot(1);
    order["updateTime"] = json!("2025-01-24T07:30:00Z");
    order["createTime"] = json!("2025-01-24T10:00:00+08:00");

    assert_eq!(applied(&sync(&world, &order).await), (false, Some("UNCHANGED")));
}

#[tokio::test]
async fn the_other_names_of_order_task_and_flow_are_taken() {
    let world = enterprise().await;
    let order = json!({"thirdOrderId": "77", "thirdFlowCode": "SALES_ORDER", "orderResult": "ing", "initiator": "USER001", "businessKey": "B",
        "createTime": "2025-01-24 10:00:00", "updateTime": "2025-01-24 10:00:00",
        "tasks": [{"thirdTaskId": "T9", "taskName": "n", "assigneeUserCode": ["USER002"], "taskResult": "new", "deadLine": "2099-01-01 00:00:00"}]});

    sync(&world, &order).await;

    let row = page(&world, "todo", "USER002", "").await["rows"][0].clone();
    assert_eq!(
        (&row["orderId"], &row["taskId"], &row["flowCode"]),
        (&json!(77), &json!("T9"), &json!("SALES_ORDER"))
    );
}

#[tokio::test]
async fn every_assignee_has_a_card_and_the_first_who_handles_it_ends_it_for_all() {
    let world = enterprise().await;
    let both = ["USER002", "USER003"];
    sync(&world, &at(1, json!([open_task("T1", &both)]))).await;
    for user in both {
        assert_eq!(task_ids(&world, "todo", user).await, ["T1"]);
    }

    sync(&world, &at(2, json!([passed_task("T1", &both)]))).await;

    for user in both {
        assert!(task_ids(&world, "todo", user).await.is_empty());
    }
}

#[tokio::test]
async fn a_task_given_to_somebody_else_leaves_the_first_persons_list() {
    let world = enterprise().await;
    sync(&world, &at(1, json!([open_task("T1", &["USER002"])]))).await;

    sync(&world, &at(2, json!([open_task("T1", &["USER003", "USER003"])]))).await;

    assert!(task_ids(&world, "todo", "USER002").await.is_empty());
    assert_eq!(task_ids(&world, "todo", "USER003").await, ["T1"]);
}

#[tokio::test]
async fn unknown_people_are_stored_and_named_in_warnings() {
    let world = enterprise().await;
    let mut order = at(1, json!([open_task("T1", &["USER002", "GHOST1"])]));
    order["initiator"] = json!("GHOST2");
    order["ccUsers"] = json!([{"userCode": "GHOST3", "ccTime": "2025-01-24 10:00:00"}]);

    let data = sync(&world, &order).await;

    for ghost in ["GHOST1", "GHOST2", "GHOST3"] {
        assert!(warnings(&data).contains(ghost), "{data}");
    }
    assert!(!warnings(&data).contains("USER002"));
    assert_eq!(task_ids(&world, "todo", "GHOST1").await, ["T1"]);
}

#[tokio::test]
async fn a_deleted_order_is_hidden_and_its_history_stays() {
    let world = enterprise().await;
    sync(&world, &snapshot(1)).await;

    let mut deleted = over(snapshot(1), "delete");
    deleted["version"] = json!(2);
    sync(&world, &deleted).await;

    for (list, user) in
        [("todo", "USER002"), ("done", "USER002"), ("cc", "USER003"), ("initiated", "USER001")]
    {
        assert_eq!(page(&world, list, user, "").await["total"], 0, "{list}");
    }
    let shown = detail(&world, 1).await;
    assert_eq!(
        (&shown["orderResult"], shown["tasks"].as_array().unwrap().len()),
        (&json!("delete"), 1)
    );
}

#[tokio::test]
async fn a_parent_that_is_not_here_yet_is_accepted() {
    let world = enterprise().await;
    let mut order = snapshot(1);
    order["parentOrderId"] = json!(999_999);
    order["parentTaskOrderId"] = json!("P-1");

    sync(&world, &order).await;

    let shown = detail(&world, 1).await;
    assert_eq!(
        (&shown["parentOrderId"], &shown["parentTaskOrderId"]),
        (&json!(999_999), &json!("P-1"))
    );
}

#[tokio::test]
async fn the_limits_of_a_snapshot_are_exact() {
    let world = enterprise().await;
    let users = |count: usize| (0..count).map(|n| format!("U{n}")).collect::<Vec<_>>();
    let tasks = |count: usize| {
        (0..count).map(|n| passed_task(&format!("T{n}"), &["USER002"])).collect::<Vec<_>>()
    };
    let copy = |user: &String| json!({"userCode": user, "ccTime": "2025-01-24 10:00:00"});
    let copies = |count: usize| users(count).iter().map(copy).collect::<Vec<_>>();
    let assigned = |count: usize| {
        let names = users(count);
        json!([open_task("A", &names.iter().map(String::as_str).collect::<Vec<_>>())])
    };
    let cases = [
        ("tasks", json!(tasks(300)), json!(tasks(301)), "tasks"),
        ("ccUsers", json!(copies(200)), json!(copies(201)), "ccUsers"),
        ("tasks", assigned(100), assigned(101), "tasks[0].assigneeUserCode"),
    ];

    for (field, fits, too_many, named) in cases {
        let mut order = at(1, json!([]));
        order[field] = too_many;
        let refused = world.erp().post(SYNC, &order).await.refused(Code::InvalidParameter);
        assert_eq!(refused.fields(), [named]);
        order[field] = fits;
        sync(&world, &order).await;
    }
}

#[tokio::test]
async fn the_biggest_order_number_keeps_every_digit() {
    let world = enterprise().await;
    for (number, sent) in [
        (i64::MAX, json!("9223372036854775807")),
        (9_007_199_254_740_993, json!(9_007_199_254_740_993_i64)),
    ] {
        let mut order = snapshot(1);
        order["orderId"] = sent;
        sync(&world, &order).await;
        assert_eq!(detail(&world, number).await["orderId"], number);
    }
}
