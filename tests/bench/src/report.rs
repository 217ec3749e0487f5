//! What was measured, for people (Markdown) and for programs (JSON).

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

/// One measurement under load.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(crate) work: String,
    pub(crate) connections: usize,
    pub(crate) per_second: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    pub(crate) failures: u64,
    /// Processors kept busy, by process.
    pub(crate) cores: BTreeMap<String, f64>,
    /// MiB of the six services together; absent for pgbench.
    pub(crate) memory: Option<f64>,
    /// What pgbench reached with the same rows.
    pub(crate) limit: Option<f64>,
}

/// From the answer to a sync until DingTalk had the push.
#[derive(Clone, Debug)]
pub(crate) struct Push {
    pub(crate) rate: u32,
    pub(crate) syncs: usize,
    pub(crate) missing: usize,
    /// Milliseconds.
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    /// Of the sync itself.
    pub(crate) answered_p95: f64,
}

/// A promise, and whether it was kept.
#[derive(Clone, Debug)]
pub(crate) struct Promise {
    pub(crate) promised: String,
    pub(crate) measured: String,
    pub(crate) kept: bool,
}

/// Everything.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) conditions: Vec<String>,
    pub(crate) lines: Vec<Line>,
    pub(crate) hops: Vec<Line>,
    pub(crate) hop_notes: Vec<String>,
    /// The engine in memory and its timers, a sentence each.
    pub(crate) engine: Vec<String>,
    pub(crate) pushes: Vec<Push>,
    /// Name, MiB at the end, MiB at most.
    pub(crate) memory: Vec<(String, f64, Option<f64>)>,
    pub(crate) promises: Vec<Promise>,
}

/// The six.
const SERVICES: [&str; 6] = ["gateway", "flow", "task", "sync", "sso", "notify"];

impl Line {
    pub(crate) fn ratio(&self) -> Option<f64> {
        Some(self.per_second / self.limit?)
    }

    /// Microseconds of CPU that a process used for each answer.
    pub(crate) fn micros(&self, name: &str) -> Option<f64> {
        let cores = self.cores.get(name)?;
        (self.per_second > 0.0).then(|| cores * 1e6 / self.per_second)
    }

    fn cores(&self, name: &str) -> String {
        self.cores.get(name).map_or_else(|| "–".to_owned(), |cores| format!("{cores:.2}"))
    }

    fn row(&self) -> String {
        let others =
            ["flow", "sync", "sso"].iter().filter_map(|name| self.cores.get(*name)).sum::<f64>();
        let cells = [
            self.work.clone(),
            self.connections.to_string(),
            format!("{:.0}", self.per_second),
            self.ratio().map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}")),
            format!("{:.1}", self.p50),
            format!("{:.1}", self.p95),
            format!("{:.1}", self.p99),
            self.failures.to_string(),
            self.cores("gateway"),
            self.cores("task"),
            self.cores("notify"),
            format!("{others:.2}"),
            self.cores("PostgreSQL"),
            self.cores("RabbitMQ"),
            self.cores("generator"),
            self.memory.map_or_else(|| "–".to_owned(), |memory| format!("{memory:.0}")),
        ];
        format!("| {} |", cells.join(" | "))
    }

    fn json(&self) -> Value {
        json!({
            "work": self.work, "connections": self.connections, "perSecond": self.per_second,
            "p50Ms": self.p50, "p95Ms": self.p95, "p99Ms": self.p99, "failures": self.failures,
            "cores": self.cores, "servicesMiB": self.memory, "limitPerSecond": self.limit,
            "ratioToLimit": self.ratio(),
        })
    }
}

impl Report {
    /// Name and MiB of the six together.
    pub(crate) fn services_memory(memory: &[(String, f64, f64)]) -> f64 {
        let is_service = |name: &str| SERVICES.contains(&name);
        memory.iter().filter(|(name, ..)| is_service(name)).map(|(_, now, _)| now).sum()
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        for condition in &self.conditions {
            writeln!(text, "- {condition}")?;
        }
        writeln!(text, "\n## Load\n")?;
        writeln!(
            text,
            "Processors kept busy by each process; load generator, servers and PostgreSQL share the machine.\n"
        )?;
        writeln!(
            text,
            "| work | conn. | per s | of limit | p50 ms | p95 ms | p99 ms | failures | gateway | task | notify \
             | flow+sync+sso | PostgreSQL | RabbitMQ | generator | services MiB |"
        )?;
        writeln!(text, "|---|{}", "--:|".repeat(15))?;
        for line in &self.lines {
            writeln!(text, "{}", line.row())?;
        }
        if !self.engine.is_empty() {
            writeln!(text, "\n## The engine: in memory on one core, and its timers\n")?;
            for note in &self.engine {
                writeln!(text, "- {note}")?;
            }
        }
        writeln!(text, "\n## The hop\n")?;
        writeln!(
            text,
            "| way | conn. | per s | p50 ms | p99 ms | failures | µs CPU of the hop | µs CPU of task-service |"
        )?;
        writeln!(text, "|---|{}", "--:|".repeat(7))?;
        for line in &self.hops {
            let micros = |name: &str| {
                line.micros(name).map_or_else(|| "–".to_owned(), |micros| format!("{micros:.0}"))
            };
            let hop = match line.work.contains("nginx") {
                true => micros("nginx"),
                false if line.work.contains("gateway") => micros("gateway"),
                false => "–".to_owned(),
            };
            writeln!(
                text,
                "| {} | {} | {:.0} | {:.2} | {:.2} | {} | {hop} | {} |",
                line.work,
                line.connections,
                line.per_second,
                line.p50,
                line.p99,
                line.failures,
                micros("task")
            )?;
        }
        writeln!(text)?;
        for note in &self.hop_notes {
            writeln!(text, "- {note}")?;
        }
        writeln!(text, "\n## Sync answered → push received\n")?;
        writeln!(
            text,
            "| syncs per s | syncs | never arrived | p50 ms | p95 ms | p99 ms | the sync's own p95 ms |"
        )?;
        writeln!(text, "|{}", "--:|".repeat(7))?;
        for push in &self.pushes {
            writeln!(
                text,
                "| {} | {} | {} | {:.0} | {:.0} | {:.0} | {:.1} |",
                push.rate,
                push.syncs,
                push.missing,
                push.p50,
                push.p95,
                push.p99,
                push.answered_p95
            )?;
        }
        writeln!(text, "\n## Memory\n\n| process | MiB at the end | at most |\n|---|--:|--:|")?;
        for (name, now, most) in &self.memory {
            let most = most.map_or_else(|| "–".to_owned(), |most| format!("{most:.0}"));
            writeln!(text, "| {name} | {now:.0} | {most} |")?;
        }
        writeln!(text, "\n## Promises\n\n| promised | measured | kept |\n|---|---|---|")?;
        for Promise { promised, measured, kept } in &self.promises {
            writeln!(
                text,
                "| {promised} | {measured} | {} |",
                if *kept { "yes" } else { "**no**" }
            )?;
        }
        Ok(())
    }

    pub(crate) fn json(&self) -> Value {
        let lines = |lines: &[Line]| lines.iter().map(Line::json).collect::<Vec<_>>();
        json!({
            "conditions": self.conditions,
            "load": lines(&self.lines),
            "hop": lines(&self.hops),
            "hopNotes": self.hop_notes,
            "engine": self.engine,
            "pushes": self.pushes.iter().map(|push| json!({
                "perSecond": push.rate, "syncs": push.syncs, "missing": push.missing, "p50Ms": push.p50,
                "p95Ms": push.p95, "p99Ms": push.p99, "answeredP95Ms": push.answered_p95,
            })).collect::<Vec<_>>(),
            "memory": self.memory.iter().map(|(name, now, most)| json!({"process": name, "mib": now, "mostMib": most})).collect::<Vec<_>>(),
            "promises": self.promises.iter().map(|promise| json!({
                "promised": promise.promised, "measured": promise.measured, "kept": promise.kept,
            })).collect::<Vec<_>>(),
        })
    }
}
