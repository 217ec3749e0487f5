//! People sign in, through all services: with the ERP, with DingTalk, and in every way that must fail.

use std::time::Duration;

use fakes::odoo::{Control, Fault};
use futures_util::future::join_all;
use reqwest::Url;
use serde_json::{Value, json};
use shared::code::Code;
use tests::{Visitor, Walk, World, eventually, onward, snapshot};

use crate::helpers::{USERS, sync};

pub(crate) const ME: &str = "/aflow/api/oauth2/me";
pub(crate) const TODO: &str = "/aflow/api/task/todo?page=1&size=10";
pub(crate) const LOGOUT: &str = "/aflow/api/oauth2/logout";
pub(crate) const REFRESH: &str = "/aflow/api/oauth2/refresh";

async fn world() -> World {
    World::start().await.with_people().await.with_flow().await.with_odoo().await
}

pub(crate) fn at(world: &World, path: &str) -> String {
    format!("{}{path}", world.gateway())
}

/// Where the callback, which is the end of the walk, sends people.
fn end(walk: &Walk) -> String {
    onward(walk.visited.last().unwrap(), &walk.last).unwrap()
}

/// The reason on the error page that the callback sends people to.
fn reason(world: &World, walk: &Walk) -> String {
    let end = Url::parse(&end(walk)).unwrap();
    let error = at(world, "/aflow/api/oauth2/error");
    assert!(end.as_str().starts_with(&error), "no error page but {end}");
    end.query_pairs().find(|(name, _)| name == "reason").unwrap().1.into_owned()
}

pub(crate) async fn signed_in(world: &World, username: &str) -> Visitor {
    let visitor = Visitor::new();
    let walk = visitor.sign_in(world, username, "/").await;
    assert_eq!(end(&walk), at(world, "/"), "{walk:?}");
    visitor
}

pub(crate) async fn nobody(world: &World, visitor: &Visitor) {
    assert_eq!(visitor.cookie("aiflow_session"), None);
    visitor.get(&at(world, ME)).await.refused(Code::SessionInvalid);
}

/// The callback address that would finish what this visitor began, not visited.
async fn kept_back(world: &World, visitor: &Visitor, username: &str) -> String {
    let page = visitor.walk_until(&world.login_url("/"), |_| false).await;
    let signed_in = visitor.sign_in_on(&page, username).await;
    let next = onward(page.visited.last().unwrap(), &signed_in).unwrap();
    let walk = visitor.walk_until(&next, |next| next.starts_with(&world.callback_url())).await;
    end(&walk)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_in_with_the_erp_leads_back_to_the_wanted_page() {
    let world = world().await;
    sync(&world, &snapshot(1)).await;
    let visitor = Visitor::new();

    let walk = visitor.sign_in(&world, "lisi", "/orders?page=2#top").await;

    assert!(end(&walk).starts_with(&at(&world, "/orders?page=2")), "{}", end(&walk));
    let me = visitor.get(&at(&world, ME)).await.ok();
    assert_eq!((&me["userCode"], &me["name"]), (&json!("USER002"), &json!("李四")));
    assert_eq!(me["enterpriseCode"], json!(world.tenant));
    assert!((3590..=3600).contains(&me["expiresIn"].as_i64().unwrap()), "{me}");
    let todo = visitor.get(&at(&world, TODO)).await.ok();
    assert_eq!(todo["total"], 1);
    assert_eq!((world.odoo().token_calls(), world.odoo().userinfo_calls()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_are_hidden_from_scripts_and_from_other_sites() {
    let world = world().await;

    let visitor = signed_in(&world, "lisi").await;

    for line in visitor.lines().iter().filter(|line| line.starts_with("aiflow_")) {
        let name = line.split('=').next().unwrap();
        assert!(line.contains("SameSite=Lax") && line.contains("Path=/"), "{line}");
        assert_eq!(line.contains("HttpOnly"), name != "aiflow_csrf", "{line}");
        assert!(!line.to_ascii_lowercase().contains("domain="), "{line}");
    }
    for name in ["aiflow_session", "aiflow_refresh", "aiflow_csrf"] {
        assert!(visitor.cookie(name).is_some(), "{name} is missing");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_to_the_erp_carries_a_fresh_state_and_a_challenge() {
    let world = world().await;
    let visitor = Visitor::new();

    let login = world.login_url("/");
    let answers = join_all((0..2).map(|_| visitor.get(&login))).await;

    let mut states = Vec::new();
    for answered in answers {
        let to = Url::parse(&onward(&login, &answered).unwrap()).unwrap();
        let find = |name: &str| {
            to.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
        };
        assert!(to.as_str().starts_with(&world.odoo().authorize_url()));
        assert_eq!(find("redirect_uri"), Some(world.callback_url()));
        assert_eq!(find("response_type").as_deref(), Some("code"));
        assert_eq!(find("code_challenge_method").as_deref(), Some("S256"));
        assert_eq!(find("code_challenge").unwrap().len(), 43);
        assert_eq!(answered.headers["cache-control"], "no-store");
        assert_eq!(answered.headers["referrer-policy"], "no-referrer");
        let state = find("state").unwrap();
        assert!(state.len() >= 43, "{state} has fewer than 256 bits");
        states.push(state);
    }
    assert_ne!(states[0], states[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_hostile_return_address_leaves_our_origin() {
    let world = world().await;
    let visitor = signed_in(&world, "lisi").await;
    let ours = Url::parse(world.gateway()).unwrap().origin();

    for hostile in [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "https:evil.example",
        "https://evil.example/",
        "http:///evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "/%5cevil.example",
        "/%2f/evil.example",
        "/%2fevil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/..//evil.example",
        "/./\\evil.example",
        "/a/..//evil.example",
        "//evil.example@127.0.0.1/",
        "/\u{2215}evil.example",
        "\u{ff0f}\u{ff0f}evil.example",
        "/\u{0}/evil.example",
        ".evil.example",
        "@evil.example",
        "",
    ] {
        let walk = visitor.sign_in(&world, "lisi", hostile).await;
        let end = Url::parse(&end(&walk)).unwrap();
        assert_eq!(end.origin(), ours, "{hostile:?} leads to {end}");
        assert!(!end.path().starts_with("//"), "{hostile:?} leads to {end}");
        // What a browser reads must not depend on how it resolves what is odd.
        let raw = walk.last.headers["location"].to_str().unwrap();
        assert!(!raw.contains('\\') && !raw.contains("evil.example@"), "{hostile:?} gives {raw}");
    }
    let long = format!("/{}", "a".repeat(10_000));
    let walk = visitor.sign_in(&world, "lisi", &long).await;
    assert!(end(&walk).len() < 5_000 || walk.last.http >= 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saying_no_ends_on_a_page_that_says_so() {
    let world = world().await;
    let visitor = Visitor::new();
    let page = visitor.walk(&world.login_url("/")).await;
    let login = Url::parse(page.visited.last().unwrap()).unwrap();
    let redirect = login.query_pairs().find(|(name, _)| name == "redirect").unwrap().1.into_owned();

    let form = [("action", "deny"), ("redirect", redirect.as_str())];
    let denied = visitor.submit(login.join("/web/login").unwrap().as_str(), &form).await;
    let walk = visitor.walk(&onward(login.as_str(), &denied).unwrap()).await;

    let html = walk.last.body.as_str().unwrap();
    assert_eq!(walk.last.http, 200);
    assert!(html.contains("重新登录") && html.contains("<html"), "{html}");
    assert!(walk.last.headers.contains_key("content-security-policy"));
    assert!(!html.contains("<script"));
    assert_eq!(world.odoo().token_calls(), 0);
    nobody(&world, &visitor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stolen_state_signs_nobody_in_and_asks_the_erp_nothing() {
    let world = world().await;
    let (owner, thief) = (Visitor::new(), Visitor::new());
    let callback = kept_back(&world, &owner, "zhangsan").await;
    // The thief has a login of his own under way, and so a cookie of his own.
    thief.get(&world.login_url("/")).await;

    let stolen = thief.walk_until(&callback, |next| world.is_after_callback(next)).await;

    assert_eq!(reason(&world, &stolen), "state_invalid");
    assert_eq!(world.odoo().token_calls(), 0);
    nobody(&world, &thief).await;
    // The theft spoils nothing for the one who began (DECISIONS, 64).
    let owned = owner.walk_until(&callback, |next| world.is_after_callback(next)).await;
    assert_eq!(end(&owned), at(&world, "/"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callbacks_at_once_make_one_session() {
    let world = world().await;
    let visitor = Visitor::new();
    let callback = kept_back(&world, &visitor, "zhangsan").await;
    let copies: Vec<Visitor> = (0..50).map(|_| visitor.copied()).collect();

    let answers = join_all(copies.iter().map(|copy| copy.get(&callback))).await;

    let sessions = copies.iter().filter(|copy| copy.cookie("aiflow_session").is_some()).count();
    assert!(answers.iter().all(|answered| matches!(answered.http, 302 | 303)));
    assert_eq!((sessions, world.odoo().token_calls()), (1, 1));
    let rows = format!("select count(*) from house_sso.sessions where tenant = '{}'", world.tenant);
    assert_eq!(shared::testing::count(&rows).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_tabs_can_sign_in_side_by_side() {
    let world = world().await;
    let visitor = Visitor::new();
    let first = kept_back(&world, &visitor, "zhangsan").await;
    let ours = world.callback_url();
    let login = world.login_url("/second");
    let walk = visitor.walk_until(&login, |next| next.starts_with(&ours)).await;
    let second = end(&walk);

    let last = visitor.get(&second).await;
    let earlier = visitor.get(&first).await;

    assert_eq!(onward(&second, &last), Some(at(&world, "/second")));
    assert_eq!(onward(&first, &earlier), Some(at(&world, "/")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_ends_the_session_wherever_its_cookies_went() {
    let world = world().await;
    let visitor = signed_in(&world, "lisi").await;
    let copy = visitor.copied();
    copy.get(&at(&world, TODO)).await.ok();

    visitor.post(&at(&world, LOGOUT), &json!({})).await.ok();

    nobody(&world, &visitor).await;
    eventually("the gateway has heard of it", || async {
        (copy.get(&at(&world, TODO)).await.http == 401).then_some(())
    })
    .await;
    copy.get(&at(&world, ME)).await.refused(Code::SessionInvalid);
    let token = copy.cookie("aiflow_refresh").unwrap();
    let refreshed =
        Visitor::new().post(&at(&world, REFRESH), &json!({"refreshToken": token})).await;
    refreshed.refused(Code::InvalidGrant);
    visitor.post(&at(&world, LOGOUT), &json!({})).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_is_disabled_is_signed_out_at_once_and_stays_out() {
    let world = world().await;
    let visitor = signed_in(&world, "lisi").await;
    visitor.get(&at(&world, TODO)).await.ok();
    let user = json!({"users": [{"userId": "USER002", "userName": "李四", "mobile": "13800138001",
        "deptId": "DEPT001", "status": 0}]});

    world.erp().post(USERS, &user).await.ok();

    eventually("the session has ended everywhere", || async {
        let (me, todo) = (visitor.get(&at(&world, ME)).await, visitor.get(&at(&world, TODO)).await);
        (me.http == 401 && todo.http == 401).then_some(())
    })
    .await;
    let again = Visitor::new();
    let walk = again.sign_in(&world, "lisi", "/").await;
    reason(&world, &walk);
    nobody(&world, &again).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refreshed_session_goes_on() {
    let world = world().await;
    let visitor = signed_in(&world, "lisi").await;
    let refresh = visitor.cookie("aiflow_refresh").unwrap();
    let client = Visitor::new();

    let first = client.post(&at(&world, REFRESH), &json!({"refreshToken": refresh})).await.ok();
    let again = client.post(&at(&world, REFRESH), &json!({"refreshToken": refresh})).await.ok();
    let bearer = client.request("GET", &at(&world, ME)).bearer_auth(text(&first["accessToken"]));
    let me = client.send(bearer).await.ok();

    assert_eq!(first["refreshToken"], again["refreshToken"]);
    assert_ne!(first["refreshToken"], json!(refresh));
    assert!((3590..=3600).contains(&first["expiresIn"].as_i64().unwrap()));
    assert_eq!(me["userCode"], "USER002");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_else_in_the_same_browser_replaces_the_first_session() {
    let world = world().await;
    let visitor = signed_in(&world, "lisi").await;
    let before = visitor.copied();
    world.odoo().control(Control { sign_out: true, ..Control::default() });

    let walk = visitor.sign_in(&world, "zhangsan", "/").await;

    assert_eq!(end(&walk), at(&world, "/"));
    assert_eq!(visitor.get(&at(&world, ME)).await.ok()["userCode"], "USER001");
    before.get(&at(&world, ME)).await.refused(Code::SessionInvalid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_dialects_of_the_erp_are_understood() {
    for control in [
        Control { snake_case: Some(true), ..Control::default() },
        Control { userinfo_by_get: Some(true), ..Control::default() },
        Control {
            ask_consent: Some(false),
            token: Some(Fault::Merge(json!({"tokenType": "bearer"}))),
            ..Control::default()
        },
        Control {
            token: Some(Fault::Merge(json!({"tokenType": null, "refreshToken": null}))),
            ..Control::default()
        },
        Control {
            userinfo: Some(Fault::Merge(
                json!({"phoneNumber": null, "phone": "+86 138-0013-8001"}),
            )),
            ..Control::default()
        },
        Control { userinfo: Some(Fault::Merge(json!({"userId": "ERP-77"}))), ..Control::default() },
    ] {
        let world = world().await;
        let said = format!("{control:?}");
        world.odoo().control(control);

        let visitor = signed_in(&world, "lisi").await;

        let me = visitor.get(&at(&world, ME)).await.ok();
        assert_eq!(me["userCode"], "USER002", "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_form_dialect_works_with_and_without_a_challenge() {
    for pkce in [true, false] {
        let world = world().await;
        world.odoo().control(Control { form: Some(true), ..Control::default() });
        let mut provider = world.provider(world.odoo());
        provider["dialect"] = json!("form");
        provider["pkce"] = json!(pkce);
        world.admin("/provider", provider).await;

        let visitor = signed_in(&world, "lisi").await;

        assert_eq!(visitor.get(&at(&world, ME)).await.ok()["userCode"], "USER002", "{pkce}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erp_that_misbehaves_signs_nobody_in() {
    let error = |status, error: &str| Fault::Say { status, body: json!({"error": error}) };
    let put = |body: Value| Fault::Merge(body);
    let metadata = "http://169.254.169.254/latest/meta-data/";
    let tokens = [
        error(500, "server_error"),
        error(401, "invalid_client"),
        error(400, "invalid_grant"),
        error(200, "invalid_grant"),
        Fault::NotJson,
        Fault::Huge,
        Fault::Redirect(metadata.to_owned()),
        put(json!({"tokenType": "mac"})),
        put(json!({"accessToken": ""})),
        put(json!({"accessToken": 7})),
        put(json!({"accessToken": "a\r\nX-Evil: 1"})),
        put(json!({"accessToken": null})),
        put(json!({"accessToken": "a".repeat(1024 * 1024)})),
        Fault::Say { status: 200, body: json!([1, 2]) },
    ];
    let people = [
        error(500, "server_error"),
        error(401, "invalid_token"),
        Fault::NotJson,
        Fault::Huge,
        Fault::Redirect(metadata.to_owned()),
        put(json!({"userId": "USER999", "phoneNumber": null, "email": null})),
        put(json!({"userId": " USER002", "phoneNumber": null})),
        put(json!({"userId": "user002", "phoneNumber": null})),
        put(json!({"userId": "USER002\u{0}", "phoneNumber": null})),
        put(json!({"userId": "😀".repeat(300), "phoneNumber": null})),
        put(json!({"userId": "ERP-77", "phoneNumber": "１３８００１３８００１"})),
        put(json!({"userId": "ERP-77", "username": "lisi", "phoneNumber": null})),
        put(json!({"userId": null})),
        put(json!({"userId": {"$ne": null}, "phoneNumber": null})),
        Fault::Say { status: 200, body: json!([]) },
    ];
    let world = world().await;
    let each = tokens.into_iter().map(|fault| (Some(fault), None));
    let faults = each.chain(people.into_iter().map(|fault| (None, Some(fault))));

    for (token, userinfo) in faults {
        let said = format!("{token:?} {userinfo:?}");
        let said: String = said.chars().take(200).collect();
        world.odoo().control(Control { reset: true, token, userinfo, ..Control::default() });
        let visitor = Visitor::new();

        let walk = visitor.sign_in(&world, "lisi", "/").await;

        assert!(!reason(&world, &walk).is_empty(), "{said}");
        assert!(!walk.last.headers.contains_key("x-evil"), "{said}");
        assert_eq!(visitor.cookie("aiflow_session"), None, "{said}");
    }
    world.odoo().control(Control { reset: true, ..Control::default() });
    signed_in(&world, "lisi").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erp_that_takes_for_ever_is_given_up() {
    let world = world().await;
    world.odoo().control(Control { token: Some(Fault::Drip), ..Control::default() });
    let visitor = Visitor::new();
    let began = std::time::Instant::now();

    let walk = visitor.sign_in(&world, "lisi", "/").await;

    reason(&world, &walk);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    nobody(&world, &visitor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_erp_to_sign_in_at_there_is_a_page_that_says_so() {
    let world = World::start().await;
    let visitor = Visitor::new();

    let known = visitor.walk(&world.login_url("/")).await;
    let unknown = at(&world, "/aflow/api/oauth2/login?enterprise=NOBODY&return_to=/");
    let unknown = visitor.walk(&unknown).await;

    let strip = |walk: &Walk| {
        let end = Url::parse(walk.visited.last().unwrap()).unwrap();
        end.query_pairs().find(|(name, _)| name == "reason").unwrap().1.into_owned()
    };
    assert_eq!(strip(&known), strip(&unknown));
    assert_eq!(known.last.http, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_error_page_writes_nothing_that_it_was_told() {
    let world = World::start().await;
    let visitor = Visitor::new();
    let hostile = "/aflow/api/oauth2/error?reason=%3Cscript%3Ealert(1)%3C/script%3E&request=%22%3E%3Cimg%20src=x%3E";

    let answered = visitor.get(&at(&world, hostile)).await;

    let html = answered.body.as_str().unwrap();
    assert_eq!(answered.http, 200);
    assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
    assert_eq!(answered.headers["x-content-type-options"], "nosniff");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_sign_in_with_dingtalk() {
    let world = World::start().await.with_people().await.with_dingtalk().await;
    let visitor = Visitor::new();
    let walk = visitor.walk(&world.dingtalk_login_url("/wanted")).await;
    let page = walk.visited.last().unwrap();
    assert!(page.starts_with(&format!("{}/oauth2/auth?", world.dingtalk.base_url())), "{page}");

    let scanned = visitor.submit(page, &[("userid", "u2")]).await;
    let callback = onward(page, &scanned).unwrap();
    let back = visitor.get(&callback).await;

    assert_eq!(onward(&callback, &back), Some(at(&world, "/wanted")));
    assert_eq!(visitor.get(&at(&world, ME)).await.ok()["userCode"], "USER002");
    let again = visitor.copied().get(&callback).await;
    assert!(onward(&callback, &again).unwrap().contains("/oauth2/error"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_of_a_sign_in_stay_out_of_the_tables() {
    let world = world().await;
    let visitor = signed_in(&world, "lisi").await;

    let mut secrets = world.odoo().secrets();
    secrets.push("aiflow-client-secret".to_owned());
    secrets.extend(["aiflow_session", "aiflow_refresh"].map(|name| visitor.cookie(name).unwrap()));

    for table in ["providers", "logins", "sessions", "refresh_tokens", "audit_records", "outbox"] {
        for secret in &secrets {
            let found =
                format!("select count(*) from house_sso.{table} t where t::text like '%{secret}%'");
            assert_eq!(shared::testing::count(&found).await, 0, "{secret:.8}… is in {table}");
        }
    }
}
