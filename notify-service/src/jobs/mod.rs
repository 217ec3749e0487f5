//! Timers of notify-service: a name, a period, one use case.

mod deliver;
mod push;

use std::sync::Arc;
use std::time::Duration;

use shared::service::every;
use tokio_util::sync::CancellationToken;

use crate::usecase::Ctx;
use crate::usecase::recheck_waiting::recheck_waiting;
use crate::usecase::sweep::sweep;

/// Runs until `stop`.
pub(crate) async fn run(ctx: Arc<Ctx>, stop: CancellationToken) {
    let (recheck, hourly) = (Duration::from_secs(60), Duration::from_secs(3600));
    tokio::join!(
        deliver::run(ctx.clone(), stop.clone()),
        push::run(ctx.clone(), stop.clone()),
        every(recheck, "recheck_waiting", stop.clone(), || recheck_waiting(ctx.clone())),
        every(hourly, "sweep", stop.clone(), || sweep(ctx.clone())),
    );
}
