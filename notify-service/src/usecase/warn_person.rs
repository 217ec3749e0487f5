//! Somebody's session was stolen: the person gets a notification, once for each session.

use shared::contract::Delivered;
use shared::contract::session::SessionStolen;
use shared::inbox;

use super::{CONSUMER, Ctx, notify_tasks};
use crate::domain::change::{Assignee, Opened, OrderChange, fold};
use crate::domain::notice::Notice;
use crate::error::Error;
use crate::store::people;

/// A warning goes the way of a task that opens and never closes, but does not queue behind tasks.
pub(crate) async fn warn_person(
    ctx: &Ctx,
    events: Vec<Delivered<SessionStolen>>,
) -> Result<(), Error> {
    ctx.db
        .transaction(async |tx| {
            let stolen = inbox::fresh(tx, CONSUMER, events).await?;
            let tenants: Vec<&str> = stolen.iter().map(|one| one.tenant.as_str()).collect();
            people::lock(tx, &tenants).await?;
            let opening = fold(stolen.into_iter().map(opening).collect());
            // Where there is no DingTalk, the round that takes it up finds out.
            notify_tasks::plan(tx, &opening, true).await
        })
        .await?;
    ctx.wake.notify_one();
    Ok(())
}

fn opening(stolen: SessionStolen) -> OrderChange {
    let SessionStolen { tenant, user_code, session, at } = stolen;
    let at = shared::time::parse(&at).map_or(at, shared::time::format);
    let assignee = Assignee { user: user_code, web_url: String::new(), h5_url: String::new() };
    let notice = Notice::of_stolen_session(tenant, session, &at);
    let opened = vec![Opened { notice, assignees: vec![assignee] }];
    OrderChange { seq: 1, opened, closed: Vec::new() }
}
