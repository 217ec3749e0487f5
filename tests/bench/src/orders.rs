//! Orders as an ERP sends them, and the list of open tasks that people look at.

use std::sync::Arc;

use serde_json::json;

use crate::house::House;
use crate::load::{Signer, Source, Wire};

/// Whose orders they are.
pub(crate) const TENANT: &str = "BENCH";

/// How many people share the tasks.
pub(crate) const PEOPLE: u64 = 1_000;

/// The size of a snapshot.
const BODY_BYTES: usize = 1_024;

/// A title that brings a snapshot to its size.
pub(crate) fn title() -> String {
    let short = body(1_000_000_000_000, "").len();
    // Three bytes each.
    "采购申请单".chars().cycle().take(BODY_BYTES.saturating_sub(short) / 3).collect()
}

/// One of the people, differently for each number.
fn person(number: u64, place: u64) -> u64 {
    number.wrapping_mul(6_364_136_223_846_793_005).rotate_left(17).wrapping_add(place * 331)
        % PEOPLE
}

fn body(number: u64, title: &str) -> String {
    let user = |place| format!("U{:04}", person(number, place));
    let task = |code: &str, users: String| {
        format!(
            "{{\"taskId\":\"{code}\",\"taskName\":\"部门经理审批\",\"assigneeUserCode\":[{users}],\
             \"taskStatus\":\"ing\",\"taskResult\":\"new\",\"deadLine\":\"2099-01-25 18:00:00\",\
             \"nodeType\":\"audit\",\"showPc\":true,\"showMobile\":true}}"
        )
    };
    let two = format!("\"{}\",\"{}\"", user(1), user(2));
    let one = format!("\"{}\"", user(3));
    format!(
        "{{\"orderId\":{number},\"flowCode\":\"BENCH_FLOW\",\"title\":\"{title}\",\"orderStatus\":\"ing\",\
         \"orderResult\":\"ing\",\"initiator\":\"{}\",\"version\":1,\"businessKey\":\"BENCH{number}\",\
         \"createTime\":\"2026-01-24 10:00:00\",\"updateTime\":\"2026-01-24 15:30:00\",\"tasks\":[{},{}]}}",
        user(0),
        task("TASK001", two),
        task("TASK002", one)
    )
}

/// A new order with each request: 2 tasks, 3 assignees, 1 KB.
pub(crate) fn syncs(erp: &Signer) -> Source {
    let (erp, title) = (erp.clone(), title());
    Arc::new(move |number, into| {
        let body = body(1_000_000_000_000 + number, &title);
        erp.write("POST", "/aflow/api/order/sync/task", body.as_bytes(), into);
    })
}

/// The first page of another person with each request.
pub(crate) fn lists(erp: &Signer) -> Source {
    let erp = erp.clone();
    Arc::new(move |number, into| {
        let user = person(number, 0);
        let path = format!("/aflow/api/task/todo?userCode=U{user:04}&page=1&size=20");
        erp.write("GET", &path, b"", into);
    })
}

/// The people and the flow that the orders name. Nobody of them can be reached through DingTalk, so
/// that no backlog of pushes disturbs what is measured later.
pub(crate) async fn prepare(house: &House, erp: &Signer) -> anyhow::Result<()> {
    let mut wire = Wire::open(house.address("gateway")).await?;
    let users: Vec<_> = (0..PEOPLE)
        .map(|number| json!({"userId": format!("U{number:04}"), "userName": format!("用户{number}"), "deptId": "DEPT001"}))
        .collect();
    prepare_organisation(erp, &mut wire, users, "U0001").await
}

/// A department, people and a flow that is online.
pub(crate) async fn prepare_organisation(
    erp: &Signer,
    wire: &mut Wire,
    users: Vec<serde_json::Value>,
    manager: &str,
) -> anyhow::Result<()> {
    let departments =
        json!({"departments": [{"deptId": "DEPT001", "deptName": "采购部", "parentId": ""}]});
    erp.post(wire, "/aflow/api/sys/sync/department", &departments).await?;
    erp.post(wire, "/aflow/api/sys/sync/user", &json!({"users": users})).await?;
    let url = |device: &str, what: &str| format!("https://erp.example.com/{device}/sales/{what}");
    let flow = json!({
        "flowCode": "BENCH_FLOW", "title": "采购审批",
        "initiateUrl": {"h5Url": url("h5", "apply"), "webUrl": url("web", "apply")},
        "detailUrl": {"h5Url": url("h5", "detail"), "webUrl": url("web", "detail")},
        "groupId": "GROUP001", "managerUserCode": manager, "operationUserCode": manager,
        "configUserCode": manager, "createBy": manager, "allowedApplyTerminals": ["pc", "mobile"],
        "allowedApplyRule": {"allowedApplyType": "all"}, "allowedManageRule": {"allowedApplyType": "all"},
    });
    erp.post(wire, "/aflow/api/flow/create_third_party", &flow).await?;
    erp.post(wire, "/aflow/api/flow/online_third_party", &json!({"flowCode": "BENCH_FLOW"})).await
}

/// Writes open tasks straight into the tables, each with its order and its card; gives how many
/// open tasks there are then.
pub(crate) async fn load_open_tasks(house: &House, count: i64) -> anyhow::Result<i64> {
    const CHUNK: i64 = 100_000;
    let mut from = 1;
    while from <= count {
        let to = (from + CHUNK - 1).min(count);
        let text = format!(
            "insert into task.orders (id, tenant, app_id, number, flow_code, business_key, title, initiator, status, \
               result, version, created_at, updated_at, seq) \
             select lpad(to_hex(g), 32, '0')::uuid, '{TENANT}', '{app}', g, 'BENCH_FLOW', 'OPEN' || g, \
               '采购申请单第' || g || '号', 'U' || lpad((g * 7 % {PEOPLE})::text, 4, '0'), 'ing', 'ing', 1, \
               now() - g * interval '3 seconds', now() - g * interval '3 seconds', 1 from generate_series({from}, {to}) g; \
             insert into task.tasks (order_id, task_code, name, status, result, node_type, deadline, show_pc, \
               show_mobile, position) \
             select lpad(to_hex(g), 32, '0')::uuid, 'TASK001', '部门经理审批', 'ing', 'new', 'audit', \
               now() + interval '30 days', true, true, 0 from generate_series({from}, {to}) g; \
             insert into task.cards (order_id, task_code, user_code, tenant, kind, state, arrived_at, told, \
               deadline, show_pc, show_mobile) \
             select lpad(to_hex(g), 32, '0')::uuid, 'TASK001', 'U' || lpad((g % {PEOPLE})::text, 4, '0'), '{TENANT}', \
               'todo', 'open', now() - g * interval '3 seconds', true, now() + interval '30 days', \
               true, true from generate_series({from}, {to}) g",
            app = crate::APP,
        );
        house.db.batch_execute(&text).await?;
        eprintln!("  {to} open tasks written");
        from = to + 1;
    }
    for table in ["orders", "tasks", "cards"] {
        house.db.batch_execute(&format!("vacuum analyze task.{table}")).await?;
    }
    let row = house
        .db
        .query_one("select count(*) from task.tasks where status <> 'over' and result = 'new'", &[])
        .await?;
    Ok(row.try_get(0)?)
}
