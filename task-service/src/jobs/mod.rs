//! Timers of task-service: a name, a period, one use case.

use std::sync::Arc;
use std::time::Duration;

use shared::service::every;
use tokio_util::sync::CancellationToken;

use crate::usecase::Ctx;
use crate::usecase::sweep::sweep;

/// Runs until `stop`.
pub(crate) async fn run(ctx: Arc<Ctx>, stop: CancellationToken) {
    every(Duration::from_secs(3600), "sweep", stop, || sweep(ctx.clone())).await;
}
