//! Cases whose text says more than their keys: races with two sides, and the limit.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{World, eventually, snapshot};

use super::MOST_REPEATS;
use super::case::{Answer, Case, Request};
use crate::helpers::{CREATE, DEPARTMENTS, ONLINE, SYNC, detail, page};

/// The differences of a case that needs its own steps; nothing for all others.
pub(super) async fn run(case: &Case, world: &World) -> Option<Vec<String>> {
    match case.id.as_str() {
        "DEPT-028" => Some(cycles(world).await),
        "TPO-007" => Some(onlines(world).await),
        "TASK-040" => Some(versions(world).await),
        "SIG-076" => Some(above_the_limit(case, world).await),
        _ => None,
    }
}

/// A under B against B under A: one of the two fails.
async fn cycles(world: &World) -> Vec<String> {
    let row = |id: &str, parent: &str| json!({"departments": [{"deptId": id, "deptName": id, "parentId": parent}]});
    let mut differing = Vec::new();
    for race in 0..MOST_REPEATS {
        let [a, b] = ["A", "B"].map(|name| format!("{name}{race}"));
        let erp = world.erp();
        for id in [&a, &b] {
            erp.post(DEPARTMENTS, &row(id, "")).await.ok();
        }
        let bodies = [row(&a, &b), row(&b, &a)];
        let answers = join_all(bodies.iter().map(|body| erp.post(DEPARTMENTS, body))).await;
        let failed: Vec<Value> =
            answers.into_iter().map(|answered| answered.ok()["failDetails"].clone()).collect();
        let codes: Vec<&Value> = failed
            .iter()
            .flat_map(|rows| rows.as_array().unwrap())
            .map(|row| &row["code"])
            .collect();
        if codes != [&json!("CYCLE")] {
            differing.push(format!("DEPT-028 race {race}: {codes:?}"));
        }
    }
    differing
}

/// Two versions at once: both succeed, one is online.
async fn onlines(world: &World) -> Vec<String> {
    let erp = world.erp();
    let mut second = tests::sales_order();
    second["title"] = json!("第二版");
    erp.post(CREATE, &second).await.ok();
    let bodies = [1, 2].map(|version| json!({"flowCode": "SALES_ORDER", "flowVersion": version}));
    let mut differing = Vec::new();
    for race in 0..MOST_REPEATS {
        for answered in join_all(bodies.iter().map(|body| erp.post(ONLINE, body))).await {
            if answered.status() != 0 {
                differing.push(format!("TPO-007 race {race}: {}", answered.body));
            }
        }
    }
    differing
}

/// Eight clients, versions in another order each: the highest stays.
async fn versions(world: &World) -> Vec<String> {
    let prime = 23;
    let client = |which: i64| async move {
        for step in 1..prime {
            let mut order = snapshot(123_456);
            order["version"] = json!(step * (which + 2) % prime);
            world.erp().post(SYNC, &order).await.ok();
        }
    };
    join_all((0..8).map(client)).await;
    let stored = detail(world, 123_456).await["version"].clone();
    let cards = page(world, "todo", "USER002", "").await["total"].clone();
    let fits = stored == prime - 1 && cards == 1;
    if fits { Vec::new() } else { vec![format!("TASK-040: version {stored}, {cards} cards")] }
}

/// Some of very many at once are told to wait.
async fn above_the_limit(case: &Case, world: &World) -> Vec<String> {
    let request = Request { path: case.path.clone(), body: br#"{"departments":[]}"#.to_vec() };
    let answers: Vec<Answer> = join_all((0..900).map(|_| case.send(world, &request))).await;
    let refused = answers.iter().find(|answer| answer.http == 429);
    let differing = match refused {
        Some(answer) => case.judge(answer, 0, &request).into_iter().collect(),
        None => vec!["SIG-076: 900 requests at once were all let through".to_owned()],
    };
    let erp = world.erp();
    eventually("the application is served again", || async {
        (erp.get(crate::helpers::TREE).await.http == 200).then_some(())
    })
    .await;
    differing
}
