//! Timers of flow-service: a name, a period, one use case.

mod timers;

use std::sync::Arc;
use std::time::Duration;

use shared::service::every;
use tokio_util::sync::CancellationToken;

use crate::usecase::Ctx;
use crate::usecase::begin_absences::begin_absences;
use crate::usecase::relieve_leavers::relieve_leavers;
use crate::usecase::retry_incident::recheck_people;
use crate::usecase::sweep::sweep;

/// Runs until `stop`. `away` is how often tasks are looked for whose people are not there.
pub(crate) async fn run(ctx: Arc<Ctx>, away: Duration, stop: CancellationToken) {
    let (recheck, hourly) = (Duration::from_secs(60), Duration::from_secs(3600));
    tokio::join!(
        timers::run(ctx.clone(), stop.clone()),
        every(away, "begin_absences", stop.clone(), || begin_absences(ctx.clone())),
        every(away, "relieve_leavers", stop.clone(), || relieve_leavers(ctx.clone())),
        every(recheck, "recheck_people", stop.clone(), || recheck_people(ctx.clone())),
        every(hourly, "sweep", stop.clone(), || sweep(ctx.clone())),
    );
}
