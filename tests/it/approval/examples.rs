//! The documented examples, from their people to their ends, as an ERP drives them.

use serde_json::{Value, json};
use tests::{Answered, World, eventually};

use crate::helpers::{DEPARTMENTS, USERS, detail, page, task_ids};

/// E103 of the sales department, whose superior is E102 and whose department E101 leads.
const STARTER: &str = "E103";

/// The organisation of the examples, and the one flow that is asked for.
async fn enterprise(flow: &str) -> World {
    let world = World::start().await;
    let everybody: Value =
        serde_json::from_str(include_str!("../../../docs/examples/organisation.json")).unwrap();
    let departments = json!({"departments": everybody["departments"]});
    world.erp().post(DEPARTMENTS, &departments).await.ok();
    world.erp().post(USERS, &json!({"users": everybody["users"]})).await.ok();
    let (xml, form) = match flow {
        "leave" => (
            include_str!("../../../docs/examples/leave.bpmn"),
            include_str!("../../../docs/examples/leave.json"),
        ),
        "expense" => (
            include_str!("../../../docs/examples/expense.bpmn"),
            include_str!("../../../docs/examples/expense.json"),
        ),
        _ => (
            include_str!("../../../docs/examples/contract.bpmn"),
            include_str!("../../../docs/examples/contract.json"),
        ),
    };
    let form: Value = serde_json::from_str(form).unwrap();
    let body = json!({"flowCode": flow, "flowName": flow, "formSchema": form, "bpmnXml": xml});
    world.erp().post("/aflow/api/flow/create", &body).await.ok();
    world.erp().post("/aflow/api/flow/publish", &json!({"flowCode": flow})).await.ok();
    world
}

async fn start(world: &World, flow: &str, form: Value) -> i64 {
    let body = json!({"flowCode": flow, "initiator": STARTER, "formData": form});
    world.erp().post("/aflow/api/order/start", &body).await.ok()["orderId"].as_i64().unwrap()
}

async fn act(world: &World, who: &str, what: &str, more: Value) -> Answered {
    let tasks = task_ids(world, "todo", who).await;
    assert_eq!(tasks.len(), 1, "{who} has {tasks:?}");
    let mut body = json!({"taskId": tasks[0], "userCode": who});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.erp().post(&format!("/aflow/api/task/{what}"), &body).await
}

async fn pass(world: &World, people: &[&str]) {
    for who in people {
        assert_eq!(act(world, who, "pass", json!({})).await.ok()["applied"], true, "{who}");
    }
}

/// Who has something to do, of all who could.
async fn asked(world: &World) -> Vec<String> {
    let everybody =
        ["E001", "E002", "E101", "E102", "E103", "E201", "E202", "E203", "E301", "E401"];
    let mut found = Vec::new();
    for who in everybody {
        if !task_ids(world, "todo", who).await.is_empty() {
            found.push(who.to_owned());
        }
    }
    found
}

async fn is_over(world: &World, order: i64, result: &str) {
    let shown = detail(world, order).await;
    assert_eq!((&shown["orderStatus"], &shown["orderResult"]), (&json!("over"), &json!(result)));
    assert_eq!(asked(world).await, Vec::<String>::new());
}

/// The decisions that count no longer, each with its activity's name.
async fn void(world: &World, order: i64) -> Vec<String> {
    let shown = detail(world, order).await;
    let tasks = shown["tasks"].as_array().unwrap().iter();
    let names = tasks.filter(|task| task["voided"] == true);
    names.map(|task| task["taskName"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_long_leave_passes_the_superior_the_leader_and_the_office_and_the_starter_is_told() {
    let world = enterprise("leave").await;

    let form = json!({"kind": "年假", "begin": "2026-12-01", "days": 5, "reason": "探亲"});
    let order = start(&world, "leave", form).await;
    let row = page(&world, "todo", "E102", "").await["rows"][0].clone();
    assert_eq!(row["why"]["rule"], "发起人的第1级上级", "{row}");
    for who in ["E102", "E101", "E301"] {
        assert_eq!(asked(&world).await, [who]);
        pass(&world, &[who]).await;
    }

    is_over(&world, order, "pass").await;
    eventually("the starter has the copy", || async {
        (page(&world, "cc", STARTER, "").await["total"] == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_short_leave_needs_no_leader_and_a_refused_long_one_comes_back_to_the_starter() {
    let world = enterprise("leave").await;
    let form = |days: i64| json!({"kind": "事假", "begin": "2026-12-01", "days": days});

    let short = start(&world, "leave", form(2)).await;
    pass(&world, &["E102", "E301"]).await;
    is_over(&world, short, "pass").await;

    let long = start(&world, "leave", form(9)).await;
    pass(&world, &["E102"]).await;
    act(&world, "E101", "reject", json!({"comment": "太久了"})).await.ok();
    assert_eq!(asked(&world).await, [STARTER]);
    assert_eq!(void(&world, long).await, ["直属上级审批"]);
    act(&world, STARTER, "pass", json!({"formData": {"days": 3}})).await.ok();
    pass(&world, &["E102", "E301"]).await;
    is_over(&world, long, "pass").await;
}

#[tokio::test]
async fn one_refusal_of_the_finance_department_ends_its_countersigning_and_the_starter_tries_again()
{
    let world = enterprise("expense").await;

    let form = json!({"purpose": "客户拜访", "amount": 80_000});
    let order = start(&world, "expense", form).await;
    assert_eq!(asked(&world).await, ["E101"]);
    pass(&world, &["E101"]).await;
    assert_eq!(asked(&world).await, ["E201", "E202", "E203"]);
    let spared = task_ids(&world, "todo", "E203").await[0].clone();
    pass(&world, &["E201"]).await;
    act(&world, "E202", "reject", json!({"comment": "缺少发票"})).await.ok();

    // Nobody else is asked, and whoever comes too late is told so.
    assert_eq!(asked(&world).await, [STARTER]);
    let late = json!({"taskId": spared, "userCode": "E203"});
    assert_eq!(world.erp().post("/aflow/api/task/pass", &late).await.code(), "WRONG_STATE");
    pass(&world, &[STARTER, "E101", "E203", "E202", "E201"]).await;
    // E101 has passed already: of the superiors only E102 and the director are asked.
    for who in ["E102", "E002"] {
        assert_eq!(asked(&world).await, [who]);
        pass(&world, &[who]).await;
    }
    is_over(&world, order, "pass").await;
    let lines = detail(&world, order).await["history"].to_string();
    assert!(lines.contains("缺少发票"), "{lines}");
}

#[tokio::test]
async fn a_small_expense_needs_no_director() {
    let world = enterprise("expense").await;

    let order = start(&world, "expense", json!({"purpose": "打车", "amount": "99.50"})).await;
    pass(&world, &["E101", "E203", "E201", "E202"]).await;

    is_over(&world, order, "pass").await;
}

/// A contract that waits for the boss.
async fn contract(world: &World) -> i64 {
    let form = json!({"party": "甲方", "amount": 1_000_000, "approver": "E001"});
    let order = start(world, "contract", form).await;
    pass(world, &["E101", "E401", "E201", "E202"]).await;
    assert_eq!(asked(world).await, ["E001"]);
    order
}

#[tokio::test]
async fn a_contract_goes_back_to_any_node_and_walks_the_way_again() {
    let world = enterprise("contract").await;
    let order = contract(&world).await;
    let back = |node: &str| json!({"target": "node", "activityId": node});

    // Two of three are enough: the third was not asked any more, and is when it is voted again.
    act(&world, "E001", "rebut", back("finance")).await.ok();
    assert_eq!(asked(&world).await, ["E201", "E202", "E203"]);
    assert_eq!(void(&world, order).await, ["财务评审", "财务评审"]);
    pass(&world, &["E203", "E202"]).await;
    // The legal branch was not touched: its token waited at the join.
    assert_eq!(asked(&world).await, ["E001"]);

    act(&world, "E001", "rebut", back("legal")).await.ok();
    assert_eq!(asked(&world).await, ["E401"]);
    pass(&world, &["E401"]).await;
    assert_eq!(asked(&world).await, ["E001"]);

    act(&world, "E001", "rebut", back("leader")).await.ok();
    assert_eq!(asked(&world).await, ["E101"]);
    pass(&world, &["E101"]).await;
    assert_eq!(asked(&world).await, ["E201", "E202", "E203", "E401"]);
    pass(&world, &["E201", "E401", "E203"]).await;

    act(&world, "E001", "rebut", json!({"target": "starter"})).await.ok();
    assert_eq!(asked(&world).await, [STARTER]);
    pass(&world, &[STARTER, "E101", "E401", "E201", "E203", "E001"]).await;
    is_over(&world, order, "pass").await;
}

#[tokio::test]
async fn a_contract_comes_straight_back_to_whoever_sent_it() {
    let world = enterprise("contract").await;
    let order = contract(&world).await;
    let straight = |node: &str| json!({"target": "node", "activityId": node, "straightBack": true});

    act(&world, "E001", "rebut", straight("leader")).await.ok();
    assert_eq!(asked(&world).await, ["E101"]);
    assert_eq!(void(&world, order).await, ["部门主管审批"]);
    pass(&world, &["E101"]).await;
    assert_eq!(asked(&world).await, ["E001"]);
    act(&world, "E001", "rebut", straight("finance")).await.ok();
    assert_eq!(asked(&world).await, ["E201", "E202", "E203"]);
    pass(&world, &["E202", "E203"]).await;
    assert_eq!(asked(&world).await, ["E001"]);

    pass(&world, &["E001"]).await;
    is_over(&world, order, "pass").await;
}

#[tokio::test]
async fn a_contract_that_the_boss_refuses_begins_at_the_leader_again() {
    let world = enterprise("contract").await;
    let order = contract(&world).await;

    act(&world, "E001", "reject", json!({"comment": "条款不明"})).await.ok();

    assert_eq!(asked(&world).await, ["E101"]);
    pass(&world, &["E101", "E201", "E202", "E401", "E001"]).await;
    is_over(&world, order, "pass").await;
}

#[tokio::test]
async fn from_one_branch_a_contract_goes_back_before_the_fork_and_the_other_branch_goes_too() {
    let world = enterprise("contract").await;
    let form = json!({"party": "乙方", "amount": 10, "approver": "E001"});
    let order = start(&world, "contract", form).await;
    pass(&world, &["E101", "E201"]).await;
    assert_eq!(asked(&world).await, ["E202", "E203", "E401"]);

    act(&world, "E401", "rebut", json!({})).await.ok();
    assert_eq!(asked(&world).await, ["E101"]);

    pass(&world, &["E101", "E401", "E203", "E202", "E001"]).await;
    is_over(&world, order, "pass").await;
}
