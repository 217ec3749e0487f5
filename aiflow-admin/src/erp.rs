//! Where an application's ERP is, and what it is told of orders: set, list, pause, look, send again.

use anyhow::bail;
use clap::Subcommand;
use serde_json::{Map, Value, json};

use crate::{Service, encode, say};

#[derive(Subcommand)]
pub(crate) enum ErpCommand {
    /// Say where an application's ERP is; setting again replaces it.
    Set {
        enterprise: String,
        app: String,
        /// Such as `https://odoo.example.com`; the paths come after it.
        #[arg(long)]
        base_url: String,
        /// Default /odoo/api/workflow/receive.
        #[arg(long)]
        receive_path: Option<String>,
        /// Default /odoo/api/workflow/approval/log.
        #[arg(long)]
        log_path: Option<String>,
    },
    /// List endpoints and how they fare.
    List { enterprise: Option<String> },
    /// Stop the pushes of an application; they are kept.
    Pause { enterprise: String, app: String },
    /// Let the pushes of an application go on, whoever stopped them.
    Resume { enterprise: String, app: String },
    /// List what an enterprise's ERPs are told, newest first.
    Pushes {
        enterprise: String,
        #[arg(long)]
        app: Option<String>,
        /// For example parked, due, not_configured.
        #[arg(long)]
        state: Option<String>,
        #[arg(long)]
        order: Option<i64>,
        #[arg(long, default_value_t = 1)]
        page: u32,
    },
    /// Show a push: what is sent, and every try.
    Attempts { id: i64 },
    /// Send pushes again: one by its id, or of an application those in a state, or all since a time.
    Replay {
        id: Option<i64>,
        #[arg(long, requires = "app")]
        enterprise: Option<String>,
        #[arg(long, requires = "enterprise")]
        app: Option<String>,
        /// parked (what failed), not_configured, not_supported or skipped.
        #[arg(long, conflicts_with = "since")]
        state: Option<String>,
        /// Such as "2025-01-24 10:00:00": everything but calls goes out again, delivered or not.
        #[arg(long)]
        since: Option<String>,
    },
    /// Leave a push out, so that those behind it can go; a call counts as failed.
    Skip { id: i64 },
}

pub(crate) async fn erp(notify: &Service, command: ErpCommand) -> anyhow::Result<()> {
    match command {
        ErpCommand::Set { enterprise, app, base_url, receive_path, log_path } => {
            let body = json!({"enterpriseCode": enterprise, "appId": app, "baseUrl": base_url,
                "receivePath": receive_path, "logPath": log_path});
            let answer = notify.post("/erp_endpoint", body).await?;
            say("stored; the next push goes there")?;
            match answer.get("notConfigured").and_then(Value::as_i64) {
                Some(left) if left > 0 => say(&format!(
                    "{left} pushes never went out; send them with: aiflow-admin erp replay --enterprise {enterprise} --app {app} --state not_configured"
                )),
                _ => Ok(()),
            }
        }
        ErpCommand::List { enterprise } => {
            let query = enterprise.map(|code| format!("?enterpriseCode={}", encode(&code)));
            list(&notify.get(&format!("/erp_endpoints{}", query.unwrap_or_default())).await?)
        }
        ErpCommand::Pause { enterprise, app } => {
            let body = json!({"enterpriseCode": enterprise, "appId": app});
            notify.post("/erp_endpoint/pause", body).await?;
            say("paused; pushes are kept")
        }
        ErpCommand::Resume { enterprise, app } => {
            let body = json!({"enterpriseCode": enterprise, "appId": app});
            notify.post("/erp_endpoint/resume", body).await?;
            say("resumed; what piled up goes out at a pace")
        }
        ErpCommand::Pushes { enterprise, app, state, order, page } => {
            let mut path = format!("/pushes?enterpriseCode={}&page={page}", encode(&enterprise));
            let order = order.map(|order| order.to_string());
            for (name, value) in [("appId", app), ("state", state), ("orderId", order)] {
                if let Some(value) = value {
                    path.push_str(&format!("&{name}={}", encode(&value)));
                }
            }
            say(&serde_json::to_string_pretty(&notify.get(&path).await?)?)
        }
        ErpCommand::Attempts { id } => {
            let shown = notify.get(&format!("/push?id={id}")).await?;
            say(&serde_json::to_string_pretty(&shown)?)
        }
        ErpCommand::Replay { id, enterprise, app, state, since } => {
            if id.is_none() && state.is_none() && since.is_none() {
                bail!("name a push, or --enterprise and --app with --state or --since");
            }
            let fields = [
                ("id", id.map(Value::from)),
                ("enterpriseCode", enterprise.map(Value::from)),
                ("appId", app.map(Value::from)),
                ("state", state.map(Value::from)),
                ("since", since.map(Value::from)),
            ];
            let given =
                fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            let body = Value::Object(given.collect::<Map<_, _>>());
            let answer = notify.post("/push/replay", body).await?;
            say(&format!("{} pushes go out again", answer.get("replayed").unwrap_or(&json!(0))))
        }
        ErpCommand::Skip { id } => {
            notify.post("/push/skip", json!({"id": id})).await?;
            say("left out; those behind it go on")
        }
    }
}

fn list(answer: &Value) -> anyhow::Result<()> {
    let rows = answer.get("endpoints").and_then(Value::as_array).cloned().unwrap_or_default();
    for row in rows {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let number = |name: &str| row.get(name).and_then(Value::as_i64).unwrap_or_default();
        say(&format!(
            "{}  {}  {}  {}  pending {}  to look at {}",
            text("enterpriseCode"),
            text("appId"),
            text("baseUrl"),
            text("state"),
            number("pending"),
            number("parked"),
        ))?;
        let notes = [
            ("paused by", text("pausedBy")),
            ("down since", text("downSince")),
            ("nothing before", text("restUntil")),
            ("no approval logs until", text("logUnsupportedUntil")),
            ("last error", text("lastError")),
        ];
        for (label, note) in notes.iter().filter(|(_, note)| !note.is_empty()) {
            say(&format!("    {label} {note}"))?;
        }
    }
    Ok(())
}
