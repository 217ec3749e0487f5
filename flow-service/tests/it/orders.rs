//! Orders: started, decided, cancelled, looked at.

use serde_json::json;
use shared::code::Code;

use crate::helpers::{TestApp, definitions, drawing, one_task};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_runs_from_its_start_to_its_end() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;

    let started = app.try_start("LEAVE", json!({"businessKey": "B1"})).await.ok();
    let order = started["orderId"].as_i64().unwrap();
    assert!(order >= 1_000_001);
    let number = started["runningNumber"].as_str().unwrap();
    assert!(number.starts_with("LEAVE_") && number.ends_with("_0001"), "{number}");
    let tasks = app.tasks(order).await;
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0]["assignees"], json!(["USER002"]));
    assert_eq!(app.state(order).await, "running");

    let facts = app.decide(order, "approve", "USER002", "pass").await.ok();

    assert_eq!(facts[0]["closed"][0]["result"], "pass");
    assert_eq!(facts[0]["finished"]["result"], "pass");
    assert_eq!(facts[0]["seq"], 2);
    assert_eq!(app.trace(order).await, ["s", "approve", "e"]);
    let history = app.history(order).await;
    assert_eq!(history["orders"][0]["state"], "completed");
    assert_eq!(history["orders"][0]["endActivityId"], "e");
    let seqs: Vec<i64> = history["records"].as_array().unwrap().iter().map(|r| r["seq"].as_i64().unwrap()).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "{seqs:?}");
    assert!(app.tasks(order).await.is_empty());
    assert_eq!(app.variables(order).await["approved"], true);
}
