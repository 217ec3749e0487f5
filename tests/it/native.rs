//! Through the whole house: a flow of our own engine, from its drawing to the ERP's inbox.

use fakes::odoo::{Control, Fault};
use serde_json::{Value, json};
use tests::{World, eventually};

use crate::helpers::{detail, page, task_ids};

const CREATE: &str = "/aflow/api/flow/create";
const PUBLISH: &str = "/aflow/api/flow/publish";
const START: &str = "/aflow/api/order/start";
const COMPLETE: &str = "/aflow/api/task/complete";

/// An enterprise with people, DingTalk, an ERP that is told, and the documented flow.
async fn enterprise() -> World {
    let world = World::start().await.with_people().await.with_dingtalk().await.with_odoo().await;
    let form = json!({"components": [
        {"type": "input", "name": "customerName", "label": "客户名称", "required": true},
        {"type": "number", "name": "amount", "label": "订单金额", "required": true},
    ]});
    let flow = json!({"flowCode": "SALES_APPROVAL", "flowName": "销售订单审批", "formSchema": form,
        "bpmnXml": tests::SALES_APPROVAL});
    world.erp().post(CREATE, &flow).await.ok();
    let publish = json!({"flowCode": "SALES_APPROVAL", "flowVersion": 1, "updateDesc": "首次发布"});
    world.erp().post(PUBLISH, &publish).await.ok();
    world
}

async fn start(world: &World, key: &str, amount: i64) -> i64 {
    let order = json!({"flowCode": "SALES_APPROVAL", "initiator": "USER001", "businessKey": key,
        "title": format!("销售订单 {key}"), "formData": {"customerName": "客户名称", "amount": amount}});
    world.erp().post(START, &order).await.ok()["orderId"].as_i64().unwrap()
}

async fn decide(world: &World, task: &str, user: &str, action: &str) -> Value {
    let decision =
        json!({"taskId": task, "userCode": user, "action": action, "comment": "情况属实"});
    world.erp().post(COMPLETE, &decision).await.ok()
}

/// The one task on a person's list.
async fn only_task(world: &World, user: &str) -> String {
    let tasks = task_ids(world, "todo", user).await;
    assert_eq!(tasks.len(), 1, "{user} has {tasks:?}");
    tasks[0].clone()
}

/// What the ERP was told of an order, oldest first: the action, or the address below `/odoo/api`.
fn told(world: &World, order: i64) -> Vec<String> {
    let pushes = world.odoo().pushes();
    let of_order = pushes.iter().filter(|push| push.order() == order || push.order() == 0);
    of_order
        .map(|push| {
            assert!(push.proven, "the ERP could not verify {push:?}");
            let address = push.path.trim_start_matches("/odoo/api/").to_owned();
            if push.action().is_empty() { address } else { push.action().to_owned() }
        })
        .collect()
}

async fn is_told(world: &World, order: i64, wanted: &[&str]) {
    eventually(&format!("the ERP is told {wanted:?}"), || async {
        let told = told(world, order);
        let orders = ["START", "COMPLETE", "REJECT", "CANCEL"];
        let of_orders: Vec<&String> =
            told.iter().filter(|what| orders.contains(&what.as_str())).collect();
        (of_orders == wanted).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_documented_flow_runs_from_start_to_the_erps_inbox() {
    let world = enterprise().await;

    let order = start(&world, "SO001", 80_000).await;
    let first = only_task(&world, "USER002").await;
    decide(&world, &first, "USER002", "pass").await;
    assert!(task_ids(&world, "todo", "USER002").await.is_empty());
    let second = only_task(&world, "USER003").await;
    decide(&world, &second, "USER003", "pass").await;
    assert!(task_ids(&world, "todo", "USER003").await.is_empty());

    is_told(&world, order, &["START", "COMPLETE"]).await;
    let told = told(&world, order);
    assert_eq!(told.iter().filter(|what| *what == "order/approved").count(), 1, "{told:?}");
    assert_eq!(told.first().map(String::as_str), Some("START"), "{told:?}");
    eventually("the approvals are in the ERP's log", || async {
        let logs = world.odoo().pushes();
        let logs = logs.iter().filter(|push| push.path.ends_with("/approval/log"));
        let lines: usize = logs.map(|push| push.body["logs"].as_array().map_or(0, Vec::len)).sum();
        (lines == 2).then_some(())
    })
    .await;
    let shown = detail(&world, order).await;
    assert_eq!(shown["orderStatus"], "over", "{shown}");
    assert_eq!(shown["orderResult"], "pass", "{shown}");
}

#[tokio::test]
async fn a_small_amount_needs_no_director() {
    let world = enterprise().await;

    let order = start(&world, "SO002", 50_000).await;
    let first = only_task(&world, "USER002").await;
    decide(&world, &first, "USER002", "pass").await;

    is_told(&world, order, &["START", "COMPLETE"]).await;
    assert!(task_ids(&world, "done", "USER003").await.is_empty());
}

#[tokio::test]
async fn a_rejection_ends_the_order_and_the_erp_hears_of_it_once() {
    let world = enterprise().await;

    let order = start(&world, "SO003", 80_000).await;
    let first = only_task(&world, "USER002").await;
    decide(&world, &first, "USER002", "reject").await;

    is_told(&world, order, &["START", "REJECT"]).await;
    assert!(task_ids(&world, "todo", "USER003").await.is_empty());
    assert_eq!(detail(&world, order).await["orderResult"], "reject");
    let again = json!({"taskId": first, "userCode": "USER002", "action": "pass"});
    assert_eq!(world.erp().post(COMPLETE, &again).await.code(), "WRONG_STATE");
}

#[tokio::test]
async fn a_cancelled_order_leaves_every_list_and_the_erp_is_told() {
    let world = enterprise().await;
    let order = start(&world, "SO004", 80_000).await;

    let cancel = json!({"orderId": order, "userCode": "USER001", "reason": "客户取消"});
    world.erp().post("/aflow/api/order/cancel", &cancel).await.ok();

    assert!(task_ids(&world, "todo", "USER002").await.is_empty());
    is_told(&world, order, &["START", "CANCEL"]).await;
}

#[tokio::test]
async fn a_native_task_stands_in_the_list_beside_third_party_ones_and_is_pushed_once() {
    let world = enterprise().await.with_flow().await;
    crate::helpers::sync(&world, &tests::snapshot(1)).await;

    start(&world, "SO005", 80_000).await;

    let rows = page(&world, "todo", "USER002", "").await["rows"].clone();
    let mut sources: Vec<&str> =
        rows.as_array().unwrap().iter().filter_map(|row| row["source"].as_str()).collect();
    sources.sort_unstable();
    assert_eq!(sources, ["native", "third_party"]);
    let messages = || world.dingtalk.inbox().iter().filter(|one| one.userid == "u2").count();
    eventually("both are pushed", || async { (messages() == 2).then_some(()) }).await;
}

#[tokio::test]
async fn an_erp_that_refuses_the_service_task_ends_an_order_that_catches_no_error() {
    let world = enterprise().await;
    let refusal = json!({"status": -4001, "msg": "库存不足", "data": {"errorCode": "NO_STOCK"}});
    let service = Some(Fault::Say { status: 200, body: refusal });
    world.odoo().control(Control { service, ..Control::default() });

    let order = start(&world, "SO006", 10).await;
    let first = only_task(&world, "USER002").await;
    decide(&world, &first, "USER002", "pass").await;

    is_told(&world, order, &["START", "CANCEL"]).await;
    let history = world.erp().get(&format!("/aflow/api/order/history?orderId={order}")).await.ok();
    assert_eq!(history["orders"][0]["state"], "failed", "{history}");
    assert_eq!(history["orders"][0]["result"], "fail", "{history}");
    let records = history["records"].as_array().unwrap();
    let broke = records.iter().find(|record| record["event"] == "failed").unwrap();
    assert_eq!(broke["activityId"], "tell_erp");
}
