//! Another enterprise's order, task, flow or person answers exactly as a missing one.

use serde_json::{Value, json};
use tests::{Answered, snapshot};

use crate::helpers::{CHECK, DETAIL, LOG, READ, SYNC, detail, enterprise, page, sync};

/// The answer without what is different every time.
fn bare(answered: Answered) -> String {
    let mut body = answered.body;
    if let Some(data) = body["data"].as_object_mut() {
        data.remove("requestId");
    }
    format!("{} {}", answered.http, body.to_string().replace("777001", "N").replace("777002", "N"))
}

#[tokio::test]
async fn a_foreign_order_is_as_missing_as_a_missing_one() {
    let (world, other) = (enterprise().await, enterprise().await);
    sync(&other, &snapshot(777_001)).await;
    let erp = world.erp();
    let log = |number: i64| json!({"orderId": number, "businessKey": "SALES_777001", "logs": [{"taskId": "TASK001", "handlerUserCode": "USER002", "handleResult": "pass", "handleTime": "2025-01-24 15:30:00"}]});
    let check = |number: i64| json!({"orders": [{"orderId": number, "updateTime": "2025-01-24 15:30:00", "version": 1}]});
    let read = |number: i64| json!({"userCode": "USER002", "orderId": number, "taskId": "TASK001"});

    for query in ["", "&userCode=USER002", "&appId=APP001"] {
        let [foreign, missing] = [
            erp.get(&format!("{DETAIL}?orderId=777001{query}")).await,
            erp.get(&format!("{DETAIL}?orderId=777002{query}")).await,
        ];
        assert_eq!(bare(foreign), bare(missing));
    }
    for (path, body) in [(LOG, &log as &dyn Fn(i64) -> Value), (CHECK, &check), (READ, &read)] {
        let [foreign, missing] =
            [erp.post(path, &body(777_001)).await, erp.post(path, &body(777_002)).await];
        assert_eq!(bare(foreign), bare(missing), "{path}");
    }
    assert_eq!(detail(&other, 777_001).await["history"], json!([]));
}

#[tokio::test]
async fn lists_show_nothing_of_another_enterprise() {
    let (world, other) = (enterprise().await, enterprise().await);
    sync(&other, &snapshot(1)).await;

    for (list, user) in
        [("todo", "USER002"), ("cc", "USER003"), ("initiated", "USER001"), ("done", "USER002")]
    {
        assert_eq!(page(&world, list, user, "").await["total"], 0, "{list}");
    }
}

#[tokio::test]
async fn the_same_number_in_two_enterprises_is_two_orders() {
    let (world, other) = (enterprise().await, enterprise().await);
    sync(&world, &snapshot(1)).await;
    let mut theirs = snapshot(1);
    theirs["version"] = json!(9);
    theirs["businessKey"] = json!("THEIRS");

    assert_eq!(sync(&other, &theirs).await["tasks"][0]["outcome"], "created");

    assert_eq!(detail(&world, 1).await["businessKey"], "SALES_1");
}

#[tokio::test]
async fn a_foreign_flow_and_a_foreign_person_are_unknown() {
    let (world, other) = (enterprise().await, enterprise().await);
    let mut flow = tests::sales_order();
    flow["flowCode"] = json!("OTHER");
    other.erp().post("/aflow/api/flow/create_third_party", &flow).await.ok();
    other
        .erp()
        .post("/aflow/api/flow/online_third_party", &json!({"flowCode": "OTHER"}))
        .await
        .ok();
    other
        .erp()
        .post(
            "/aflow/api/sys/sync/user",
            &json!({"users": [{"userId": "OTHER", "userName": "n", "deptId": "DEPT001"}]}),
        )
        .await
        .ok();
    let mut order = snapshot(1);
    order["initiator"] = json!("OTHER");

    assert!(sync(&world, &order).await["warnings"].to_string().contains("OTHER"));

    order["flowCode"] = json!("OTHER");
    world.erp().post(SYNC, &order).await.refused(shared::code::Code::UnknownReference);
}

#[tokio::test]
async fn an_enterprise_named_in_body_query_or_headers_is_ignored() {
    let (world, other) = (enterprise().await, enterprise().await);
    let mut order = snapshot(1);
    order["enterpriseCode"] = json!(other.tenant);
    order["tenant"] = json!(other.tenant);
    order["appId"] = json!("APP777");

    sync(&world, &order).await;

    assert_eq!(detail(&world, 1).await["appId"], "APP001");
    let query = format!(
        "/aflow/api/task/todo?userCode=USER002&tenant={0}&enterpriseCode={0}",
        other.tenant
    );
    assert_eq!(world.erp().get(&query).await.ok()["total"], 1);
    assert_eq!(page(&other, "todo", "USER002", "").await["total"], 0);
}
