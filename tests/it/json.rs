//! Bodies that are no acceptable JSON, and requests with many bad fields at once.

use serde_json::{Value, json};
use shared::code::Code;
use tests::{Client, Signing, World};

use crate::helpers::{
    BIND, CHECK, CREATE, DEPARTMENTS, LOG, ONLINE, READ, SYNC, TREE, USERS, enterprise,
};

const WRITES: [&str; 9] = [DEPARTMENTS, USERS, BIND, CREATE, ONLINE, SYNC, CHECK, LOG, READ];

async fn raw(erp: &Client, path: &str, body: &[u8]) -> tests::Answered {
    erp.send("POST", path, body.to_vec(), &Signing::default()).await
}

/// An object nested this deep.
fn nested(levels: usize) -> String {
    format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels))
}

/// What is not one JSON object.
const NO_OBJECTS: [&[u8]; 20] = [
    b"[]",
    b"null",
    b"true",
    b"1",
    b"\"text\"",
    b" ",
    b"{",
    b"{]",
    b"{'a':1}",
    b"{\"a\":1,}",
    b"{\"a\":NaN}",
    b"{\"a\":Infinity}",
    b"{\"a\":1e400}",
    b"{\"a\":01}",
    b"{\"a\":1}{\"b\":2}",
    b"{\"a\":1} x",
    b"{\"a\":1,\"a\":1}",
    b"{\"x\":{\"a\":1,\"\\u0061\":2}}",
    b"{\"a\":\"\xff\"}",
    b"\xef\xbb\xbf{}",
];

#[tokio::test]
async fn what_is_not_one_json_object_is_refused_everywhere() {
    let world = World::start().await;
    let erp = world.erp();
    let deep = nested(65);

    for path in WRITES {
        for body in NO_OBJECTS.into_iter().chain([deep.as_bytes()]) {
            let answered = raw(&erp, path, body).await;
            let shown = String::from_utf8_lossy(body);
            assert_eq!(answered.code(), "INVALID_PARAMETER", "{path} {shown}: {}", answered.body);
            assert_eq!(
                answered.refused(Code::InvalidParameter).fields(),
                ["body"],
                "{path} {shown}"
            );
        }
    }
    assert_eq!(erp.get(TREE).await.ok(), json!([]));
}

#[tokio::test]
async fn a_lone_surrogate_and_utf_16_are_refused() {
    let world = World::start().await;
    let utf16: Vec<u8> = "{\"departments\":[]}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bodies: [&[u8]; 4] =
        [br#"{"a":"\ud800"}"#, b"{\"a\":\"\xed\xa0\x80\"}", b"{\"a\":\"\x01\"}", &utf16];

    for body in bodies {
        raw(&world.erp(), DEPARTMENTS, body).await.refused(Code::InvalidParameter);
    }
}

#[tokio::test]
async fn depth_64_is_taken_and_65_is_refused() {
    let world = World::start().await;
    let with = |levels: usize| format!(r#"{{"departments":[],"ignored":{}}}"#, nested(levels));

    raw(&world.erp(), DEPARTMENTS, with(63).as_bytes()).await.ok();
    raw(&world.erp(), DEPARTMENTS, with(64).as_bytes()).await.refused(Code::InvalidParameter);
    let brackets = format!(r#"{{"departments":[],"ignored":"{}"}}"#, "[".repeat(1_000));
    raw(&world.erp(), DEPARTMENTS, brackets.as_bytes()).await.ok();
}

#[tokio::test]
async fn a_hundred_thousand_brackets_do_not_break_anything() {
    let world = World::start().await;

    for open in ["[", "{\"a\":"] {
        raw(&world.erp(), DEPARTMENTS, open.repeat(100_000).as_bytes())
            .await
            .refused(Code::InvalidParameter);
    }
}

#[tokio::test]
async fn unknown_fields_are_ignored() {
    let world = World::start().await;
    let body = json!({"departments": [{"deptId": "D", "deptName": "d", "isAdmin": true, "id": 1}], "__proto__": {}, "requestId": "x"});

    assert_eq!(world.erp().post(DEPARTMENTS, &body).await.ok()["successCount"], 1);
}

#[tokio::test]
async fn a_nul_character_is_refused_in_every_text_of_a_snapshot() {
    let world = enterprise().await;
    let places = [
        "/businessKey",
        "/title",
        "/initiator",
        "/parentTaskOrderId",
        "/tasks/0/taskId",
        "/tasks/0/taskName",
        "/tasks/0/assigneeUserCode/0",
        "/ccUsers/0/userCode",
        "/flowCode",
    ];

    for place in places {
        let mut order = tests::snapshot(1);
        (order["title"], order["parentTaskOrderId"], order["flowCode"]) =
            (json!("t"), json!("p"), json!("SALES_ORDER"));
        *order.pointer_mut(place).unwrap() = json!("a\u{0}b");
        let refused = world.erp().post(SYNC, &order).await.refused(Code::InvalidParameter);
        let named = place[1..].replace("/0", "[0]").replace('/', ".");
        assert_eq!(refused.fields(), [named]);
    }
}

/// A snapshot in which every field is bad.
fn bad_snapshot() -> Value {
    json!({
        "orderId": "12x", "orderStatus": "done", "orderResult": null, "initiator": "", "version": -1, "businessKey": "x".repeat(256),
        "createTime": "infinity", "updateTime": "2025-02-30 10:00:00", "syncMode": "ALL", "parentOrderId": 1.5,
        "ccUsers": [{"userCode": "A\n", "ccTime": ""}],
        "tasks": [{"taskId": "x".repeat(65), "assigneeUserCode": [], "taskStatus": "Over", "taskResult": "ok", "nodeType": 1, "showPc": "true", "handleTime": "now"}],
    })
}

/// Every field of [`bad_snapshot`], sorted.
const BAD_FIELDS: [&str; 20] = [
    "businessKey",
    "ccUsers[0].ccTime",
    "ccUsers[0].userCode",
    "createTime",
    "initiator",
    "orderId",
    "orderResult",
    "orderStatus",
    "parentOrderId",
    "syncMode",
    "tasks[0].assigneeUserCode",
    "tasks[0].handleTime",
    "tasks[0].nodeType",
    "tasks[0].showPc",
    "tasks[0].taskId",
    "tasks[0].taskName",
    "tasks[0].taskResult",
    "tasks[0].taskStatus",
    "updateTime",
    "version",
];

#[tokio::test]
async fn all_bad_fields_of_a_snapshot_are_named() {
    let world = enterprise().await;

    let refused = world.erp().post(SYNC, &bad_snapshot()).await.refused(Code::InvalidParameter);

    let mut fields = refused.fields();
    fields.sort();
    fields.dedup();
    assert_eq!(fields, BAD_FIELDS);
    let messages = crate::helpers::texts(&refused.body["data"]["errorDetails"], "message");
    assert!(messages.iter().all(|message| !message.is_empty()));
}

/// Address, body, the fields that are bad.
fn bad_requests() -> Vec<(&'static str, Value, &'static [&'static str])> {
    vec![
        (DEPARTMENTS, json!({"departments": 1, "anyOrder": "yes"}), &["departments", "anyOrder"]),
        (
            BIND,
            json!({"customUserCode": 1, "linkUserCode": 2, "phoneNumber": "abc"}),
            &["customUserCode", "linkUserCode", "phoneNumber"],
        ),
        (
            ONLINE,
            json!({"flowVersion": "1", "updateDesc": 5}),
            &["flowCode", "flowVersion", "updateDesc"],
        ),
        (
            CHECK,
            json!({"orders": [{"orderId": 0, "tasks": [{"taskId": "T", "taskStatus": "x"}]}, 7]}),
            &[
                "orders[0].orderId",
                "orders[0].updateTime",
                "orders[0].tasks[0].taskStatus",
                "orders[1]",
            ],
        ),
        (
            LOG,
            json!({"orderId": true, "logs": [{"handleTime": "x", "handleResult": "x"}]}),
            &[
                "orderId",
                "logs[0].taskId",
                "logs[0].handlerUserCode",
                "logs[0].handleResult",
                "logs[0].handleTime",
            ],
        ),
        (READ, json!({"userCode": "\u{0}", "orderId": -1}), &["userCode", "orderId"]),
    ]
}

#[tokio::test]
async fn all_bad_fields_of_the_other_addresses_are_named() {
    let world = enterprise().await;

    for (path, body, expected) in bad_requests() {
        let fields = world.erp().post(path, &body).await.refused(Code::InvalidParameter).fields();
        for field in expected {
            assert!(
                fields.iter().any(|named| named == field),
                "{path}: {field} is not among {fields:?}"
            );
        }
    }
}
