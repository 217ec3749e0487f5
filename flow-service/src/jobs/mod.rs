//! Timers of flow-service: a name, a period, one use case.

mod timers;

use std::sync::Arc;
use std::time::Duration;

use shared::service::every;
use tokio_util::sync::CancellationToken;

use crate::usecase::Ctx;
use crate::usecase::retry_incident::recheck_people;
use crate::usecase::sweep::sweep;

/// Runs until `stop`.
pub(crate) async fn run(ctx: Arc<Ctx>, stop: CancellationToken) {
    let (recheck, hourly) = (Duration::from_secs(60), Duration::from_secs(3600));
    tokio::join!(
        timers::run(ctx.clone(), stop.clone()),
        every(recheck, "recheck_people", stop.clone(), || recheck_people(ctx.clone())),
        every(hourly, "sweep", stop.clone(), || sweep(ctx.clone())),
    );
}
