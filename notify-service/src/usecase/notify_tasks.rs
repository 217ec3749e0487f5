//! Tasks opened for people, or closed. Closings count at once; openings queue up behind what
//! DingTalk can take.

use shared::contract::Delivered;
use shared::contract::task::TasksChanged;
use shared::db::Conn;
use shared::id::Tenant;
use shared::inbox;

use super::{CONSUMER, Ctx};
use crate::domain::change::{Assignee, Closed, Folded, Opened, OrderChange, fold};
use crate::domain::notice::{Notice, TaskKey};
use crate::error::Error;
use crate::store::{changes, deliveries, notices, people};

/// Openings planned in one go.
const MOST: i64 = 100;

/// Due pushes of an enterprise with which its lanes are busy: about six seconds' worth.
const ENOUGH: i64 = 100;

/// One transaction and a handful of statements for a whole batch of events. An opening that is
/// planned after its closing was heard calls nobody.
pub(crate) async fn notify_tasks(
    ctx: &Ctx,
    events: Vec<Delivered<TasksChanged>>,
) -> Result<(), Error> {
    ctx.db
        .transaction(async |tx| {
            let (mut closings, mut openings) = (Vec::new(), Vec::new());
            for mut opening in inbox::fresh(tx, CONSUMER, events).await? {
                if !opening.closed.is_empty() {
                    let opened = std::mem::take(&mut opening.opened);
                    closings.push(change(opening.clone()));
                    opening.closed.clear();
                    opening.opened = opened;
                }
                if !opening.opened.is_empty() {
                    openings.push(opening);
                }
            }
            changes::save_all(tx, &openings).await?;
            plan(tx, &fold(closings), true).await
        })
        .await?;
    ctx.wake.notify_one();
    Ok(())
}

/// Plans the deliveries of an enterprise's oldest openings, unless its lanes are busy with what is
/// due already. Gives how many it planned.
pub(crate) async fn plan_deliveries(
    ctx: &Ctx,
    tenant: &Tenant,
    is_configured: bool,
) -> Result<usize, Error> {
    ctx.db
        .transaction(async |tx| {
            let taken = changes::take_oldest(tx, tenant, MOST, ENOUGH).await?;
            let size = taken.len();
            if size == 0 {
                return Ok(0);
            }
            people::lock(tx, &[tenant.as_str()]).await?;
            plan(tx, &fold(taken.into_iter().map(change).collect()), is_configured).await?;
            Ok(size)
        })
        .await
}

/// Writes what is known of the tasks of `folded`, and what is to go out or not to go out any more.
pub(super) async fn plan(tx: &Conn, folded: &Folded, is_configured: bool) -> Result<(), Error> {
    if folded.standings.is_empty() {
        return Ok(());
    }
    notices::save_all(tx, folded).await?;
    notices::save_standings(tx, folded).await?;
    deliveries::open_all(tx, folded, is_configured).await?;
    deliveries::settle_all(tx, folded).await?;
    Ok(())
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
            note: String::new(),
        },
        assignees: task.assignees.into_iter().map(assignee).collect(),
    });
    let closed =
        closed.into_iter().map(|task| Closed { key: key(task.task_id), users: task.users });
    OrderChange { seq, opened: opened.collect(), closed: closed.collect() }
}
