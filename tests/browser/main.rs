//! People sign in with a real browser: Debian's Chromium against the whole house.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod chrome;
mod independent;

use chrome::Chrome;
use independent::Independent;
use serde_json::json;
use tests::{World, snapshot};
use tokio::sync::{Mutex, MutexGuard};

const ME: &str = "/aflow/api/oauth2/me";
const TODO: &str = "/aflow/api/task/todo?page=1&size=10";
const SYNC: &str = "/aflow/api/order/sync/task";

/// One story at a time: `/` names no enterprise, and knows whom it is about where there is only one.
static STAGE: Mutex<()> = Mutex::const_new(());

struct Stage {
    world: World,
    _alone: MutexGuard<'static, ()>,
}

/// An enterprise with people and a task for 李四, and nowhere to sign in yet.
async fn empty_stage() -> Stage {
    let alone = STAGE.lock().await;
    let world = World::start().await.with_people().await.with_flow().await;
    world.close_other_doors().await;
    world.erp().post(SYNC, &snapshot(1)).await.ok();
    Stage { world, _alone: alone }
}

/// The same with the fake Odoo, whose pages are of another site than ours, as in real life.
async fn stage() -> Stage {
    let stage = empty_stage().await;
    let world = stage.world.with_odoo().await;
    let mut provider = world.provider(world.odoo());
    let elsewhere = world.odoo().authorize_url().replace("127.0.0.1", "localhost");
    provider["authorizeUrl"] = json!(elsewhere);
    world.admin("/provider", provider).await;
    Stage { world, ..stage }
}

async fn sign_in_at_odoo(chrome: &Chrome, username: &str) {
    chrome.fill("input[name=login]", username).await;
    chrome.fill("input[name=password]", &format!("{username}-password")).await;
    chrome.click("#sign-in").await;
}

/// A page of ours whose policy lets a script fetch, as that of `/` does not.
fn blank(world: &World) -> String {
    format!("{}/health/live", world.gateway())
}

/// Fails unless nobody is signed in in this browser.
async fn nobody_is_signed_in(chrome: &Chrome, world: &World) {
    chrome.go(&blank(world)).await;
    let (status, answer) = chrome.fetch(ME).await;
    assert_eq!((status, &answer["data"]["errorCode"]), (401, &json!("SESSION_INVALID")));
    assert!(!chrome.cookies().await.iter().any(|name| name.ends_with("aiflow_session")));
}

/// Fails unless this person is, and sees the one task that waits for 李四 if it is hers.
async fn somebody_is_signed_in(chrome: &Chrome, world: &World, code: &str, name: &str) {
    chrome.go(&blank(world)).await;
    let (status, me) = chrome.fetch(ME).await;
    assert_eq!(status, 200, "{me}");
    let data = &me["data"];
    assert_eq!((&data["userCode"], &data["name"]), (&json!(code), &json!(name)), "{me}");
    assert_eq!(data["enterpriseCode"], json!(world.tenant));
    let (status, todo) = chrome.fetch(TODO).await;
    let waiting = u8::from(code == "USER002");
    assert_eq!((status, &todo["data"]["total"]), (200, &json!(waiting)), "{todo}");
    let visible = chrome.visible_cookies().await;
    assert!(visible.contains("aiflow_csrf="), "{visible}");
    assert!(
        !visible.contains("aiflow_session") && !visible.contains("aiflow_refresh"),
        "{visible}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_first_page_through_the_erp_and_back() {
    let Stage { world, _alone } = stage().await;
    let chrome = Chrome::open().await;
    let wanted = format!("{}/?wanted=1", world.gateway());

    chrome.go(&wanted).await;
    chrome.until_at("the ERP's login page", |url| url.contains("/web/login")).await;
    sign_in_at_odoo(&chrome, "lisi").await;
    chrome.until_at("the wanted page", |url| url == wanted).await;

    assert!(chrome.text().await.contains("李四"), "{}", chrome.text().await);
    somebody_is_signed_in(&chrome, &world, "USER002", "李四").await;
    chrome.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_an_oauth2_server_that_others_wrote() {
    let Stage { world, _alone } = empty_stage().await;
    let independent = Independent::start(&world);
    world.admin("/provider", independent.provider(&world)).await;
    let chrome = Chrome::open().await;
    let home = format!("{}/", world.gateway());

    chrome.go(&home).await;
    chrome.fill("input[name=username]", "wangwu").await;
    chrome.fill("input[name=password]", "wangwu-password").await;
    chrome.click("#sign-in").await;
    chrome.click("#allow").await;
    chrome.until_at("our page", |url| url == home).await;

    somebody_is_signed_in(&chrome, &world, "USER003", "王五").await;
    chrome.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saying_no_ends_on_a_friendly_page() {
    let Stage { world, _alone } = stage().await;
    let chrome = Chrome::open().await;

    chrome.go(world.gateway()).await;
    chrome.click("#deny").await;
    chrome.until_at("the error page", |url| url.contains("/aflow/api/oauth2/error")).await;

    let text = chrome.text().await;
    assert!(text.contains("重新登录"), "{text}");
    assert!(!text.contains("access_denied"), "{text}");
    nobody_is_signed_in(&chrome, &world).await;
    assert_eq!(world.odoo().token_calls(), 0);
    chrome.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stolen_state_opens_nothing_in_another_browser() {
    let Stage { world, _alone } = stage().await;
    let (thief, victim) = (Chrome::open().await, Chrome::open().await);

    // The thief signs in as herself and keeps back the address that would finish it.
    let begun = tests::Visitor::new();
    let walk = begun.walk_until(&world.login_url("/"), |next| next.contains("/callback")).await;
    let signed_in = begun.sign_in_on(&walk, "zhangsan").await;
    let onward = tests::onward(walk.visited.last().unwrap(), &signed_in).unwrap();
    let walk = begun.walk_until(&onward, |next| next.contains("/callback")).await;
    let callback = tests::onward(walk.visited.last().unwrap(), &walk.last).unwrap();
    assert!(callback.starts_with(&world.callback_url()), "{callback}");
    for chrome in [&thief, &victim] {
        chrome.go(&callback).await;
        chrome.until_at("the error page", |url| url.contains("/aflow/api/oauth2/error")).await;
        nobody_is_signed_in(chrome, &world).await;
    }

    assert_eq!(world.odoo().token_calls(), 0);
    thief.close().await;
    victim.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_the_page_of_dingtalk() {
    let Stage { world, _alone } = empty_stage().await;
    let world = world.with_dingtalk().await;
    let chrome = Chrome::open().await;
    let home = format!("{}/", world.gateway());

    chrome.go(&world.dingtalk_login_url("/")).await;
    chrome.click("#scan-u2").await;
    chrome.until_at("our page", |url| url == home).await;

    somebody_is_signed_in(&chrome, &world, "USER002", "李四").await;
    chrome.close().await;
}
