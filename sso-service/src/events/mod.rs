//! What sso-service listens to.

mod directory;

use shared::inbox::Subscriptions;

use crate::usecase::Ctx;

/// The subscription table.
pub(crate) fn subscriptions() -> Subscriptions<Ctx> {
    Subscriptions::default().on(directory::people_changed)
}
