//! Logs as one object a line, metrics, and tasks that keep the span they were born in.

use std::future::Future;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::task::JoinHandle;
use tracing::Instrument;
use tracing_subscriber::EnvFilter;

use crate::config::Log;

static METRICS: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Installs the subscriber and the metrics recorder of this process; later calls change nothing.
pub fn init(log: &Log) {
    let filter = EnvFilter::try_new(&log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_target(true);
    let installed = if log.format == "json" {
        subscriber
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init()
    } else {
        subscriber.compact().try_init()
    };
    if installed.is_ok() {
        tracing::debug!(level = %log.level, "logging started");
    }
    install_metrics();
}

fn install_metrics() -> Option<&'static PrometheusHandle> {
    METRICS
        .get_or_init(|| {
            let seconds =
                [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];
            PrometheusBuilder::new().set_buckets(&seconds).ok()?.install_recorder().ok()
        })
        .as_ref()
}

/// All metrics of this process in Prometheus' text form.
pub fn metrics_text() -> String {
    install_metrics().map(PrometheusHandle::render).unwrap_or_default()
}

/// Starts a task that logs in the span of its caller.
pub fn spawn<F>(work: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    #[expect(clippy::disallowed_methods, reason = "this is the one wrapper")]
    tokio::spawn(work.in_current_span())
}
