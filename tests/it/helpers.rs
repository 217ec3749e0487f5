//! What several test files need: addresses, prepared enterprises, raw bytes, a look into tables.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use tests::World;
use tokio_postgres::{Client as Database, NoTls};

pub(crate) const DEPARTMENTS: &str = "/aflow/api/sys/sync/department";
pub(crate) const USERS: &str = "/aflow/api/sys/sync/user";
pub(crate) const BIND: &str = "/aflow/api/auth/bind";
pub(crate) const TREE: &str = "/aflow/api/sys/department/tree";
pub(crate) const USER_PAGE: &str = "/aflow/api/sys/user/page";
pub(crate) const CREATE: &str = "/aflow/api/flow/create_third_party";
pub(crate) const ONLINE: &str = "/aflow/api/flow/online_third_party";
pub(crate) const SYNC: &str = "/aflow/api/order/sync/task";
pub(crate) const CHECK: &str = "/aflow/api/order/check";
pub(crate) const LOG: &str = "/aflow/api/order/approval/log";
pub(crate) const DETAIL: &str = "/aflow/api/order/detail";
pub(crate) const READ: &str = "/aflow/api/task/read";
pub(crate) const SUMMARY: &str = "/aflow/api/task/summary";

/// An enterprise with departments, people and an online flow.
pub(crate) async fn enterprise() -> World {
    World::start().await.with_people().await.with_flow().await
}

/// Syncs a snapshot as the ERP; fails the test when it is refused.
pub(crate) async fn sync(world: &World, snapshot: &Value) -> Value {
    world.erp().post(SYNC, snapshot).await.ok()
}

/// A page of one of a person's lists: `todo`, `done`, `cc`, `initiated`.
pub(crate) async fn page(world: &World, list: &str, user: &str, more: &str) -> Value {
    world.erp().get(&format!("/aflow/api/task/{list}?userCode={user}{more}")).await.ok()
}

/// The task ids of a person's list, as they are shown.
pub(crate) async fn task_ids(world: &World, list: &str, user: &str) -> Vec<String> {
    texts(&page(world, list, user, "").await["rows"], "taskId")
}

/// An order with everything, as the ERP sees it.
pub(crate) async fn detail(world: &World, order: i64) -> Value {
    world.erp().get(&format!("{DETAIL}?orderId={order}")).await.ok()
}

/// One text of every row.
pub(crate) fn texts(rows: &Value, field: &str) -> Vec<String> {
    let rows = rows.as_array().cloned().unwrap_or_default();
    rows.iter().map(|row| row[field].as_str().unwrap_or_default().to_owned()).collect()
}

/// One number of every row.
pub(crate) fn numbers(rows: &Value, field: &str) -> Vec<i64> {
    let rows = rows.as_array().cloned().unwrap_or_default();
    rows.iter().filter_map(|row| row[field].as_i64()).collect()
}

/// The warnings of an answer, on one line.
pub(crate) fn warnings(data: &Value) -> String {
    data["warnings"].to_string()
}

/// An answer read from a socket.
#[derive(Debug)]
pub(crate) struct RawAnswer {
    pub(crate) http: u16,
    pub(crate) body: Value,
}

/// Sends exactly these bytes to the gateway and reads one answer: for what a proper client cannot
/// send.
pub(crate) async fn exchange(world: &World, bytes: Vec<u8>) -> RawAnswer {
    let address = world.gateway().trim_start_matches("http://").to_owned();
    tokio::task::spawn_blocking(move || exchange_now(&address, &bytes)).await.unwrap()
}

fn exchange_now(address: &str, bytes: &[u8]) -> RawAnswer {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // The gateway may refuse before it has everything; then its answer is what counts.
    let _ = socket.write_all(bytes);
    let mut seen = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        if let Some(answer) = whole(&seen) {
            return answer;
        }
        match socket.read(&mut piece) {
            Ok(0) => panic!("closed after {:?}", String::from_utf8_lossy(&seen)),
            Ok(count) => seen.extend_from_slice(&piece[..count]),
            Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&seen)),
        }
    }
}

fn whole(seen: &[u8]) -> Option<RawAnswer> {
    let text = String::from_utf8_lossy(seen).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let lower = head.to_ascii_lowercase();
    let length =
        lower.split("content-length: ").nth(1)?.split("\r\n").next()?.parse::<usize>().ok()?;
    let http = head.split(' ').nth(1)?.parse().ok()?;
    if body.len() < length {
        return None;
    }
    let body = serde_json::from_str(body).unwrap_or(Value::String(body.to_owned()));
    Some(RawAnswer { http, body })
}

/// A request as it goes over the wire.
pub(crate) fn wire(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    [text.as_bytes(), body].concat()
}

/// The database behind the house: schemas are `house_sso`, `house_sync` and so on.
pub(crate) async fn database() -> Database {
    let url = shared::testing::database_url();
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::runtime::Handle::current().spawn(connection);
    client
}
