//! One order with its tasks, history and copies.

use std::collections::HashMap;

use shared::db::Conn;
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
    pub(crate) viewer: Viewer,
}

/// Who looks.
pub(crate) enum Viewer {
    /// The application itself: everything of the enterprise.
    Application,
    /// An application, for a person whom it names: what does not concern them is refused.
    Named(String),
    /// The person: what does not concern them does not exist.
    Person(String),
}

impl Viewer {
    fn user(&self) -> Option<&str> {
        match self {
            Viewer::Application => None,
            Viewer::Named(user) | Viewer::Person(user) => Some(user),
        }
    }
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
    let order = find(&conn, tenant, &request).await?;
    let key = order.key.clone();
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
        user: request.viewer.user().unwrap_or_default(),
    };
    let url = match flow {
        Some(flow) => link::fill(&flow.web_url, values),
        None => link::own_page(&ctx.public_url, values),
    };
    Ok(Shown { flow_name: flow.map(|flow| flow.title.clone()), url, order, names, logs, audits })
}

/// The only order of that number that the viewer may see.
async fn find(conn: &Conn, tenant: &Tenant, request: &ShowOrder) -> Result<Order, Error> {
    let number = request.number;
    let apps = match &request.app {
        Some(app) => vec![app.clone()],
        None => orders::list_apps(conn, tenant, number).await?,
    };
    let key = |app| OrderKey { tenant: tenant.clone(), app, number };
    let keys: Vec<OrderKey> = apps.into_iter().map(key).collect();
    let keys: Vec<&OrderKey> = keys.iter().collect();
    let mut found: Vec<Order> = orders::list_by_keys(conn, &keys).await?.into_values().collect();
    if let Viewer::Person(user) = &request.viewer {
        found.retain(|order| concerns(order, user));
    }
    let order = match (found.pop(), found.pop()) {
        (Some(only), None) => only,
        (None, _) => return Err(Error::UnknownOrder(number)),
        (Some(_), Some(_)) => return Err(Error::AmbiguousOrder(number)),
    };
    match &request.viewer {
        Viewer::Named(user) if !concerns(&order, user) => Err(Error::NotYours(number)),
        Viewer::Named(_) | Viewer::Person(_) | Viewer::Application => Ok(order),
    }
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
