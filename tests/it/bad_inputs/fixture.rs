//! What stands before a case runs: an enterprise of its own, and one beside it whose objects it names.

use serde_json::{Value, json};
use tests::{APP, World, eventually, passed_task, snapshot};

use super::case::Case;
use crate::helpers::{BIND, CREATE, DEPARTMENTS, LOG, ONLINE, SYNC, TREE, USERS, sync};

/// The second enterprise: department, user, flow and order 777001 that belong to somebody else.
pub(super) struct Other(#[expect(dead_code, reason = "keeps its DingTalk alive")] World);

impl Other {
    pub(super) async fn start() -> Self {
        let world = World::start().await.with_people().await.with_flow().await;
        let erp = world.erp();
        let department = json!({"departments": [{"deptId": "OTHER-TENANT-DEPT", "deptName": "d"}]});
        erp.post(DEPARTMENTS, &department).await.ok();
        let user = json!({"users": [{"userId": "OTHER-USER", "userName": "u", "deptId": "OTHER-TENANT-DEPT"}]});
        erp.post(USERS, &user).await.ok();
        let mut flow = tests::sales_order();
        flow["flowCode"] = json!("OTHER-FLOW");
        erp.post(CREATE, &flow).await.ok();
        sync(&world, &snapshot(777_001)).await;
        Self(world)
    }
}

/// An enterprise as the case's address wants to find it.
pub(super) async fn world_for(case: &Case, _other: &Other) -> World {
    let world = World::start().await;
    let world = match case.path.as_str() {
        // It is about a flow of the ERP, wherever the file files it.
        _ if case.id == "SIG-049" => world.with_people().await.with_flow().await,
        USERS => only_departments(world).await,
        DEPARTMENTS | CREATE | BIND | TREE => world.with_people().await,
        path if NATIVE.contains(&path) => world.with_people().await,
        _ => world.with_people().await.with_flow().await,
    };
    match case.path.as_str() {
        ONLINE => add_engine_flow(&world).await,
        "/aflow/api/flow/update" => add_engine_flow(&world).await,
        "/aflow/api/flow/publish" => {
            add_engine_flow(&world).await;
            add_flow(&world, "SALES_ORDER").await;
        }
        LOG => drop(sync(&world, &known_order()).await),
        path if path != SYNC && (path.contains("/order/") || path.contains("/task/")) => {
            drop(sync(&world, &known_order()).await);
        }
        _ => {}
    }
    if case.input["setup"] == "app.status=disabled" {
        disable(&world).await;
    }
    world
}

/// The users of the file have mobiles of their own: nobody else may have them.
async fn only_departments(world: World) -> World {
    let department = json!({"departments": [{"deptId": "DEPT001", "deptName": "d"}]});
    world.erp().post(DEPARTMENTS, &department).await.ok();
    world
}

/// Order 123456 of the file.
pub(super) fn known_order() -> Value {
    let mut order = snapshot(123_456);
    order["businessKey"] = json!("SALES_ORDER_20250124001");
    order["tasks"] =
        json!([tests::open_task("TASK001", &["USER002"]), passed_task("TASK002", &["USER002"])]);
    order
}

/// Addresses of flows that run here: no flow of the ERP stands in their way.
const NATIVE: [&str; 4] = [
    "/aflow/api/flow/create",
    "/aflow/api/flow/update",
    "/aflow/api/flow/publish",
    "/aflow/api/form/sync",
];

async fn add_engine_flow(world: &World) {
    add_flow(world, "ENGINE_FLOW").await;
}

/// A flow that runs here, a draft.
async fn add_flow(world: &World, code: &str) {
    let xml = "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" targetNamespace=\"t\">\
        <process id=\"p\" isExecutable=\"true\"><startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" \
        targetRef=\"u\"/><userTask id=\"u\" name=\"审批\"/><sequenceFlow id=\"f2\" sourceRef=\"u\" targetRef=\"e\"/>\
        <endEvent id=\"e\"/></process></definitions>";
    let flow = json!({"flowCode": code, "flowName": "请假", "formSchema": {"components": []}, "bpmnXml": xml});
    world.erp().post("/aflow/api/flow/create", &flow).await.ok();
}

async fn disable(world: &World) {
    let off = json!({"enterpriseCode": world.tenant, "appId": APP, "enabled": false});
    world.admin("/application/change", off).await;
    let erp = world.erp();
    eventually("the application is refused", || async {
        (erp.get(TREE).await.http == 403).then_some(())
    })
    .await;
}
