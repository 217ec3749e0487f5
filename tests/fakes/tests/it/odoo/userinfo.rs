//! Who somebody is.

use fakes::odoo::{Control, User};
use serde_json::json;

use super::{Erp, reply};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_described_in_the_documented_words() {
    let erp = Erp::start().await;
    let (token, _) = erp.tokens().await;

    let answer = erp.userinfo(&token).await;

    assert_eq!(
        answer.body,
        json!({
            "userId": "USER001", "username": "zhangsan", "name": "张三", "phoneNumber": "13800138000",
            "email": "zhangsan@example.com", "deptId": "DEPT001", "deptName": "技术部",
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_asked_for_and_ends() {
    let erp = Erp::start().await;
    let (token, _) = erp.tokens().await;

    let without = erp.http.post(erp.fake.userinfo_url()).send().await.unwrap();
    let header = without.headers()["www-authenticate"].to_str().unwrap().to_owned();
    reply(without).await.refuses(401, "invalid_token");
    erp.userinfo("unknown").await.refuses(401, "invalid_token");
    erp.fake.advance(3600);
    erp.userinfo(&token).await.refuses(401, "invalid_token");

    assert_eq!(header, "Bearer");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_had_by_post_or_by_get_as_told() {
    let erp = Erp::start().await;
    let (token, _) = erp.tokens().await;
    let get = || erp.http.get(erp.fake.userinfo_url()).bearer_auth(&token).send();

    let by_get = get().await.unwrap().status();
    erp.fake.control(Control { userinfo_by_get: Some(true), ..Control::default() });
    let then = reply(get().await.unwrap()).await;
    let by_post = erp.userinfo(&token).await;

    assert_eq!((by_get.as_u16(), by_post.status), (405, 405));
    assert_eq!(then.body["userId"], "USER001");
}

#[tokio::test(flavor = "multi_thread")]
async fn snake_case_and_people_without_everything() {
    let erp = Erp::start().await;
    let user = User {
        user_id: "USER001".to_owned(),
        username: "zhangsan".to_owned(),
        password: "zhangsan-password".to_owned(),
        name: "张三".to_owned(),
        ..User::default()
    };
    let (token, _) = erp.tokens().await;

    erp.fake.control(Control { snake_case: Some(true), user: Some(user), ..Control::default() });

    let answer = erp.userinfo(&token).await;
    assert_eq!(
        answer.body,
        json!({ "user_id": "USER001", "username": "zhangsan", "name": "张三" })
    );
}
