//! What notify-service listens to, and what it tells.

mod directory;
pub(crate) mod facts;
mod order;
mod session;
mod task;

use shared::inbox::Subscriptions;

use crate::usecase::Ctx;

/// The subscription table.
pub(crate) fn subscriptions() -> Subscriptions<Ctx> {
    Subscriptions::default()
        .on(task::tasks_changed)
        .on(directory::people_changed)
        .on(order::order_advanced)
        .on(session::session_stolen)
}
