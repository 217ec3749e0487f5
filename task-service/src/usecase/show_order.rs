//! One order with its tasks, history and copies.

use std::collections::{BTreeSet, HashMap};

use shared::db::Conn;
use shared::id::{AppId, Tenant};

use super::Ctx;
use crate::domain::link::{self, Values};
use crate::domain::order::Order;
use crate::domain::status::Source;
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
    /// Absent = an ERP's order where there is one, else one of our own.
    pub(crate) source: Option<Source>,
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
    /// The person who looks, where it is one.
    pub(crate) viewer: Option<String>,
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
    let logs = approval_logs::list(&conn, &key).await?;
    let names = people::list_names(&conn, tenant, everybody(&order, &logs)).await?;
    let audits = audit::list(&conn, order.id).await?;
    let flow = match &order.flow {
        Some(code) => flows::find(&conn, tenant, code).await?,
        None => None,
    };
    let values = Values {
        source: key.source,
        app: key.app.as_str(),
        order: order.key.number,
        business_key: &order.business_key,
        task: "",
        user: request.viewer.user().unwrap_or_default(),
    };
    let url = match (key.source, &flow) {
        (Source::ThirdParty, Some(flow)) => link::fill(&flow.web_url, values),
        (Source::Native, _) | (_, None) => link::own_page(&ctx.public_url, values),
    };
    let own_name = Some(order.own.flow_name.clone()).filter(|name| !name.is_empty());
    let flow_name = own_name.or(flow.map(|flow| flow.title));
    let viewer = request.viewer.user().map(str::to_owned);
    Ok(Shown { flow_name, url, order, names, logs, audits, viewer })
}

/// The only order of that number that the viewer may see.
async fn find(conn: &Conn, tenant: &Tenant, request: &ShowOrder) -> Result<Order, Error> {
    let number = request.number;
    let mut keys = orders::list_keys(conn, tenant, number).await?;
    keys.retain(|key| request.app.as_ref().is_none_or(|app| *app == key.app));
    keys.retain(|key| request.source.is_none_or(|source| source == key.source));
    let found = orders::list_by_keys(conn, &keys.iter().collect::<Vec<_>>()).await?;
    let (theirs, others): (Vec<Order>, Vec<Order>) = found
        .into_values()
        .partition(|order| request.viewer.user().is_none_or(|user| concerns(order, user)));
    let is_refused = !others.is_empty() && matches!(request.viewer, Viewer::Named(_));
    let (mut theirs, mut native): (Vec<Order>, Vec<Order>) =
        theirs.into_iter().partition(|order| order.key.source == Source::ThirdParty);
    match (theirs.pop(), theirs.pop(), native.pop()) {
        (Some(only), None, _) | (None, _, Some(only)) => Ok(only),
        (Some(_), Some(_), _) => Err(Error::AmbiguousOrder(number)),
        (None, _, None) if is_refused => Err(Error::NotYours(number)),
        (None, _, None) => Err(Error::UnknownOrder(number)),
    }
}

/// Whoever was asked by our own engine may look, also where somebody else was faster.
fn concerns(order: &Order, user: &str) -> bool {
    let is_native = order.key.source == Source::Native;
    let holds = |cards: &std::collections::BTreeMap<String, crate::domain::task::Card>| {
        cards.get(user).is_some_and(|card| card.state != CardState::Gone || is_native)
    };
    order.initiator == user
        || holds(&order.copies)
        || order.tasks.values().any(|task| holds(&task.cards))
}

fn everybody(order: &Order, logs: &[LogRow]) -> Vec<String> {
    let assignees = order.tasks.values().flat_map(|task| task.cards.keys());
    let absent = order.tasks.values().flat_map(|task| &task.own.why);
    let absent = absent.filter_map(|why| why.on_behalf_of.as_ref());
    let named = logs
        .iter()
        .flat_map(|log| log.people.iter().chain(log.on_behalf_of.as_ref()).chain([&log.handler]));
    let all = assignees.chain(absent).chain(named).chain(order.copies.keys());
    let all: BTreeSet<&String> = all.chain([&order.initiator]).collect();
    all.into_iter().cloned().collect()
}
