//! Histories that somebody changed behind the service's back are found.

use serde_json::{Value, json};
use shared::code::Code;

use crate::helpers::{TestApp, one_task};

impl TestApp {
    async fn verify(&self, more: &str) -> Value {
        let address = format!("/aflow/api/admin/verify?enterpriseCode={}{more}", self.tenant);
        self.get_as(self.service(), &address).await.ok()
    }

    /// A step of an order is changed; `$1` is the enterprise.
    async fn forge(&self, order: i64, step: i64, change: &str) {
        let statement = format!(
            "update steps s set {change} from (select order_id, no, row_number() over (order by no) as seq \
             from steps where order_id = {order}) n, orders o \
             where s.order_id = n.order_id and s.no = n.no and n.seq = {step} and o.order_id = s.order_id and o.tenant = $1"
        );
        assert_eq!(self.execute(&statement).await, 1);
    }
}

async fn two_steps(app: &TestApp) -> i64 {
    let more = json!({"variables": {"price": 1.10, "big": 1e22, "text": "一\t\"二\""}});
    let order = app.start("LEAVE", more).await;
    let task = app.tasks(order).await[0]["taskId"].clone();
    app.complete(json!({"taskId": task, "userCode": "USER002", "action": "pass", "comment": "同意 \u{1F600}\n"}))
        .await
        .ok();
    order
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_holds_and_whatever_is_changed_is_found() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let mut orders = Vec::new();
    for _ in 0..8 {
        orders.push(two_steps(&app).await);
    }
    let untouched = app.verify("").await;
    assert_eq!(untouched, json!({"orders": 8, "steps": 16, "broken": [], "next": null}));

    app.forge(orders[0], 2, "actor = 'USER003'").await;
    app.forge(orders[1], 2, "detail = jsonb_set(detail, '{decisions,0,comment}', '\"不同意\"')")
        .await;
    app.forge(orders[2], 1, "records = records || '[{}]'").await;
    app.forge(orders[3], 1, "at = at - interval '1 day'").await;
    app.forge(orders[4], 2, "hash = null").await;
    let last = format!(
        "delete from steps where no = (select max(no) from steps where order_id = {}) \
         and exists (select from orders where tenant = $1)",
        orders[5]
    );
    assert_eq!(app.execute(&last).await, 1);
    let gone = format!("delete from instances where order_id = {} and tenant = $1", orders[6]);
    assert_eq!(app.execute(&gone).await, 1);

    let verified = app.verify("").await;

    let broken = verified["broken"].as_array().unwrap();
    let found: Vec<(i64, &str, Option<i64>)> = broken
        .iter()
        .map(|one| {
            (
                one["orderId"].as_i64().unwrap(),
                one["reason"].as_str().unwrap(),
                one["step"].as_i64(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (orders[0], "changed", Some(2)),
            (orders[1], "changed", Some(2)),
            (orders[2], "changed", Some(1)),
            (orders[3], "changed", Some(1)),
            (orders[4], "unsealed", Some(2)),
            (orders[5], "end_differs", None),
            (orders[6], "order_missing", None),
        ]
    );
    assert_eq!(broken[0]["act"], "pass");
    assert_eq!(verified["orders"], 8);
    let one = app.verify(&format!("&orderId={}", orders[7])).await;
    assert_eq!(one, json!({"orders": 1, "steps": 2, "broken": [], "next": null}));
    let rest = app.verify(&format!("&after={}", orders[5])).await;
    assert_eq!(rest["orders"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enterprise_is_gone_through_in_pages_and_an_order_that_moves_is_not_broken() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let starts = (0..120).map(|_| app.try_start("LEAVE", json!({})));
    let answers = futures_util::future::join_all(starts).await;
    let orders: Vec<i64> =
        answers.into_iter().map(|one| one.ok()["orderId"].as_i64().unwrap()).collect();

    let moving = async {
        for order in &orders {
            app.decide(*order, "approve", "USER002", "pass").await.ok();
        }
    };
    let looking = async {
        for _ in 0..10 {
            let first = app.verify("").await;
            assert_eq!((&first["orders"], &first["broken"]), (&json!(100), &json!([])));
            let next = first["next"].as_i64().unwrap();
            let second = app.verify(&format!("&after={next}")).await;
            assert_eq!((&second["orders"], &second["next"]), (&json!(20), &Value::Null));
            assert_eq!(second["broken"], json!([]));
        }
    };
    futures_util::future::join(moving, looking).await;

    assert_eq!(app.verify("").await["steps"], 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_house_verifies_and_only_what_is_there() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let order = two_steps(&app).await;
    let other = TestApp::spawn().await;

    let address = format!("/aflow/api/admin/verify?enterpriseCode={}", app.tenant);
    app.get(&address).await.refused(Code::NotPermitted);
    let foreign =
        format!("/aflow/api/admin/verify?enterpriseCode={}&orderId={order}", other.tenant);
    other.get_as(other.service(), &foreign).await.refused(Code::UnknownReference);
    let nothing = other.verify("").await;
    assert_eq!(nothing, json!({"orders": 0, "steps": 0, "broken": [], "next": null}));
}
