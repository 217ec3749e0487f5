//! Facts of task-service: tasks opened for people, or closed.

use std::sync::Arc;

use shared::contract::Delivered;
use shared::contract::task::TasksChanged;

use crate::domain::change::{Assignee, Closed, Opened, OrderChange};
use crate::domain::notice::{Notice, TaskKey};
use crate::error::Error;
use crate::usecase;
use crate::usecase::Ctx;

pub(crate) async fn tasks_changed(
    ctx: Arc<Ctx>,
    events: Vec<Delivered<TasksChanged>>,
) -> Result<(), Error> {
    let changes = events.into_iter().map(|event| (event.id, change(event.body))).collect();
    usecase::notify_tasks::notify_tasks(&ctx, changes).await
}

fn change(event: TasksChanged) -> OrderChange {
    let TasksChanged { tenant, app, order_id, title, initiator, business_key, seq, opened, closed } =
        event;
    let key =
        |task: String| TaskKey { tenant: tenant.clone(), app: app.clone(), order: order_id, task };
    let assignee = |one: shared::contract::task::Assignee| Assignee {
        user: one.user_code,
        web_url: one.web_url,
        h5_url: one.h5_url,
    };
    let opened = opened.into_iter().map(|task| Opened {
        notice: Notice {
            key: key(task.task_id),
            title: title.clone(),
            task_name: task.name,
            node_type: task.node_type,
            initiator: initiator.clone(),
            business_key: business_key.clone(),
            // A due time that cannot be read is not worth losing the push.
            due_at: task.due_at.and_then(|text| shared::time::parse(&text).ok()),
        },
        assignees: task.assignees.into_iter().map(assignee).collect(),
    });
    let closed =
        closed.into_iter().map(|task| Closed { key: key(task.task_id), users: task.users });
    OrderChange { seq, opened: opened.collect(), closed: closed.collect() }
}
