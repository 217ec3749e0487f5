//! What notify-service listens to.

mod directory;
mod session;
mod task;

use shared::inbox::Subscriptions;

use crate::usecase::Ctx;

/// The subscription table.
pub(crate) fn subscriptions() -> Subscriptions<Ctx> {
    Subscriptions::default()
        .on(task::tasks_changed)
        .on(directory::people_changed)
        .on(session::session_stolen)
}
