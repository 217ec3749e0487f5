//! Pushes to a fake ERP that proves every signature.

mod admin;
mod breaker;
mod calls;
mod classes;
mod hostile;
mod line;

use fakes::odoo::{Control, Credential, Odoo, Options, Pushed};
use serde_json::{Value, json};
use shared::contract::order::{
    ClosedWork, OrderAdvanced, OrderFinished, Place, ServiceAnswered, ServiceCall,
};
use shared::testing::{Answered, eventually};

use crate::helpers::{SECRET, TestApp, set_secret, take_answers};

pub(crate) const RECEIVE: &str = "/odoo/api/workflow/receive";
pub(crate) const LOG: &str = "/odoo/api/workflow/approval/log";
pub(crate) const APPROVED: &str = "/odoo/api/order/approved";

/// An enterprise with its ERP.
pub(crate) struct TestErp {
    pub(crate) app: TestApp,
    pub(crate) odoo: Odoo,
}

impl TestErp {
    /// An enterprise whose application has an endpoint.
    pub(crate) async fn spawn() -> Self {
        let erp = Self::without_endpoint().await;
        erp.configure().await;
        erp
    }

    pub(crate) async fn without_endpoint() -> Self {
        let app = TestApp::bare().await;
        set_secret(&app.tenant, SECRET);
        let credential = Credential {
            enterprise_code: app.tenant.clone(),
            app_id: "APP001".to_owned(),
            app_secret: SECRET.to_owned(),
        };
        let odoo = Odoo::start(Options { credential, ..Options::demo() }).await.unwrap();
        Self { app, odoo }
    }

    pub(crate) async fn configure(&self) -> Value {
        self.set(json!({"baseUrl": self.odoo.base_url()})).await.ok()
    }

    /// Sets the endpoint of the application.
    pub(crate) async fn set(&self, fields: Value) -> Answered {
        self.app.post("/aflow/api/admin/erp_endpoint", self.of_app(fields)).await
    }

    pub(crate) async fn pause(&self) {
        self.app.post("/aflow/api/admin/erp_endpoint/pause", self.of_app(json!({}))).await.ok();
    }

    pub(crate) async fn resume(&self) {
        self.app.post("/aflow/api/admin/erp_endpoint/resume", self.of_app(json!({}))).await.ok();
    }

    pub(crate) async fn replay(&self, fields: Value) -> Answered {
        self.app.post("/aflow/api/admin/push/replay", fields).await
    }

    pub(crate) fn of_app(&self, fields: Value) -> Value {
        let mut body = json!({"enterpriseCode": self.app.tenant, "appId": "APP001"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        body
    }

    pub(crate) async fn endpoint(&self) -> Value {
        let address = format!("/aflow/api/admin/erp_endpoints?enterpriseCode={}", self.app.tenant);
        self.app.get(&address).await.ok()["endpoints"][0].clone()
    }

    /// All pushes of the enterprise, oldest first.
    pub(crate) async fn pushes(&self) -> Vec<Value> {
        let address =
            format!("/aflow/api/admin/pushes?size=100&enterpriseCode={}", self.app.tenant);
        let mut rows = self.app.get(&address).await.ok()["rows"].as_array().unwrap().clone();
        rows.reverse();
        rows
    }

    /// The first push of an order.
    pub(crate) async fn push_of(&self, order: i64) -> Value {
        let is_it = |push: &Value| push["orderId"] == order;
        self.pushes().await.into_iter().find(is_it).unwrap()
    }

    pub(crate) async fn attempts(&self, push: &Value) -> Vec<Value> {
        let address = format!("/aflow/api/admin/push?id={}", push["id"]);
        self.app.get(&address).await.ok()["attempts"].as_array().unwrap().clone()
    }

    /// Waits until so many pushes are in that state.
    pub(crate) async fn reaches(&self, state: &str, count: i64) {
        eventually(&format!("{count} pushes are {state}"), || async {
            (self.app.counts().await["pushes"][state].as_i64().unwrap_or(0) == count).then_some(())
        })
        .await;
    }

    /// Waits until the endpoint stands so.
    pub(crate) async fn is(&self, state: &str) -> Value {
        eventually(&format!("the endpoint is {state}"), || async {
            Some(self.endpoint().await).filter(|endpoint| endpoint["state"] == state)
        })
        .await
    }

    /// Waits until the first push of an order has been tried so often.
    pub(crate) async fn tried(&self, order: i64, attempts: i64) -> Value {
        eventually(&format!("order {order} was tried {attempts} times"), || async {
            let push = self.push_of(order).await;
            (push["attempts"].as_i64().unwrap() >= attempts && !push["lastError"].is_null())
                .then_some(push)
        })
        .await
    }

    pub(crate) fn control(&self, control: Control) {
        self.odoo.control(control);
    }

    /// What the ERP took, in the order of its coming.
    pub(crate) fn taken(&self) -> Vec<Pushed> {
        self.odoo.pushes().into_iter().filter(|push| push.status == 200).collect()
    }

    /// `START`, `COMPLETE`, … of an order, `LOG` for an approval log, the path of a call.
    pub(crate) fn told(&self, order: i64) -> Vec<String> {
        let word = |push: &Pushed| match push.path.as_str() {
            RECEIVE => push.action().to_owned(),
            LOG => "LOG".to_owned(),
            path => path.to_owned(),
        };
        self.taken().iter().filter(|push| push.order() == order).map(word).collect()
    }

    /// Makes what is put off due now, and lets the endpoint be called at once.
    pub(crate) async fn hurry(&self) {
        self.execute("update {schema}.erp_pushes set due_at = now() where state = 'due' and lease is null and tenant = $1").await;
        self.execute("update {schema}.erp_endpoints set rest_until = null where tenant = $1").await;
    }

    pub(crate) async fn execute(&self, statement: &str) {
        self.app.execute(statement).await;
    }

    /// What the flow was told of its calls.
    pub(crate) async fn answers(&self, count: usize) -> Vec<ServiceAnswered> {
        let mut all = Vec::new();
        let all = std::sync::Mutex::new(&mut all);
        eventually(&format!("{count} answers for the flow"), || async {
            let mut all = all.lock().unwrap();
            all.extend(take_answers(&self.app.tenant));
            (all.len() >= count).then_some(())
        })
        .await;
        all.into_inner().unwrap().clone()
    }

    pub(crate) async fn publish(&self, events: &[OrderAdvanced]) {
        self.app.publish_all(events).await;
    }

    /// A step of an order in which nothing happens.
    pub(crate) fn step(&self, order: i64, seq: i64) -> OrderAdvanced {
        OrderAdvanced {
            tenant: self.app.tenant.clone(),
            app: "APP001".to_owned(),
            order_id: order,
            parent_order_id: None,
            business_key: format!("SO-{order}"),
            flow_code: "SALES_APPROVAL".to_owned(),
            flow_version: 1,
            title: "销售订单审批".to_owned(),
            running_number: format!("SALES_APPROVAL_202501_{order:04}"),
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

    /// Step 1.
    pub(crate) fn start(&self, order: i64) -> OrderAdvanced {
        OrderAdvanced {
            started: Some(place("start", "开始")),
            form_data: Some(json!({"customerName": "客户名称", "amount": 10_000})),
            variables: Some(json!({"variable1": "value1"})),
            ..self.step(order, 1)
        }
    }

    /// A task was passed or rejected.
    pub(crate) fn handled(&self, order: i64, seq: i64, result: &str) -> OrderAdvanced {
        OrderAdvanced {
            closed: vec![ClosedWork {
                task_id: format!("{order}-{seq}"),
                place: place("approve", "部门经理审批"),
                result: result.to_owned(),
                handler: Some("USER002".to_owned()),
                comment: Some("同意".to_owned()),
                form_data: Some(json!({"comment": "审批意见"})),
                ..ClosedWork::default()
            }],
            ..self.step(order, seq)
        }
    }

    /// The order is over.
    pub(crate) fn end(&self, order: i64, seq: i64, result: &str) -> OrderAdvanced {
        OrderAdvanced {
            finished: Some(OrderFinished {
                result: result.to_owned(),
                place: place("approve", "部门经理审批"),
                task_id: Some(format!("{order}-1")),
                handler: Some("USER002".to_owned()),
                reason: None,
            }),
            ..self.step(order, seq)
        }
    }

    /// A service task wants something.
    pub(crate) fn call(&self, order: i64, seq: i64, address: &str) -> OrderAdvanced {
        OrderAdvanced {
            calls: vec![ServiceCall {
                call_id: format!("{order}-{seq}"),
                place: place("tell", "通知ERP"),
                address: address.to_owned(),
                body: json!({"orderId": order, "amount": 10_000}),
            }],
            ..self.step(order, seq)
        }
    }
}

pub(crate) fn place(id: &str, name: &str) -> Place {
    Place { activity_id: id.to_owned(), activity_name: name.to_owned() }
}
