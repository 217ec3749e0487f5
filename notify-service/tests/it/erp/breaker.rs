//! An endpoint that is down: one probe at a time, a slow return, a pause after a day.

use std::time::Duration;

use fakes::odoo::{Control, Fault};
use serde_json::json;

use super::TestErp;

fn down() -> Control {
    Control { receive: Some(Fault::Say { status: 502, body: json!({}) }), ..Control::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_down_gets_one_probe_and_is_drained_at_a_pace_when_it_returns() {
    let erp = TestErp::spawn().await;
    erp.control(down());
    let orders: Vec<i64> = (1..=60).collect();
    erp.publish(&orders.iter().map(|order| erp.start(*order)).collect::<Vec<_>>()).await;
    let endpoint = erp.is("down").await;
    assert_eq!(endpoint["pending"], 60);

    // The calls that were under way, and then a probe a second: so it is set for these tests.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = erp.odoo.pushes().len();
    tokio::time::sleep(Duration::from_millis(3_000)).await;
    let probes = erp.odoo.pushes().len() - before;
    assert!((2..=4).contains(&probes), "{probes} probes in 3 s, {before} calls before");
    assert!(before <= 16, "{before}");

    erp.control(Control { reset: true, ..Control::default() });
    erp.reaches("delivered", 60).await;
    erp.is("ok").await;

    let times: Vec<i64> = erp.taken().iter().map(|push| push.at_ms).collect();
    for window in times[1..].windows(27) {
        let took = window[26] - window[0];
        assert!(took >= 950, "27 pushes within {took} ms");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_that_is_always_refused_does_not_keep_the_way_closed() {
    let erp = TestErp::spawn().await;
    erp.control(down());
    erp.publish(&(1..=8).map(|order| erp.start(order)).collect::<Vec<_>>()).await;
    erp.is("down").await;

    let broken = Fault::Say { status: 500, body: json!({}) };
    erp.control(Control { reset: true, orders: [(1, broken)].into(), ..Control::default() });
    erp.publish(&[erp.start(9)]).await;

    erp.reaches("delivered", 8).await;
    assert_eq!(erp.push_of(1).await["state"], "due");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erp_that_does_not_listen_is_down_too() {
    let erp = TestErp::spawn().await;
    erp.set(json!({"baseUrl": "http://127.0.0.1:9"})).await.ok();

    erp.publish(&(1..=8).map(|order| erp.start(order)).collect::<Vec<_>>()).await;
    let endpoint = erp.is("down").await;
    assert_eq!(endpoint["lastError"], "no connection");

    erp.configure().await;
    erp.reaches("delivered", 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_only_failures_pauses_and_keeps_everything() {
    let erp = TestErp::spawn().await;
    erp.control(down());
    erp.publish(&(1..=8).map(|order| erp.start(order)).collect::<Vec<_>>()).await;
    erp.is("down").await;

    erp.execute("update {schema}.erp_endpoints set down_since = now() - interval '25 hours' where tenant = $1").await;
    let endpoint = erp.is("paused").await;
    assert_eq!((&endpoint["pausedBy"], &endpoint["pending"]), (&json!("failures"), &json!(8)));
    let calls = erp.odoo.pushes().len();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(erp.odoo.pushes().len(), calls);

    erp.control(Control { reset: true, ..Control::default() });
    erp.resume().await;
    erp.reaches("delivered", 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_pauses_and_resumes() {
    let erp = TestErp::spawn().await;
    erp.pause().await;

    erp.publish(&[erp.start(7), erp.end(7, 2, "pass")]).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(erp.odoo.pushes().len(), 0);
    assert_eq!(erp.endpoint().await["pausedBy"], "person");

    erp.resume().await;
    erp.reaches("delivered", 2).await;
    assert_eq!(erp.told(7), ["START", "COMPLETE"]);
}
