//! Orders moved: what their ERPs are to be told of it is written down, in order and once, and what
//! people are to be told.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::contract::order::{OrderAdvanced, ServiceAnswered};
use shared::contract::{Delivered, Event};
use shared::db::Conn;
use shared::{inbox, outbox};

use super::{CONSUMER, Ctx, tell_people};
use crate::domain::advance::{
    Call, Ending, Fact, Finished, Handled, Place, Telling, decided, line_up, operated,
};
use crate::domain::endpoint::Path;
use crate::domain::push::{Kind, State};
use crate::domain::verdict::CallAnswer;
use crate::error::Error;
use crate::events::facts;
use crate::store::endpoints;
use crate::store::lines::{self, LineRow, OrderKey};
use crate::store::pushes::{self, NewPush};

/// One transaction and a handful of statements for a whole batch of events.
pub(crate) async fn tell_erp(
    ctx: &Ctx,
    events: Vec<Delivered<OrderAdvanced>>,
) -> Result<(), Error> {
    ctx.db
        .transaction(async |tx| {
            let fresh = inbox::fresh(tx, CONSUMER, events).await?;
            if fresh.is_empty() {
                return Ok(());
            }
            tell_people::tell_people(ctx, tx, &fresh).await?;
            lines::open_all(tx, &callers(&fresh)).await?;
            let orders: Vec<OrderKey> = keys(&fresh).into_iter().collect();
            let known = lines::load_all(tx, &orders).await?;
            let ready = sort_out(tx, &orders, &known, fresh).await?;
            write(tx, &known, ready).await
        })
        .await?;
    ctx.wake_erp.notify_one();
    ctx.wake.notify_one();
    Ok(())
}

/// Puts by what came too early, and gives the facts that count now: those of one order as they
/// follow each other, those of several as they came.
async fn sort_out(
    tx: &Conn,
    orders: &[OrderKey],
    known: &[LineRow],
    fresh: Vec<OrderAdvanced>,
) -> Result<Vec<(OrderKey, Fact)>, Error> {
    let mut heard: BTreeMap<OrderKey, Vec<OrderAdvanced>> = BTreeMap::new();
    let mut came: HashMap<(OrderKey, i64), usize> = HashMap::new();
    let early = lines::take_early(tx, orders).await?;
    let early = early.iter().filter_map(|text| OrderAdvanced::read(text).ok());
    for (place, event) in early.chain(fresh).enumerate() {
        came.entry((key(&event), event.seq)).or_insert(place);
        heard.entry(key(&event)).or_default().push(event);
    }
    let (mut ready, mut waiting, mut steps) = (Vec::new(), Vec::new(), Vec::new());
    for line in known {
        let place = (line.tenant.clone(), line.order_id);
        let events = heard.remove(&place).unwrap_or_default();
        let payloads: HashMap<i64, String> =
            events.iter().filter_map(|event| Some((event.seq, event.write().ok()?))).collect();
        let (now, later) = line_up(line.next_seq, events.into_iter().map(fact).collect());
        let kept = later.iter().filter_map(|fact| payloads.get_key_value(&fact.seq));
        waiting.extend(kept.map(|(seq, payload)| (place.clone(), *seq, payload.clone())));
        steps.extend(now.last().map(|last| (place.clone(), last.seq + 1)));
        let mut latest = 0;
        for fact in now {
            latest = latest.max(came.get(&(place.clone(), fact.seq)).copied().unwrap_or_default());
            ready.push((latest, place.clone(), fact));
        }
    }
    lines::save_early(tx, &waiting).await?;
    lines::save_all(tx, &steps).await?;
    ready.sort_by_key(|(place, ..)| *place);
    Ok(ready.into_iter().map(|(_, order, fact)| (order, fact)).collect())
}

/// Writes the pushes that follow, tells the flow of calls that nobody can make, and takes away
/// those that it no longer wants.
async fn write(tx: &Conn, known: &[LineRow], ready: Vec<(OrderKey, Fact)>) -> Result<(), Error> {
    let tenants = ready.iter().map(|((tenant, _), _)| tenant.as_str()).collect();
    let apps = ready.iter().map(|(_, fact)| fact.app.as_str()).collect();
    let configured: HashSet<(String, String)> =
        endpoints::list_configured(tx, tenants, apps).await?.into_iter().collect();
    let mut desk =
        Desk { configured, held: HashSet::new(), pushes: Vec::new(), answers: Vec::new() };
    let standing: HashMap<(&str, i64), &LineRow> =
        known.iter().map(|line| ((line.tenant.as_str(), line.order_id), line)).collect();
    let mut dropped = Vec::new();
    for ((tenant, order), fact) in &ready {
        let Some(line) = standing.get(&(tenant.as_str(), *order)) else { continue };
        if line.is_held {
            desk.held.insert((tenant.clone(), line.root_id));
        }
        for telling in fact.tellings(line.root_id) {
            desk.take(line, fact, telling);
        }
        dropped.extend(fact.dropped_calls.iter().map(|call| (tenant.clone(), call.clone())));
    }
    pushes::save_all(tx, &desk.pushes).await?;
    let freed = pushes::drop_calls(tx, &dropped).await?;
    pushes::promote_all(tx, &freed).await?;
    outbox::announce_all(tx, &desk.answers).await?;
    Ok(())
}

/// What is being written.
struct Desk {
    configured: HashSet<(String, String)>,
    /// Lines in which a push has to go before a new one.
    held: HashSet<OrderKey>,
    pushes: Vec<NewPush>,
    answers: Vec<ServiceAnswered>,
}

impl Desk {
    fn take(&mut self, line: &LineRow, fact: &Fact, telling: Telling) {
        let state = self.state(line, fact, &telling);
        let error = match state {
            Err(Unmade::NotConfigured) => Some("the application has no ERP endpoint"),
            Err(Unmade::BadAddress) => Some("the address is no path below the ERP endpoint"),
            Ok(_) => None,
        };
        let state = match (state, telling.kind) {
            (Ok(state), _) => state,
            (Err(_), Kind::Start | Kind::End | Kind::Log) => State::NotConfigured,
            (Err(unmade), Kind::Call) => {
                self.give_up(line, fact, &telling, unmade);
                State::Failed
            }
        };
        if state.holds(telling.kind, 0) {
            self.held.insert((line.tenant.clone(), line.root_id));
        }
        self.pushes.push(NewPush {
            tenant: line.tenant.clone(),
            app: fact.app.clone(),
            line: line.root_id,
            order: fact.order,
            kind: telling.kind,
            call: telling.call,
            address: telling.address,
            body: telling.body.to_string(),
            message_id: shared::id::new_id(),
            state,
            error,
        });
    }

    fn state(&self, line: &LineRow, fact: &Fact, telling: &Telling) -> Result<State, Unmade> {
        if !self.configured.contains(&(line.tenant.clone(), fact.app.clone())) {
            return Err(Unmade::NotConfigured);
        }
        if telling.address.as_deref().is_some_and(|address| Path::parse(address).is_err()) {
            return Err(Unmade::BadAddress);
        }
        let is_held = self.held.contains(&(line.tenant.clone(), line.root_id));
        Ok(if is_held { State::Waiting } else { State::Due })
    }

    /// A flow must not wait for a call that cannot be made.
    fn give_up(&mut self, line: &LineRow, fact: &Fact, telling: &Telling, unmade: Unmade) {
        let address = telling.address.as_deref().unwrap_or_default();
        let reason = match unmade {
            Unmade::NotConfigured => {
                format!("应用 {} 没有配置 ERP 地址，无法调用 {address}", fact.app)
            }
            Unmade::BadAddress => format!("服务任务的地址 {address} 不是 ERP 地址下的路径"),
        };
        let call = telling.call.as_deref().unwrap_or_default();
        let answer = CallAnswer::failed(reason);
        self.answers.push(facts::service_answered(&line.tenant, fact.order, call, answer));
    }
}

/// Why a push cannot go out at all.
#[derive(Clone, Copy)]
enum Unmade {
    NotConfigured,
    BadAddress,
}

fn key(event: &OrderAdvanced) -> OrderKey {
    (event.tenant.clone(), event.order_id)
}

fn keys(events: &[OrderAdvanced]) -> std::collections::BTreeSet<OrderKey> {
    events.iter().map(key).collect()
}

/// Each order once, with the order that called it: the highest caller of which a fact is here, or
/// whoever called that one.
fn callers(events: &[OrderAdvanced]) -> Vec<(OrderKey, Option<i64>)> {
    let own: BTreeMap<OrderKey, Option<i64>> =
        events.iter().map(|event| (key(event), event.parent_order_id)).collect();
    let highest = |((tenant, order), parent): (&OrderKey, &Option<i64>)| {
        let mut caller = *parent;
        for _ in 0..own.len() {
            let next =
                caller.and_then(|caller| own.get(&(tenant.clone(), caller)).copied().flatten());
            caller = next.or(caller);
        }
        ((tenant.clone(), *order), caller)
    };
    own.iter().map(highest).collect()
}

fn fact(event: OrderAdvanced) -> Fact {
    let at: DateTime<Utc> = shared::time::parse(&event.at).unwrap_or_default();
    let place = |place: shared::contract::order::Place| Place {
        id: place.activity_id,
        name: place.activity_name,
    };
    let handled = event.closed.into_iter().filter_map(|task| {
        let (result, comment) = decided(&task.result, task.comment)?;
        Some(Handled {
            result,
            handler: task.handler?,
            task: task.task_id,
            name: task.place.activity_name,
            comment,
            form_data: task.form_data.filter(Value::is_object),
        })
    });
    let given = event.operations.into_iter().filter_map(|one| {
        let (result, comment) = operated(&one.action, &one.people, one.comment)?;
        // What the house did by a rule it did for the person whose task it was.
        let handler = Some(one.user_code).filter(|user| !user.is_empty()).or(one.on_behalf_of);
        Some(Handled {
            result,
            handler: handler?,
            task: one.task_id?,
            name: one.place.activity_name,
            comment,
            form_data: None,
        })
    });
    let call = |call: shared::contract::order::ServiceCall| Call {
        id: call.call_id,
        address: call.address,
        body: call.body,
    };
    Fact {
        order: event.order_id,
        parent: event.parent_order_id,
        app: event.app,
        business_key: event.business_key,
        running_number: event.running_number,
        initiator: event.initiator,
        seq: event.seq,
        at,
        started: event.started.map(place),
        handled: handled.chain(given).collect(),
        calls: event.calls.into_iter().map(call).collect(),
        dropped_calls: event.dropped_calls,
        finished: event.finished.map(|finished| Finished {
            ending: Ending::of(&finished.result),
            place: place(finished.place),
            task: finished.task_id,
            handler: finished.handler,
            reason: finished.reason,
        }),
        form_data: event.form_data.filter(Value::is_object),
        variables: event.variables.filter(Value::is_object),
    }
}
