//! Forms: kept as the ERP has them, and what orders must be filled with.

use serde_json::{Value, json};
use shared::code::Code;

use crate::helpers::{TestApp, one_task};

fn form(kind: &str, label: &str) -> Value {
    json!({"formCode": "SALES_FORM", "formName": "销售订单表单", "syncType": kind, "formSchema":
        {"components": [{"type": "input", "name": "customerName", "label": label, "required": true}]}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_created_changed_and_deleted() {
    let app = TestApp::spawn().await;
    let sync = async |body| app.post("/aflow/api/form/sync", body).await;

    sync(form("UPDATE", "客户")).await.refused(Code::UnknownReference);
    sync(form("CREATE", "客户")).await.ok();
    sync(form("CREATE", "客户")).await.ok();
    sync(form("CREATE", "别的")).await.refused(Code::Duplicate);
    sync(form("UPDATE", "别的")).await.ok();
    sync(form("CREATE", "别的")).await.ok();
    sync(form("DELETE", "")).await.ok();
    sync(form("DELETE", "")).await.ok();
    sync(json!({"syncType": "create", "formSchema": []})).await.refused(Code::InvalidParameter);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_an_online_flow_uses_stays_and_running_orders_keep_their_copy() {
    let app = TestApp::spawn().await;
    app.post("/aflow/api/form/sync", form("CREATE", "客户")).await.ok();
    let flow = json!({"flowCode": "SALES", "flowName": "销售", "formCode": "SALES_FORM", "bpmnXml": one_task()});
    app.post("/aflow/api/flow/create", flow).await.ok();
    app.post("/aflow/api/flow/publish", json!({"flowCode": "SALES"})).await.ok();

    app.post("/aflow/api/form/sync", form("DELETE", "")).await.refused(Code::WrongState);
    let refused = app.try_start("SALES", json!({"formData": {}})).await;
    assert_eq!(refused.refused(Code::InvalidParameter).fields(), ["formData.customerName"]);
    let order = app.start("SALES", json!({"formData": {"customerName": "客户名称"}})).await;
    assert_eq!(app.variables(order).await["customerName"], "客户名称");
}
