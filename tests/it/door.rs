//! The door: addresses, methods, bodies, forged headers, limits, and how every failure looks.

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::code::Code;
use shared::id::{AppId, Tenant, UserCode};
use shared::identity::{Actor, Caller, Keys};
use tests::{APP, Answered, Client, Signing, World, eventually, unique};

use crate::helpers::{
    DEPARTMENTS, SYNC, TREE, database, enterprise, exchange, page, sync, texts, wire,
};

const BODY: &str = r#"{"departments":[{"deptId":"D1","deptName":"d"}]}"#;
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// Addresses that are served today: method, path.
pub(crate) const SERVED: &[(&str, &str)] = &[
    ("POST", "/aflow/api/sys/sync/department"),
    ("POST", "/aflow/api/sys/sync/user"),
    ("POST", "/aflow/api/auth/bind"),
    ("GET", "/aflow/api/sys/department/tree"),
    ("GET", "/aflow/api/sys/user/page"),
    ("POST", "/aflow/api/flow/create_third_party"),
    ("POST", "/aflow/api/flow/online_third_party"),
    ("POST", "/aflow/api/flow/create"),
    ("PUT", "/aflow/api/flow/update"),
    ("POST", "/aflow/api/flow/publish"),
    ("POST", "/aflow/api/flow/message"),
    ("POST", "/aflow/api/flow/signal"),
    ("POST", "/aflow/api/form/sync"),
    ("POST", "/aflow/api/order/start"),
    ("POST", "/aflow/api/order/cancel"),
    ("GET", "/aflow/api/order/tasks"),
    ("GET", "/aflow/api/order/variables"),
    ("PUT", "/aflow/api/order/variables"),
    ("GET", "/aflow/api/order/history"),
    ("POST", "/aflow/api/order/sync/task"),
    ("POST", "/aflow/api/order/check"),
    ("POST", "/aflow/api/order/approval/log"),
    ("GET", "/aflow/api/order/detail"),
    ("GET", "/aflow/api/task/todo"),
    ("GET", "/aflow/api/task/done"),
    ("GET", "/aflow/api/task/cc"),
    ("GET", "/aflow/api/task/initiated"),
    ("GET", "/aflow/api/task/summary"),
    ("POST", "/aflow/api/task/read"),
    ("POST", "/aflow/api/task/complete"),
    ("POST", "/aflow/api/task/pass"),
    ("POST", "/aflow/api/task/reject"),
    ("POST", "/aflow/api/task/rebut"),
    ("POST", "/aflow/api/task/transfer"),
    ("POST", "/aflow/api/task/delegate"),
    ("POST", "/aflow/api/task/add_sign"),
    ("POST", "/aflow/api/task/remove_sign"),
    ("POST", "/aflow/api/task/claim"),
    ("POST", "/aflow/api/task/release"),
    ("POST", "/aflow/api/task/take_back"),
    ("POST", "/aflow/api/task/copy"),
    ("POST", "/aflow/api/task/urge"),
    ("POST", "/aflow/api/task/comment"),
    ("GET", "/aflow/api/task/return_targets"),
    ("POST", "/aflow/api/task/handover"),
    ("POST", "/aflow/api/order/recall"),
    ("GET", "/aflow/api/order/forecast"),
    ("GET", "/aflow/api/user/absence"),
    ("POST", "/aflow/api/user/absence"),
    ("POST", "/aflow/api/user/absence/cancel"),
];

/// Of these, the ones that a person with a session may call, too.
pub(crate) const FOR_PEOPLE: &[&str] = &[
    "/aflow/api/order/start",
    "/aflow/api/order/cancel",
    "/aflow/api/order/tasks",
    "/aflow/api/order/variables",
    "/aflow/api/order/history",
    "/aflow/api/order/detail",
    "/aflow/api/task/todo",
    "/aflow/api/task/done",
    "/aflow/api/task/cc",
    "/aflow/api/task/initiated",
    "/aflow/api/task/summary",
    "/aflow/api/task/read",
    "/aflow/api/task/complete",
    "/aflow/api/task/pass",
    "/aflow/api/task/reject",
    "/aflow/api/task/rebut",
    "/aflow/api/task/transfer",
    "/aflow/api/task/delegate",
    "/aflow/api/task/add_sign",
    "/aflow/api/task/remove_sign",
    "/aflow/api/task/claim",
    "/aflow/api/task/release",
    "/aflow/api/task/take_back",
    "/aflow/api/task/copy",
    "/aflow/api/task/urge",
    "/aflow/api/task/comment",
    "/aflow/api/task/return_targets",
    "/aflow/api/order/recall",
    "/aflow/api/order/forecast",
    "/aflow/api/user/absence",
    "/aflow/api/user/absence/cancel",
];

/// Addresses that anybody may call, to sign in.
pub(crate) const SIGN_IN: &[(&str, &str)] = &[
    ("GET", "/aflow/api/oauth2/login"),
    ("GET", "/aflow/api/oauth2/callback"),
    ("GET", "/aflow/api/oauth2/error"),
    ("POST", "/aflow/api/oauth2/refresh"),
    ("POST", "/aflow/api/oauth2/logout"),
    ("GET", "/aflow/api/oauth2/jwks"),
    ("GET", "/aflow/api/oauth2/me"),
    ("GET", "/aflow/api/oauth2/dingtalk/login"),
    ("GET", "/aflow/api/oauth2/dingtalk/callback"),
];

/// Addresses that an application signs and that come later.
pub(crate) const LATER: &[(&str, &str)] = &[("POST", "/aflow/api/sys/sync/dingtalk")];

/// Addresses that nobody signs and that come later.
pub(crate) const LATER_UNSIGNED: &[(&str, &str)] = &[
    ("GET", "/flow/launch"),
    ("POST", "/flow/launch"),
    ("GET", "/flow/onAudit"),
    ("GET", "/flow/relaunch"),
    ("GET", "/flow/discard"),
    ("GET", "/flow/urgent"),
    ("GET", "/message/taskNotify"),
    ("GET", "/dataSync/create"),
    ("GET", "/dataSync/update"),
    ("GET", "/dataSync/job"),
    ("GET", "/dingtalk/department/getTree"),
    ("GET", "/dingtalk/user/getByDepartmentId"),
    ("GET", "/dingtalk/attendance/getByUserId"),
];

fn signed(erp: &Client, path: &str, body: &str) -> String {
    erp.header("POST", path, body.as_bytes(), &Signing::default())
}

async fn send_with(erp: &Client, more: &[(&str, &str)]) -> Answered {
    let header = signed(erp, DEPARTMENTS, BODY);
    let headers: Vec<_> =
        [("A-Signature", header.as_str())].into_iter().chain(more.iter().copied()).collect();
    erp.send_raw("POST", DEPARTMENTS, BODY.into(), &headers).await
}

async fn departments(world: &World) -> Vec<String> {
    texts(&world.erp().get(TREE).await.ok(), "deptId")
}

#[tokio::test]
async fn an_unknown_address_is_404_signed_or_not() {
    let world = World::start().await;
    let erp = world.erp();

    for path in [
        "/index.html",
        "/aflow",
        "/aflow/api",
        "/aflow/api/sys/sync",
        "/internal/credential",
        "/aflow/api/admin/application",
        "/metrics",
    ] {
        erp.post(path, &json!({})).await.refused(Code::NotFound);
        erp.send_raw("GET", path, Vec::new(), &[]).await.refused(Code::NotFound);
    }
}

#[tokio::test]
async fn another_method_is_405_and_told_which_ones_exist() {
    let world = World::start().await;
    let erp = world.erp();

    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
        let answered = erp.send(method, DEPARTMENTS, BODY.into(), &Signing::default()).await;
        assert_eq!(answered.refused(Code::MethodNotAllowed).headers["allow"], "POST", "{method}");
    }
    let answered = erp.send_raw("DELETE", "/aflow/api/order/variables", Vec::new(), &[]).await;
    assert_eq!(answered.refused(Code::MethodNotAllowed).headers["allow"], "GET, PUT");

    assert!(departments(&world).await.is_empty());
}

#[tokio::test]
async fn head_of_a_list_is_405_and_executes_nothing() {
    let world = World::start().await;

    for path in [TREE, "/flow/launch", DEPARTMENTS] {
        let answered = world.erp().send("HEAD", path, Vec::new(), &Signing::default()).await;
        assert_eq!(answered.http, 405, "{path}");
    }
}

#[tokio::test]
async fn a_method_in_a_header_or_the_query_is_not_a_method() {
    let world = World::start().await;

    send_with(
        &world.erp(),
        &[JSON, ("X-HTTP-Method-Override", "DELETE"), ("X-Method-Override", "GET")],
    )
    .await
    .ok();

    assert_eq!(departments(&world).await, ["D1"]);
}

/// Paths that other servers would tidy up into an address.
const VARIANTS: &[&str] = &[
    "//aflow/api/sys/sync/department",
    "/aflow//api/sys/sync/department",
    "/aflow/api/sys/sync/department/",
    "/aflow/api/x/../sys/sync/department",
    "/./aflow/api/sys/sync/department",
    "/aflow/api/x/%2e%2e/sys/sync/department",
    "/aflow/api/sys/sync/department;a=b",
    "/aflow/api/sys/sync%2fdepartment",
    "/aflow/api/sys/sync/department%00",
    "/aflow/api/sys/sync/department%20",
    "/AFLOW/api/sys/sync/department",
    "/aflow/api/sys/sync/Department",
    "/%61flow/api/sys/sync/department",
    "/aflow/api/sys/sync/department.json",
];

#[tokio::test]
async fn a_path_that_only_becomes_an_address_when_tidied_up_is_404() {
    let world = World::start().await;
    let erp = world.erp();

    for path in VARIANTS {
        let header = signed(&erp, path, BODY);
        for headers in [vec![JSON], vec![JSON, ("A-Signature", header.as_str())]] {
            let answer = exchange(&world, wire("POST", path, &headers, BODY.as_bytes())).await;
            assert_eq!(
                (answer.http, &answer.body["data"]["errorCode"]),
                (404, &json!("NOT_FOUND")),
                "{path}"
            );
        }
    }
    assert!(departments(&world).await.is_empty());
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up_at_its_deadline() {
    let world = World::start().await;
    let header = signed(&world.erp(), DEPARTMENTS, BODY);
    let mut bytes = wire("POST", DEPARTMENTS, &[JSON, ("A-Signature", &header)], BODY.as_bytes());
    bytes.truncate(bytes.len() - 10);

    let answer = exchange(&world, bytes).await;

    assert_eq!((answer.http, &answer.body["status"]), (408, &json!(-1024)), "{answer:?}");
    assert_eq!(answer.body["data"]["errorCode"], Code::RequestTimeout.name());
}

#[tokio::test]
async fn a_body_declared_too_large_is_413_and_one_at_the_limit_is_not() {
    let world = World::start().await;
    let erp = world.erp();
    let padded = |path: &'static str, size: usize| {
        let body = vec![b' '; size];
        let erp = &erp;
        async move { erp.send("POST", path, body, &Signing::default()).await }
    };

    padded(SYNC, 1024 * 1024).await.refused(Code::InvalidParameter);
    padded(SYNC, 1024 * 1024 + 1).await.refused(Code::BodyTooLarge);
    padded(DEPARTMENTS, 8 * 1024 * 1024).await.refused(Code::InvalidParameter);
    padded(DEPARTMENTS, 8 * 1024 * 1024 + 1).await.refused(Code::BodyTooLarge);
}

#[tokio::test]
async fn a_streamed_body_is_cut_at_the_limit() {
    let world = World::start().await;
    let header = signed(&world.erp(), SYNC, BODY);
    let head = format!(
        "POST {SYNC} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nA-Signature: {header}\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    let mut bytes = head.into_bytes();
    for _ in 0..16 {
        bytes.extend_from_slice(b"10000\r\n");
        bytes.extend(std::iter::repeat_n(b' ', 0x1_0000));
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"1\r\n \r\n");

    let answer = exchange(&world, bytes).await;

    assert_eq!(
        (answer.http, &answer.body["data"]["errorCode"]),
        (413, &json!(Code::BodyTooLarge.name()))
    );
}

/// Headers of a body that is not JSON in plain.
const NOT_JSON: &[&[(&str, &str)]] = &[
    &[],
    &[("Content-Type", "text/plain")],
    &[("Content-Type", "application/x-www-form-urlencoded")],
    &[("Content-Type", "multipart/form-data; boundary=x")],
    &[("Content-Type", "application/jsonp")],
    &[("Content-Type", "application/json; charset=gbk")],
    &[("Content-Type", "application/json, text/plain")],
    &[("Content-Type", "application/problem+json")],
    &[("Content-Type", "")],
    &[JSON, ("Content-Encoding", "gzip")],
    &[JSON, ("Content-Encoding", "br")],
    &[JSON, ("Content-Encoding", "identity, gzip")],
];

#[tokio::test]
async fn only_json_in_plain_is_taken() {
    let world = World::start().await;
    let erp = world.erp();
    let taken: &[&[(&str, &str)]] = &[
        &[JSON],
        &[("Content-Type", "application/json; charset=utf-8")],
        &[("Content-Type", "APPLICATION/JSON;charset=\"UTF-8\"")],
        &[JSON, ("Content-Encoding", "identity")],
    ];

    for headers in NOT_JSON {
        let answered = send_with(&erp, headers).await;
        assert_eq!(answered.http, 415, "{headers:?}: {}", answered.body);
        answered.refused(Code::UnsupportedMediaType);
    }
    for headers in taken {
        send_with(&erp, headers).await.ok();
    }
}

/// Tokens as the gateway itself makes them, for another enterprise.
fn forged_tokens(tenant: &str) -> [String; 3] {
    let keys = Keys::new(&shared::testing::INTERNAL_KEY.to_owned().into(), Clock::system());
    let tenant = Tenant::stored(tenant);
    let app = AppId::stored(APP);
    let actors = [
        Actor::Application { app, any_order: true },
        Actor::Person(UserCode::stored("admin")),
        Actor::Service("gateway".to_owned()),
    ];
    actors.map(|actor| keys.issue(&Caller { tenant: tenant.clone(), actor }).unwrap())
}

#[tokio::test]
async fn forged_identity_headers_have_no_effect_in_any_spelling() {
    let (world, other) = (World::start().await, World::start().await);
    let spellings =
        ["X-Aiflow-Identity", "X-AIFLOW-IDENTITY", "X_Aiflow_Identity", "Authorization"];

    for token in forged_tokens(&other.tenant) {
        for name in spellings {
            let headers = [
                JSON,
                (name, &token),
                (name, &token),
                ("X-Enterprise-Code", &other.tenant),
                ("x_enterprise_code", &other.tenant),
                ("X-App-Id", "APP777"),
                ("X-User-Code", "admin"),
                ("Cookie", "__Host-session=x"),
            ];
            send_with(&world.erp(), &headers).await.ok();
            let unsigned = world.erp().send_raw("POST", DEPARTMENTS, BODY.into(), &headers).await;
            unsigned.refused(Code::SignatureInvalid);
        }
    }

    assert_eq!(departments(&world).await, ["D1"]);
    assert!(departments(&other).await.is_empty());
}

#[tokio::test]
async fn host_and_forwarding_headers_are_not_believed() {
    let world = enterprise().await;
    let spoof = [
        JSON,
        ("Host", "evil.example"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("Forwarded", "for=127.0.0.1;host=evil.example"),
    ];

    send_with(&world.erp(), &spoof).await.ok();
    world
        .erp()
        .send_raw("POST", DEPARTMENTS, BODY.into(), &spoof)
        .await
        .refused(Code::SignatureInvalid);

    let mut order = tests::snapshot(1);
    order["flowCode"] = json!(null);
    let body = order.to_string();
    let header = signed(&world.erp(), SYNC, &body);
    let headers: Vec<_> = spoof.into_iter().chain([("A-Signature", header.as_str())]).collect();
    world.erp().send_raw("POST", SYNC, body.into_bytes(), &headers).await.ok();
    assert!(!page(&world, "todo", "USER002", "").await.to_string().contains("evil.example"));
}

#[tokio::test]
async fn above_the_limit_an_application_is_told_to_wait_and_others_are_not() {
    let (world, other) = (World::start().await, World::start().await);
    let erp = world.erp();

    let answers = join_all(
        (0..900).map(|_| async { erp.post("/aflow/api/sys/sync/dingtalk", &json!({})).await }),
    )
    .await;

    let (refused, rest): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answered| answered.http == 429);
    assert!(!refused.is_empty(), "900 requests at once were all let through");
    for answered in refused {
        let wait: u32 = answered.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        answered.refused(Code::TooManyRequests);
    }
    rest.into_iter().for_each(|answered| drop(answered.refused(Code::NotSupported)));
    other.erp().get(TREE).await.ok();
    eventually("the application is served again", || async {
        (erp.get(TREE).await.http == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_request_id_is_echoed_and_one_that_could_forge_a_log_line_is_replaced() {
    let world = World::start().await;
    let erp = world.erp();
    let too_long = "x".repeat(65);
    let id_of = |answered: &Answered| answered.headers["x-request-id"].to_str().unwrap().to_owned();

    for id in ["req-1", "a.b:c_d-E9"] {
        let fine = send_with(&erp, &[JSON, ("X-Request-Id", id)]).await;
        assert_eq!(id_of(&fine), id);
        let refused =
            erp.send_raw("POST", DEPARTMENTS, BODY.into(), &[JSON, ("X-Request-Id", id)]).await;
        assert_eq!(
            (id_of(&refused), &refused.body["data"]["requestId"]),
            (id.to_owned(), &json!(id))
        );
    }
    for id in ["", "a b", "a\tb", "<x>", "é", "a\"b", too_long.as_str()] {
        let answered = erp.send_raw("GET", "/nope", Vec::new(), &[("X-Request-Id", id)]).await;
        assert_ne!(id_of(&answered), id);
        assert_eq!(answered.body["data"]["requestId"], id_of(&answered));
    }
}

#[tokio::test]
async fn the_request_id_reaches_the_answers_of_the_services() {
    let world = World::start().await;
    let erp = world.erp();
    let body = "{}";
    let header = signed(&erp, DEPARTMENTS, body);
    let headers = [JSON, ("A-Signature", header.as_str()), ("X-Request-Id", "req-service")];

    let refused = erp
        .send_raw("POST", DEPARTMENTS, body.into(), &headers)
        .await
        .refused(Code::InvalidParameter);

    assert_eq!(refused.body["data"]["requestId"], "req-service");
}

#[tokio::test]
async fn every_failure_is_the_envelope_in_json() {
    let world = World::start().await;
    let erp = world.erp();
    let answers = [
        erp.get("/nope").await,
        erp.send("PUT", TREE, Vec::new(), &Signing::default()).await,
        erp.send_raw("GET", TREE, Vec::new(), &[]).await,
        send_with(&erp, &[]).await,
        erp.post(DEPARTMENTS, &json!([])).await,
        erp.post("/aflow/api/flow/create", &json!({})).await,
        erp.send_raw("GET", "/flow/launch", Vec::new(), &[]).await,
        erp.post("/aflow/api/order/check", &json!({"orders": 1})).await,
        erp.get("/aflow/api/order/detail?orderId=1").await,
    ];

    for answered in answers {
        assert!(
            answered.headers["content-type"].to_str().unwrap().starts_with("application/json"),
            "{answered:?}"
        );
        let keys: Vec<_> = answered.body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["data", "msg", "status"]);
        let data: Vec<_> =
            answered.body["data"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(data, ["errorCode", "errorDetails", "errorMessage", "requestId"]);
        assert!([-4002, -4001, -1024].contains(&answered.status()));
        let code = Code::ALL.iter().find(|code| code.name() == answered.code()).unwrap();
        assert_eq!((answered.http, answered.status()), (code.http(), i64::from(code.status())));
    }
}

#[tokio::test]
async fn an_answer_never_echoes_markup_of_the_request() {
    let world = World::start().await;

    let answer =
        exchange(&world, wire("GET", "/%3Cscript%3Ealert(1)%3C/script%3E", &[], b"")).await;

    assert_eq!(answer.http, 404);
    assert!(!answer.body.to_string().contains("script"));
}

#[tokio::test]
async fn an_address_that_cannot_stand_in_a_request_line_is_refused_and_not_echoed() {
    let world = World::start().await;

    let answer = exchange(&world, wire("GET", "/<script>alert(1)</script>", &[], b"")).await;
    let encoded = world.erp().send_raw("GET", "/%3Cscript%3E", Vec::new(), &[]).await;

    assert_eq!(answer.http, 400, "{answer:?}");
    assert!(!answer.body.to_string().contains("script"), "{answer:?}");
    encoded.refused(Code::NotFound);
}

#[tokio::test]
async fn later_addresses_answer_not_supported_once_the_caller_is_known() {
    let world = World::start().await;
    let erp = world.erp();

    for (method, path) in LATER {
        let body = if *method == "GET" { Vec::new() } else { b"{}".to_vec() };
        let unsigned = erp.send_raw(method, path, body.clone(), &[JSON]).await;
        unsigned.refused(Code::SignatureInvalid);
        erp.send(method, path, body, &Signing::default()).await.refused(Code::NotSupported);
    }
    for (method, path) in LATER_UNSIGNED {
        erp.send_raw(method, path, Vec::new(), &[]).await.refused(Code::NotSupported);
    }
}

#[tokio::test]
async fn every_served_address_wants_a_signature_or_a_session_where_people_may_call() {
    let world = World::start().await;

    for (method, path) in SERVED {
        let answered = world.erp().send_raw(method, path, b"{}".to_vec(), &[JSON]).await;
        let is_for_people = FOR_PEOPLE.contains(path);
        answered.refused(if is_for_people { Code::SessionInvalid } else { Code::SignatureInvalid });
    }
}

#[tokio::test]
async fn the_description_says_how_an_address_wants_to_be_called() {
    let world = World::start().await;

    let document = world.erp().send_raw("GET", "/docs", Vec::new(), &[]).await.body;

    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(schemes["session"]["name"], "aiflow_session");
    assert_eq!(schemes["bearer"]["scheme"], "bearer");
    for (method, path) in SERVED {
        let wanted = &document["paths"][*path][method.to_lowercase()]["security"];
        let expected = match FOR_PEOPLE.contains(path) {
            true => json!([{"signature": []}, {"session": []}, {"bearer": []}]),
            false => json!([{"signature": []}]),
        };
        assert_eq!(*wanted, expected, "{method} {path}");
    }
    for (method, path) in SIGN_IN {
        let operation = &document["paths"][*path][method.to_lowercase()];
        assert_eq!(operation["security"], json!([]), "{method} {path}");
    }
}

#[tokio::test]
async fn the_description_is_openapi_3_1_and_lists_every_served_address() {
    let world = World::start().await;
    let erp = world.erp();

    let document = erp.send_raw("GET", "/docs", Vec::new(), &[]).await.body;

    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    for (method, path) in SERVED {
        let operation = &document["paths"][*path][method.to_lowercase()];
        assert!(operation.is_object(), "{method} {path} is not described");
    }
    assert_eq!(erp.send_raw("GET", "/docs/openapi.json", Vec::new(), &[]).await.body, document);
    assert!(unresolved(&document, &document).is_empty());
}

#[tokio::test]
async fn the_description_says_in_json_what_every_served_address_answers() {
    let world = World::start().await;

    let document = world.erp().send_raw("GET", "/docs", Vec::new(), &[]).await.body;

    for (method, path) in SERVED {
        let answer =
            &document["paths"][*path][method.to_lowercase()]["responses"]["200"]["content"];
        assert!(
            answer["application/json"]["schema"].is_object(),
            "{method} {path} answers {answer}"
        );
    }
}

/// References to schemas that are not there.
fn unresolved(part: &Value, document: &Value) -> Vec<String> {
    match part {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str);
            let missing =
                reference.filter(|to| document.pointer(to.trim_start_matches('#')).is_none());
            let below = members.values().flat_map(|value| unresolved(value, document));
            missing.map(str::to_owned).into_iter().chain(below).collect()
        }
        Value::Array(items) => items.iter().flat_map(|item| unresolved(item, document)).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn the_description_is_a_page_for_people() {
    let world = World::start().await;

    let answered =
        world.erp().send_raw("GET", "/docs", Vec::new(), &[("Accept", "text/html")]).await;

    assert!(answered.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(answered.headers.contains_key("content-security-policy"));
    let text = answered.body.as_str().unwrap();
    SERVED.iter().for_each(|(_, path)| assert!(text.contains(path), "{path}"));
}

#[tokio::test]
async fn health_says_how_each_part_is() {
    let world = World::start().await;
    let erp = world.erp();

    erp.send_raw("GET", "/health/live", Vec::new(), &[]).await.ok();

    let ready = erp.send_raw("GET", "/health/ready", Vec::new(), &[]).await.ok();
    for part in ["flow", "task", "sync", "sso", "notify"] {
        assert!(ready["parts"][part]["state"].is_string(), "{ready}");
    }
}

#[tokio::test]
async fn a_refusal_ends_in_the_audit_log_without_header_secret_or_body() {
    let world = World::start().await;
    let erp = world.client(APP, "another-secret-value");
    let (id, database) = (unique("r"), database().await);
    let body = r#"{"departments":[{"deptId":"D1","deptName":"body-in-the-audit-log"}]}"#;
    let header = signed(&erp, DEPARTMENTS, body);
    let headers = [JSON, ("A-Signature", header.as_str()), ("X-Request-Id", id.as_str())];

    erp.send_raw("POST", DEPARTMENTS, body.into(), &headers).await.refused(Code::SignatureInvalid);

    let row = eventually("the refusal is written down", || async {
        let text = "select tenant, actor, action, detail::text from house_sso.audit_records where request_id = $1";
        database.query_opt(text, &[&id]).await.unwrap()
    })
    .await;
    let [tenant, actor, action, detail] = [0, 1, 2, 3].map(|place| row.get::<_, String>(place));
    assert_eq!((tenant, actor.as_str(), action.as_str()), (world.tenant.clone(), APP, "refused"));
    assert!(detail.contains("SIGNATURE_INVALID") && detail.contains(DEPARTMENTS), "{detail}");
    for secret in
        [header.as_str(), "another-secret-value", "your_app_secret", "body-in-the-audit-log"]
    {
        assert!(!detail.contains(secret), "{detail}");
    }
}

#[tokio::test]
async fn a_caller_who_hangs_up_loses_no_work_and_leaves_no_open_transaction() {
    let world = enterprise().await;
    let address = world.gateway().trim_start_matches("http://").to_owned();
    for number in 1..=20 {
        let body = tests::snapshot(number).to_string();
        let header = signed(&world.erp(), SYNC, &body);
        let bytes = wire("POST", SYNC, &[JSON, ("A-Signature", &header)], body.as_bytes());
        let mut socket = std::net::TcpStream::connect(&address).unwrap();
        std::io::Write::write_all(&mut socket, &bytes).unwrap();
    }

    let database = database().await;

    eventually("no session is idle in a transaction", || async {
        let text = "select count(*) from pg_stat_activity where state = 'idle in transaction' and xact_start < now() - interval '1 second'";
        (database.query_one(text, &[]).await.unwrap().get::<_, i64>(0) == 0).then_some(())
    })
    .await;
    sync(&world, &tests::snapshot(21)).await;
}
