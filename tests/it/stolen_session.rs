//! A refresh token that two people have: its session ends, and its person hears of it, once.

use serde_json::json;
use shared::code::Code;
use tests::{Answered, Visitor, World, eventually};

use crate::sso::{ME, REFRESH, at, signed_in};

async fn refresh(world: &World, token: &str) -> Answered {
    Visitor::new().post(&at(world, REFRESH), &json!({"refreshToken": token})).await
}

/// Uses a browser's refresh token twice, the second time after the grace; gives it and its successor.
async fn use_twice(world: &World, visitor: &Visitor) -> [String; 2] {
    let first = visitor.cookie("aiflow_refresh").unwrap();
    let second = refresh(world, &first).await.ok()["refreshToken"].as_str().unwrap().to_owned();
    let later = "update house_sso.refresh_tokens r set used_at = used_at - interval '6 seconds' \
         from house_sso.sessions s where s.id = r.session_id and s.tenant = ";
    shared::testing::execute(&format!("{later}'{}'", world.tenant)).await;
    refresh(world, &first).await.refused(Code::InvalidGrant);
    [first, second]
}

fn received(world: &World, userid: &str) -> Vec<String> {
    let inbox = world.dingtalk.inbox().into_iter();
    inbox.filter(|message| message.userid == userid).map(|message| message.text).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_used_again_is_one_message_to_its_person_and_never_a_second() {
    let world = World::start().await.with_people().await.with_odoo().await.with_dingtalk().await;
    let (lisi, zhangsan) = (signed_in(&world, "lisi").await, signed_in(&world, "zhangsan").await);

    let tokens = use_twice(&world, &lisi).await;
    for token in tokens.iter().chain(&tokens) {
        refresh(&world, token).await.refused(Code::InvalidGrant);
    }
    // What was told before this has had its turn when this arrives.
    use_twice(&world, &zhangsan).await;
    eventually("both have been told", || async {
        let told = ["u1", "u2"].map(|userid| received(&world, userid).len());
        (told.iter().all(|count| *count > 0)).then_some(())
    })
    .await;

    let deliveries = format!("house_notify.deliveries where tenant = '{}'", world.tenant);
    assert_eq!(shared::testing::count(&format!("select count(*) from {deliveries}")).await, 2);
    let told = received(&world, "u2");
    assert_eq!((told.len(), world.dingtalk.todos().len()), (1, 0));
    assert!(told[0].contains("您的登录凭证疑似被他人使用，相关会话已全部退出"), "{}", told[0]);
    for visitor in [&lisi, &zhangsan] {
        visitor.get(&at(&world, ME)).await.refused(Code::SessionInvalid);
    }
}
