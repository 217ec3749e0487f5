//! From a snapshot back to the instance: ids become indexes of the same drawing.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value as Json};

use super::take::{word_of_phase, word_of_role, word_of_state};
use super::*;
use crate::command::Refusal;
use crate::instance::{
    Activation, Back, Clock, Cycle, Done, Instance, Memory, More, Parked, Resume, Role, Rounds,
    Run, State, Visit, VisitKind, Wait, What,
};
use crate::lifecycle::Phase;
use crate::process::{FlowIx, Library, NO_NODE, NodeIx, Process};
use crate::value::{Value, Variables};

type Outcome<T> = Result<T, Refusal>;

pub(crate) fn restore(kept: Snapshot, library: &Library) -> Outcome<Instance> {
    if kept.version == 0 || kept.version > VERSION {
        return Err(bad(format!("版本 {} 未知", kept.version)));
    }
    let mut instance = Instance::new(&kept.key);
    let states = [State::Fresh, State::Running, State::Completed, State::Failed, State::Cancelled];
    instance.state = named(&states, word_of_state, &kept.state)?;
    instance.variables = variables(&kept.variables);
    instance.last_activation = kept.last_activation;
    instance.last_wait = kept.last_wait;
    instance.last_visit = kept.last_visit;
    for run in kept.runs {
        let Some(run) = run else {
            instance.runs.push(None);
            continue;
        };
        let unknown = || Refusal::UnknownProcess(run.key.clone());
        let (key, process) = library.entry(&run.key).ok_or_else(unknown)?;
        let ended_by = run.ended_by.as_deref().map(|id| node(&process, id)).transpose()?;
        instance.runs.push(Some(Run { key, process, failed: false, ended_by }));
    }
    for it in kept.activations {
        let process = process_of(&instance, it.run)?;
        instance.activations.push(activation(it, &process)?);
    }
    for it in kept.waits {
        let owner = instance.find(it.owner).ok_or_else(|| bad(format!("等待点 {}", it.number)))?;
        let process = process_of(&instance, owner.run)?;
        instance.waits.push(wait(it, &process)?);
    }
    for it in kept.visits {
        let process = instance.run(it.run).map(|run| run.process.clone());
        instance.visits.push(visit(it, process.as_deref())?);
    }
    let rises = instance.activations.is_sorted_by(|a, b| a.id < b.id)
        && instance.activations.iter().all(|it| it.parent < it.id)
        && instance.waits.is_sorted_by(|a, b| a.number < b.number)
        && instance.visits.is_sorted_by(|a, b| a.no < b.no);
    if rises { Ok(instance) } else { Err(bad("编号没有递增")) }
}

fn activation(it: KeptActivation, process: &Process) -> Outcome<Activation> {
    let roles = [Role::Root, Role::Single, Role::Body, Role::Iteration, Role::Held, Role::Undoing];
    let phases =
        [Phase::Activating, Phase::Active, Phase::Completing, Phase::Completed, Phase::Terminating];
    Ok(Activation {
        id: it.id,
        parent: it.parent,
        run: it.run,
        node: it.node.map_or(Ok(NO_NODE), |id| node(process, &id))?,
        role: named(&roles, word_of_role, &it.role)?,
        phase: named(&phases, word_of_phase, &it.phase)?,
        live: it.live,
        index: it.index,
        at: it.at,
        acted: it.acted,
        variables: variables(&it.variables),
        more: it.more.map(|it| more(it, process).map(Box::new)).transpose()?,
    })
}

fn more(it: KeptMore, process: &Process) -> Outcome<More> {
    let mut more = More {
        interrupted: it.interrupted,
        cancelling: it.cancelling,
        holder: it.holder,
        touched: it.touched.into_iter().collect(),
        done: all_done(it.done, process)?,
        rounds: it.rounds.map(|it| Rounds {
            total: it.total,
            started: it.started,
            completed: it.completed,
            items: it.items.iter().map(Value::restore).collect(),
            results: it.results.iter().map(Value::restore).collect(),
        }),
        ..More::default()
    };
    let ats = it.parked_at.into_iter().chain(std::iter::repeat(0));
    for ((id, flow), at) in it.parked.into_iter().zip(ats) {
        let node = node(process, &id)?;
        let position = flow.map_or(Ok(0), |flow| position(process, node, &flow))?;
        more.parked.push(Parked { node, position, at });
    }
    for (id, flows) in it.fired {
        let node = node(process, &id)?;
        let positions = flows.iter().map(|flow| position(process, node, flow));
        more.fired.push((node, positions.collect::<Outcome<_>>()?));
    }
    for (scope, it) in it.plan {
        more.plan.push((scope, done(it, process)?));
    }
    for (id, visit) in it.back {
        more.back.push(Back { node: node(process, &id)?, visit });
    }
    for id in it.later {
        more.later.push(node(process, &id)?);
    }
    Ok(more)
}

/// Nothing is known any more of the drawing of a process that is over.
fn visit(it: KeptVisit, process: Option<&Process>) -> Outcome<Visit> {
    let node = match (process, &it.node) {
        (Some(process), Some(id)) => node(process, id)?,
        _ => NO_NODE,
    };
    let tokens = |kept: Vec<(Option<String>, u64)>| {
        let token = |(flow, at): (Option<String>, u64)| match (process, flow) {
            (Some(process), Some(flow)) => Ok((position(process, node, &flow)?, at)),
            _ => Ok((0, at)),
        };
        kept.into_iter().map(token).collect::<Outcome<Vec<_>>>()
    };
    let kind = match it.kind {
        KeptVisitKind::Start => VisitKind::Start,
        KeptVisitKind::Task => VisitKind::Task,
        KeptVisitKind::Join { side, swallowed } => {
            VisitKind::Join { side: tokens(side)?, swallowed: tokens(swallowed)? }
        }
        KeptVisitKind::Container { of } => VisitKind::Container { of },
    };
    let (no, run, scope, parent) = (it.no, it.run, it.scope, it.parent);
    Ok(Visit { no, node, run, scope, parent, waits: it.waits, acted: it.acted, kind })
}

fn all_done(kept: Vec<KeptDone>, process: &Process) -> Outcome<Vec<Done>> {
    kept.into_iter().map(|it| done(it, process)).collect()
}

fn done(it: KeptDone, process: &Process) -> Outcome<Done> {
    let memory = match it.memory {
        Some(it) => {
            let done = all_done(it.done, process)?;
            Some(Box::new(Memory { variables: variables(&it.variables), done }))
        }
        None => None,
    };
    Ok(Done { node: node(process, &it.node)?, memory })
}

fn wait(it: KeptWait, process: &Process) -> Outcome<Wait> {
    let what = match it.what {
        KeptWhat::User => What::User,
        KeptWhat::Receive { message } => What::Receive(message.map(Into::into)),
        KeptWhat::Service => What::Service,
        KeptWhat::Timer { due, cycle } => What::Timer(Clock {
            due: instant(&due)?,
            cycle: match cycle {
                Some(it) => {
                    Some(Cycle { text: it.text.into(), set: instant(&it.set)?, round: it.round })
                }
                None => None,
            },
        }),
        KeptWhat::Message { name } => What::Message(name.into()),
        KeptWhat::Signal { name } => What::Signal(name.into()),
        KeptWhat::Condition { held } => What::Condition(held),
        KeptWhat::Incident { reason, resume, flow } => {
            let resume = match resume.as_str() {
                "begin" => Resume::Begin,
                "leave" => Resume::Leave,
                "round" => Resume::Round,
                "arm" => Resume::Arm,
                "enter" => Resume::Enter(flow.map(|id| self::flow(process, &id)).transpose()?),
                other => return Err(bad(format!("未知的词 {other}"))),
            };
            What::Incident { reason, resume }
        }
    };
    let node = it.node.map_or(Ok(NO_NODE), |id| node(process, &id))?;
    Ok(Wait { number: it.number, owner: it.owner, node, definition: it.definition, what })
}

fn process_of(instance: &Instance, run: u32) -> Outcome<Arc<Process>> {
    let run = instance.run(run).ok_or_else(|| bad(format!("流程 {run} 不在快照中")))?;
    Ok(run.process.clone())
}

fn node(process: &Process, id: &str) -> Outcome<NodeIx> {
    process.index_of(id).ok_or_else(|| bad(format!("节点 {id} 不存在")))
}

fn flow(process: &Process, id: &str) -> Outcome<FlowIx> {
    let mut flows = (0..).zip(&process.graph.flows);
    let found = flows.find(|(_, flow)| &*flow.id == id).map(|(ix, _)| ix);
    found.ok_or_else(|| bad(format!("连线 {id} 不存在")))
}

fn position(process: &Process, node: NodeIx, id: &str) -> Outcome<u32> {
    let flow = flow(process, id)?;
    let mut incoming = (0..).zip(&process.graph.node(node).incoming);
    let found = incoming.find(|(_, it)| **it == flow).map(|(ix, _)| ix);
    found.ok_or_else(|| bad(format!("连线 {id} 不进入该节点")))
}

fn variables(kept: &Map<String, Json>) -> Variables {
    kept.iter().map(|(name, value)| (name.clone(), Value::restore(value))).collect()
}

fn instant(text: &str) -> Outcome<DateTime<Utc>> {
    let read = DateTime::parse_from_rfc3339(text);
    read.map(|it| it.to_utc()).ok().ok_or_else(|| bad(format!("时间 {text} 无法识别")))
}

fn named<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str, text: &str) -> Outcome<T> {
    let found = all.iter().copied().find(|&it| word(it) == text);
    found.ok_or_else(|| bad(format!("未知的词 {text}")))
}

fn bad(why: impl Into<String>) -> Refusal {
    Refusal::BadSnapshot(why.into())
}
