//! Which flow an order belongs to, and where its tasks open.

use serde_json::{Value, json};
use shared::code::Code;
use tests::{SECRET, World, sales_order, snapshot};

use crate::helpers::{CREATE, ONLINE, SYNC, detail, enterprise, page, sync, warnings};

/// A flow with these detail pages, online.
async fn flow(world: &World, code: &str, web: &str, h5: &str) {
    let mut flow = sales_order();
    flow["flowCode"] = json!(code);
    flow["detailUrl"] = json!({"webUrl": web, "h5Url": h5});
    world.erp().post(CREATE, &flow).await.ok();
    world.erp().post(ONLINE, &json!({"flowCode": code})).await.ok();
}

fn order_of(code: Value) -> Value {
    let mut order = snapshot(1);
    order["flowCode"] = code;
    order["businessKey"] = json!("键 a&b/{taskId}");
    order
}

async fn url(world: &World, terminal: &str) -> String {
    let rows = page(world, "todo", "USER002", terminal).await["rows"].clone();
    rows[0]["url"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn placeholders_are_filled_percent_encoded_for_each_terminal() {
    let world = World::start().await.with_people().await;
    let web = "https://erp/w/{orderId}?k={businessKey}&t={taskId}&u={userCode}";
    flow(&world, "F", web, "https://erp/m/{orderId}#/{userCode}").await;

    sync(&world, &order_of(json!("F"))).await;

    let filled = "https://erp/w/1?k=%E9%94%AE%20a%26b%2F%7BtaskId%7D&t=TASK001&u=USER002";
    assert_eq!(url(&world, "").await, filled);
    assert_eq!(url(&world, "&terminal=pc").await, filled);
    assert_eq!(url(&world, "&terminal=mobile").await, "https://erp/m/1#/USER002");
}

#[tokio::test]
async fn without_placeholders_the_values_are_appended() {
    let world = World::start().await.with_people().await;
    flow(&world, "F", "https://erp/w?a=1", "https://erp/m").await;

    sync(&world, &order_of(json!("F"))).await;

    let tail = "orderId=1&businessKey=%E9%94%AE%20a%26b%2F%7BtaskId%7D&taskId=TASK001";
    assert_eq!(url(&world, "").await, format!("https://erp/w?a=1&{tail}"));
    assert_eq!(url(&world, "&terminal=mobile").await, format!("https://erp/m?{tail}"));
}

#[tokio::test]
async fn without_a_code_the_only_online_flow_is_meant() {
    let world = enterprise().await;

    let data = sync(&world, &snapshot(1)).await;

    assert_eq!(data["warnings"], json!([]));
    assert_eq!(detail(&world, 1).await["flowCode"], "SALES_ORDER");
}

#[tokio::test]
async fn without_a_code_and_without_one_flow_the_order_is_kept_unresolved() {
    let none = World::start().await.with_people().await;
    let two = enterprise().await;
    flow(&two, "SECOND", "https://erp/w", "https://erp/m").await;

    for world in [none, two] {
        let data = sync(&world, &snapshot(1)).await;
        assert!(warnings(&data).contains("流程"), "{data}");
        let row = page(&world, "todo", "USER002", "").await["rows"][0].clone();
        assert_eq!(row["flowCode"], Value::Null);
        assert!(row["url"].as_str().unwrap().contains("/order/APP001/1"), "{row}");
    }
}

#[tokio::test]
async fn an_unresolved_order_finds_its_flow_later() {
    let world = World::start().await.with_people().await;
    sync(&world, &snapshot(1)).await;
    let world = world.with_flow().await;

    let mut newer = snapshot(1);
    newer["version"] = json!(2);
    let data = sync(&world, &newer).await;

    assert_eq!(data["warnings"], json!([]));
    assert_eq!(detail(&world, 1).await["flowCode"], "SALES_ORDER");
}

#[tokio::test]
async fn an_order_keeps_its_flow_when_the_application_gets_another() {
    let world = enterprise().await;
    sync(&world, &snapshot(1)).await;
    flow(&world, "SECOND", "https://erp/w", "https://erp/m").await;

    let mut newer = snapshot(1);
    newer["version"] = json!(2);
    let data = sync(&world, &newer).await;

    assert_eq!(data["warnings"], json!([]));
    assert_eq!(detail(&world, 1).await["flowCode"], "SALES_ORDER");
}

#[tokio::test]
async fn a_flow_that_is_missing_not_online_or_not_ours_is_an_unknown_reference() {
    let world = enterprise().await;
    world.create_application("APP002", SECRET, json!({})).await;
    let mut draft = sales_order();
    draft["flowCode"] = json!("DRAFT");
    world.erp().post(CREATE, &draft).await.ok();

    for (client, code) in [
        (world.erp(), "NOPE"),
        (world.erp(), "DRAFT"),
        (world.client("APP002", SECRET), "SALES_ORDER"),
    ] {
        let refused =
            client.post(SYNC, &order_of(json!(code))).await.refused(Code::UnknownReference);
        assert_eq!(refused.fields(), ["flowCode"], "{code}");
    }
}

#[tokio::test]
async fn a_flow_is_known_in_the_moment_it_is_online() {
    let world = World::start().await.with_people().await;
    for code in ["F1", "F2", "F3"] {
        flow(&world, code, "https://erp/w", "https://erp/m").await;

        let mut order = order_of(json!(code));
        order["orderId"] = json!(code[1..].to_owned());

        assert_eq!(sync(&world, &order).await["warnings"], json!([]), "{code}");
    }
}
