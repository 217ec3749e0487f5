//! Due timers, timeouts and errands, every second; what comes in crowds is worked off without a pause.

use std::sync::Arc;
use std::time::Duration;

use shared::fault::chain;
use tokio_util::sync::CancellationToken;

use crate::usecase::Ctx;
use crate::usecase::fire_timeouts::fire_timeouts;
use crate::usecase::fire_timers::fire_timers;
use crate::usecase::work_errands::work_due_errands;

/// Runs until `stop`; what is in hand is brought to its end.
pub(super) async fn run(ctx: Arc<Ctx>, stop: CancellationToken) {
    let mut timer = tokio::time::interval(Duration::from_secs(1));
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = timer.tick() => {}
        }
        while !stop.is_cancelled() {
            match tokio::try_join!(fire_timers(&ctx), fire_timeouts(&ctx), work_due_errands(&ctx)) {
                Ok((0, 0, 0)) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(cause = chain(&error), "timers were interrupted");
                    break;
                }
            }
        }
    }
}
