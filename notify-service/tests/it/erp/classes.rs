//! Every way in which an ERP can fail to take a push.

use fakes::odoo::{Control, Fault};
use serde_json::json;

use super::TestErp;
use crate::helpers::{SECRET, set_secret};

#[tokio::test(flavor = "multi_thread")]
async fn the_two_final_codes_park_the_push_and_its_order_until_a_person_replays() {
    for code in [-4001, -4002] {
        let erp = TestErp::spawn().await;
        let refusal =
            Fault::Say { status: 200, body: json!({"status": code, "msg": "单据不存在"}) };
        erp.control(Control { orders: [(7, refusal)].into(), ..Control::default() });

        erp.publish(&[erp.start(7), erp.end(7, 2, "pass"), erp.start(8)]).await;
        erp.reaches("parked", 1).await;
        erp.reaches("delivered", 1).await;

        let push = erp.push_of(7).await;
        assert_eq!((&push["attempts"], &push["lastCode"]), (&json!(1), &json!(code.to_string())));
        assert_eq!(push["lastError"], "单据不存在");
        assert_eq!(erp.app.counts().await["pushes"]["waiting"], 1);

        erp.control(Control { reset: true, ..Control::default() });
        assert_eq!(erp.replay(json!({"id": push["id"]})).await.ok()["replayed"], 1);
        erp.reaches("delivered", 3).await;
        let told = erp.told(7);
        assert_eq!(&told[told.len() - 2..], ["START", "COMPLETE"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_no_clear_yes_is_tried_again() {
    let say = |status, body| Fault::Say { status, body };
    let table = [
        (Fault::NotJson, "HTTP 200: the answer is not JSON"),
        (say(200, json!({"ok": true})), "HTTP 200: the answer has no status"),
        (say(200, json!({"status": "0"})), "HTTP 200: the answer has no status"),
        (say(200, json!({"status": 1, "msg": "x"})), "HTTP 200, status 1: x"),
        (say(500, json!({"status": 0, "msg": "x"})), "HTTP 500, status 0: x"),
        (say(404, json!({})), "HTTP 404: the answer has no status"),
        (
            Fault::Busy { status: 204, retry_after: String::new() },
            "HTTP 204: the answer is not JSON",
        ),
        (
            Fault::Busy { status: 502, retry_after: String::new() },
            "HTTP 502: the answer is not JSON",
        ),
        (
            Fault::Redirect("http://169.254.169.254/".to_owned()),
            "HTTP 302: redirects are not followed",
        ),
        (Fault::Huge, "HTTP 200: the answer is longer than 64 KiB"),
        (Fault::Drip, "no whole answer within 1.5s"),
        (Fault::Slow(3_000), "no whole answer within 1.5s"),
    ];
    let mut erps = Vec::new();
    for (fault, error) in table {
        let erp = TestErp::spawn().await;
        erp.control(Control { receive: Some(fault), ..Control::default() });
        erp.publish(&[erp.start(7)]).await;
        erps.push((erp, error));
    }
    for (erp, error) in erps {
        let push = erp.tried(7, 1).await;
        assert_eq!((&push["state"], &push["lastError"]), (&json!("due"), &json!(error)));

        erp.control(Control { reset: true, ..Control::default() });
        erp.hurry().await;
        erp.reaches("delivered", 1).await;
        let ids: std::collections::HashSet<String> =
            erp.odoo.pushes().into_iter().map(|push| push.webhook[0].clone()).collect();
        assert_eq!((ids.len(), erp.taken().last().unwrap().action()), (1, "START"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_is_kept_and_retry_after_is_honoured() {
    let erp = TestErp::spawn().await;
    let faults =
        [(7, Fault::NotJson), (8, Fault::Busy { status: 503, retry_after: "3600".to_owned() })];
    erp.control(Control { orders: faults.into(), ..Control::default() });

    erp.publish(&[erp.start(7)]).await;
    erp.tried(7, 1).await;
    let soon = erp.app.number("select extract(epoch from due_at - updated_at)::int8 from {schema}.erp_pushes where tenant = $1").await;
    erp.publish(&[erp.start(8)]).await;
    erp.tried(8, 1).await;
    let late = erp.app.number("select extract(epoch from due_at - updated_at)::int8 from {schema}.erp_pushes where tenant = $1 and order_id = 8").await;
    let rest = erp.app.number("select extract(epoch from rest_until - updated_at)::int8 from {schema}.erp_endpoints where tenant = $1").await;

    assert!((4..=6).contains(&soon), "{soon}");
    assert!((3_600..=4_320).contains(&late), "{late}");
    assert_eq!(rest, 3_600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_the_erp_does_not_have_yet_stops_everything_and_loses_nothing() {
    let erp = TestErp::spawn().await;
    erp.control(Control { app_secret: Some("an-older-secret".to_owned()), ..Control::default() });

    erp.publish(&[erp.start(7), erp.start(8)]).await;
    let endpoint = erp.is("down").await;

    let error = endpoint["lastError"].as_str().unwrap();
    assert!(error.contains("does not accept our signature"), "{error}");
    let rest = erp.app.number("select extract(epoch from rest_until - now())::int8 from {schema}.erp_endpoints where tenant = $1").await;
    assert!((590..=600).contains(&rest), "{rest}");
    assert_eq!(erp.app.counts().await["pushes"], json!({"due": 2}));

    erp.control(Control { app_secret: Some(SECRET.to_owned()), ..Control::default() });
    erp.resume().await;
    erp.reaches("delivered", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_we_have_not_noticed_costs_one_call_and_no_time() {
    let erp = TestErp::spawn().await;
    erp.publish(&[erp.start(7)]).await;
    erp.reaches("delivered", 1).await;

    set_secret(&erp.app.tenant, "rotated");
    erp.control(Control { app_secret: Some("rotated".to_owned()), ..Control::default() });
    erp.publish(&[erp.start(8)]).await;
    erp.reaches("delivered", 2).await;

    let statuses: Vec<u16> = erp.odoo.pushes().iter().map(|push| push.status).collect();
    assert_eq!(statuses, [200, 403, 200]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erp_without_a_log_address_is_told_everything_else() {
    let erp = TestErp::spawn().await;
    for (order, status) in [(1, 404), (2, 405), (3, 501)] {
        let missing = Fault::Say { status, body: json!({}) };
        erp.control(Control { log: Some(missing), ..Control::default() });
        erp.execute(
            "update {schema}.erp_endpoints set log_unsupported_until = null where tenant = $1",
        )
        .await;

        erp.publish(&[
            erp.start(order),
            erp.handled(order, 2, "pass"),
            erp.handled(order, 3, "pass"),
            erp.end(order, 4, "pass"),
        ])
        .await;
        erp.reaches("delivered", order * 2).await;

        assert_eq!(erp.told(order), ["START", "COMPLETE"]);
        assert_eq!(erp.app.counts().await["pushes"]["not_supported"], order * 2);
    }
    // Asked once in a day, not once a log.
    let asked = erp.odoo.pushes().iter().filter(|push| push.path == super::LOG).count();
    assert_eq!(asked, 3);
    let endpoint = erp.endpoint().await;
    assert_eq!(
        (&endpoint["state"], endpoint["logUnsupportedUntil"].is_null()),
        (&json!("ok"), false)
    );

    // The ERP learns it, and a day has passed.
    erp.control(Control { reset: true, ..Control::default() });
    erp.execute("update {schema}.erp_endpoints set log_unsupported_until = now() - interval '1 s' where tenant = $1").await;
    erp.publish(&[erp.start(9), erp.handled(9, 2, "pass")]).await;
    erp.reaches("delivered", 8).await;
    assert_eq!(erp.told(9), ["START", "LOG"]);
    assert!(erp.endpoint().await["logUnsupportedUntil"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_gone_pauses_the_endpoint() {
    let erp = TestErp::spawn().await;
    let gone = Fault::Say { status: 410, body: json!({}) };
    erp.control(Control { receive: Some(gone), ..Control::default() });

    erp.publish(&[erp.start(7)]).await;
    let endpoint = erp.is("paused").await;

    assert_eq!((&endpoint["pausedBy"], &endpoint["pending"]), (&json!("gone"), &json!(1)));
    erp.control(Control { reset: true, ..Control::default() });
    erp.resume().await;
    erp.reaches("delivered", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_three_days_a_push_is_parked() {
    let erp = TestErp::spawn().await;
    erp.control(Control { receive: Some(Fault::NotJson), ..Control::default() });
    erp.publish(&[erp.start(7)]).await;
    erp.tried(7, 1).await;

    erp.execute("update {schema}.erp_pushes set tries = 147 where tenant = $1").await;
    erp.hurry().await;

    erp.reaches("parked", 1).await;
}
