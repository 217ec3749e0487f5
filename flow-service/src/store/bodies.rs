//! An order that runs, as it is kept: plain forms, of which fields are only ever added.

use std::collections::BTreeMap;

use flow_engine::{Instance, Library, Snapshot};
use serde::{Deserialize, Serialize};
use shared::db::QueryResult;
use shared::id::{AppId, FlowCode, Tenant};

use super::tasks::{DoneJson, TaskJson};
use crate::domain::order::{Head, Order, State};
use crate::domain::run::{Done, Held, Last, Pin, Pins, Run};

/// The stored form of an order that runs; fields are only ever added.
#[derive(Serialize, Deserialize)]
struct RunJson {
    head: HeadJson,
    pins: Vec<PinJson>,
    links: Vec<(String, String, String)>,
    orders: BTreeMap<u32, OrderJson>,
    #[serde(default)]
    tasks: BTreeMap<u64, TaskJson>,
    /// Calls that wait, and the run of each.
    #[serde(default)]
    calls: BTreeMap<u64, u32>,
    /// Tasks that are decided.
    #[serde(default)]
    done: Vec<DoneJson>,
    /// Whom somebody chose for later tasks, by node.
    #[serde(default)]
    chosen: BTreeMap<String, Vec<String>>,
    last: LastJson,
    /// The hash of the newest record.
    #[serde(default)]
    chain: String,
    #[serde(default)]
    frees_key: bool,
    snapshot: Snapshot,
}

#[derive(Serialize, Deserialize)]
struct HeadJson {
    app: String,
    business_key: String,
    title: String,
    running_number: String,
    initiator: String,
}

#[derive(Serialize, Deserialize)]
struct PinJson {
    key: String,
    flow: String,
    version: i32,
    process: String,
}

#[derive(Serialize, Deserialize)]
struct OrderJson {
    id: i64,
    parent: Option<i64>,
    flow: String,
    version: i32,
    process: String,
    state: String,
    told: i64,
}

#[derive(Serialize, Deserialize)]
struct LastJson {
    node: String,
    name: String,
    task: Option<String>,
    handler: Option<String>,
}

/// An order as it was read; becomes a [`Run`] once its library is at hand.
pub(crate) struct Read {
    pub(crate) id: i64,
    pub(crate) tenant: Tenant,
    pub(crate) seq: i64,
    pub(crate) pins: Pins,
    body: RunJson,
}

impl Read {
    /// What a row holds.
    pub(super) fn parse(id: i64, tenant: Tenant, seq: i64, text: &str) -> QueryResult<Read> {
        let body: RunJson = serde_json::from_str(text)
            .map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))?;
        let pin = |pin: &PinJson| Pin {
            key: pin.key.clone(),
            flow: FlowCode::stored(&pin.flow),
            version: pin.version,
            process: pin.process.clone(),
        };
        let pins =
            Pins { processes: body.pins.iter().map(pin).collect(), links: body.links.clone() };
        Ok(Read { id, tenant, seq, pins, body })
    }

    /// The order, ready to be moved.
    pub(crate) fn restore(self, library: &Library) -> Result<Run, flow_engine::Refusal> {
        let RunJson {
            head,
            orders,
            tasks,
            calls,
            done,
            chosen,
            last,
            chain,
            frees_key,
            snapshot,
            ..
        } = self.body;
        let tasks = tasks.into_iter().map(|(wait, task)| (wait, Held::Task(task.into())));
        let calls = calls.into_iter().map(|(wait, run)| (wait, Held::Call { run }));
        let orders = orders.into_iter().map(|(run, order)| (run, order.into())).collect();
        let LastJson { node, name, task, handler } = last;
        Ok(Run {
            id: self.id,
            tenant: self.tenant,
            seq: self.seq,
            head: head.into(),
            pins: self.pins,
            instance: Instance::restore(snapshot, library)?,
            orders,
            held: tasks.chain(calls).collect(),
            done: done.into_iter().map(Done::from).collect(),
            chosen,
            chain,
            last: Last { node, name, task, handler },
            frees_key,
        })
    }
}

impl From<HeadJson> for Head {
    fn from(json: HeadJson) -> Self {
        let HeadJson { app, business_key, title, running_number, initiator } = json;
        Head { app: AppId::stored(app), business_key, title, running_number, initiator }
    }
}

impl From<OrderJson> for Order {
    fn from(json: OrderJson) -> Self {
        let OrderJson { id, parent, flow, version, process, state, told } = json;
        let (flow, state) = (FlowCode::stored(flow), State::stored(&state));
        Order { id, parent, flow, version, process, state, told }
    }
}

/// The text of JSON that an order is kept as.
pub(super) fn write(run: &Run) -> QueryResult<String> {
    let order = |order: &Order| OrderJson {
        id: order.id,
        parent: order.parent,
        flow: order.flow.to_string(),
        version: order.version,
        process: order.process.clone(),
        state: order.state.word().to_owned(),
        told: order.told,
    };
    let (mut tasks, mut calls) = (BTreeMap::new(), BTreeMap::new());
    for (wait, held) in &run.held {
        match held {
            Held::Call { run } => {
                calls.insert(*wait, *run);
            }
            Held::Task(task) => {
                tasks.insert(*wait, TaskJson::from(task));
            }
        }
    }
    let pin = |pin: &Pin| PinJson {
        key: pin.key.clone(),
        flow: pin.flow.to_string(),
        version: pin.version,
        process: pin.process.clone(),
    };
    let json = RunJson {
        head: HeadJson {
            app: run.head.app.to_string(),
            business_key: run.head.business_key.clone(),
            title: run.head.title.clone(),
            running_number: run.head.running_number.clone(),
            initiator: run.head.initiator.clone(),
        },
        pins: run.pins.processes.iter().map(pin).collect(),
        links: run.pins.links.clone(),
        orders: run.orders.iter().map(|(number, one)| (*number, order(one))).collect(),
        tasks,
        calls,
        last: LastJson {
            node: run.last.node.clone(),
            name: run.last.name.clone(),
            task: run.last.task.clone(),
            handler: run.last.handler.clone(),
        },
        done: run.done.iter().map(DoneJson::from).collect(),
        chosen: run.chosen.clone(),
        chain: run.chain.clone(),
        frees_key: run.frees_key,
        snapshot: run.instance.snapshot(),
    };
    serde_json::to_string(&json)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
}
