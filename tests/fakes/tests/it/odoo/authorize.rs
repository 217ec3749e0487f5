//! The pages: signing in, consent, refusals, and addresses that nobody is sent to.

use fakes::odoo::Control;

use super::{Erp, REDIRECT, from_query, location};

#[tokio::test(flavor = "multi_thread")]
async fn somebody_unknown_signs_in_first_and_comes_back_with_a_code() {
    let erp = Erp::start().await;

    let to_login = location(&erp.authorize(&[], None).await);
    let redirect = from_query(&erp.url(&to_login), "redirect").unwrap();
    let page = erp.http.get(erp.url(&to_login)).send().await.unwrap().text().await.unwrap();
    let form = [("login", "zhangsan"), ("password", "zhangsan-password"), ("redirect", &redirect)];
    let signed_in = erp.submit("/web/login", &form, None).await;
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().to_owned();
    let onward = location(&signed_in);
    let request =
        erp.http.get(erp.url(&onward)).header("Cookie", cookie.split(';').next().unwrap());
    let back = location(&request.send().await.unwrap());

    assert!(to_login.starts_with("/web/login?redirect="));
    assert!(page.contains("name=\"password\"") && page.contains("拒绝"));
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
    assert!(back.starts_with(REDIRECT));
    assert_eq!(from_query(&back, "state").as_deref(), Some("s-1"));
    assert!(from_query(&back, "code").unwrap().len() >= 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signed_in_goes_straight_back() {
    let erp = Erp::start().await;
    let cookie = erp.sign_in("lisi").await;
    let by_code = [("login", "USER002"), ("password", "lisi-password")];
    let by_code = erp.submit("/web/login", &by_code, None).await;
    let other = erp.submit("/web/login", &[("login", "lisi"), ("password", "no")], None).await;

    let back = location(&erp.authorize(&[], Some(&cookie)).await);
    let home = erp.http.get(erp.url("/web")).header("Cookie", &cookie).send().await.unwrap();

    assert!(from_query(&back, "code").is_some());
    assert!(home.text().await.unwrap().contains("李四"));
    assert_eq!(location(&by_code), "/web");
    assert_eq!(other.status(), 200);
    assert!(other.text().await.unwrap().contains("用户名或密码错误"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_client_or_address_is_told_on_our_own_page_and_sent_nowhere() {
    let erp = Erp::start().await;
    let cookie = erp.sign_in("zhangsan").await;

    for (name, value) in [
        ("client_id", "APP002"),
        ("client_id", ""),
        ("redirect_uri", ""),
        ("redirect_uri", "https://evil.example/"),
        ("redirect_uri", "http://127.0.0.1:7020/aflow/api/oauth2/callback/"),
        ("redirect_uri", "http://127.0.0.1:7020/aflow/api/oauth2/callback?a=b"),
        ("redirect_uri", "http://127.0.0.1:7020/aflow/api/oauth2/Callback"),
    ] {
        let answer = erp.authorize(&[(name, value)], Some(&cookie)).await;

        assert_eq!(answer.status(), 400, "{name}={value}");
        assert!(answer.headers().get("location").is_none(), "{name}={value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_given_twice_is_refused() {
    let erp = Erp::start().await;
    let mut asked = Erp::asked(&[]);
    asked.push(("redirect_uri".to_owned(), "https://evil.example/".to_owned()));

    let answer = erp.http.get(erp.fake.authorize_url()).query(&asked).send().await.unwrap();

    assert_eq!(answer.status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_else_is_wrong_goes_back_to_the_registered_address() {
    let erp = Erp::start().await;
    let cookie = erp.sign_in("zhangsan").await;

    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "unsupported_response_type"),
        ("state", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
    ] {
        let back = location(&erp.authorize(&[(name, value)], Some(&cookie)).await);

        assert!(back.starts_with(REDIRECT), "{back}");
        assert_eq!(from_query(&back, "error").as_deref(), Some(error), "{name}={value}");
        assert_eq!(from_query(&back, "code"), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_may_not_use_codes_is_told_so() {
    let erp = Erp::start().await;
    erp.fake.control(Control { may_use_codes: Some(false), ..Control::default() });

    let back = location(&erp.authorize(&[], None).await);

    assert_eq!(from_query(&back, "error").as_deref(), Some("unauthorized_client"));
    assert_eq!(from_query(&back, "state").as_deref(), Some("s-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn saying_no_goes_back_as_access_denied() {
    let erp = Erp::start().await;
    let to_login = location(&erp.authorize(&[], None).await);
    let redirect = from_query(&erp.url(&to_login), "redirect").unwrap();

    let form = [("action", "deny"), ("redirect", redirect.as_str())];
    let back = location(&erp.submit("/web/login", &form, None).await);

    assert!(back.starts_with(REDIRECT));
    assert_eq!(from_query(&back, "error").as_deref(), Some("access_denied"));
    assert_eq!(from_query(&back, "state").as_deref(), Some("s-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_is_asked_for_where_a_test_wants_it() {
    let erp = Erp::start().await;
    erp.fake.control(Control { ask_consent: Some(true), ..Control::default() });
    let cookie = erp.sign_in("zhangsan").await;
    let page = erp.authorize(&[], Some(&cookie)).await;
    let query = page.url().query().unwrap().to_owned();
    let redirect = format!("/odoo/api/oauth2/authorize?{query}");

    let yes = [("action", "allow"), ("redirect", redirect.as_str())];
    let yes = location(&erp.submit("/web/consent", &yes, Some(&cookie)).await);
    let no = [("action", "deny"), ("redirect", redirect.as_str())];
    let no = location(&erp.submit("/web/consent", &no, Some(&cookie)).await);

    assert_eq!(page.status(), 200);
    assert!(from_query(&yes, "code").is_some());
    assert_eq!(from_query(&no, "error").as_deref(), Some("access_denied"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_form_leads_nowhere_but_to_authorize() {
    let erp = Erp::start().await;

    for redirect in ["https://evil.example/", "//evil.example", "/odoo/api/oauth2/authorize@evil"] {
        let form =
            [("login", "zhangsan"), ("password", "zhangsan-password"), ("redirect", redirect)];
        let to = location(&erp.submit("/web/login", &form, None).await);

        assert_eq!(to, "/web");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_request_says_is_not_written_into_a_page_as_markup() {
    let erp = Erp::start().await;

    let hostile = "/web/login?redirect=%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    let page = erp.http.get(erp.url(hostile)).send().await.unwrap().text().await.unwrap();

    assert!(!page.contains("<script>"));
    assert!(page.contains("&lt;script&gt;"));
}
