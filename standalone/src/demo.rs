//! The sample enterprise, its application and a fake DingTalk, and what to try with them.

use std::time::Duration;

use fakes::dingtalk::{DingTalk, Options};
use secrecy::SecretString;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::http::client::{Error, Peer};
use shared::id::Tenant;
use shared::identity::{Caller, Keys};

const ENTERPRISE: &str = "COMPANY001";
const APPLICATION: &str = "APP001";
const SECRET: &str = "your_app_secret";

/// Starts the fake DingTalk with the people of the documented examples.
pub(crate) async fn start_fake(port: u16) -> anyhow::Result<DingTalk> {
    let options = Options { port, ..Options::demo() };
    DingTalk::start(options).await.map_err(|error| {
        anyhow::anyhow!("the fake DingTalk cannot listen on 127.0.0.1:{port}: {error}")
    })
}

/// Makes the enterprise and its application, unless an earlier run did.
pub(crate) async fn fill(
    sso: &str,
    keys: &crate::keys::Keys,
    fake: &DingTalk,
) -> anyhow::Result<()> {
    let internal = SecretString::from(keys.internal.clone());
    let peer = Peer::new(
        &format!("http://{sso}"),
        Keys::new(&internal, Clock::system()),
        Duration::from_secs(10),
    )?;
    let admin = Caller::service(Tenant::stored(ENTERPRISE), "aiflow-admin");
    let post =
        async |path: &str, body: Value| match peer.post::<_, Value>(&admin, path, &body).await {
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
    let dingtalk = json!({
        "enterpriseCode": ENTERPRISE, "appKey": "dingdemo", "appSecret": "demo-secret", "agentId": 1_000_001,
        "corpId": "dingcorpdemo", "oapiUrl": fake.base_url(), "apiUrl": fake.base_url(),
    });
    post("/aflow/api/admin/dingtalk", dingtalk).await?;
    Ok(())
}

/// Where everything is and what to do next.
pub(crate) fn explain(gateway: &str, fake: &DingTalk) {
    eprintln!(
        "\naiflow is ready.\n\n\
         \x20 gateway         http://{gateway}\n\
         \x20 API description http://{gateway}/docs\n\
         \x20 fake DingTalk   {}/_inbox   (what people received)\n\n\
         \x20 enterpriseCode  {ENTERPRISE}\n\
         \x20 appId           {APPLICATION}\n\
         \x20 appSecret       {SECRET}\n\n\
         Try the documented journey from another terminal:  make try\n\
         Ctrl-C stops everything; the data stays (begin anew with: make run ARGS=--fresh).\n",
        fake.base_url()
    );
}
