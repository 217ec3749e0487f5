//! Facts of task-service: tasks opened for people, or closed.

use std::sync::Arc;

use shared::contract::Delivered;
use shared::contract::task::TasksChanged;

use crate::error::Error;
use crate::usecase;
use crate::usecase::Ctx;

pub(crate) async fn tasks_changed(
    ctx: Arc<Ctx>,
    events: Vec<Delivered<TasksChanged>>,
) -> Result<(), Error> {
    usecase::notify_tasks::notify_tasks(&ctx, events).await
}
