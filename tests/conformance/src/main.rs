//! The command: runs a corpus, prints what was attained, ends with 0 only if the marks are met.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use conformance::corpus::{self, Corpus, Execution};
use conformance::driver::Driver;
use conformance::house::House;
use conformance::http::{self, OverHttp};
use conformance::report;
use conformance::run::Runner;
use conformance::trace;

/// Drives a BPMN conformance corpus.
#[derive(Parser)]
struct Arguments {
    /// The corpus; a folder with corpus.json.
    #[arg(long, env = "CONFORMANCE_CORPUS", default_value = "../shared/conformance")]
    corpus: PathBuf,
    /// The engine in this process, or the house over HTTP.
    #[arg(long, value_enum, default_value = "engine")]
    mode: Mode,
    /// Only tests whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// Where to write everything as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// The gateway.
    #[arg(long, default_value = "http://127.0.0.1:7020")]
    base: String,
    /// The enterprise that signs.
    #[arg(long, default_value = "DEMO")]
    enterprise: String,
    /// The application that signs.
    #[arg(long, default_value = "demo-erp")]
    app: String,
    /// Its secret.
    #[arg(long, env = "CONFORMANCE_SECRET", default_value = "")]
    secret: String,
    /// The person who starts orders and does tasks.
    #[arg(long, default_value = "USER001")]
    user: String,
    /// What the durations of scenarios are multiplied with; over HTTP nobody moves the clock.
    #[arg(long)]
    scale: Option<f64>,
    /// Runs at the same time.
    #[arg(long)]
    jobs: Option<usize>,
    /// Only judges: a test.json, a case's number and a result.json, as the corpus's
    /// tools/check_trace.py does.
    #[arg(long, num_args = 3)]
    judge: Option<Vec<PathBuf>>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    Engine,
    Http,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("conformance: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<bool> {
    if let Some([test, case, result]) = arguments.judge.as_deref() {
        return judge(test, &case.to_string_lossy(), result);
    }
    let corpus = Corpus::open(&arguments.corpus)?;
    let over_http = arguments.mode == Mode::Http;
    let house = Arc::new(http::House {
        base: arguments.base.trim_end_matches('/').to_owned(),
        enterprise: arguments.enterprise,
        app: arguments.app,
        secret: arguments.secret,
        user: arguments.user.clone(),
    });
    let driver = |_: &str| -> anyhow::Result<Box<dyn Driver>> {
        Ok(if over_http { Box::new(OverHttp::new(house.clone())?) } else { Box::new(House::new()) })
    };
    let fresh = |_| uuid::Uuid::new_v4().simple().to_string();
    let suffix = |number: usize| match over_http {
        true => {
            fresh(number).chars().take(6).fold("__r".to_owned(), |name, c| name + &c.to_string())
        }
        false => format!("__r{number:06x}"),
    };
    let outcomes = Runner {
        corpus: &corpus,
        driver: &driver,
        suffix: &suffix,
        scale: arguments.scale.unwrap_or(if over_http { 1.0 / 1800.0 } else { 1.0 }),
        patient: over_http,
        only: arguments.only,
        jobs: arguments.jobs.unwrap_or(if over_http { 16 } else { 2 }),
        user: &arguments.user,
    }
    .run();
    let json = report::json(&outcomes);
    if let Some(path) = arguments.json {
        let text = serde_json::to_string_pretty(&json)?;
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    print(&report::told(&outcomes));
    Ok(json.get("holds").and_then(serde_json::Value::as_bool).unwrap_or(false))
}

fn judge(test: &Path, case: &str, result: &Path) -> anyhow::Result<bool> {
    let test: Execution = serde_json::from_str(&corpus::text(test)?)?;
    let number: u32 = case.parse()?;
    let case = test.cases.iter().find(|it| it.case == number).context("no such case")?;
    let seen = serde_json::from_str(&corpus::text(result)?)?;
    let verdict = trace::judge(&test, case, &seen);
    print(&serde_json::to_string(&verdict)?);
    Ok(verdict.l3)
}

#[expect(clippy::print_stdout, reason = "this is what was asked for")]
fn print(text: &str) {
    println!("{text}");
}
