//! Commands about signing in: providers, sessions, attempts.

use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::{Service, encode, read_secret, say};

#[derive(Subcommand)]
pub(crate) enum ProviderCommand {
    /// Store an enterprise's OAuth2 provider; its client secret is read from standard input.
    Set {
        enterprise: String,
        /// The page where people sign in.
        #[arg(long)]
        authorize_url: String,
        #[arg(long)]
        token_url: String,
        #[arg(long)]
        userinfo_url: String,
        #[arg(long)]
        client_id: String,
        #[arg(long, default_value = "basic")]
        scope: String,
        /// How the token address is spoken to: as the interface document says, or as RFC 6749.
        #[arg(long, value_enum, default_value = "json")]
        dialect: Dialect,
        /// Send no code challenge.
        #[arg(long)]
        no_pkce: bool,
        /// Find people by e-mail too.
        #[arg(long)]
        bind_by_email: bool,
        /// Create people who are unknown, where their department is known.
        #[arg(long)]
        auto_create: bool,
        /// Keep the client secret that is stored.
        #[arg(long)]
        keep_secret: bool,
    },
    /// Show an enterprise's provider, without the secret.
    Show { enterprise: String },
    /// Switch an enterprise's sign-in on.
    Enable { enterprise: String },
    /// Switch an enterprise's sign-in off; whoever is signed in stays so.
    Disable { enterprise: String },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Dialect {
    Json,
    Form,
}

#[derive(Subcommand)]
pub(crate) enum SessionCommand {
    /// Sign sessions with a new key; the old one is believed until its tokens have ended.
    RotateKey,
    /// End all sessions of a person.
    End { enterprise: String, user: String },
}

pub(crate) async fn provider(sso: &Service, command: ProviderCommand) -> anyhow::Result<()> {
    match command {
        ProviderCommand::Set {
            enterprise,
            authorize_url,
            token_url,
            userinfo_url,
            client_id,
            scope,
            dialect,
            no_pkce,
            bind_by_email,
            auto_create,
            keep_secret,
        } => {
            let secret = if keep_secret { None } else { Some(read_secret()?) };
            let dialect = match dialect {
                Dialect::Json => "json",
                Dialect::Form => "form",
            };
            let body = json!({"enterpriseCode": enterprise, "authorizeUrl": authorize_url, "tokenUrl": token_url,
                "userinfoUrl": userinfo_url, "clientId": client_id, "clientSecret": secret, "scope": scope,
                "dialect": dialect, "pkce": !no_pkce, "bindByEmail": bind_by_email, "autoCreate": auto_create});
            sso.post("/provider", body).await?;
            say(&format!(
                "stored; people of {enterprise} sign in at /aflow/api/oauth2/login?enterprise={enterprise}"
            ))
        }
        ProviderCommand::Show { enterprise } => {
            let path = format!("/provider?enterpriseCode={}", encode(&enterprise));
            say(&serde_json::to_string_pretty(&sso.get(&path).await?)?)
        }
        ProviderCommand::Enable { enterprise } => enable(sso, enterprise, true).await,
        ProviderCommand::Disable { enterprise } => enable(sso, enterprise, false).await,
    }
}

async fn enable(sso: &Service, enterprise: String, enabled: bool) -> anyhow::Result<()> {
    sso.post("/provider/enable", json!({"enterpriseCode": enterprise, "enabled": enabled})).await?;
    say(if enabled { "enabled" } else { "disabled; nobody signs in any more" })
}

pub(crate) async fn session(sso: &Service, command: SessionCommand) -> anyhow::Result<()> {
    match command {
        SessionCommand::RotateKey => {
            let answer = sso.post("/session/rotate-key", json!({})).await?;
            let kid = answer.get("kid").and_then(Value::as_str).context("no kid in the answer")?;
            say(&format!("key {kid} signs from now on"))
        }
        SessionCommand::End { enterprise, user } => {
            let body = json!({"enterpriseCode": enterprise, "userCode": user});
            let answer = sso.post("/session/end", body).await?;
            say(&format!("{} session(s) ended", count(&answer)))
        }
    }
}

pub(crate) async fn forget_binding(
    sso: &Service,
    enterprise: String,
    user: String,
) -> anyhow::Result<()> {
    let body = json!({"enterpriseCode": enterprise, "userCode": user});
    let answer = sso.post("/binding/forget", body).await?;
    say(&format!("{} binding(s) forgotten", count(&answer)))
}

fn count(answer: &Value) -> u64 {
    answer.get("count").and_then(Value::as_u64).unwrap_or_default()
}

/// One attempt a line: when, what came of it, who, why, the request.
pub(crate) async fn logins(sso: &Service, enterprise: &str, problems: bool) -> anyhow::Result<()> {
    let path =
        format!("/logins?enterpriseCode={}&problems={problems}&size=100", encode(enterprise));
    let answer = sso.get(&path).await?;
    for row in answer.get("rows").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or("-");
        let detail = row.get("detail").map(Value::to_string).unwrap_or_default();
        let (at, outcome, user) = (text("at"), text("outcome"), text("userCode"));
        say(&format!("{at}  {outcome}  {user}  {detail}  {}", text("requestId")))?;
    }
    Ok(())
}
