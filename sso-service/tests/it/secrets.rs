//! What must stay hidden is in no table in the clear.

use crate::helpers::{TestApp, connect, schema};

#[tokio::test(flavor = "multi_thread")]
async fn no_table_holds_a_secret_in_the_clear() {
    let app = TestApp::spawn().await;
    app.set_dingtalk().await;
    let browser = app.browser();
    let asked = browser.begin("/").await;
    browser.come_back(&asked["state"], "MARK-code-71c5").await;
    let refresh = browser.cookie("aiflow_refresh").unwrap();
    let pair = app.refresh(&refresh).await.ok();
    app.browser().sign_in("/").await;

    let hidden = [
        "MARK-".to_owned(),
        asked["state"].clone(),
        refresh,
        pair["refreshToken"].as_str().unwrap().to_owned(),
        browser.cookie("aiflow_session").unwrap(),
        browser.cookie("aiflow_login").unwrap(),
        "13800138000".to_owned(),
    ];
    let client = connect().await;
    let listed = "select tablename::text from pg_tables where schemaname = $1";
    let tables = client.query(listed, &[&schema()]).await.unwrap();
    assert!(tables.len() > 10);
    for table in tables {
        let table: String = table.get(0);
        let rows = client.query(&format!("select t::text from {}.{table} t", schema()), &[]).await;
        for row in rows.unwrap() {
            let text: String = row.get(0);
            // Binary columns are shown in hexadecimal.
            for word in &hidden {
                let is_there = text.contains(word) || text.contains(&hex::encode(word));
                assert!(!is_there, "{table} holds {word}: {text}");
            }
        }
    }
}
