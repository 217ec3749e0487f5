//! People who have signed in: an ERP of a few lines, and the way through its sign-in.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use shared::http::client::Peer;
use shared::id::Tenant;
use shared::identity::Caller;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::house::House;
use crate::load::{Signer, Wire};
use crate::orders;

/// Whose people they are.
pub(crate) const TENANT: &str = "BENCHSSO";

/// How many people can sign in.
const PEOPLE: usize = 100;

/// A person with a session.
#[derive(Clone)]
pub(crate) struct SignedIn {
    pub(crate) user: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

/// The enterprise's people, and where they sign in.
pub(crate) async fn prepare(house: &House, erp: &Signer) -> anyhow::Result<()> {
    let mut wire = Wire::open(house.address("gateway")).await?;
    let users = (0..PEOPLE).map(
        |number| json!({"userId": user(number), "userName": user(number), "deptId": "DEPT001"}),
    );
    orders::prepare_organisation(erp, &mut wire, users.collect(), &user(0)).await?;
    let address = start_erp().await?;
    let url = |what: &str| format!("http://{address}/{what}");
    let provider = json!({
        "enterpriseCode": TENANT, "authorizeUrl": url("authorize"), "tokenUrl": url("token"),
        "userinfoUrl": url("userinfo"), "clientId": "bench", "clientSecret": "bench-secret", "scope": "userinfo",
        "bindByEmail": false, "autoCreate": false, "dialect": "json", "pkce": true,
    });
    let base = format!("http://{}", house.address("sso"));
    let sso = Peer::new(&base, House::keys(), Duration::from_secs(10))?;
    let caller = Caller::service(Tenant::stored("-"), "aiflow-admin");
    sso.post::<Value, Value>(&caller, "/aflow/api/admin/provider", &provider)
        .await
        .context("the provider could not be set")?;
    Ok(())
}

fn user(number: usize) -> String {
    format!("S{number:03}")
}

/// Signs people in, one after the other, as their browsers would.
pub(crate) async fn sign_in(house: &House, count: usize) -> anyhow::Result<Vec<SignedIn>> {
    let gateway = format!("http://{}", house.address("gateway"));
    let http = shared::http::client::new(Duration::from_secs(10))?;
    let mut people = Vec::with_capacity(count);
    for number in 0..count {
        let user = user(number % PEOPLE);
        let login = format!("{gateway}/aflow/api/oauth2/login?enterprise={TENANT}&return_to=/");
        let begun = http.get(login).send().await?;
        let cookies =
            cookies(begun.headers().get_all("set-cookie").iter().map(|one| one.as_bytes()));
        let location = begun.headers().get("location").context("the login did not redirect")?;
        let location = url::Url::parse(location.to_str()?).context("not sent to the ERP")?;
        let state = location.query_pairs().find(|(name, _)| name == "state");
        let (_, state) = state.context("no state")?;
        let mut callback = url::Url::parse(&format!("{gateway}/aflow/api/oauth2/callback"))?;
        callback.query_pairs_mut().append_pair("code", &user).append_pair("state", &state);
        let sent: Vec<String> =
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let ended = http.get(callback).header("cookie", sent.join("; ")).send().await?;
        let given =
            self::cookies(ended.headers().get_all("set-cookie").iter().map(|one| one.as_bytes()));
        let cookie = |wanted: &str| {
            let found = given.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.clone()).with_context(|| format!("{user} got no {wanted}"))
        };
        let (access, refresh) = (cookie("aiflow_session")?, cookie("aiflow_refresh")?);
        people.push(SignedIn { user, access, refresh });
    }
    Ok(people)
}

/// Names and values of `Set-Cookie` headers.
fn cookies<'a>(headers: impl Iterator<Item = &'a [u8]>) -> Vec<(String, String)> {
    let pair = |header: &[u8]| {
        let text = String::from_utf8_lossy(header).into_owned();
        let (name, value) = text.split(';').next()?.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    headers.filter_map(pair).collect()
}

/// An ERP that believes everything: the code is the person, and so is the token.
async fn start_erp() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    shared::telemetry::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            shared::telemetry::spawn(async move {
                // A caller that hangs up is served all the same.
                let _ = serve(stream).await;
            });
        }
    });
    Ok(address)
}

async fn serve(mut stream: TcpStream) -> anyhow::Result<()> {
    let mut received = Vec::new();
    loop {
        let (head, body) = loop {
            let text = String::from_utf8_lossy(&received).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let head = head.to_lowercase();
                let length = head.split("content-length: ").nth(1);
                let length = length.and_then(|rest| rest.lines().next()?.trim().parse().ok());
                if body.len() >= length.unwrap_or(0) {
                    break (head, body.to_owned());
                }
            }
            if stream.read_buf(&mut received).await? == 0 {
                bail!("hung up");
            }
        };
        received.clear();
        let answer = if head.contains(" /token ") {
            let asked: Value = serde_json::from_str(&body)?;
            json!({"accessToken": asked.get("code"), "tokenType": "Bearer", "expiresIn": 3600, "refreshToken": "r"})
        } else {
            let token = head.split("authorization: bearer ").nth(1).unwrap_or_default();
            let user = token.lines().next().unwrap_or_default().to_uppercase();
            json!({"userId": user, "name": user, "deptId": "DEPT001"})
        };
        let answer = answer.to_string();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length:";
        stream.write_all(format!("{head} {}\r\n\r\n{answer}", answer.len()).as_bytes()).await?;
    }
}
