//! Flows that run here: created, changed, published.

use serde_json::json;
use shared::code::Code;

use crate::helpers::{TestApp, drawing, flow, one_task};

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_is_created_once_and_the_very_same_request_again_is_no_error() {
    let app = TestApp::spawn().await;
    let body = flow("LEAVE", json!([]), &one_task());

    let created = app.repeat("r1", "/aflow/api/flow/create", body.clone()).await.ok();
    assert_eq!(created, json!({"flowCode": "LEAVE", "flowVersion": 1}));
    app.repeat("r1", "/aflow/api/flow/create", body.clone()).await.ok();
    app.repeat("r2", "/aflow/api/flow/create", body).await.refused(Code::Duplicate);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_drawing_or_no_form_is_refused_with_every_bad_field() {
    let app = TestApp::spawn().await;
    for xml in ["", "hello", "<html></html>", "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>"] {
        let refused = app.post("/aflow/api/flow/create", flow("F", json!([]), xml)).await;
        refused.refused(Code::InvalidParameter);
    }
    let bad = json!({"flowCode": "", "formSchema": {"components": [{"type": "x"}]}});
    let refused = app.post("/aflow/api/flow/create", bad).await.refused(Code::InvalidParameter);

    let mut fields = refused.fields();
    fields.sort();
    assert_eq!(
        fields,
        [
            "bpmnXml",
            "flowCode",
            "flowName",
            "formSchema.components[0].name",
            "formSchema.components[0].type"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_edited_in_place_and_a_published_version_gets_a_new_draft() {
    let app = TestApp::spawn().await;
    app.post("/aflow/api/flow/create", flow("LEAVE", json!([]), &one_task())).await.ok();
    let update = async |body| app.put("/aflow/api/flow/update", body).await;

    let edited = update(json!({"flowCode": "LEAVE", "flowName": "请假二"})).await.ok();
    assert_eq!(edited["flowVersion"], 1);
    app.post("/aflow/api/flow/publish", json!({"flowCode": "LEAVE", "flowVersion": 1})).await.ok();
    assert_eq!(update(json!({"flowCode": "LEAVE"})).await.ok()["flowVersion"], 1);
    let drafted =
        update(json!({"flowCode": "LEAVE", "flowName": "请假三", "flowVersion": 1})).await;
    assert_eq!(drafted.ok()["flowVersion"], 2);
    update(json!({"flowCode": "LEAVE", "flowName": "请假四", "flowVersion": 1}))
        .await
        .refused(Code::VersionConflict);
    update(json!({"flowCode": "NOPE"})).await.refused(Code::UnknownReference);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_drawing_is_named_with_its_element_and_line() {
    let app = TestApp::spawn().await;
    let xml = drawing(
        "p",
        "<startEvent id=\"s\"/><sequenceFlow id=\"f\" sourceRef=\"s\" targetRef=\"nowhere\"/>\n\
         <businessRuleTask id=\"rule\"/><serviceTask id=\"call\"/>",
    );
    app.post("/aflow/api/flow/create", flow("BAD", json!([]), &xml)).await.ok();

    let refused = app.post("/aflow/api/flow/publish", json!({"flowCode": "BAD"})).await;
    let refused = refused.refused(Code::InvalidParameter);
    let details = refused.body["data"]["errorDetails"].as_array().unwrap().clone();
    assert!(details.len() >= 3, "{details:?}");
    for detail in &details {
        assert!(detail["elementId"].is_string() && detail["line"].is_u64(), "{detail}");
        assert!(detail["code"].is_string() && detail["message"].is_string(), "{detail}");
    }
    assert!(details.iter().any(|detail| detail["elementId"] == "rule" && detail["line"] == 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_version_is_online_an_older_one_may_come_back_and_orders_stay_on_theirs() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let first = app.start("LEAVE", json!({})).await;
    let changed = one_task().replace("id=\"approve\"", "id=\"second\"");
    let changed = changed.replace("\"approve\"", "\"second\"");
    app.put("/aflow/api/flow/update", json!({"flowCode": "LEAVE", "bpmnXml": changed})).await.ok();
    let publish = async |version| {
        let body = json!({"flowCode": "LEAVE", "flowVersion": version});
        app.post("/aflow/api/flow/publish", body).await
    };

    publish(2).await.ok();
    publish(2).await.ok();
    let second = app.start("LEAVE", json!({})).await;
    publish(1).await.ok();
    let third = app.start("LEAVE", json!({})).await;

    assert_eq!(app.open(first).await, ["approve"]);
    assert_eq!(app.open(second).await, ["second"]);
    assert_eq!(app.open(third).await, ["approve"]);
    publish(9).await.refused(Code::UnknownReference);
    let online = "select count(*) from flow_versions where tenant = $1 and state = 'online'";
    assert_eq!(app.count(online).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_application_cannot_touch_a_flow() {
    let app = TestApp::spawn().await;
    app.publish_flow("LEAVE", &one_task()).await;
    let other = app.application_named("APP002");

    let body = json!({"flowCode": "LEAVE"});
    let refused = app.post_as(other, "/aflow/api/flow/publish", body).await;
    refused.refused(Code::UnknownReference);
    let taken = flow("LEAVE", json!([]), &one_task());
    let other = app.application_named("APP002");
    app.post_as(other, "/aflow/api/flow/create", taken).await.refused(Code::Duplicate);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_task_says_wrongly_of_its_approval_stops_it_from_going_online() {
    let app = TestApp::spawn().await;
    let xml = drawing(
        "p",
        "<extensionElements><aiflow:policy nobody=\"perhaps\"/></extensionElements><startEvent id=\"s\"/>\
         <sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"a\"/>\n\
         <userTask id=\"a\" aiflow:mode=\"vote\" aiflow:onReject=\"node:nowhere\"><extensionElements>\
         <aiflow:approvers><aiflow:superior level=\"x\"/></aiflow:approvers></extensionElements></userTask>\
         <sequenceFlow id=\"f2\" sourceRef=\"a\" targetRef=\"e\"/><endEvent id=\"e\"/>",
    );
    app.post("/aflow/api/flow/create", flow("RULES", json!([]), &xml)).await.ok();

    let answer = app.post("/aflow/api/flow/publish", json!({"flowCode": "RULES"})).await;

    let refused = answer.refused(Code::InvalidParameter);
    let found: Vec<_> = refused.body["data"]["errorDetails"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["elementId"].clone(), row["code"].clone()))
        .collect();
    let expected = [
        ("p", "BAD_VALUE"),
        ("a", "MISSING_REFERENCE"),
        ("a", "BAD_VALUE"),
        ("a", "MISSING_REFERENCE"),
    ];
    assert_eq!(found, expected.map(|(element, code)| (json!(element), json!(code))));
}
