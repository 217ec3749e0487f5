//! One order with its tasks, history and copies.

use std::collections::HashMap;

use shared::id::{AppId, Tenant};

use super::Ctx;
use crate::domain::link::{self, Values};
use crate::domain::order::Order;
use crate::domain::snapshot::OrderKey;
use crate::domain::task::CardState;
use crate::error::Error;
use crate::store::approval_logs::LogRow;
use crate::store::audit::AuditRow;
use crate::store::{approval_logs, audit, flows, orders, people};

/// Which order, and who looks.
pub(crate) struct ShowOrder {
    pub(crate) number: i64,
    /// Absent = the only application that has such an order.
    pub(crate) app: Option<AppId>,
    /// A person sees only orders that concern them; absent = the application itself looks.
    pub(crate) user: Option<String>,
}

/// Everything an order's page shows.
pub(crate) struct Shown {
    pub(crate) order: Order,
    pub(crate) flow_name: Option<String>,
    pub(crate) url: String,
    pub(crate) names: HashMap<String, String>,
    pub(crate) logs: Vec<LogRow>,
    pub(crate) audits: Vec<AuditRow>,
}

/// Another enterprise's order is as unknown as one that does not exist.
pub(crate) async fn show_order(
    ctx: &Ctx,
    tenant: &Tenant,
    request: ShowOrder,
) -> Result<Shown, Error> {
    let conn = ctx.db.connection().await?;
    let app = match request.app {
        Some(app) => app,
        None => match orders::list_apps(&conn, tenant, request.number).await?.as_slice() {
            [only] => only.clone(),
            [] => return Err(Error::UnknownOrder(request.number)),
            _ => return Err(Error::AmbiguousOrder(request.number)),
        },
    };
    let key = OrderKey { tenant: tenant.clone(), app, number: request.number };
    let order = orders::list_by_keys(&conn, &[&key])
        .await?
        .remove(&key)
        .ok_or(Error::UnknownOrder(request.number))?;
    if request.user.as_deref().is_some_and(|user| !concerns(&order, user)) {
        return Err(Error::NotYours(request.number));
    }
    let names = people::list_names(&conn, tenant, everybody(&order)).await?;
    let logs = approval_logs::list(&conn, &key).await?;
    let audits = audit::list(&conn, order.id).await?;
    let known = flows::list(&conn, tenant, &key.app).await?;
    let flow = known.iter().find(|flow| Some(&flow.code) == order.flow.as_ref());
    let values = Values {
        app: key.app.as_str(),
        order: order.key.number,
        business_key: &order.business_key,
        task: "",
        user: request.user.as_deref().unwrap_or_default(),
    };
    let url = match flow {
        Some(flow) => link::fill(&flow.web_url, values),
        None => link::own_page(&ctx.public_url, values),
    };
    Ok(Shown { flow_name: flow.map(|flow| flow.title.clone()), url, order, names, logs, audits })
}

fn concerns(order: &Order, user: &str) -> bool {
    let holds = |cards: &std::collections::BTreeMap<String, crate::domain::task::Card>| {
        cards.get(user).is_some_and(|card| card.state != CardState::Gone)
    };
    order.initiator == user
        || holds(&order.copies)
        || order.tasks.values().any(|task| holds(&task.cards))
}

fn everybody(order: &Order) -> Vec<String> {
    let assignees = order.tasks.values().flat_map(|task| task.cards.keys());
    assignees.chain(order.copies.keys()).chain([&order.initiator]).cloned().collect()
}
