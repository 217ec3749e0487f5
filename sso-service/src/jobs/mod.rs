//! Timers of sso-service: a name, a period, one use case.

use std::sync::Arc;
use std::time::Duration;

use shared::service::every;
use tokio_util::sync::CancellationToken;

use crate::usecase::Ctx;
use crate::usecase::rotate_key::keep_key;
use crate::usecase::sweep::sweep;

/// Runs until `stop`.
pub(crate) async fn run(ctx: Arc<Ctx>, stop: CancellationToken) {
    tokio::join!(
        every(Duration::from_secs(300), "sweep", stop.clone(), || sweep(ctx.clone())),
        every(Duration::from_secs(600), "keep_key", stop.clone(), || keep_key(ctx.clone())),
    );
}
