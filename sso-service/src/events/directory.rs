//! Facts of sync-service: people came, changed, were enabled or disabled.

use std::sync::Arc;

use shared::contract::Delivered;
use shared::contract::directory::PeopleChanged;

use crate::error::Error;
use crate::usecase;
use crate::usecase::Ctx;

pub(crate) async fn people_changed(
    ctx: Arc<Ctx>,
    events: Vec<Delivered<PeopleChanged>>,
) -> Result<(), Error> {
    usecase::update_people::update_people(&ctx, events).await
}
