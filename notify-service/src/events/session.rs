//! Facts of sso-service: a session was stolen.

use std::sync::Arc;

use shared::contract::Delivered;
use shared::contract::session::SessionStolen;

use crate::error::Error;
use crate::usecase;
use crate::usecase::Ctx;

pub(crate) async fn session_stolen(
    ctx: Arc<Ctx>,
    events: Vec<Delivered<SessionStolen>>,
) -> Result<(), Error> {
    usecase::warn_person::warn_person(&ctx, events).await
}
