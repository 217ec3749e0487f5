//! Receivers that are slow or worse, and addresses that are none of an ERP's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fakes::odoo::{Control, Fault};
use serde_json::json;
use shared::code::Code;
use shared::testing::eventually;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::TestErp;

/// A server that does to every connection what it likes.
async fn wild(kind: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    shared::telemetry::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            shared::telemetry::spawn(async move {
                let mut buffer = [0; 1024];
                let _ = socket.read(&mut buffer).await;
                let page = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
                let junk = "x".repeat(64 * 1024);
                loop {
                    let chunk = match kind % 5 {
                        // Says nothing at all.
                        0 => "",
                        // A header that never ends, a byte at a time.
                        1 => "H",
                        // An endless body, as fast as it is taken.
                        2 => junk.as_str(),
                        // No HTTP.
                        3 => "SSH-2.0-OpenSSH\r\n",
                        // A length that never comes.
                        _ => "\r\n",
                    };
                    let head = if kind % 5 == 2 { page } else { "" };
                    if socket.write_all(format!("{head}{chunk}").as_bytes()).await.is_err() {
                        return;
                    }
                    if kind % 5 != 2 {
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                }
            });
        }
    });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_erp_does_not_notice_fifty_hostile_ones() {
    let mut hostile = Vec::new();
    for kind in 0..50 {
        let erp = TestErp::without_endpoint().await;
        if kind < 25 {
            erp.set(json!({"baseUrl": wild(kind).await})).await.ok();
        } else {
            let faults = [
                Fault::Slow(60_000),
                Fault::Drip,
                Fault::Huge,
                Fault::NotJson,
                Fault::Redirect("http://10.0.0.1/".to_owned()),
            ];
            erp.control(Control { receive: Some(faults[kind % 5].clone()), ..Control::default() });
            erp.configure().await;
        }
        let orders: Vec<_> = (1..=20).map(|order| erp.start(order)).collect();
        hostile.push((erp, orders));
    }
    let good = Arc::new(TestErp::spawn().await);

    let before = resident_kib();
    for (erp, orders) in &hostile {
        erp.publish(orders).await;
    }
    let mut took = Vec::new();
    for order in 1..=100 {
        let began = Instant::now();
        good.publish(&[good.start(order)]).await;
        eventually("the good one has it", || async {
            (good.odoo.pushes().len() as i64 >= order).then_some(())
        })
        .await;
        took.push(began.elapsed());
    }
    took.sort();

    println!(
        "beside 50 hostile endpoints: median {:?}, p99 {:?}, worst {:?}",
        took[50], took[98], took[99]
    );
    // Of service and fakes together, so it is no more than a bound.
    println!("resident memory: {} KiB before, {} KiB after", before, resident_kib());
    assert!(took[98] < Duration::from_secs(2), "{:?}", took[98]);
    // The last answer may still be on its way into the ledger.
    good.reaches("delivered", 100).await;
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_order_keeps_its_own_place_busy_and_no_other() {
    let erp = TestErp::spawn().await;
    erp.control(Control { orders: [(1, Fault::Slow(900))].into(), ..Control::default() });
    erp.publish(&[erp.start(1)]).await;
    eventually("the slow one is under way", || async {
        (erp.odoo.pushes().len() == 1).then_some(())
    })
    .await;

    let began = Instant::now();
    for order in 2..=20 {
        erp.publish(&[erp.start(order)]).await;
    }
    eventually("the others are there", || async { (erp.odoo.pushes().len() == 20).then_some(()) })
        .await;

    assert!(began.elapsed() < Duration::from_millis(800), "{:?}", began.elapsed());
    erp.reaches("delivered", 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn private_and_metadata_addresses_are_refused_when_they_are_named() {
    let erp = TestErp::without_endpoint().await;
    for base in [
        "http://10.0.0.5",
        "http://192.168.1.1:8069",
        "http://172.16.0.1",
        "http://169.254.169.254",
        "http://100.100.100.200",
        "http://0.0.0.0",
        "http://[::]",
        "http://[fe80::1]",
        "http://[fd00:ec2::254]",
        "http://[::ffff:10.0.0.1]",
        "http://2852039166/",
        "http://0xa9fea9fe/",
    ] {
        let refused = erp.set(json!({"baseUrl": base})).await.refused(Code::InvalidParameter);
        assert_eq!(refused.fields(), ["baseUrl"], "{base}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_address_that_got_into_the_table_is_still_not_called() {
    let erp = TestErp::spawn().await;
    erp.execute("update {schema}.erp_endpoints set base_url = 'http://[::ffff:169.254.169.254]' where tenant = $1").await;

    erp.publish(&[erp.start(7)]).await;
    let push = erp.tried(7, 1).await;

    let error = push["lastError"].as_str().unwrap();
    assert!(error.contains("not public"), "{error}");
}
