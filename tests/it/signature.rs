//! A-Signature: every check of the specification, in its order.

use md5::{Digest, Md5};
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::code::Code;
use tests::{APP, Answered, Client, SECRET, Signing, World, eventually, unique};

use crate::helpers::{DEPARTMENTS, TREE};

const BODY: &str = r#"{"departments":[{"deptId":"D1","deptName":"d"}]}"#;
const JSON: (&str, &str) = ("Content-Type", "application/json");

fn now_ms() -> i64 {
    Clock::system().now().timestamp_millis()
}

fn timed(off_ms: i64) -> Signing {
    Signing { timestamp: Some(now_ms() + off_ms), ..Signing::default() }
}

fn with_nonce(nonce: &str) -> Signing {
    Signing { nonce: Some(nonce.to_owned()), ..timed(0) }
}

fn targeted(target: &str) -> Signing {
    Signing { target: Some(target.to_owned()), ..Signing::default() }
}

/// The envelope inside a header.
fn opened(header: &str) -> Value {
    serde_json::from_slice(&hex::decode(header).unwrap()).unwrap()
}

/// Sends the standard body under this header value.
async fn send_header(erp: &Client, header: &str) -> Answered {
    erp.send_raw("POST", DEPARTMENTS, BODY.into(), &[JSON, ("A-Signature", header)]).await
}

async fn send_envelope(erp: &Client, envelope: &Value) -> Answered {
    send_header(erp, &hex::encode(envelope.to_string())).await
}

async fn send(erp: &Client, signing: &Signing) -> Answered {
    erp.send("POST", DEPARTMENTS, BODY.into(), signing).await
}

/// The header of the published client.
fn v0(tenant: &str, secret: &str, timestamp: i64) -> String {
    let inner = hex::encode(Md5::digest(format!("{tenant}{secret}{BODY}{timestamp}")));
    let cipher = hex::encode(Md5::digest(inner));
    let envelope =
        json!({"enterpriseCode": tenant, "appId": APP, "timestamp": timestamp, "cipher": cipher});
    hex::encode_upper(envelope.to_string())
}

fn message(answered: &Answered) -> String {
    answered.body["data"]["errorMessage"].as_str().unwrap_or_default().to_owned()
}

/// The sentence of a wrong cipher, for comparison.
async fn constant(world: &World) -> String {
    let wrong = send(&world.client(APP, "another-secret-value"), &Signing::default()).await;
    message(&wrong.refused(Code::SignatureInvalid))
}

#[tokio::test]
async fn either_header_name_is_accepted_and_both_when_they_are_equal() {
    let world = World::start().await;
    let erp = world.erp();
    let header = erp.header("POST", DEPARTMENTS, BODY.as_bytes(), &Signing::default());
    let names = [vec!["A-Signature"], vec!["X-A-Signature"], vec!["a-signature", "x-a-signature"]];

    for given in names {
        let headers: Vec<_> =
            given.iter().map(|name| (*name, header.as_str())).chain([JSON]).collect();
        erp.send_raw("POST", DEPARTMENTS, BODY.into(), &headers).await.ok();
    }
    send_header(&erp, &header.to_uppercase()).await.ok();
}

#[tokio::test]
async fn names_that_differ_and_a_header_given_twice_are_refused() {
    let world = World::start().await;
    let erp = world.erp();
    let right = erp.header("POST", DEPARTMENTS, BODY.as_bytes(), &Signing::default());
    let other = erp.header("POST", DEPARTMENTS, BODY.as_bytes(), &timed(0));
    let sets = [
        vec![("A-Signature", &right), ("X-A-Signature", &other)],
        vec![("A-Signature", &other), ("X-A-Signature", &right)],
        vec![("A-Signature", &right), ("A-Signature", &right)],
        vec![("X-A-Signature", &right), ("X-A-Signature", &right)],
    ];

    for set in sets {
        let headers: Vec<_> =
            set.iter().map(|(name, value)| (*name, value.as_str())).chain([JSON]).collect();
        let answered = erp.send_raw("POST", DEPARTMENTS, BODY.into(), &headers).await;
        answered.refused(Code::SignatureInvalid);
    }
    erp.send_raw("POST", DEPARTMENTS, BODY.into(), &[JSON]).await.refused(Code::SignatureInvalid);
}

#[tokio::test]
async fn a_header_that_is_not_hex_of_json_is_refused_and_says_what_is_wrong() {
    let world = World::start().await;
    let erp = world.erp();
    let constant = constant(&world).await;
    let right = erp.header("POST", DEPARTMENTS, BODY.as_bytes(), &Signing::default());
    let long = hex::encode(json!({"v": 1, "filler": "x".repeat(2_048)}).to_string());
    let odd = &right[..right.len() - 1];
    let two = hex::encode("{}{}");
    let invalid = hex::encode(b"{\"v\":\"\xff\"}");
    let texts =
        ["", "zz", "0x7b7d", "7b7d ,", odd, &long, "5b5d", "6e756c6c", &two, &invalid, "7b"];

    for text in texts {
        let refused = send_header(&erp, text).await.refused(Code::SignatureInvalid);
        assert_ne!(message(&refused), constant, "{text}");
    }
}

/// A field and a value it must not have.
fn bad_fields() -> Vec<(&'static str, Value)> {
    let long = "n".repeat(65);
    vec![
        ("v", json!(2)),
        ("v", json!(0)),
        ("v", json!("1")),
        ("v", json!(1.5)),
        ("enterpriseCode", json!("")),
        ("enterpriseCode", json!(7)),
        ("enterpriseCode", json!("T\n1")),
        ("appId", json!("")),
        ("appId", json!("A\u{0}")),
        ("appId", json!(["A"])),
        ("appId", json!("A\u{85}")),
        ("timestamp", json!("1")),
        ("timestamp", json!(1.5)),
        ("timestamp", json!(true)),
        ("nonce", json!("12345")),
        ("nonce", json!(long)),
        ("nonce", json!("abc\ndefgh")),
        ("nonce", json!(12_345_678)),
        ("target", json!("POST /x\n")),
        ("target", json!({})),
        ("cipher", json!("")),
        ("cipher", json!("a\tb")),
        ("cipher", json!(1)),
    ]
}

#[tokio::test]
async fn the_rules_of_each_field_are_checked_before_anything_else() {
    let world = World::start().await;
    let erp = world.erp();
    let constant = constant(&world).await;

    for (field, value) in bad_fields() {
        let mut envelope =
            opened(&erp.header("POST", DEPARTMENTS, BODY.as_bytes(), &with_nonce(&unique("n"))));
        envelope[field] = value;
        let refused = send_envelope(&erp, &envelope).await.refused(Code::SignatureInvalid);
        assert_ne!(message(&refused), constant, "{envelope}");
    }
}

#[tokio::test]
async fn a_missing_field_a_doubled_field_and_a_nonce_without_time_are_malformed() {
    let world = World::start().await;
    let erp = world.erp();
    let constant = constant(&world).await;
    let right =
        opened(&erp.header("POST", DEPARTMENTS, BODY.as_bytes(), &with_nonce(&unique("n"))));
    let mut texts = Vec::new();
    for field in ["enterpriseCode", "appId", "timestamp", "cipher"] {
        let mut envelope = right.clone();
        envelope.as_object_mut().unwrap().remove(field);
        texts.push(envelope.to_string());
    }
    for doubled in [r#""appId":"APP001""#, r#""cipher":"00""#, r#""v":1"#] {
        texts.push(format!("{},{doubled}}}", right.to_string().trim_end_matches('}')));
    }

    for text in texts {
        let refused = send_header(&erp, &hex::encode(&text)).await.refused(Code::SignatureInvalid);
        assert_ne!(message(&refused), constant, "{text}");
    }
}

#[tokio::test]
async fn a_target_must_be_this_request_and_an_empty_body_needs_one() {
    let world = World::start().await;
    let erp = world.erp();
    let right = format!("POST {DEPARTMENTS}");
    let wrong = [
        "POST /aflow/api/sys/sync/user",
        "PUT /aflow/api/sys/sync/department",
        "post /aflow/api/sys/sync/department",
        "POST /aflow/api/sys/sync/department?",
        "POST  /aflow/api/sys/sync/department",
        DEPARTMENTS,
    ];

    send(&erp, &targeted(&right)).await.ok();
    for target in wrong {
        send(&erp, &targeted(target)).await.refused(Code::SignatureInvalid);
    }
    erp.get(TREE).await.ok();
    let header = opened(&erp.header("GET", TREE, b"", &Signing::default()));
    let bare = json!({"v": 1, "enterpriseCode": header["enterpriseCode"], "appId": APP, "cipher": header["cipher"]});
    let bare = hex::encode(bare.to_string());
    let answered = erp.send_raw("GET", TREE, Vec::new(), &[("A-Signature", &bare)]).await;
    answered.refused(Code::SignatureInvalid);
}

#[tokio::test]
async fn an_empty_body_signed_without_a_target_is_refused_although_its_cipher_is_right() {
    let world = World::start().await;
    let claim = shared::sign::Claim { enterprise: &world.tenant, app: APP, ..Default::default() };
    let header = shared::sign::sign(&claim, SECRET, b"");

    let answered = world.erp().send_raw("GET", TREE, Vec::new(), &[("A-Signature", &header)]).await;

    assert_eq!(message(&answered.refused(Code::SignatureInvalid)), constant(&world).await);
}

#[tokio::test]
async fn the_query_of_a_target_counts_exactly_as_it_was_sent() {
    let world = World::start().await.with_people().await;
    let erp = world.erp();
    let sent = "/aflow/api/sys/user/page?keyword=USER%30%301&size=5";

    erp.get(sent).await.ok();

    for other in ["keyword=USER001&size=5", "size=5&keyword=USER%30%301", "keyword=USER%30%301"] {
        let signing = targeted(&format!("GET /aflow/api/sys/user/page?{other}"));
        erp.send("GET", sent, Vec::new(), &signing).await.refused(Code::SignatureInvalid);
    }
}

#[tokio::test]
async fn each_covered_part_changed_alone_is_refused_with_the_constant_message() {
    let world = World::start().await;
    let other = World::start().await;
    let erp = world.erp();
    world.create_application("APP002", SECRET, json!({})).await;
    let constant = constant(&world).await;
    let full = Signing { target: Some(format!("POST {DEPARTMENTS}")), ..with_nonce(&unique("n")) };
    let right = opened(&erp.header("POST", DEPARTMENTS, BODY.as_bytes(), &full));
    let changes = [
        ("enterpriseCode", json!(other.tenant)),
        ("appId", json!("APP002")),
        ("timestamp", json!(right["timestamp"].as_i64().unwrap() + 1)),
        ("nonce", json!(unique("m"))),
        ("target", Value::Null),
        ("cipher", json!("0".repeat(64))),
        ("cipher", json!(right["cipher"].as_str().unwrap().to_uppercase())),
    ];

    for (field, value) in changes {
        let mut envelope = right.clone();
        envelope[field] = value;
        if envelope[field].is_null() {
            envelope.as_object_mut().unwrap().remove(field);
        }
        let refused = send_envelope(&erp, &envelope).await.refused(Code::SignatureInvalid);
        assert_eq!(message(&refused), constant, "{field}");
    }
}

#[tokio::test]
async fn a_body_changed_by_one_byte_is_refused() {
    let world = World::start().await;
    let erp = world.erp();
    let header = erp.header("POST", DEPARTMENTS, BODY.as_bytes(), &Signing::default());
    let bodies = [
        format!("{BODY} "),
        format!("{BODY}\n"),
        BODY.replace("D1", "D2"),
        BODY.replace(':', ": "),
    ];

    for body in bodies {
        let headers = [JSON, ("A-Signature", header.as_str())];
        let answered = erp.send_raw("POST", DEPARTMENTS, body.into_bytes(), &headers).await;
        answered.refused(Code::SignatureInvalid);
    }

    let tree = erp.get(TREE).await.ok();
    assert_eq!(tree, json!([]), "nothing may be written");
}

#[tokio::test]
async fn nothing_tells_an_unknown_application_from_a_wrong_cipher() {
    let world = World::start().await;
    world.create_application("OFF", SECRET, json!({})).await;
    let off = json!({"enterpriseCode": world.tenant, "appId": "OFF", "enabled": false});
    world.admin("/application/change", off).await;
    let constant = constant(&world).await;
    let unknown_tenant =
        json!({"v": 1, "enterpriseCode": unique("T"), "appId": APP, "cipher": "00"});

    let answers = [
        send(&world.client("NOPE", SECRET), &Signing::default()).await,
        send(&world.client("OFF", SECRET), &Signing::default()).await,
        send(&world.client("APP001 ", SECRET), &Signing::default()).await,
        send(&world.client("app001", SECRET), &Signing::default()).await,
        send_envelope(&world.erp(), &unknown_tenant).await,
        send_header(&world.erp(), &v0(&world.tenant, SECRET, now_ms())).await,
    ];

    for answered in answers {
        assert_eq!(message(&answered.refused(Code::SignatureInvalid)), constant);
    }
}

#[tokio::test]
async fn both_secrets_are_good_during_a_rotation_with_overlap() {
    let world = World::start().await;
    let whose = json!({"enterpriseCode": world.tenant, "appId": APP, "overlapHours": 1});

    let fresh =
        world.admin("/application/rotate", whose).await["appSecret"].as_str().unwrap().to_owned();

    let new = world.client(APP, &fresh);
    eventually("the new secret is good", || async {
        (send(&new, &Signing::default()).await.http == 200).then_some(())
    })
    .await;
    send(&world.erp(), &Signing::default()).await.ok();
}

#[tokio::test]
async fn without_overlap_the_old_secret_ends_within_moments() {
    let world = World::start().await;
    send(&world.erp(), &Signing::default()).await.ok();
    let whose = json!({"enterpriseCode": world.tenant, "appId": APP, "overlapHours": 0});

    let fresh =
        world.admin("/application/rotate", whose).await["appSecret"].as_str().unwrap().to_owned();

    let old = world.erp();
    eventually("the old secret has ended", || async {
        (send(&old, &Signing::default()).await.http == 403).then_some(())
    })
    .await;
    send(&world.client(APP, &fresh), &Signing::default()).await.ok();
}

#[tokio::test]
async fn a_disabled_application_and_a_disabled_enterprise_are_refused_within_moments() {
    for (path, whose) in
        [("/application/change", json!({"appId": APP})), ("/enterprise/enable", json!({}))]
    {
        let world = World::start().await;
        let erp = world.erp();
        send(&erp, &Signing::default()).await.ok();
        let switch = |enabled: bool| {
            let mut body = whose.clone();
            body["enterpriseCode"] = json!(world.tenant);
            body["enabled"] = json!(enabled);
            body
        };

        for (enabled, http) in [(false, 403), (true, 200)] {
            world.admin(path, switch(enabled)).await;
            eventually("the switch is heard", || async {
                (send(&erp, &Signing::default()).await.http == http).then_some(())
            })
            .await;
        }
    }
}

#[tokio::test]
async fn an_application_that_must_send_its_time_is_refused_without() {
    let world = World::start().await;
    world.create_application("TIMED", SECRET, json!({"requireTimestamp": true})).await;
    let timed_only = world.client("TIMED", SECRET);

    send(&timed_only, &Signing::default()).await.refused(Code::SignatureExpired);

    send(&timed_only, &timed(0)).await.ok();
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_by_how_many_milliseconds() {
    let world = World::start().await;
    let erp = world.erp();

    for (off, least) in [(-301_000, 301_000), (400_000, 380_000), (-86_400_000, 86_400_000)] {
        let refused = send(&erp, &timed(off)).await.refused(Code::SignatureExpired);
        let told: i64 = message(&refused)
            .split(|c: char| !c.is_ascii_digit())
            .find_map(|digits| digits.parse().ok())
            .expect("the message names the milliseconds");
        assert!((least..least + 25_000).contains(&told), "{told}");
    }

    for off in [-290_000, 290_000] {
        send(&erp, &timed(off)).await.ok();
    }
}

#[tokio::test]
async fn times_at_the_ends_of_the_number_range_are_expired_not_a_crash() {
    let world = World::start().await;

    for timestamp in [i64::MIN, -1, 0, i64::MAX] {
        let signing = Signing { timestamp: Some(timestamp), ..Signing::default() };
        send(&world.erp(), &signing).await.refused(Code::SignatureExpired);
    }
}

#[tokio::test]
async fn a_replayed_nonce_is_refused_also_at_another_address() {
    let world = World::start().await;
    let erp = world.erp();
    let signing = with_nonce(&unique("n"));

    send(&erp, &signing).await.ok();

    send(&erp, &signing).await.refused(Code::SignatureReplayed);
    let elsewhere = erp.send("POST", "/aflow/api/sys/sync/user", BODY.into(), &signing).await;
    elsewhere.refused(Code::SignatureReplayed);
    let later = Signing { nonce: signing.nonce.clone(), ..timed(1_000) };
    send(&erp, &later).await.refused(Code::SignatureReplayed);
}

#[tokio::test]
async fn a_nonce_is_not_used_up_by_a_wrong_cipher_or_a_wrong_clock() {
    let world = World::start().await;
    let erp = world.erp();
    let nonce = unique("n");
    let late = Signing { nonce: Some(nonce.clone()), ..timed(-400_000) };

    send(&world.client(APP, "another-secret-value"), &with_nonce(&nonce))
        .await
        .refused(Code::SignatureInvalid);
    send(&erp, &late).await.refused(Code::SignatureExpired);

    send(&erp, &with_nonce(&nonce)).await.ok();
}

#[tokio::test]
async fn a_nonce_belongs_to_its_application() {
    let (world, other) = (World::start().await, World::start().await);
    world.create_application("APP002", SECRET, json!({})).await;
    let signing = with_nonce(&unique("n"));

    for client in [world.erp(), world.client("APP002", SECRET), other.erp()] {
        send(&client, &signing).await.ok();
    }
}

#[tokio::test]
async fn of_twenty_requests_with_one_nonce_exactly_one_gets_in() {
    let world = World::start().await;
    let erp = world.erp();
    let signing = with_nonce(&unique("n"));

    let answers = futures_util::future::join_all((0..20).map(|_| send(&erp, &signing))).await;

    assert_eq!(answers.iter().filter(|answered| answered.http == 200).count(), 1);
    assert_eq!(
        answers.iter().filter(|answered| answered.code() == "SIGNATURE_REPLAYED").count(),
        19
    );
}

#[tokio::test]
async fn the_published_clients_scheme_is_accepted_only_where_it_is_switched_on() {
    let world = World::start().await;
    let erp = world.erp();
    let header = v0(&world.tenant, SECRET, now_ms());
    send_header(&erp, &header).await.refused(Code::SignatureInvalid);

    let on = json!({"enterpriseCode": world.tenant, "appId": APP, "acceptV0": true});
    world.admin("/application/change", on).await;

    eventually("the switch is heard", || async {
        (send_header(&erp, &header).await.http == 200).then_some(())
    })
    .await;
    let headers = [JSON, ("X-A-Signature", header.as_str())];
    erp.send_raw("POST", DEPARTMENTS, BODY.into(), &headers).await.ok();
}

#[tokio::test]
async fn the_published_clients_scheme_is_held_to_the_clock_and_to_its_fields() {
    let world = World::start().await;
    world.create_application("OLD", SECRET, json!({"acceptV0": true})).await;
    let erp = world.erp();
    let on = json!({"enterpriseCode": world.tenant, "appId": APP, "acceptV0": true});
    world.admin("/application/change", on).await;

    eventually("an old time is expired", || async {
        let answered = send_header(&erp, &v0(&world.tenant, SECRET, now_ms() - 301_000)).await;
        (answered.code() == "SIGNATURE_EXPIRED").then_some(())
    })
    .await;

    for (field, value) in
        [("nonce", json!("12345678")), ("target", json!(format!("POST {DEPARTMENTS}")))]
    {
        let mut envelope = opened(&v0(&world.tenant, SECRET, now_ms()));
        envelope[field] = value;
        send_envelope(&erp, &envelope).await.refused(Code::SignatureInvalid);
    }
    let wrong = send_header(&erp, &v0(&world.tenant, "another-secret-value", now_ms())).await;
    wrong.refused(Code::SignatureInvalid);
}

#[tokio::test]
async fn the_form_of_the_header_is_judged_before_the_body_and_the_body_before_the_cipher() {
    let world = World::start().await;
    let erp = world.erp();
    let big = vec![b' '; 9 * 1024 * 1024];
    let wrong = world.client(APP, "another-secret-value");
    let unproven = wrong.header("POST", DEPARTMENTS, &big, &Signing::default());

    let malformed = erp.send_raw("POST", DEPARTMENTS, Vec::new(), &[("A-Signature", "zz")]).await;
    malformed.refused(Code::SignatureInvalid);

    let gzip = [JSON, ("Content-Encoding", "gzip"), ("A-Signature", unproven.as_str())];
    erp.send_raw("POST", DEPARTMENTS, b"{}".to_vec(), &gzip)
        .await
        .refused(Code::UnsupportedMediaType);
    let declared = [JSON, ("A-Signature", unproven.as_str())];
    erp.send_raw("POST", DEPARTMENTS, big, &declared).await.refused(Code::BodyTooLarge);
    erp.send_raw("POST", DEPARTMENTS, b"{".to_vec(), &declared)
        .await
        .refused(Code::SignatureInvalid);
}
