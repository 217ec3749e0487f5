//! Versions that can be run: read and compiled once, then kept in memory; a version that has been
//! online never changes.

use std::sync::Arc;

use flow_engine::Process;
use flow_engine::bpmn::model::{Attribute, Dialect};
use moka::future::Cache;
use shared::db::Conn;
use shared::id::{FlowCode, Tenant};

use super::compile_drawing::compile_drawing;
use crate::domain::definition::Compiled;
use crate::domain::form::Schema;
use crate::domain::run::{Pin, Pins, Versions};
use crate::error::Error;
use crate::store::definitions;

/// Versions kept at most.
const MOST_KEPT: u64 = 500;

/// How deep calls of calls may go.
const MOST_DEPTH: usize = 16;

/// Processes that one order may need at most.
const MOST_PINS: usize = 64;

/// What is kept; cheap to clone.
#[derive(Clone)]
pub(crate) struct Definitions {
    compiled: Cache<(Tenant, FlowCode, i32), Arc<Compiled>>,
    versions: Cache<(Tenant, String), Arc<Versions>>,
}

/// Who manages a flow, as its process says.
pub(super) fn manager_of(process: &Process) -> Option<String> {
    let attributes = process.info().attributes;
    let ours = |it: &&Attribute| it.dialect == Dialect::Aiflow && it.name == "manager";
    let manager = attributes.iter().find(ours)?.value.trim().to_owned();
    Some(manager).filter(|user| !user.is_empty())
}

impl Definitions {
    pub(crate) fn new() -> Self {
        Self { compiled: Cache::new(MOST_KEPT), versions: Cache::new(MOST_KEPT) }
    }

    /// A version that has been online.
    pub(crate) async fn load(
        &self,
        conn: &Conn,
        tenant: &Tenant,
        flow: &FlowCode,
        version: i32,
    ) -> Result<Arc<Compiled>, Error> {
        let key = (tenant.clone(), flow.clone(), version);
        if let Some(known) = self.compiled.get(&key).await {
            return Ok(known);
        }
        let stored = definitions::show(conn, tenant, flow, Some(version)).await?;
        let stored = stored.ok_or_else(|| Error::UnknownFlow(flow.to_string()))?;
        let drawing = compile_drawing(stored.definition.xml).await?;
        let schema = stored.definition.schema.as_ref().map(Schema::parse);
        let compiled = Arc::new(Compiled {
            flow: flow.clone(),
            version,
            app: stored.app,
            name: stored.definition.name,
            // It was checked when it was sent; a rule that has become stricter since must not stop
            // an order.
            schema: schema.and_then(Result::ok).unwrap_or_default(),
            processes: drawing.processes,
            specs: drawing.specs,
        });
        self.compiled.insert(key, compiled.clone()).await;
        Ok(compiled)
    }

    /// Everything that an order may run.
    pub(crate) async fn versions(
        &self,
        conn: &Conn,
        tenant: &Tenant,
        pins: &Pins,
    ) -> Result<Arc<Versions>, Error> {
        let mut name = String::new();
        for pin in &pins.processes {
            name.push_str(&pin.key);
            name.push('\n');
        }
        for (caller, called, callee) in &pins.links {
            name.push_str(&format!("{caller}>{called}>{callee}\n"));
        }
        let key = (tenant.clone(), name);
        if let Some(known) = self.versions.get(&key).await {
            return Ok(known);
        }
        let mut versions = Versions::default();
        for pin in &pins.processes {
            let compiled = self.load(conn, tenant, &pin.flow, pin.version).await?;
            if let Some(process) = compiled.process(Some(&pin.process)) {
                versions.library.insert(&pin.key, process.clone());
                if versions.names.is_empty() {
                    versions.manager = manager_of(process);
                }
            }
            if let Some(specs) = compiled.specs.get(&pin.process) {
                let timeouts = specs.values().filter_map(|spec| spec.timeout.as_ref());
                versions.needs_calendar |= timeouts.into_iter().any(|timeout| timeout.business);
                versions.specs.insert(pin.key.clone(), specs.clone());
            }
            versions.names.insert((pin.flow.clone(), pin.version), compiled.name.clone());
        }
        for (caller, called, callee) in &pins.links {
            versions.library.link(caller, called, callee);
        }
        let versions = Arc::new(versions);
        self.versions.insert(key, versions.clone()).await;
        Ok(versions)
    }

    /// The versions that an order of this process runs on: its own, and those online now of whatever
    /// it calls. What is called and not online stays out; the order gets stuck there and says so.
    pub(crate) async fn pin(
        &self,
        conn: &Conn,
        tenant: &Tenant,
        compiled: &Arc<Compiled>,
        process: &str,
    ) -> Result<Pins, Error> {
        let mut pins = Pins::default();
        let open = vec![(compiled.clone(), process.to_owned(), 0)];
        self.follow(conn, tenant, open, &mut pins).await?;
        Ok(pins)
    }

    /// The same versions, and those online now of what is called and was not online before.
    pub(crate) async fn repin(
        &self,
        conn: &Conn,
        tenant: &Tenant,
        pins: Pins,
    ) -> Result<Pins, Error> {
        let mut pins = pins;
        for pin in pins.processes.clone() {
            let compiled = self.load(conn, tenant, &pin.flow, pin.version).await?;
            let called = self.called(conn, tenant, &compiled, &pin.process, &mut pins).await?;
            let open = called.into_iter().map(|(callee, process)| (callee, process, 1)).collect();
            self.follow(conn, tenant, open, &mut pins).await?;
        }
        Ok(pins)
    }

    /// Adds processes and whatever they call, and what that calls.
    async fn follow(
        &self,
        conn: &Conn,
        tenant: &Tenant,
        mut open: Vec<(Arc<Compiled>, String, usize)>,
        pins: &mut Pins,
    ) -> Result<(), Error> {
        while let Some((compiled, process, depth)) = open.pop() {
            let Some(found) = compiled.process(Some(&process)) else { continue };
            let key = compiled.key(found);
            if pins.processes.iter().any(|pin| pin.key == key) {
                continue;
            }
            if depth > MOST_DEPTH || pins.processes.len() >= MOST_PINS {
                return Err(Error::CallsTooDeep(compiled.flow.to_string()));
            }
            pins.processes.push(Pin {
                key,
                flow: compiled.flow.clone(),
                version: compiled.version,
                process: process.clone(),
            });
            let called = self.called(conn, tenant, &compiled, &process, pins).await?;
            open.extend(called.into_iter().map(|(callee, process)| (callee, process, depth + 1)));
        }
        Ok(())
    }

    /// Links what a process calls to what that names now, as far as it is not linked; gives that.
    async fn called(
        &self,
        conn: &Conn,
        tenant: &Tenant,
        compiled: &Arc<Compiled>,
        process: &str,
        pins: &mut Pins,
    ) -> Result<Vec<(Arc<Compiled>, String)>, Error> {
        let Some(process) = compiled.process(Some(process)) else { return Ok(Vec::new()) };
        let key = compiled.key(process);
        let is_linked = |name: &String| {
            pins.links.iter().any(|(caller, called, _)| *caller == key && called == name)
        };
        let calls: Vec<String> =
            process.calls().into_iter().filter(|name| !is_linked(name)).collect();
        let foreign = calls.iter().filter(|name| compiled.process(Some(name)).is_none());
        let foreign: Vec<String> = foreign.cloned().collect();
        let online = match foreign.is_empty() {
            true => Vec::new(),
            false => definitions::list_online(conn, tenant, foreign).await?,
        };
        let mut found = Vec::new();
        for called in calls {
            let callee = if compiled.process(Some(&called)).is_some() {
                compiled.clone()
            } else if let Some((_, flow, version)) =
                online.iter().find(|(name, ..)| *name == called)
            {
                self.load(conn, tenant, flow, *version).await?
            } else {
                continue;
            };
            let target = callee.process(Some(&called)).or_else(|| callee.process(None));
            let Some(target) = target else { continue };
            pins.links.push((key.clone(), called, callee.key(target)));
            let id = target.id().to_owned();
            found.push((callee, id));
        }
        Ok(found)
    }
}
