//! Tokens: one per app, renewed by asking again, looked for in one place only.

use fakes::dingtalk::Knobs;
use reqwest::Method;
use serde_json::json;

use crate::helpers::{Platform, demo, reply, two_apps};

const GET: &str = "/topapi/v2/user/get";
const QUERY: &str = "/v1.0/todo/users/union-lisi/org/tasks/query";

#[tokio::test(flavor = "multi_thread")]
async fn all_three_token_endpoints_hand_out_the_same_live_token() {
    let platform = Platform::demo().await;

    let old = platform.get("/gettoken?appkey=dingdemo&appsecret=demo-secret").await;
    let new = json!({ "appKey": "dingdemo", "appSecret": "demo-secret" });
    let new = platform.post("/v1.0/oauth2/accessToken", new).await;
    let unified = json!({ "client_id": "dingdemo", "client_secret": "demo-secret",
        "grant_type": "client_credentials" });
    let unified = platform.post("/v1.0/oauth2/dingcorpdemo/token", unified).await;

    assert_eq!(old["expires_in"], 7200);
    assert_eq!(new.body["expireIn"], 7200);
    assert_eq!(unified.body["expires_in"], 7200);
    assert_eq!(old["access_token"], new.body["accessToken"]);
    assert_eq!(old["access_token"], unified.body["access_token"]);
    assert_eq!(platform.fake.calls().tokens_issued, 1);
    assert_eq!(platform.fake.calls().token().ok, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_again_renews_the_token() {
    let platform = Platform::demo().await;
    let first = platform.token().await;

    platform.fake.advance(7000);
    let second = platform.token().await;
    platform.fake.advance(7000);
    let answer = platform.oapi_as(&first, GET, json!({ "userid": "lisi" })).await;

    assert_eq!(first, second);
    assert_eq!(answer["errcode"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_refused_and_a_different_one_is_issued() {
    let platform = Platform::demo().await;
    let first = platform.token().await;

    platform.fake.advance(7200);
    let old = platform.oapi_as(&first, GET, json!({ "userid": "lisi" })).await;
    let new = platform.api_as(&first, Method::POST, QUERY, json!({})).await;
    let second = platform.token().await;

    assert_eq!((&old["errcode"], &old["sub_code"]), (&json!(88), &json!("40014")));
    new.says(400, "InvalidAuthentication", "不合法的access_token");
    assert_ne!(first, second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_refused_by_each_endpoint_in_its_own_way() {
    let platform = Platform::demo().await;

    let old = platform.get("/gettoken?appkey=dingdemo&appsecret=no").await;
    let new = json!({ "appKey": "dingdemo", "appSecret": "no" });
    let new = platform.post("/v1.0/oauth2/accessToken", new).await;
    let unified =
        json!({ "client_id": "no", "client_secret": "x", "grant_type": "client_credentials" });
    let unified = platform.post("/v1.0/oauth2/dingcorpdemo/token", unified).await;

    assert_eq!(old, json!({ "errcode": 40096, "errmsg": "不合法的appKey或appSecret" }));
    assert_eq!((new.status, new.code()), (400, "invalidClientIdOrSecret"));
    assert_eq!((unified.status, unified.code()), (400, "invalid.client"));
}

#[tokio::test(flavor = "multi_thread")]
async fn gettoken_reads_only_the_query_and_knows_the_legacy_pair() {
    let platform = Platform::demo().await;

    let nothing = platform.get("/gettoken").await;
    let legacy = platform.get("/gettoken?corpid=ding1&corpsecret=2").await;
    let body = json!({ "appkey": "dingdemo", "appsecret": "demo-secret" });
    let in_body = platform.http.get(platform.url("/gettoken")).json(&body).send().await.unwrap();

    assert_eq!(nothing, json!({ "errcode": 40035, "errmsg": "缺少参数 corpid or appkey" }));
    assert_eq!(legacy["errcode"], 40089);
    assert_eq!(reply(in_body).await.body["errcode"], 40035);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_new_token_endpoint_wants_a_json_body() {
    let platform = Platform::demo().await;

    let url = platform.url("/v1.0/oauth2/accessToken?appKey=dingdemo&appSecret=demo-secret");
    let empty = reply(platform.http.post(url).send().await.unwrap()).await;
    let half = platform.post("/v1.0/oauth2/accessToken", json!({ "appKey": "dingdemo" })).await;

    empty.says(400, "Missingbody", "body is mandatory for this action.");
    half.says(400, "MissingappSecret", "appSecret is mandatory for this action.");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unified_token_endpoint_checks_organisation_and_grant() {
    let platform = Platform::start(two_apps()).await;
    let ask = |grant: &str| json!({ "client_id": "dingdemo", "client_secret": "demo-secret", "grant_type": grant });

    let nowhere = platform.post("/v1.0/oauth2/nocorp/token", ask("client_credentials")).await;
    let foreign = "/v1.0/oauth2/dingcorpother/token";
    let foreign = platform.post(foreign, ask("client_credentials")).await;
    let grant = platform.post("/v1.0/oauth2/dingcorpdemo/token", ask("password")).await;

    assert_eq!((nowhere.status, nowhere.code()), (500, "unknownError"));
    assert_eq!((foreign.status, foreign.code()), (401, "unauthorized.client"));
    assert_eq!((grant.status, grant.code()), (400, "unsupported.grant.type"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_api_does_not_look_into_the_header() {
    let platform = Platform::demo().await;
    let token = platform.token().await;

    let reply = platform.api_as(&token, Method::POST, GET, json!({ "userid": "lisi" })).await;

    assert_eq!(reply.status, 200);
    assert_eq!(reply.body["errcode"], 88);
    assert_eq!(reply.body["sub_code"], "40000");
    assert_eq!(reply.body["sub_msg"], "access_token is blank");
    let text = "ding talk error[subcode=40000,submsg=access_token is blank]";
    assert_eq!(reply.body["errmsg"], text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_new_api_does_not_look_into_the_query_or_bearer() {
    let platform = Platform::demo().await;
    let token = platform.token().await;

    let in_query = platform.post(&format!("{QUERY}?access_token={token}"), json!({})).await;
    let request = platform.http.post(platform.url(QUERY)).bearer_auth(&token).json(&json!({}));
    let as_bearer = reply(request.send().await.unwrap()).await;

    let text = "缺少参数：x-acs-dingtalk-access-token";
    in_query.says(400, "AuthenticationFailed.MissingParameter", text);
    as_bearer.says(400, "AuthenticationFailed.MissingParameter", text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_may_carry_the_token_and_the_arguments() {
    let platform = Platform::demo().await;
    let token = platform.token().await;

    let form = [("access_token", token.as_str()), ("userid", "lisi")];
    let response = platform.http.post(platform.url(GET)).form(&form).send().await.unwrap();

    assert_eq!(reply(response).await.body["result"]["name"], "李四");
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_of_topapi_a_bad_token_is_told_bare() {
    let platform = Platform::demo().await;

    let bad = platform.get("/auth/scopes?access_token=nope").await;
    let none = platform.get("/auth/scopes").await;

    assert_eq!(bad, json!({ "errcode": 40014, "errmsg": "不合法的access_token" }));
    assert_eq!(none["errcode"], 41001);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_stops_working_until_it_is_fetched_again() {
    let platform = Platform::demo().await;
    let first = platform.token().await;

    platform.fake.knobs(Knobs { revoke_token: true, ..Knobs::default() });
    let refused = platform.oapi_as(&first, GET, json!({ "userid": "lisi" })).await;
    let again = platform.oapi(GET, json!({ "userid": "lisi" })).await;

    assert_eq!(refused["sub_code"], "40014");
    assert_eq!(again["errcode"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_token_is_told_with_the_code_a_test_asks_for() {
    let platform = Platform::demo().await;
    let code = |code: &str| Knobs { token_code: Some(code.to_owned()), ..Knobs::default() };

    platform.fake.knobs(code("42001"));
    let timed_out = platform.oapi_as("stale", GET, json!({ "userid": "lisi" })).await;
    platform.fake.knobs(code(""));
    let usual = platform.oapi_as("stale", GET, json!({ "userid": "lisi" })).await;

    assert_eq!(timed_out["sub_code"], "42001");
    assert_eq!(usual["sub_code"], "40014");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_app_has_its_own_token_and_only_its_own_agent() {
    let platform = Platform::start(two_apps()).await;
    let other = platform.token_of("dingother", "other-secret").await;

    let msg = json!({ "msgtype": "text", "text": { "content": "你好" } });
    let body = json!({ "agent_id": 1_000_001, "userid_list": "lisi", "msg": msg });
    let answer = platform.oapi_as(&other, crate::helpers::SEND, body).await;

    assert_ne!(platform.token().await, other);
    assert_eq!(answer["errcode"], 40056);
}

#[tokio::test(flavor = "multi_thread")]
async fn token_calls_are_throttled_too() {
    let platform = Platform::start(fakes::dingtalk::Options { qps: 1, ..demo() }).await;
    platform.token().await;

    let old = platform.get("/gettoken?appkey=dingdemo&appsecret=demo-secret").await;

    assert_eq!(old["errcode"], 90018);
    assert_eq!(platform.fake.calls().token().throttled, 1);
}
