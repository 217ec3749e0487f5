//! What aiflow tells of orders: the signature is proven as the document's example proves it.

use fakes::odoo::{Control, Fault};
use serde_json::{Value, json};

use super::{Erp, Reply, reply};

const RECEIVE: &str = "/odoo/api/workflow/receive";

/// Of `{"a":1}` under the document's credential, made with the Python SDK.
const BODY: &str = r#"{"a":1}"#;
const SIGNATURE: &str = "7b2276223a312c22656e7465727072697365436f6465223a22434f4d50414e59303031222c226170\
    704964223a22415050303031222c22636970686572223a2234363665643938633935626462663034\
    62303237393437646238346463613439353230636434363530373936653262343139303163333863\
    3861656362316431227d";

impl Erp {
    async fn push(&self, path: &str, signature: &str, body: &str) -> Reply {
        let request = self.http.post(self.url(path)).header("A-Signature", signature);
        let request = request.header("Content-Type", "application/json").body(body.to_owned());
        reply(request.send().await.unwrap()).await
    }
}

#[tokio::test]
async fn only_what_the_sdk_would_have_signed_is_taken() {
    let erp = Erp::start().await;

    let proven = erp.push("/odoo/api/order/approved", SIGNATURE, BODY).await;
    let forged = erp.push(RECEIVE, &SIGNATURE.replace("7b", "7B"), BODY).await;
    let unsigned = erp.push(RECEIVE, "", BODY).await;
    let changed = erp.push(RECEIVE, SIGNATURE, r#"{"a":2}"#).await;

    assert_eq!((proven.status, &proven.body["status"]), (200, &json!(0)));
    assert_eq!(proven.body["data"]["no"], "ERP-0001");
    for refused in [forged, unsigned, changed] {
        assert_eq!((refused.status, &refused.body["status"]), (403, &json!(-4002)));
    }
    let statuses: Vec<u16> = erp.fake.pushes().iter().map(|push| push.status).collect();
    assert_eq!(statuses, [200, 403, 403, 403]);
}

#[tokio::test]
async fn what_the_document_asks_for_must_be_there() {
    let erp = Erp::start().await;

    let answer = erp.push(RECEIVE, SIGNATURE, BODY).await;

    assert_eq!((answer.status, &answer.body["status"]), (200, &json!(-4002)));
}

#[tokio::test]
async fn addresses_and_orders_can_be_told_to_misbehave() {
    let erp = Erp::start().await;
    let busy = Fault::Busy { status: 503, retry_after: "7".to_owned() };
    let say = Fault::Say { status: 500, body: json!({"status": -1024}) };
    erp.fake.control(Control {
        receive: Some(busy),
        orders: [(7, say)].into(),
        ..Control::default()
    });

    let first = erp.push(RECEIVE, "", r#"{"orderId":1}"#).await;
    let other = erp.push(RECEIVE, "", r#"{"orderId":7}"#).await;

    assert_eq!((first.status, first.body), (503, Value::Null));
    assert_eq!((other.status, &other.body["status"]), (500, &json!(-1024)));
    assert_eq!(erp.fake.pushes()[1].order(), 7);
}
