//! The operator's command line.

mod erp;
mod sign_in;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::config::{self, Check, Internal, Log, Neighbour, Overrides};
use shared::http::client::{Error, Peer};
use shared::id::Tenant;
use shared::identity::{Caller, Keys};

/// Administers aiflow.
#[derive(Parser)]
#[command(name = "aiflow-admin")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Create an enterprise, or give it another name.
    CreateEnterprise {
        enterprise: String,
        #[arg(long)]
        name: String,
    },
    /// Switch an enterprise and all its applications on.
    EnableEnterprise { enterprise: String },
    /// Switch an enterprise and all its applications off.
    DisableEnterprise { enterprise: String },
    /// Create an application; its secret is printed once.
    CreateApplication {
        enterprise: String,
        app: String,
        #[arg(long)]
        name: String,
        /// Accept the published client's scheme v0.
        #[arg(long)]
        accept_v0: bool,
        /// Refuse requests without a timestamp.
        #[arg(long)]
        require_timestamp: bool,
        /// Sort organisation batches before judging them.
        #[arg(long)]
        any_order: bool,
        /// Take the secret from standard input instead of making one (moving from another system).
        #[arg(long)]
        secret_from_stdin: bool,
    },
    /// Give an application a new secret, printed once; the old one stays good for a while.
    Rotate {
        enterprise: String,
        app: String,
        #[arg(long, default_value_t = 24)]
        overlap_hours: u32,
    },
    /// Change an application's switches.
    Set {
        enterprise: String,
        app: String,
        #[arg(long)]
        accept_v0: Option<bool>,
        #[arg(long)]
        require_timestamp: Option<bool>,
        #[arg(long)]
        any_order: Option<bool>,
    },
    /// Switch an application on.
    Enable { enterprise: String, app: String },
    /// Switch an application off.
    Disable { enterprise: String, app: String },
    /// List enterprises and applications.
    List,
    /// Store an enterprise's DingTalk application; its secret is read from standard input.
    SetDingtalk {
        enterprise: String,
        #[arg(long)]
        app_key: String,
        #[arg(long)]
        agent_id: i64,
        #[arg(long)]
        corp_id: String,
        #[arg(long)]
        oapi_url: Option<String>,
        #[arg(long)]
        api_url: Option<String>,
        /// Where people sign in.
        #[arg(long)]
        login_url: Option<String>,
    },
    /// How an enterprise's people sign in at their ERP.
    #[command(subcommand)]
    Provider(sign_in::ProviderCommand),
    /// Sessions of people, and the key that signs them.
    #[command(subcommand)]
    Session(sign_in::SessionCommand),
    /// List people's newest attempts to sign in.
    Logins {
        enterprise: String,
        /// Only those that came to nothing.
        #[arg(long)]
        problems: bool,
    },
    /// Forget whom sign-ins were bound to a person by mobile or e-mail; the next one decides anew.
    ForgetBinding { enterprise: String, user: String },
    /// List deliveries, newest first.
    Deliveries {
        enterprise: String,
        /// For example failed, parked, blocked, waiting_person.
        #[arg(long)]
        state: Option<String>,
        #[arg(long)]
        user: Option<String>,
        #[arg(long, default_value_t = 1)]
        page: u32,
    },
    /// Show a delivery with every try.
    Attempts { id: i64 },
    /// Send a delivery again.
    Replay { id: i64 },
    /// Where an application's ERP is, and what it is told of orders.
    #[command(subcommand)]
    Erp(erp::ErpCommand),
    /// List what is stuck in an enterprise's orders, and why, oldest first.
    Incidents {
        enterprise: String,
        /// Only of this order.
        #[arg(long)]
        order: Option<i64>,
        #[arg(long, default_value_t = 1)]
        page: u32,
    },
    /// Try again what is stuck; the id is in the list of incidents.
    Retry { incident: String },
    /// Compute the hashes of what happened to orders anew: of one, or of all of an enterprise. Fails if
    /// something is not what was written.
    Verify { enterprise: String, order: Option<i64> },
    /// When people of an enterprise work: deadlines may count working time only.
    #[command(subcommand)]
    Calendar(CalendarCommand),
}

#[derive(Subcommand)]
enum CalendarCommand {
    /// Show the calendar; nine to six from Monday to Friday unless one was set.
    Show { enterprise: String },
    /// Set it from a JSON file with workdays, hours, holidays and workingDays.
    Set { enterprise: String, file: std::path::PathBuf },
}

#[derive(Deserialize)]
struct Settings {
    internal: Internal,
    data: Data,
    sso: Neighbour,
    notify: Neighbour,
    flow: Neighbour,
    log: Log,
}

#[derive(Deserialize)]
struct Data {
    folder: PathBuf,
}

impl Check for Settings {
    fn mistakes(&self) -> Vec<String> {
        Vec::new()
    }

    fn log(&self) -> &Log {
        &self.log
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    let settings: Settings =
        config::load("admin", include_str!("../config.default.toml"), &Overrides::new())?;
    let keys = Keys::new(&internal_key(&settings)?, Clock::system());
    let sso = Service {
        peer: settings.sso.peer(keys.clone())?,
        name: "sso-service",
        url: settings.sso.url,
    };
    let notify = Service {
        peer: settings.notify.peer(keys.clone())?,
        name: "notify-service",
        url: settings.notify.url,
    };
    let flow =
        Service { peer: settings.flow.peer(keys)?, name: "flow-service", url: settings.flow.url };
    match command {
        Command::CreateEnterprise { enterprise, name } => {
            sso.post("/enterprise", json!({"enterpriseCode": enterprise, "name": name})).await?;
            say(&format!(
                "enterprise {enterprise} is there; next: aiflow-admin create-application {enterprise} APP001 --name ERP"
            ))
        }
        Command::EnableEnterprise { enterprise } => enable_enterprise(&sso, enterprise, true).await,
        Command::DisableEnterprise { enterprise } => {
            enable_enterprise(&sso, enterprise, false).await
        }
        Command::CreateApplication {
            enterprise,
            app,
            name,
            accept_v0,
            require_timestamp,
            any_order,
            secret_from_stdin,
        } => {
            let secret = if secret_from_stdin { Some(read_secret()?) } else { None };
            let body = json!({"enterpriseCode": enterprise, "appId": app, "name": name, "appSecret": secret,
                "acceptV0": accept_v0, "requireTimestamp": require_timestamp, "anyOrder": any_order});
            let answer = sso.post("/application", body).await?;
            show_secret(&enterprise, &app, &answer)
        }
        Command::Rotate { enterprise, app, overlap_hours } => {
            let body =
                json!({"enterpriseCode": enterprise, "appId": app, "overlapHours": overlap_hours});
            let answer = sso.post("/application/rotate", body).await?;
            show_secret(&enterprise, &app, &answer)?;
            say(&format!("the old secret stays good for {overlap_hours} hours"))
        }
        Command::Set { enterprise, app, accept_v0, require_timestamp, any_order } => {
            let body = json!({"enterpriseCode": enterprise, "appId": app, "acceptV0": accept_v0,
                "requireTimestamp": require_timestamp, "anyOrder": any_order});
            sso.post("/application/change", body).await?;
            say("changed")
        }
        Command::Enable { enterprise, app } => enable(&sso, enterprise, app, true).await,
        Command::Disable { enterprise, app } => enable(&sso, enterprise, app, false).await,
        Command::List => list(&sso.get("/applications").await?),
        Command::Provider(command) => sign_in::provider(&sso, command).await,
        Command::Session(command) => sign_in::session(&sso, command).await,
        Command::Logins { enterprise, problems } => {
            sign_in::logins(&sso, &enterprise, problems).await
        }
        Command::ForgetBinding { enterprise, user } => {
            sign_in::forget_binding(&sso, enterprise, user).await
        }
        Command::SetDingtalk {
            enterprise,
            app_key,
            agent_id,
            corp_id,
            oapi_url,
            api_url,
            login_url,
        } => {
            let body = json!({"enterpriseCode": enterprise, "appKey": app_key, "appSecret": read_secret()?,
                "agentId": agent_id, "corpId": corp_id, "oapiUrl": oapi_url, "apiUrl": api_url, "loginUrl": login_url});
            sso.post("/dingtalk", body).await?;
            say("stored; the next push uses it")
        }
        Command::Deliveries { enterprise, state, user, page } => {
            let mut path =
                format!("/deliveries?enterpriseCode={}&page={page}", encode(&enterprise));
            for (name, value) in [("state", state), ("userCode", user)] {
                if let Some(value) = value {
                    path.push_str(&format!("&{name}={}", encode(&value)));
                }
            }
            say(&serde_json::to_string_pretty(&notify.get(&path).await?)?)
        }
        Command::Attempts { id } => {
            let shown = notify.get(&format!("/delivery?id={id}")).await?;
            say(&serde_json::to_string_pretty(&shown)?)
        }
        Command::Erp(command) => erp::erp(&notify, command).await,
        Command::Incidents { enterprise, order, page } => {
            let mut path = format!("/incidents?enterpriseCode={}&page={page}", encode(&enterprise));
            if let Some(order) = order {
                path.push_str(&format!("&orderId={order}"));
            }
            say(&serde_json::to_string_pretty(&flow.get(&path).await?)?)
        }
        Command::Retry { incident } => {
            flow.post("/incident/retry", json!({"incidentId": incident})).await?;
            say("tried again; aiflow-admin incidents shows whether it is still stuck")
        }
        Command::Verify { enterprise, order } => verify::verify(&flow, &enterprise, order).await,
        Command::Calendar(CalendarCommand::Show { enterprise }) => {
            let path = format!("/calendar?enterpriseCode={}", encode(&enterprise));
            say(&serde_json::to_string_pretty(&flow.get(&path).await?)?)
        }
        Command::Calendar(CalendarCommand::Set { enterprise, file }) => {
            let text = std::fs::read_to_string(&file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            let calendar: Value = serde_json::from_str(&text)
                .with_context(|| format!("{} is not JSON", file.display()))?;
            flow.post("/calendar", json!({"enterpriseCode": enterprise, "calendar": calendar}))
                .await?;
            say("set")
        }
        Command::Replay { id } => {
            notify.post("/delivery/replay", json!({"id": id})).await?;
            say("it is due again")
        }
    }
}

/// One of the services, for people who read its name in an error.
struct Service {
    peer: Peer,
    name: &'static str,
    url: String,
}

impl Service {
    async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        let answer = self.peer.post(&admin(), &format!("/aflow/api/admin{path}"), &body).await;
        answer.map_err(|error| self.explain(error))
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.peer.get(&admin(), &format!("/aflow/api/admin{path}")).await;
        answer.map_err(|error| self.explain(error))
    }

    fn explain(&self, error: Error) -> anyhow::Error {
        let prefix = self.name.trim_end_matches("-service").to_uppercase();
        match error {
            Error::Network(_) => anyhow::Error::new(error).context(format!(
                "{} does not answer at {}; start it, or set AIFLOW_ADMIN__{prefix}__URL",
                self.name, self.url
            )),
            Error::Refused { ref code, .. } if code == "NOT_PERMITTED" => anyhow::Error::new(error)
                .context("the internal key is not the services' one; set AIFLOW__INTERNAL__KEY"),
            Error::Refused { .. } | Error::TooLong(_) | Error::Unexpected(_) => {
                anyhow::Error::new(error)
            }
        }
    }
}

fn admin() -> Caller {
    Caller::service(Tenant::stored("-"), "aiflow-admin")
}

fn internal_key(settings: &Settings) -> anyhow::Result<SecretString> {
    #[derive(Deserialize)]
    struct KeysFile {
        internal: String,
    }
    if !settings.internal.key.expose_secret().is_empty() {
        return Ok(settings.internal.key.clone());
    }
    let path = settings.data.folder.join("keys.toml");
    let text = std::fs::read_to_string(&path).with_context(|| {
        format!("no internal key: set AIFLOW__INTERNAL__KEY, or run where {} is", path.display())
    })?;
    Ok(SecretString::from(toml::from_str::<KeysFile>(&text)?.internal))
}

fn read_secret() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let secret = line.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        bail!("no secret on standard input");
    }
    Ok(secret.to_owned())
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|c| {
            if c.is_ascii_alphanumeric() { char::from(c).to_string() } else { format!("%{c:02X}") }
        })
        .collect()
}

async fn enable_enterprise(sso: &Service, enterprise: String, enabled: bool) -> anyhow::Result<()> {
    sso.post("/enterprise/enable", json!({"enterpriseCode": enterprise, "enabled": enabled}))
        .await?;
    say(if enabled { "enabled" } else { "disabled; its applications are refused from now on" })
}

async fn enable(
    sso: &Service,
    enterprise: String,
    app: String,
    enabled: bool,
) -> anyhow::Result<()> {
    let body = json!({"enterpriseCode": enterprise, "appId": app, "enabled": enabled});
    sso.post("/application/change", body).await?;
    say(if enabled { "enabled" } else { "disabled; it is refused from now on" })
}

fn show_secret(enterprise: &str, app: &str, answer: &Value) -> anyhow::Result<()> {
    let secret =
        answer.get("appSecret").and_then(Value::as_str).context("no secret in the answer")?;
    say(&format!(
        "enterpriseCode {enterprise}\nappId          {app}\nappSecret      {secret}\nThe secret is shown only this once."
    ))
}

fn list(answer: &Value) -> anyhow::Result<()> {
    let rows = |name: &str| answer.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |row: &Value, name: &str| {
        row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let flag = |row: &Value, name: &str| row.get(name).and_then(Value::as_bool).unwrap_or_default();
    for row in rows("enterprises") {
        let state = if flag(&row, "enabled") { "" } else { "  (disabled)" };
        say(&format!("{}  {}{state}", text(&row, "enterpriseCode"), text(&row, "name")))?;
        for app in rows("applications")
            .iter()
            .filter(|app| text(app, "enterpriseCode") == text(&row, "enterpriseCode"))
        {
            let mut notes = Vec::new();
            if !flag(app, "enabled") {
                notes.push("disabled".to_owned());
            }
            for switch in ["acceptV0", "requireTimestamp", "anyOrder"] {
                if flag(app, switch) {
                    notes.push(switch.to_owned());
                }
            }
            let until = text(app, "previousUntil");
            if !until.is_empty() {
                notes.push(format!("old secret good until {until}"));
            }
            say(&format!("  {}  {}  {}", text(app, "appId"), text(app, "name"), notes.join(", ")))?;
        }
    }
    Ok(())
}

/// What was asked for goes to standard output.
fn say(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
