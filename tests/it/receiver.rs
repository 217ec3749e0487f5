//! Pushes as an ERP of others receives them: the documented Flask example, which compares the whole
//! header with what the SDK computes, and the package `standardwebhooks`.

use std::path::Path;

use serde_json::{Value, json};
use shared::contract::Event;
use shared::contract::order::{ClosedWork, OrderAdvanced, OrderFinished, Place};
use tests::{APP, Program, SECRET, World, eventually};

use crate::helpers::enterprise;

/// The example, running for one enterprise.
fn receiver(world: &World) -> Program {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sdk = root.join("../aflow-client-python");
    let arguments = [sdk.to_str().unwrap(), &world.tenant, APP, SECRET];
    Program::start(&root.join("receiver/receiver.py"), arguments)
}

fn place(id: &str, name: &str) -> Place {
    Place { activity_id: id.to_owned(), activity_name: name.to_owned() }
}

fn step(world: &World, seq: i64) -> OrderAdvanced {
    OrderAdvanced {
        tenant: world.tenant.clone(),
        app: APP.to_owned(),
        order_id: 77,
        parent_order_id: None,
        business_key: "SO-77 “引号” <&> \u{1F600}".to_owned(),
        flow_code: "SALES_APPROVAL".to_owned(),
        flow_version: 1,
        title: "销售订单审批".to_owned(),
        running_number: "SALES_APPROVAL_202501_0001".to_owned(),
        initiator: "USER001".to_owned(),
        seq,
        at: "2025-01-24T07:30:00+00:00".to_owned(),
        started: None,
        opened: Vec::new(),
        closed: Vec::new(),
        calls: Vec::new(),
        dropped_calls: Vec::new(),
        finished: None,
        form_data: None,
        variables: None,
        ..OrderAdvanced::default()
    }
}

/// Tells as flow-service does: through its outbox.
async fn tell(fact: &OrderAdvanced) {
    let quoted = |text: &str| text.replace('\'', "''");
    let (topic, key, payload) = (OrderAdvanced::TOPIC, fact.key(), fact.write().unwrap());
    let statement = format!(
        "insert into house_flow.outbox (event_id, topic, key, payload) \
         values (gen_random_uuid(), '{topic}', '{}', '{}')",
        quoted(&key),
        quoted(&payload)
    );
    shared::testing::execute(&statement).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_flask_example_and_standardwebhooks_accept_our_pushes() {
    let world = enterprise().await;
    let mut receiver = receiver(&world);
    let base = format!("http://127.0.0.1:{}", receiver.port);
    let endpoint = json!({"enterpriseCode": world.tenant, "appId": APP, "baseUrl": base});
    world.admin_of("notify", "/erp_endpoint", endpoint).await;

    let started = Some(place("start", "开始"));
    let form =
        json!({"customerName": "客户名称", "amount": 10_000.5, "note": "第一行\n第二行\t\"引号\""});
    tell(&OrderAdvanced { started, form_data: Some(form.clone()), ..step(&world, 1) }).await;
    let handled = ClosedWork {
        task_id: "77-1".to_owned(),
        place: place("approve", "部门经理审批"),
        result: "pass".to_owned(),
        handler: Some("USER002".to_owned()),
        comment: Some("同意".to_owned()),
        form_data: None,
        ..ClosedWork::default()
    };
    let finished = OrderFinished {
        result: "pass".to_owned(),
        place: place("approve", "部门经理审批"),
        task_id: Some("77-1".to_owned()),
        handler: Some("USER002".to_owned()),
        reason: None,
    };
    let end = OrderAdvanced { closed: vec![handled], finished: Some(finished), ..step(&world, 2) };
    tell(&end).await;

    let delivered = format!(
        "select count(*) from house_notify.erp_pushes where state = 'delivered' and tenant = '{}'",
        world.tenant
    );
    eventually("the ERP has all three", || async {
        (shared::testing::count(&delivered).await == 3).then_some(())
    })
    .await;
    let lines = receiver.said.by_ref().take(3);
    let said: Vec<Value> =
        lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    for push in &said {
        assert_eq!((&push["signed"], &push["standard"]), (&json!(true), &json!(true)), "{push}");
    }
    let actions: Vec<&str> =
        said.iter().map(|push| push["body"]["action"].as_str().unwrap_or("LOG")).collect();
    assert_eq!(actions, ["START", "LOG", "COMPLETE"]);
    assert_eq!(said[0]["body"]["formData"], form);
    assert_eq!(said[1]["path"], "/odoo/api/workflow/approval/log");
}
