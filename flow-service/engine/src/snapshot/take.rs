//! From an instance to its snapshot: indexes become ids.

use serde_json::{Map, Value as Json};

use super::*;
use crate::instance::{
    Activation, Done, Instance, More, Resume, Role, State, Visit, VisitKind, Wait, What,
};
use crate::lifecycle::Phase;
use crate::process::{FlowIx, Graph, NO_NODE, NodeIx};
use crate::value::Variables;

pub(crate) fn take(instance: &Instance) -> Snapshot {
    let graph = |run: u32| instance.run(run).map(|run| &run.process.graph);
    Snapshot {
        version: VERSION,
        key: instance.key.to_string(),
        state: word_of_state(instance.state).to_owned(),
        variables: variables(&instance.variables),
        runs: instance
            .runs
            .iter()
            .map(|run| {
                let run = run.as_ref()?;
                let ended_by = run.ended_by.map(|node| run.process.graph.node(node).id.to_string());
                Some(KeptRun { key: run.key.to_string(), ended_by })
            })
            .collect(),
        activations: instance
            .activations
            .iter()
            .filter_map(|it| Some(activation(it, graph(it.run)?)))
            .collect(),
        waits: instance
            .waits
            .iter()
            .filter_map(|it| Some(wait(it, graph(instance.find(it.owner)?.run)?)))
            .collect(),
        visits: instance.visits.iter().map(|it| visit(it, graph(it.run))).collect(),
        last_activation: instance.last_activation,
        last_wait: instance.last_wait,
        last_visit: instance.last_visit,
    }
}

fn activation(it: &Activation, graph: &Graph) -> KeptActivation {
    KeptActivation {
        id: it.id,
        parent: it.parent,
        run: it.run,
        node: node(it.node, graph),
        role: word_of_role(it.role).to_owned(),
        phase: word_of_phase(it.phase).to_owned(),
        live: it.live,
        index: it.index,
        at: it.at,
        acted: it.acted.clone(),
        variables: variables(&it.variables),
        more: it.more.as_ref().map(|it| more(it, graph)),
    }
}

fn more(it: &More, graph: &Graph) -> KeptMore {
    let id = |node: NodeIx| graph.node(node).id.to_string();
    let incoming = |node: NodeIx, position: u32| incoming(graph, node, position);
    let mut parked_at: Vec<u64> = it.parked.iter().map(|it| it.at).collect();
    if parked_at.iter().all(|&at| at == 0) {
        parked_at.clear();
    }
    KeptMore {
        parked: it.parked.iter().map(|it| (id(it.node), incoming(it.node, it.position))).collect(),
        parked_at,
        fired: it
            .fired
            .iter()
            .map(|(node, positions)| {
                (id(*node), positions.iter().filter_map(|&at| incoming(*node, at)).collect())
            })
            .collect(),
        done: it.done.iter().map(|it| done(it, graph)).collect(),
        interrupted: it.interrupted,
        cancelling: it.cancelling,
        rounds: it.rounds.as_ref().map(|it| KeptRounds {
            total: it.total,
            started: it.started,
            completed: it.completed,
            items: it.items.iter().map(|it| it.store()).collect(),
            results: it.results.iter().map(|it| it.store()).collect(),
        }),
        plan: it.plan.iter().map(|(scope, it)| (*scope, done(it, graph))).collect(),
        holder: it.holder,
        touched: it.touched.iter().cloned().collect(),
        later: it.later.iter().map(|&node| id(node)).collect(),
        back: it.back.iter().map(|it| (id(it.node), it.visit)).collect(),
    }
}

/// Nothing is known any more of the drawing of a process that is over.
fn visit(it: &Visit, graph: Option<&Graph>) -> KeptVisit {
    let node = graph.and_then(|graph| node(it.node, graph));
    let flows = |tokens: &[(u32, u64)]| {
        let flow = |position| incoming(graph?, it.node, position);
        tokens.iter().map(|&(position, at)| (flow(position), at)).collect()
    };
    let kind = match &it.kind {
        VisitKind::Start => KeptVisitKind::Start,
        VisitKind::Task => KeptVisitKind::Task,
        VisitKind::Join { side, swallowed } => {
            KeptVisitKind::Join { side: flows(side), swallowed: flows(swallowed) }
        }
        VisitKind::Container { of } => KeptVisitKind::Container { of: *of },
    };
    let (no, run, scope, parent) = (it.no, it.run, it.scope, it.parent);
    KeptVisit { no, node, run, scope, parent, waits: it.waits.clone(), acted: it.acted, kind }
}

fn incoming(graph: &Graph, node: NodeIx, position: u32) -> Option<String> {
    let flow = graph.node(node).incoming.get(position as usize)?;
    Some(graph.flow(*flow).id.to_string())
}

fn done(it: &Done, graph: &Graph) -> KeptDone {
    let memory = it.memory.as_ref().map(|memory| KeptMemory {
        variables: variables(&memory.variables),
        done: memory.done.iter().map(|it| done(it, graph)).collect(),
    });
    KeptDone { node: graph.node(it.node).id.to_string(), memory }
}

fn wait(it: &Wait, graph: &Graph) -> KeptWait {
    let what = match &it.what {
        What::User => KeptWhat::User,
        What::Receive(message) => {
            KeptWhat::Receive { message: message.as_ref().map(|it| it.to_string()) }
        }
        What::Service => KeptWhat::Service,
        What::Timer(clock) => KeptWhat::Timer {
            due: clock.due.to_rfc3339(),
            cycle: clock.cycle.as_ref().map(|cycle| KeptCycle {
                text: cycle.text.to_string(),
                set: cycle.set.to_rfc3339(),
                round: cycle.round,
            }),
        },
        What::Message(name) => KeptWhat::Message { name: name.to_string() },
        What::Signal(name) => KeptWhat::Signal { name: name.to_string() },
        What::Condition(held) => KeptWhat::Condition { held: *held },
        What::Incident { reason, resume } => {
            let (resume, flow) = word_of_resume(*resume);
            let flow = flow.map(|flow| graph.flow(flow).id.to_string());
            KeptWhat::Incident { reason: reason.clone(), resume: resume.to_owned(), flow }
        }
    };
    let (number, owner, definition) = (it.number, it.owner, it.definition);
    KeptWait { number, owner, node: node(it.node, graph), definition, what }
}

fn node(node: NodeIx, graph: &Graph) -> Option<String> {
    (node != NO_NODE).then(|| graph.node(node).id.to_string())
}

fn variables(variables: &Variables) -> Map<String, Json> {
    variables.iter().map(|(name, value)| (name.clone(), value.store())).collect()
}

pub(super) fn word_of_state(state: State) -> &'static str {
    match state {
        State::Fresh => "fresh",
        State::Running => "running",
        State::Completed => "completed",
        State::Failed => "failed",
        State::Cancelled => "cancelled",
    }
}

pub(super) fn word_of_role(role: Role) -> &'static str {
    match role {
        Role::Root => "root",
        Role::Single => "single",
        Role::Body => "body",
        Role::Iteration => "iteration",
        Role::Held => "held",
        Role::Undoing => "undoing",
    }
}

pub(super) fn word_of_phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Activating => "activating",
        Phase::Active => "active",
        Phase::Completing => "completing",
        Phase::Completed => "completed",
        Phase::Terminating => "terminating",
    }
}

pub(super) fn word_of_resume(resume: Resume) -> (&'static str, Option<FlowIx>) {
    match resume {
        Resume::Begin => ("begin", None),
        Resume::Leave => ("leave", None),
        Resume::Round => ("round", None),
        Resume::Arm => ("arm", None),
        Resume::Enter(flow) => ("enter", flow),
    }
}
