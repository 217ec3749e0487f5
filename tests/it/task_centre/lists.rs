//! What people see: to-do, done, copies, initiated, the numbers on the tabs, read marks.

use serde_json::{Value, json};
use shared::clock::Clock;
use shared::code::Code;
use shared::time;
use tests::{World, open_task, passed_task, snapshot};

use crate::helpers::{READ, SUMMARY, enterprise, numbers, page, sync, task_ids, texts};

/// A deadline this many hours from now.
fn in_hours(hours: i64) -> Value {
    json!(time::format(Clock::system().now() + chrono::Duration::hours(hours)))
}

fn due(code: &str, deadline: Value) -> Value {
    let mut task = open_task(code, &["USER002"]);
    task["deadLine"] = deadline;
    task
}

fn order_with(number: i64, tasks: Value) -> Value {
    let mut order = snapshot(number);
    order["tasks"] = tasks;
    order
}

async fn summary(world: &World, user: &str) -> Value {
    world.erp().get(&format!("{SUMMARY}?userCode={user}")).await.ok()
}

async fn orders(world: &World, query: &str) -> Vec<i64> {
    numbers(&page(world, "todo", "USER002", query).await["rows"], "orderId")
}

#[tokio::test]
async fn a_row_says_everything_a_list_shows() {
    let world = enterprise().await;

    sync(&world, &snapshot(1)).await;

    let page = page(&world, "todo", "USER002", "").await;
    assert_eq!((&page["total"], &page["page"]), (&json!(1), &json!(1)));
    let row = &page["rows"][0];
    let expected = [
        ("taskId", json!("TASK001")),
        ("orderId", json!(1)),
        ("source", json!("third_party")),
        ("flowCode", json!("SALES_ORDER")),
        ("flowName", json!("销售订单审批流程")),
        ("taskName", json!("部门经理审批")),
        ("initiator", json!({"code": "USER001", "name": "张三"})),
        ("deadLine", json!("2099-01-25 18:00:00")),
        ("overdue", json!(false)),
        ("urgedCount", json!(0)),
        ("actions", json!([])),
    ];
    for (field, value) in expected {
        assert_eq!(row[field], value, "{field}");
    }
    for field in ["title", "arrivedAt", "url"] {
        assert!(!row[field].as_str().unwrap().is_empty(), "{field}");
    }
}

#[tokio::test]
async fn each_list_has_its_own_and_nothing_else() {
    let world = enterprise().await;
    let mut informing = open_task("N1", &["USER002"]);
    informing["nodeType"] = json!("notify");

    sync(
        &world,
        &order_with(
            1,
            json!([open_task("T1", &["USER002"]), passed_task("T2", &["USER002"]), informing]),
        ),
    )
    .await;

    assert_eq!(task_ids(&world, "todo", "USER002").await, ["T1"]);
    assert_eq!(task_ids(&world, "done", "USER002").await, ["T2"]);
    assert_eq!(task_ids(&world, "cc", "USER002").await, ["N1"]);
    assert_eq!(page(&world, "cc", "USER003", "").await["total"], 1);
    assert_eq!(numbers(&page(&world, "initiated", "USER001", "").await["rows"], "orderId"), [1]);
    for list in ["todo", "done", "cc", "initiated"] {
        assert_eq!(page(&world, list, "NOBODY", "").await["total"], 0);
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gaps() {
    let world = enterprise().await;
    for number in 1..=5 {
        sync(&world, &snapshot(number)).await;
    }

    let mut seen = Vec::new();
    for number in 1..=4 {
        let page =
            page(&world, "todo", "USER002", &format!("&size=2&page={number}&sort=oldest")).await;
        assert_eq!((&page["total"], &page["size"]), (&json!(5), &json!(2)));
        seen.extend(numbers(&page["rows"], "orderId"));
    }

    assert_eq!(seen, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn page_size_and_words_outside_their_range_are_refused() {
    let world = enterprise().await;
    let wrong = [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=x", "page"),
        ("page=1.5", "page"),
        ("page=99999999999", "page"),
        ("size=0", "size"),
        ("size=101", "size"),
        ("terminal=tv", "terminal"),
        ("terminal=PC", "terminal"),
        ("sort=title", "sort"),
        ("sort=newest;drop", "sort"),
        ("flowCode=%00", "flowCode"),
        ("keyword=%00", "keyword"),
    ];
    for list in ["todo", "done", "cc", "initiated"] {
        for (query, field) in wrong {
            let answered =
                world.erp().get(&format!("/aflow/api/task/{list}?userCode=USER002&{query}")).await;
            assert_eq!(
                answered.refused(Code::InvalidParameter).fields(),
                [field],
                "{list} {query}"
            );
        }
        let nobody = world.erp().get(&format!("/aflow/api/task/{list}")).await;
        assert_eq!(nobody.refused(Code::InvalidParameter).fields(), ["userCode"]);
    }
}

#[tokio::test]
async fn a_keyword_finds_parts_of_title_task_and_business_key_literally() {
    let world = enterprise().await;
    for (number, key) in [(1, "普通-1"), (2, "百分%号"), (3, "under_score"), (4, "back\\slash")]
    {
        let mut order = snapshot(number);
        order["businessKey"] = json!(key);
        order["title"] = json!(format!("标题{number}"));
        sync(&world, &order).await;
    }

    let cases = [
        ("%E6%99%AE%E9%80%9A", vec![1]),
        ("%25", vec![2]),
        ("_", vec![3]),
        ("%5C", vec![4]),
        ("UNDER", vec![3]),
        ("%E6%A0%87%E9%A2%984", vec![4]),
        ("%E7%BB%8F%E7%90%86&sort=oldest", vec![1, 2, 3, 4]),
        ("%27%20or%201=1", vec![]),
    ];
    for (keyword, found) in cases {
        assert_eq!(orders(&world, &format!("&keyword={keyword}")).await, found, "{keyword}");
    }
}

#[tokio::test]
async fn a_list_is_narrowed_to_a_flow() {
    let world = enterprise().await;
    sync(&world, &snapshot(1)).await;

    assert_eq!(orders(&world, "&flowCode=SALES_ORDER").await, [1]);
    assert!(orders(&world, "&flowCode=NOPE").await.is_empty());
    assert_eq!(page(&world, "initiated", "USER001", "&flowCode=SALES_ORDER").await["total"], 1);
    assert_eq!(page(&world, "initiated", "USER001", "&flowCode=NOPE").await["total"], 0);
}

#[tokio::test]
async fn a_terminal_sees_only_what_shows_there() {
    let world = enterprise().await;
    let mut pc = open_task("PC", &["USER002"]);
    pc["showMobile"] = json!(false);
    let mut mobile = open_task("MOBILE", &["USER002"]);
    mobile["showPc"] = json!(false);

    sync(&world, &order_with(1, json!([pc, mobile]))).await;

    for (terminal, shown) in [("pc", "PC"), ("mobile", "MOBILE")] {
        let page = page(&world, "todo", "USER002", &format!("&terminal={terminal}")).await;
        assert_eq!(
            (texts(&page["rows"], "taskId"), &page["total"]),
            (vec![shown.to_owned()], &json!(1))
        );
    }
    assert_eq!(page(&world, "todo", "USER002", "").await["total"], 2);
}

#[tokio::test]
async fn a_list_is_sorted_as_asked() {
    let world = enterprise().await;
    for (number, hours) in [(1, 30), (2, 10), (3, 20)] {
        sync(&world, &order_with(number, json!([due("T", in_hours(hours))]))).await;
    }

    assert_eq!(orders(&world, "").await, [3, 2, 1]);
    assert_eq!(orders(&world, "&sort=newest").await, [3, 2, 1]);
    assert_eq!(orders(&world, "&sort=oldest").await, [1, 2, 3]);
    assert_eq!(orders(&world, "&sort=deadLine").await, [2, 3, 1]);
}

#[tokio::test]
async fn the_numbers_on_the_tabs_are_those_of_the_lists() {
    let world = enterprise().await;
    let tasks = json!([
        due("LATE", json!("2025-01-25 18:00:00")),
        due("SOON", in_hours(3)),
        due("FAR", in_hours(48)),
        passed_task("DONE", &["USER002"])
    ]);

    sync(&world, &order_with(1, tasks)).await;

    let expected = json!({"allTodo": 3, "overdue": 1, "soonOverdue": 1, "urge": 0, "unreadCc": 0});
    assert_eq!(summary(&world, "USER002").await, expected);
    assert_eq!(summary(&world, "USER003").await["unreadCc"], 1);
    let rows = page(&world, "todo", "USER002", "&sort=deadLine").await["rows"].clone();
    let late: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["overdue"] == true).collect();
    assert_eq!(late, [true, false, false]);
}

#[tokio::test]
async fn marking_as_read_counts_once_and_only_for_that_person() {
    let world = enterprise().await;
    let erp = world.erp();
    sync(&world, &snapshot(1)).await;
    sync(&world, &snapshot(2)).await;
    let copy = json!({"userCode": "USER003", "orderId": 1});
    let task = json!({"userCode": "USER002", "orderId": "1", "taskId": "TASK001"});

    for body in [&copy, &copy, &task, &task] {
        assert_eq!(erp.post(READ, body).await.ok(), json!({"success": true}));
    }

    assert_eq!(summary(&world, "USER003").await["unreadCc"], 1);
    let rows = page(&world, "todo", "USER002", "&sort=oldest").await["rows"].clone();
    assert_eq!((&rows[0]["read"], &rows[1]["read"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn what_a_person_does_not_have_cannot_be_read() {
    let world = enterprise().await;
    sync(&world, &snapshot(1)).await;
    let wrong = [
        json!({"userCode": "USER002", "taskId": "NOPE"}),
        json!({"userCode": "USER001", "taskId": "TASK001"}),
        json!({"userCode": "USER002", "orderId": 2}),
        json!({"userCode": "USER002", "orderId": 2, "taskId": "TASK001"}),
    ];

    for body in wrong {
        world.erp().post(READ, &body).await.refused(Code::UnknownReference);
    }
    assert_eq!(page(&world, "todo", "USER002", "").await["rows"][0]["read"], false);
}

#[tokio::test]
async fn a_read_mark_without_task_and_order_is_refused_and_marks_nothing() {
    let world = enterprise().await;
    sync(&world, &snapshot(1)).await;
    let bodies = [
        json!({}),
        json!({"orderId": null}),
        json!({"orderId": ""}),
        json!({"taskId": "", "orderId": null}),
        json!({"taskId": null}),
    ];

    for rest in bodies {
        let mut body = rest;
        body["userCode"] = json!("USER002");
        let answered = world.erp().post(READ, &body).await;
        assert_eq!(answered.code(), "INVALID_PARAMETER", "{body} was answered {}", answered.body);
    }
    assert_eq!(page(&world, "todo", "USER002", "").await["rows"][0]["read"], false);
}

#[tokio::test]
async fn a_reader_who_has_everything_gets_a_name_once_it_is_known() {
    let world = enterprise().await;
    let mut order = snapshot(1);
    order["initiator"] = json!("GHOST");
    sync(&world, &order).await;
    assert_eq!(
        page(&world, "todo", "USER002", "").await["rows"][0]["initiator"],
        json!({"code": "GHOST", "name": null})
    );

    let users = json!({"users": [{"userId": "GHOST", "userName": "g", "realName": "鬼", "deptId": "DEPT001"}]});
    world.erp().post("/aflow/api/sys/sync/user", &users).await.ok();

    tests::eventually("the name is shown", || async {
        let row = page(&world, "todo", "USER002", "").await["rows"][0].clone();
        (row["initiator"]["name"] == "鬼").then_some(())
    })
    .await;
}
