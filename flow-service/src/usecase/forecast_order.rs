//! The rest of an order's path with its people, for the values entered so far.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use flow_engine::value::{Value, Variables};
use serde_json::{Map, Value as Json};
use shared::id::{FlowCode, Tenant, UserCode};

use super::Ctx;
use super::find_people::{ask_people, check_person};
use super::list_open_tasks::visible;
use super::start_order::online;
use crate::domain::forecast::{self, Known, Way};
pub(crate) use crate::domain::forecast::{Person, Step};
use crate::domain::people::People;
use crate::domain::run::Refusal;
use crate::error::Error;
use crate::store::orders::Which;
use crate::store::{people, runs};

/// How often sync-service is asked for one forecast at most.
const MOST_QUESTIONS: usize = 5;

/// An order that has not been started.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) flow: FlowCode,
    pub(crate) process: Option<String>,
    pub(crate) initiator: UserCode,
    /// What is filled in by now.
    pub(crate) form_data: Map<String, Json>,
    /// Whom the starter chose for tasks, by node.
    pub(crate) chosen: BTreeMap<String, Vec<String>>,
}

/// What is shown.
pub(crate) struct Forecast {
    pub(crate) steps: Vec<Step>,
    /// Whether the order comes to its end on this way.
    pub(crate) ends: bool,
    /// What people are called, as far as it is known.
    pub(crate) names: HashMap<String, String>,
}

/// Of an order that was started.
pub(crate) async fn forecast_order(
    ctx: &Ctx,
    tenant: &Tenant,
    viewer: Option<&UserCode>,
    order: i64,
) -> Result<Forecast, Error> {
    let conn = ctx.db.connection().await?;
    visible(&conn, tenant, viewer, &Which::Order(order)).await?;
    let read = runs::list(&conn, &[(tenant, order)]).await?.remove(&order);
    let read = read.ok_or(Error::UnknownOrder(order))?;
    let versions = ctx.definitions.versions(&conn, tenant, &read.pins).await?;
    drop(conn);
    let run = read.restore(&versions.library).map_err(Error::Snapshot)?;
    let key = |number: &u32| Some((*number, run.key_of(*number)?.to_owned()));
    let keys = run.orders.keys().filter_map(key).collect();
    let (instance, now) = (run.instance.clone(), ctx.clock.now());
    let rest = caught(|| Ok(forecast::go_on(&versions.library, instance, keys, now)))?;
    let (starter, chosen) = (&run.head.initiator, &run.chosen);
    let known = Known { starter, manager: versions.manager.as_deref(), chosen, now };
    let flow = run.orders.get(&0).map(|order| order.flow.as_str()).unwrap_or_default();
    let way = Way::new(Some(&run), &rest, &versions);
    show(ctx, tenant, flow, &way, &known).await
}

/// Of an order that has not been started.
pub(crate) async fn forecast_draft(
    ctx: &Ctx,
    tenant: &Tenant,
    draft: Draft,
) -> Result<Forecast, Error> {
    let Draft { flow, process, initiator, form_data, chosen } = draft;
    check_person(ctx, tenant, "initiator", initiator.as_str()).await?;
    let (compiled, _, pins) = online(ctx, tenant, &flow, process.as_deref()).await?;
    let mut variables = compiled
        .schema
        .change(&form_data)
        .map_err(|mistakes| Error::BadForm { field: "formData", mistakes })?;
    // What is not filled in yet is there, and empty.
    for name in compiled.schema.names() {
        variables.entry(name.to_owned()).or_insert(Value::Null);
    }
    variables.extend(built_in(initiator.as_str()));
    let conn = ctx.db.connection().await?;
    let versions = ctx.definitions.versions(&conn, tenant, &pins).await?;
    drop(conn);
    let key = pins.processes.first().map(|pin| pin.key.as_str()).unwrap_or_default();
    let now = ctx.clock.now();
    let rest = caught(|| Ok(forecast::begin(&versions.library, key, variables, now)?))?;
    let starter = initiator.as_str();
    let known = Known { starter, manager: versions.manager.as_deref(), chosen: &chosen, now };
    let way = Way::new(None, &rest, &versions);
    show(ctx, tenant, flow.as_str(), &way, &known).await
}

/// What the house gives every order, as far as it is known before the start.
fn built_in(initiator: &str) -> Variables {
    Variables::from([
        ("initiator".to_owned(), initiator.into()),
        ("businessKey".to_owned(), "".into()),
        ("orderId".to_owned(), Value::Null),
    ])
}

async fn show(
    ctx: &Ctx,
    tenant: &Tenant,
    flow: &str,
    way: &Way<'_>,
    known: &Known<'_>,
) -> Result<Forecast, Error> {
    let conn = ctx.db.connection().await?;
    let agents = ctx.known.agents(&conn, tenant, flow, known.now).await?;
    drop(conn);
    let mut people = People { agents, ..People::default() };
    for _ in 0..MOST_QUESTIONS {
        let conn = ctx.db.connection().await?;
        let want = |people: &People| way.wanted(known, people);
        let left = ctx.known.prepare(&conn, tenant, want, &mut people).await?;
        drop(conn);
        let left = left.unknown_to(&people);
        if left.is_empty() {
            break;
        }
        people.add(ask_people(ctx, tenant, &left).await?);
    }
    let steps = way.steps(known, &people);
    let codes = steps.iter().flat_map(|step| &step.picked.people);
    let codes = codes.map(|person| person.user.clone()).collect();
    let conn = ctx.db.connection().await?;
    let names = people::list_names(&conn, tenant, codes).await?;
    Ok(Forecast { steps, ends: way.ends(), names })
}

/// A bug in the engine stops this forecast, and nothing else.
fn caught<T>(work: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Error> {
    let done = catch_unwind(AssertUnwindSafe(work));
    Ok(done.unwrap_or_else(|_| Err(Refusal::Engine("it panicked".to_owned())))?)
}
