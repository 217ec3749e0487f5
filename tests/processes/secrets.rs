//! What must stay hidden is planted and looked for everywhere it could leak to.

use std::time::Duration;

use serde_json::json;

use super::erp::SYNC;
use super::house::{APP_SECRET, House, SCHEMAS, SECRETS};
use super::world::{APP, World, departments, order, users};
use super::{pause, say, until};

const BODY: &str = "MARK-body-2f9ac1e7";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_nowhere() {
    let mut house = House::start("secrets").await;
    let mut world = World::start(&house).await;
    let rotation = json!({"enterpriseCode": world.tenant, "appId": APP, "overlapHours": 1});
    let rotated = house.admin("/application/rotate", rotation).await["appSecret"]
        .as_str()
        .unwrap()
        .to_owned();

    let access = house.dingtalk_access(&world.tenant).await;
    let token = access["access"]["token"].as_str().unwrap().to_owned();

    // Every way to fail that comes to mind, each with a log line of its own.
    let mut body = order(2, "USER001");
    body["businessKey"] = json!(BODY);
    let header = world.erp.header("POST", SYNC, body.to_string().as_bytes());
    for secret in [APP_SECRET, rotated.as_str()] {
        until(Duration::from_secs(10), "the secret is known", || async {
            let answer = world.erp.with_secret(secret).post(SYNC, &body).await;
            if answer.is_ok() { Ok(()) } else { Err(format!("{answer:?}")) }
        })
        .await;
    }
    world.erp.with_secret("wrong").post(SYNC, &body).await;
    world.erp.post(SYNC, &json!({"orderId": BODY, "tasks": BODY})).await;
    world.erp.post("/aflow/api/sys/sync/user", &json!({"users": [{"userId": BODY}]})).await;
    world.erp.post("/aflow/api/flow/create_third_party", &json!({"flowCode": BODY})).await;
    // Its DingTalk application has no token yet, and asks for one in vain.
    let mut cut_off = World::empty(&house).await;
    cut_off.line.cut().await;
    cut_off.erp.post("/aflow/api/sys/sync/department", &departments()).await.ok();
    cut_off.erp.post("/aflow/api/sys/sync/user", &users()).await.ok();
    cut_off.erp.post(SYNC, &order(5, "USER001")).await.ok();
    world.line.cut().await;
    body["orderId"] = json!(3);
    world.erp.post(SYNC, &body).await.ok();
    pause(1_000).await;
    house.kill9("sso");
    house.kill9("notify");
    house.start_again("sso");
    house.start_again("notify");
    house.wait_until_ready("sso").await;
    house.wait_until_ready("notify").await;
    pause(3_000).await;
    house.postgres.cut().await;
    body["orderId"] = json!(4);
    world.erp.post(SYNC, &body).await;
    house.broker.cut().await;
    pause(1_000).await;
    house.postgres.restore().await;
    house.broker.restore().await;
    world.line.restore().await;
    pause(3_000).await;

    for word in [&world.tenant, &cut_off.tenant, "\"level\":\"DEBUG\"", "DingTalk did not answer"] {
        assert!(!house.logged(word).is_empty(), "{word} should be in the logs");
    }
    let mut leaks = Vec::new();
    for marker in SECRETS.into_iter().chain([&*rotated, &*token, &*header, BODY]) {
        let lines = house.logged(marker);
        say(&format!("{} log lines with {marker:.24}…", lines.len()));
        leaks
            .extend(lines.first().map(|line| format!("{} lines such as {line:.600}", lines.len())));
    }
    let tables = dump(&house).await;
    for secret in SECRETS.into_iter().chain([&*rotated, &*token]) {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        for (table, text) in &tables {
            if text.contains(secret) || text.contains(&hex) {
                leaks.push(format!("{secret:.24}… is in the table {table}"));
            }
        }
    }
    let (rows, bytes) = (tables.len(), tables.iter().map(|(_, text)| text.len()).sum::<usize>());
    say(&format!("looked through {rows} tables with {bytes} bytes as text"));
    assert!(tables.iter().any(|(table, _)| table == "sso.applications"));
    assert!(tables.iter().any(|(table, text)| table == "task.orders" && text.contains(BODY)));
    assert!(leaks.is_empty(), "{leaks:#?}");
    house.close().await;
}

/// Every table of the house as text, binary columns in hexadecimal as a dump has them.
async fn dump(house: &House) -> Vec<(String, String)> {
    let schemas = SCHEMAS.map(|schema| format!("'{schema}'")).join(", ");
    let names = house
        .rows(&format!(
            "select table_schema || '.' || table_name from information_schema.tables \
             where table_schema in ({schemas}) order by 1"
        ))
        .await;
    let mut tables = Vec::new();
    for name in names.into_iter().flatten() {
        let rows = house.rows(&format!("select t::text from {name} t")).await;
        tables.push((name, rows.into_iter().flatten().collect::<Vec<_>>().join("\n")));
    }
    tables
}
