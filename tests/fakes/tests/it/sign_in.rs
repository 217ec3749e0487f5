//! Signing in with DingTalk: the page, codes of both kinds, user tokens.

use reqwest::{Method, Response, redirect::Policy};
use serde_json::{Value, json};

use crate::helpers::{Platform, Reply, demo_without, reply};

const CALLBACK: &str = "http://127.0.0.1:7020/aflow/api/oauth2/dingtalk/callback";
const TOKEN: &str = "/v1.0/oauth2/userAccessToken";
const ME: &str = "/v1.0/contact/users/me";
const INSIDE: &str = "/topapi/v2/user/getuserinfo";

fn address(platform: &Platform, changes: &[(&str, &str)]) -> reqwest::Url {
    let usual = [
        ("client_id", "dingdemo"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid corpid"),
        ("state", "s-1"),
        ("prompt", "consent"),
    ];
    let value = |name: &str, value| {
        changes.iter().find(|(known, _)| *known == name).map_or(value, |(_, other)| *other)
    };
    let pairs = usual.map(|(name, usual)| (name, value(name, usual)));
    reqwest::Url::parse_with_params(&platform.url("/oauth2/auth"), pairs).unwrap()
}

async fn scan(platform: &Platform, changes: &[(&str, &str)]) -> Response {
    let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let request = http.post(address(platform, changes)).form(&[("userid", "lisi")]);
    request.send().await.unwrap()
}

/// The code of 李四.
async fn code(platform: &Platform, changes: &[(&str, &str)]) -> String {
    let answer = scan(platform, changes).await;
    let back = reqwest::Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    let pairs: Vec<(String, String)> = back.query_pairs().into_owned().collect();
    assert!(back.as_str().starts_with(CALLBACK));
    assert_eq!((pairs[0].0.as_str(), pairs[1].0.as_str()), ("authCode", "code"));
    assert_eq!(pairs[0].1, pairs[1].1);
    assert_eq!(pairs[2], ("state".to_owned(), "s-1".to_owned()));
    pairs[0].1.clone()
}

async fn exchange(platform: &Platform, code: &str) -> Reply {
    let body = json!({ "clientId": "dingdemo", "clientSecret": "demo-secret", "code": code,
        "grantType": "authorization_code" });
    platform.post(TOKEN, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanned_page_leads_to_the_person() {
    let platform = Platform::demo().await;
    let page = platform.http.get(address(&platform, &[])).send().await.unwrap();

    let tokens = exchange(&platform, &code(&platform, &[]).await).await;
    let token = tokens.body["accessToken"].as_str().unwrap();
    let me = platform.api_as(token, Method::GET, ME, Value::Null).await;
    let userid =
        platform.oapi("/topapi/user/getbyunionid", json!({ "unionid": me.body["unionId"] })).await;

    assert!(page.text().await.unwrap().contains("id=\"scan-lisi\""));
    assert_eq!(
        (&tokens.body["expireIn"], &tokens.body["corpId"]),
        (&json!(7200), &json!("dingcorpdemo"))
    );
    assert_eq!(
        me.body,
        json!({ "nick": "李四", "unionId": "union-lisi", "openId": "open-lisi", "avatarUrl": "",
            "visitor": false, "email": "", "loginEmail": "", "mobile": "13800138001", "stateCode": "86" })
    );
    assert_eq!(userid["result"]["userid"], "lisi");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_client_or_address_is_sent_nowhere() {
    let platform = Platform::demo().await;

    for (name, value) in [
        ("client_id", "dingother"),
        ("redirect_uri", "https://evil.example/"),
        ("redirect_uri", "http://127.0.0.1:7020/aflow/api/oauth2/dingtalk/callback/"),
        ("response_type", "token"),
        ("scope", "everything"),
    ] {
        let answer = scan(&platform, &[(name, value)]).await;

        assert_eq!(answer.status(), 400, "{name}={value}");
        assert!(answer.headers().get("location").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_and_for_five_minutes() {
    let platform = Platform::demo().await;
    let (used, late) = (code(&platform, &[]).await, code(&platform, &[]).await);

    let first = exchange(&platform, &used).await;
    let second = exchange(&platform, &used).await;
    platform.fake.advance(300);
    let third = exchange(&platform, &late).await;

    assert_eq!(first.status, 200);
    second.says(400, "invalidParameter.authCode.notFound", "不合法的临时授权码");
    third.says(400, "invalidParameter.authCode.notFound", "不合法的临时授权码");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_address_wants_camel_case_and_the_right_secret() {
    let platform = Platform::demo().await;
    let code = code(&platform, &[("scope", "openid")]).await;

    let snake = json!({ "client_id": "dingdemo", "client_secret": "demo-secret", "code": code,
        "grant_type": "authorization_code" });
    let snake = platform.post(TOKEN, snake).await;
    let wrong = json!({ "clientId": "dingdemo", "clientSecret": "no", "code": code,
        "grantType": "authorization_code" });
    let wrong = platform.post(TOKEN, wrong).await;
    let right = exchange(&platform, &code).await;

    snake.says(400, "MissingclientId", "clientId is mandatory for this action.");
    assert_eq!((wrong.status, wrong.code()), (400, "invalidClientIdOrSecret"));
    assert_eq!(right.body.get("corpId"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_gives_another_user_token() {
    let platform = Platform::demo().await;
    let first = exchange(&platform, &code(&platform, &[]).await).await;
    platform.fake.advance(7200);
    let token = first.body["accessToken"].as_str().unwrap();
    let ended = platform.api_as(token, Method::GET, ME, Value::Null).await;

    let body = json!({ "clientId": "dingdemo", "clientSecret": "demo-secret",
        "refreshToken": first.body["refreshToken"], "grantType": "refresh_token" });
    let second = platform.post(TOKEN, body).await;
    let token = second.body["accessToken"].as_str().unwrap();
    let me = platform.api_as(token, Method::GET, ME, Value::Null).await;

    assert_eq!((ended.status, ended.code()), (400, "InvalidAuthentication"));
    assert_eq!(me.body["unionId"], "union-lisi");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_apps_and_of_users_do_not_open_each_others_doors() {
    let platform = Platform::demo().await;
    let app = platform.token().await;
    let user = exchange(&platform, &code(&platform, &[]).await).await;
    let user = user.body["accessToken"].as_str().unwrap();

    let me = platform.api_as(&app, Method::GET, ME, Value::Null).await;
    let get = platform.oapi_as(user, "/topapi/v2/user/get", json!({ "userid": "lisi" })).await;

    assert_eq!((me.status, me.code()), (400, "InvalidAuthentication"));
    assert_eq!(get["sub_code"], "40014");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_sees_of_a_person_what_it_was_granted() {
    let mute = Platform::start(demo_without("Contact.User.mobile")).await;
    let blind = Platform::start(demo_without("Contact.User.Read")).await;

    let tokens = exchange(&mute, &code(&mute, &[]).await).await;
    let token = tokens.body["accessToken"].as_str().unwrap();
    let without_mobile = mute.api_as(token, Method::GET, ME, Value::Null).await;
    let tokens = exchange(&blind, &code(&blind, &[]).await).await;
    let token = tokens.body["accessToken"].as_str().unwrap();
    let refused = blind.api_as(token, Method::GET, ME, Value::Null).await;

    assert_eq!(without_mobile.body.get("mobile"), None);
    assert_eq!(refused.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_from_inside_the_client_names_the_user_once() {
    let platform = Platform::demo().await;
    let code = platform.fake.code_inside("lisi").unwrap();
    let late = reply(
        platform
            .http
            .post(platform.url("/_code"))
            .json(&json!({ "userid": "lisi" }))
            .send()
            .await
            .unwrap(),
    );
    let late = late.await.body["code"].clone();

    let first = platform.oapi(INSIDE, json!({ "code": code })).await;
    let second = platform.oapi(INSIDE, json!({ "code": code })).await;
    platform.fake.advance(300);
    let third = platform.oapi(INSIDE, json!({ "code": late })).await;

    assert_eq!(
        (&first["result"]["userid"], &first["result"]["unionid"]),
        (&json!("lisi"), &json!("union-lisi"))
    );
    assert_eq!(second["errcode"], 40078);
    assert_eq!(third["errcode"], 40078);
    assert_eq!(platform.fake.code_inside("nobody"), None);
}
