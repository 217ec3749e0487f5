//! Random drawings without structure: tasks that choose where to go, joins that may never get all
//! they wait for, loops, repeated tasks, sub-processes of the same kind.

use std::fmt::Write as _;

use proptest::prelude::*;

/// The inside of a process or sub-process.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Drawn>,
    /// Where the start leads to.
    first: u8,
}

/// A node and where it leads to.
#[derive(Clone, Debug)]
pub(crate) struct Drawn {
    pub(crate) what: What,
    to: Vec<u8>,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Task,
    /// Done this often, at once or in turn.
    Repeated(u8, bool),
    /// Begins with two tokens.
    Pair,
    Parallel,
    /// Fires with two tokens.
    Complex,
    Sub(Graph),
}

/// Graphs in graphs.
pub(crate) fn graphs() -> impl Strategy<Value = Graph> {
    let plain = graph(prop_oneof![
        6 => Just(What::Task),
        1 => (1..4u8, any::<bool>()).prop_map(|(many, turn)| What::Repeated(many, turn)),
        1 => Just(What::Pair),
        4 => Just(What::Parallel),
    ]);
    let leaf = prop_oneof![
        6 => Just(What::Task),
        1 => (1..4u8, any::<bool>()).prop_map(|(many, turn)| What::Repeated(many, turn)),
        1 => Just(What::Pair),
        5 => Just(What::Parallel),
        2 => plain.prop_map(What::Sub),
    ];
    graph(leaf)
}

/// Graphs with complex gateways, too.
pub(crate) fn complex_graphs() -> impl Strategy<Value = Graph> {
    graph(prop_oneof![
        6 => Just(What::Task),
        3 => Just(What::Parallel),
        2 => Just(What::Complex),
    ])
}

fn graph(what: impl Strategy<Value = What>) -> impl Strategy<Value = Graph> {
    let to = prop::collection::vec(any::<u8>(), 1..4);
    let node = (what, to).prop_map(|(what, to)| Drawn { what, to });
    // Something in it waits, so that a circle through it does, too.
    (prop::collection::vec(node, 2..8), any::<u8>()).prop_map(|(mut nodes, first)| {
        nodes[0].what = What::Task;
        Graph { nodes, first }
    })
}

/// A drawing of a graph.
pub(crate) fn drawing(graph: &Graph) -> String {
    let mut text = String::new();
    draw(graph, "x", &mut text);
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="main" isExecutable="true">
{text}</process></definitions>"#
    )
}

fn draw(graph: &Graph, prefix: &str, text: &mut String) {
    let id = |ix: usize| format!("{prefix}{ix}");
    let count = graph.nodes.len();
    let waits = |it: &Drawn| !matches!(it.what, What::Parallel | What::Complex);
    let tasks: Vec<usize> = (0..count).filter(|&ix| waits(&graph.nodes[ix])).collect();
    let end = format!("{prefix}end");
    writeln!(text, r#"<startEvent id="{prefix}start"/><endEvent id="{end}"/>"#).unwrap();
    let mut flows: Vec<(String, String)> = Vec::new();
    let into = tasks.get(usize::from(graph.first) % tasks.len().max(1)).map(|&ix| id(ix));
    flows.push((format!("{prefix}start"), into.unwrap_or_else(|| end.clone())));
    for (ix, node) in graph.nodes.iter().enumerate() {
        // A gateway leads to what waits, so that no circle is without a wait.
        let choices: Vec<String> = match node.what {
            What::Parallel | What::Complex => {
                tasks.iter().map(|&ix| id(ix)).chain([end.clone()]).collect()
            }
            _ => (0..count).map(id).chain([end.clone()]).collect(),
        };
        let mut targets: Vec<&String> =
            node.to.iter().map(|to| &choices[usize::from(*to) % choices.len()]).collect();
        targets.sort();
        targets.dedup();
        flows.extend(targets.into_iter().map(|to| (id(ix), to.clone())));
    }
    // What nothing leads to is led to by the first task, so that every node is reached somehow.
    for ix in 0..count {
        if !flows.iter().any(|(_, to)| *to == id(ix)) {
            let from = tasks.first().map_or_else(|| format!("{prefix}start"), |&ix| id(ix));
            flows.push((from, id(ix)));
        }
    }
    for (ix, node) in graph.nodes.iter().enumerate() {
        let id = id(ix);
        let default = format!(r#"default="{id}f0""#);
        let go = format!(r#"<property id="{id}go" name="go"/>"#);
        match &node.what {
            What::Task => writeln!(text, r#"<userTask id="{id}" {default}>{go}</userTask>"#),
            What::Repeated(many, turn) => writeln!(
                text,
                r#"<userTask id="{id}" {default}>{go}<multiInstanceLoopCharacteristics isSequential="{turn}"><loopCardinality>{many}</loopCardinality></multiInstanceLoopCharacteristics></userTask>"#
            ),
            What::Pair => {
                writeln!(text, r#"<userTask id="{id}" {default} startQuantity="2">{go}</userTask>"#)
            }
            What::Parallel => writeln!(text, r#"<parallelGateway id="{id}"/>"#),
            What::Complex => writeln!(
                text,
                r#"<complexGateway id="{id}"><activationCondition>activationCount &gt;= 2</activationCondition></complexGateway>"#
            ),
            What::Sub(inner) => {
                writeln!(text, r#"<subProcess id="{id}">"#).unwrap();
                draw(inner, &format!("{id}y"), text);
                writeln!(text, "</subProcess>")
            }
        }
        .unwrap();
        let chooses = !matches!(node.what, What::Parallel | What::Complex | What::Sub(_));
        for (n, (_, to)) in flows.iter().filter(|(from, _)| *from == id).enumerate() {
            let condition = if chooses && n > 0 {
                format!("<conditionExpression>go = {n}</conditionExpression>")
            } else {
                String::new()
            };
            writeln!(
                text,
                r#"<sequenceFlow id="{id}f{n}" sourceRef="{id}" targetRef="{to}">{condition}</sequenceFlow>"#
            )
            .unwrap();
        }
    }
    for (n, (from, to)) in flows.iter().filter(|(from, _)| from.ends_with("start")).enumerate() {
        writeln!(text, r#"<sequenceFlow id="{prefix}s{n}" sourceRef="{from}" targetRef="{to}"/>"#)
            .unwrap();
    }
}
