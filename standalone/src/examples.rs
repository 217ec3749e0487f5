//! The documented flows of `docs/examples` with their people, for the sample enterprise.

use anyhow::Context;
use fakes::odoo::User;
use serde_json::{Value, json};
use shared::http::client::{Error, Peer};
use shared::identity::Caller;

/// Whoever works in the examples, with those who lead them.
const ORGANISATION: &str = include_str!("../../docs/examples/organisation.json");

/// Code, name, drawing and form of each flow.
const FLOWS: [(&str, &str, &str, &str); 3] = [
    (
        "LEAVE",
        "请假",
        include_str!("../../docs/examples/leave.bpmn"),
        include_str!("../../docs/examples/leave.json"),
    ),
    (
        "EXPENSE",
        "报销",
        include_str!("../../docs/examples/expense.bpmn"),
        include_str!("../../docs/examples/expense.json"),
    ),
    (
        "CONTRACT",
        "合同审批",
        include_str!("../../docs/examples/contract.bpmn"),
        include_str!("../../docs/examples/contract.json"),
    ),
];

/// Makes the flows and their people, unless an earlier run did.
pub(crate) async fn fill(sync: &Peer, flow: &Peer, erp: &Caller) -> anyhow::Result<()> {
    let everybody = organisation()?;
    let part = |name: &str| everybody.get(name).cloned().unwrap_or_default();
    let departments = json!({"departments": part("departments")});
    sync.post::<_, Value>(erp, "/aflow/api/sys/sync/department", &departments).await?;
    let users = json!({"users": part("users")});
    sync.post::<_, Value>(erp, "/aflow/api/sys/sync/user", &users).await?;
    for (code, name, xml, form) in FLOWS {
        let form: Value = serde_json::from_str(form).context("a form of the examples")?;
        let body = json!({"flowCode": code, "flowName": name, "formSchema": form, "bpmnXml": xml});
        match flow.post::<_, Value>(erp, "/aflow/api/flow/create", &body).await {
            Err(Error::Refused { code, .. }) if code == "DUPLICATE" => continue,
            made => made?,
        };
        let publish = json!({"flowCode": code, "updateDesc": "示例"});
        flow.post::<_, Value>(erp, "/aflow/api/flow/publish", &publish).await?;
    }
    Ok(())
}

/// The same people as the fake Odoo knows them; each one's password is `{userName}-password`.
pub(crate) fn people() -> anyhow::Result<Vec<User>> {
    let everybody = organisation()?;
    let rows = everybody.get("users").and_then(Value::as_array).cloned().unwrap_or_default();
    let person = |row: &Value| {
        let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
        let username = text("userName").unwrap_or_default();
        User {
            user_id: text("userId").unwrap_or_default(),
            password: format!("{username}-password"),
            username,
            name: text("realName").unwrap_or_default(),
            phone_number: text("mobile"),
            email: text("email"),
            dept_id: text("deptId"),
            dept_name: None,
        }
    };
    Ok(rows.iter().map(person).collect())
}

fn organisation() -> anyhow::Result<Value> {
    serde_json::from_str(ORGANISATION).context("the organisation of the examples")
}
