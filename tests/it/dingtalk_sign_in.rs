//! Inside the DingTalk client nobody types a password: its code signs people in, once.

use fakes::dingtalk::Person;
use reqwest::Url;
use serde_json::json;
use shared::code::Code;
use tests::{Visitor, World, onward, snapshot};

use crate::helpers::{enterprise, sync};
use crate::sso::{LOGOUT, ME, TODO, at, nobody};

async fn world() -> World {
    enterprise().await.with_dingtalk().await
}

/// What a page inside the client does: begins, asks the client for a code, and goes to the address
/// that this gives.
async fn callback(world: &World, visitor: &Visitor, return_to: &str, code: &str) -> String {
    let begin = format!("{}&client=inside", world.dingtalk_login_url(return_to));
    let inside = visitor.get(&begin).await.ok();
    assert_eq!(
        (&inside["corpId"], &inside["clientId"]),
        (&json!("dingcorpdemo"), &json!("dingdemo"))
    );
    let query = [("code", code), ("state", inside["state"].as_str().unwrap())];
    let address = at(world, "/aflow/api/oauth2/dingtalk/callback");
    Url::parse_with_params(&address, query).unwrap().into()
}

/// What a person reads where a sign-in came to nothing.
async fn refusal(world: &World, visitor: &Visitor, callback: &str) -> String {
    let walk = visitor.walk(callback).await;
    let end = walk.visited.last().unwrap();
    assert!(end.starts_with(&at(world, "/aflow/api/oauth2/error?reason=")), "{end}");
    assert_eq!((walk.last.http, walk.visited.len()), (200, 2));
    walk.last.body.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_inside_the_client_lands_where_they_wanted_to_be_and_is_signed_in() {
    let world = world().await;
    sync(&world, &snapshot(1)).await;
    let visitor = Visitor::new();
    let wanted = at(&world, "/?from=dingtalk");
    let sent = Url::parse(&onward(&wanted, &visitor.get(&wanted).await).unwrap()).unwrap();
    let (_, return_to) = sent.query_pairs().find(|(name, _)| name == "return_to").unwrap();

    let code = world.dingtalk.code_inside("u2").unwrap();
    let callback = callback(&world, &visitor, &return_to, &code).await;
    let back = visitor.get(&callback).await;

    assert_eq!(onward(&callback, &back), Some(wanted.clone()));
    let page = visitor.get(&wanted).await;
    assert_eq!(page.http, 200);
    assert!(page.body.as_str().unwrap().contains("已登录：<strong>李四</strong>"), "{page:?}");
    let me = visitor.get(&at(&world, ME)).await.ok();
    assert_eq!((&me["userCode"], &me["name"]), (&json!("USER002"), &json!("李四")));
    assert_eq!(me["enterpriseCode"], json!(world.tenant));
    assert_eq!(visitor.get(&at(&world, TODO)).await.ok()["total"], 1);
    visitor.post(&at(&world, LOGOUT), &json!({})).await.ok();
    visitor.get(&at(&world, ME)).await.refused(Code::SessionInvalid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_whom_the_enterprise_does_not_know_reads_what_to_do() {
    let world = world().await;
    let mobile = Some("13900000009".to_owned());
    world.dingtalk.add_person(Person { mobile, ..Person::new("u9", "陌生人") });
    let visitor = Visitor::new();

    let code = world.dingtalk.code_inside("u9").unwrap();
    let callback = callback(&world, &visitor, "/", &code).await;
    let page = refusal(&world, &visitor, &callback).await;

    for part in ["系统中还没有您的账号", "请联系管理员同步您的用户信息后再登录", "请求编号："]
    {
        assert!(page.contains(part), "{part} in {page}");
    }
    nobody(&world, &visitor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_good_once() {
    let world = world().await;
    let (owner, thief) = (Visitor::new(), Visitor::new());
    let code = world.dingtalk.code_inside("u2").unwrap();
    let used = callback(&world, &owner, "/", &code).await;
    owner.get(&used).await;

    let again = refusal(&world, &owner.copied(), &used).await;
    let other = callback(&world, &thief, "/", &code).await;
    let stolen = refusal(&world, &thief, &other).await;

    assert!(again.contains("此登录链接已经使用过"), "{again}");
    assert!(stolen.contains("授权码已失效或已被使用"), "{stolen}");
    nobody(&world, &thief).await;
    owner.get(&at(&world, ME)).await.ok();
}
