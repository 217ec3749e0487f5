//! The sample enterprise, its application, a fake DingTalk and a fake Odoo, and what to try with them.

use std::time::Duration;

use anyhow::Context;
use fakes::dingtalk::{self, DingTalk};
use fakes::odoo::{self, Odoo};
use secrecy::SecretString;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::http::client::{Error, Peer};
use shared::id::{AppId, Tenant};
use shared::identity::{Actor, Caller, Keys};

use crate::examples;
use crate::settings::Demo;

const ENTERPRISE: &str = "COMPANY001";
const APPLICATION: &str = "APP001";
const SECRET: &str = "your_app_secret";

/// The outside systems of the demo.
pub(crate) struct Fakes {
    dingtalk: DingTalk,
    odoo: Odoo,
}

/// Starts them with the people of the documented examples, who come back to `public`.
pub(crate) async fn start_fakes(demo: &Demo, public: &str) -> anyhow::Result<Fakes> {
    let mut options = dingtalk::Options { port: demo.dingtalk_port, ..dingtalk::Options::demo() };
    let people = examples::people()?;
    options.people.extend(people.iter().map(|person| dingtalk::Person {
        mobile: person.phone_number.clone(),
        dept_ids: vec![1],
        ..dingtalk::Person::new(&person.username, &person.name)
    }));
    let dingtalk = DingTalk::start(options).await.with_context(|| {
        format!("the fake DingTalk cannot listen on 127.0.0.1:{}", demo.dingtalk_port)
    })?;
    dingtalk.register("dingdemo", &format!("{public}/aflow/api/oauth2/dingtalk/callback"));
    let usual = odoo::Options::demo();
    let users = usual.users.into_iter().chain(people).collect();
    let options =
        odoo::Options { port: demo.odoo_port, tells: true, users, ..odoo::Options::demo() };
    let odoo = Odoo::start(options)
        .await
        .with_context(|| format!("the fake Odoo cannot listen on 127.0.0.1:{}", demo.odoo_port))?;
    odoo.register(&format!("{public}/aflow/api/oauth2/callback"));
    Ok(Fakes { dingtalk, odoo })
}

/// Where the services that are told listen.
pub(crate) struct Doors<'a> {
    pub(crate) sso: &'a str,
    pub(crate) sync: &'a str,
    pub(crate) flow: &'a str,
    pub(crate) notify: &'a str,
}

/// Makes the enterprise and its application, unless an earlier run did, and says where its ERP is,
/// where its people sign in and who they are.
pub(crate) async fn fill(
    doors: &Doors<'_>,
    keys: &crate::keys::Keys,
    fakes: &Fakes,
) -> anyhow::Result<()> {
    let keys = Keys::new(&SecretString::from(keys.internal.clone()), Clock::system());
    let peer = |address: &str| {
        Peer::new(&format!("http://{address}"), keys.clone(), Duration::from_secs(10))
    };
    let sso = peer(doors.sso)?;
    let admin = Caller::service(Tenant::stored(ENTERPRISE), "aiflow-admin");
    let post = async |path: &str, body: Value| match sso.post::<_, Value>(&admin, path, &body).await
    {
        Err(Error::Refused { code, .. }) if code == "DUPLICATE" => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Ok(()),
    };
    post("/aflow/api/admin/enterprise", json!({"enterpriseCode": ENTERPRISE, "name": "示例企业"}))
        .await?;
    let application = json!({
        "enterpriseCode": ENTERPRISE, "appId": APPLICATION, "name": "示例 ERP", "appSecret": SECRET,
        "acceptV0": true,
    });
    post("/aflow/api/admin/application", application).await?;
    let url = fakes.dingtalk.base_url();
    let dingtalk = json!({
        "enterpriseCode": ENTERPRISE, "appKey": "dingdemo", "appSecret": "demo-secret", "agentId": 1_000_001,
        "corpId": "dingcorpdemo", "oapiUrl": url, "apiUrl": url, "loginUrl": url,
    });
    post("/aflow/api/admin/dingtalk", dingtalk).await?;
    let odoo = &fakes.odoo;
    let client = odoo::Options::demo().client;
    let provider = json!({
        "enterpriseCode": ENTERPRISE, "authorizeUrl": odoo.authorize_url(), "tokenUrl": odoo.token_url(),
        "userinfoUrl": odoo.userinfo_url(), "clientId": client.id, "clientSecret": client.secret,
        "scope": "openid", "bindByEmail": false, "autoCreate": false, "dialect": "json", "pkce": true,
    });
    post("/aflow/api/admin/provider", provider).await?;

    let endpoint = json!({
        "enterpriseCode": ENTERPRISE, "appId": APPLICATION, "baseUrl": odoo.base_url(),
    });
    let notify = peer(doors.notify)?;
    notify.post::<_, Value>(&admin, "/aflow/api/admin/erp_endpoint", &endpoint).await?;

    // Whoever signs in must be known, so the ERP sends its people first.
    let sync = peer(doors.sync)?;
    let erp = Caller {
        tenant: Tenant::stored(ENTERPRISE),
        actor: Actor::Application { app: AppId::stored(APPLICATION), any_order: false },
    };
    sync.post::<_, Value>(&erp, "/aflow/api/sys/sync/department", &departments()).await?;
    sync.post::<_, Value>(&erp, "/aflow/api/sys/sync/user", &users()).await?;
    examples::fill(&sync, &peer(doors.flow)?, &erp).await
}

/// As `make try` sends them, so that it finds nothing new.
fn departments() -> Value {
    json!({"departments": [
        {"deptId": "DEPT001", "deptName": "技术部", "parentId": "", "orderNum": 100, "status": 1},
        {"deptId": "DEPT002", "deptName": "开发组", "parentId": "DEPT001", "orderNum": 101, "status": 1},
    ]})
}

fn users() -> Value {
    let user = |person: &odoo::User, supervisor: &str| {
        json!({
            "userId": person.user_id, "userName": person.name, "realName": person.name,
            "email": person.email, "mobile": person.phone_number, "deptId": person.dept_id,
            "personnelType": 1, "directSupervisor": supervisor, "status": 1,
        })
    };
    let people = odoo::Options::demo().users;
    let first = people.first().map(|person| person.user_id.clone()).unwrap_or_default();
    let supervisor = |person: &odoo::User| match person.user_id == first {
        true => String::new(),
        false => first.clone(),
    };
    let rows: Vec<Value> = people.iter().map(|person| user(person, &supervisor(person))).collect();
    json!({ "users": rows })
}

/// Where everything is and what to do next.
pub(crate) fn explain(public: &str, fakes: &Fakes) {
    let people = odoo::Options::demo().users;
    let accounts: Vec<String> =
        people.iter().map(|one| format!("{} / {}", one.user_id, one.password)).collect();
    eprintln!(
        "\naiflow is ready.\n\n\
         \x20 gateway         {public}\n\
         \x20 API description {public}/docs\n\
         \x20 fake DingTalk   {}/_inbox   (what people received)\n\
         \x20 fake Odoo       {}/_pushes  (what aiflow told it; /_inbox: what it was asked)\n\n\
         \x20 enterpriseCode  {ENTERPRISE}\n\
         \x20 appId           {APPLICATION}\n\
         \x20 appSecret       {SECRET}\n\n\
         \x20 sign in         {public}/ as {}\n\
         \x20                 or as E103 / zhaomin-password, who asks for leave, money and contracts (docs/examples)\n\n\
         Try the documented journey from another terminal:  make try\n\
         Ctrl-C stops everything; the data stays (begin anew with: make run ARGS=--fresh).\n",
        fakes.dingtalk.base_url(),
        fakes.odoo.base_url(),
        accounts.join(", or "),
    );
}
