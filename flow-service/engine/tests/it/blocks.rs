//! Random drawings that can always be finished: blocks in blocks, each left by as many tokens as
//! entered it.

use std::fmt::Write as _;

use proptest::prelude::*;

/// A part of a drawing with one way in and one way out.
#[derive(Clone, Debug)]
pub(crate) enum Block {
    Pass,
    User,
    Script,
    Timer,
    Receive,
    CatchSignal(u8),
    ThrowSignal(u8),
    ThrowMessage(u8),
    /// A task that can be undone, by a task that waits or not.
    Undoable(bool),
    Undo,
    Row(Vec<Block>),
    Parallel(Vec<Block>),
    Inclusive(Vec<(bool, Block)>),
    Exclusive(Vec<Block>, u8),
    Race,
    /// A task with what happens on its border.
    Bordered(Border),
    /// A sub-process with what happens on its border.
    Sub(Box<Block>, Option<Border>),
    /// A sub-process with an event sub-process.
    Reacting(Box<Block>, Border, Box<Block>),
    /// A sub-process that ends with an error which its border catches.
    Failing(Box<Block>),
    /// A transaction that is cancelled.
    Cancelled(Box<Block>),
    Multi {
        many: u8,
        sequential: bool,
        inside: Option<Box<Block>>,
    },
    Loop(u8),
    Call,
}

/// What happens beside the normal flow. Nothing in the drawing throws it, else it could go round
/// for ever.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Border {
    Message(bool),
    Signal(bool, u8),
    Timer(bool),
    Cycle,
}

impl Border {
    fn interrupts(self) -> bool {
        match self {
            Self::Message(it) | Self::Signal(it, _) | Self::Timer(it) => it,
            Self::Cycle => false,
        }
    }

    fn definition(self) -> String {
        match self {
            Self::Message(_) => r#"<messageEventDefinition messageRef="m3"/>"#.into(),
            Self::Signal(_, n) => format!(r#"<signalEventDefinition signalRef="s{n}"/>"#),
            Self::Timer(_) => timer("timeDuration", "PT1H"),
            Self::Cycle => timer("timeCycle", "R3/PT1H"),
        }
    }
}

fn timer(kind: &str, text: &str) -> String {
    format!("<timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition>")
}

fn borders() -> impl Strategy<Value = Border> {
    prop_oneof![
        any::<bool>().prop_map(Border::Message),
        (any::<bool>(), 3..5u8).prop_map(|(it, n)| Border::Signal(it, n)),
        any::<bool>().prop_map(Border::Timer),
        Just(Border::Cycle),
    ]
}

/// Blocks in blocks.
pub(crate) fn blocks() -> impl Strategy<Value = Block> {
    let leaf = prop_oneof![
        1 => Just(Block::Pass),
        4 => Just(Block::User),
        1 => Just(Block::Script),
        1 => Just(Block::Timer),
        1 => Just(Block::Receive),
        1 => Just(Block::Race),
        2 => borders().prop_map(Block::Bordered),
        1 => Just(Block::Undo),
        1 => Just(Block::Call),
        1 => any::<bool>().prop_map(Block::Undoable),
        1 => (0..3u8).prop_map(Block::CatchSignal),
        1 => (0..3u8).prop_map(Block::ThrowSignal),
        1 => (0..3u8).prop_map(Block::ThrowMessage),
        1 => (1..4u8).prop_map(Block::Loop),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let some = || prop::collection::vec(inner.clone(), 1..4);
        let chosen = prop::collection::vec((any::<bool>(), inner.clone()), 1..4);
        let boxed = || inner.clone().prop_map(Box::new);
        let sub = (boxed(), prop::option::of(borders()));
        let multi = (0..4u8, any::<bool>(), prop::option::of(boxed()));
        prop_oneof![
            3 => some().prop_map(Block::Row),
            2 => some().prop_map(Block::Parallel),
            2 => chosen.prop_map(Block::Inclusive),
            1 => (some(), any::<u8>()).prop_map(|(it, n)| Block::Exclusive(it, n)),
            2 => sub.prop_map(|(it, border)| Block::Sub(it, border)),
            2 => (boxed(), borders(), boxed()).prop_map(|(it, on, then)| Block::Reacting(it, on, then)),
            1 => boxed().prop_map(Block::Failing),
            1 => boxed().prop_map(Block::Cancelled),
            1 => multi.prop_map(|(many, sequential, inside)| Block::Multi { many, sequential, inside }),
        ]
    })
}

/// A drawing of a block between a start and an end.
pub(crate) fn drawing(block: &Block) -> String {
    let mut pen = Pen::default();
    pen.scope(block, "start", "end");
    let roots: String = (0..5)
        .map(|n| {
            format!("<signal id=\"s{n}\" name=\"s{n}\"/><message id=\"m{n}\" name=\"m{n}\"/>\n")
        })
        .collect();
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">
{roots}<error id="e" errorCode="E"/>
<process id="main" isExecutable="true">
{}</process>
<process id="second" isExecutable="true">
<startEvent id="startOther"/><userTask id="taskOther"/><endEvent id="endOther"/>
<sequenceFlow id="x1" sourceRef="startOther" targetRef="taskOther"/>
<sequenceFlow id="x2" sourceRef="taskOther" targetRef="endOther"/>
</process>
</definitions>"#,
        pen.text
    )
}

/// Draws blocks, giving every element an id.
#[derive(Default)]
struct Pen {
    text: String,
    last: u32,
}

impl Pen {
    fn id(&mut self, word: &str) -> String {
        self.last += 1;
        format!("{word}{}", self.last)
    }

    fn put(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn flow(&mut self, from: &str, to: &str) {
        let id = self.id("f");
        writeln!(self.text, r#"<sequenceFlow id="{id}" sourceRef="{from}" targetRef="{to}"/>"#)
            .unwrap();
    }

    fn flow_if(&mut self, from: &str, to: &str, condition: &str) -> String {
        let id = self.id("f");
        let condition = format!("<conditionExpression>{condition}</conditionExpression>");
        writeln!(
            self.text,
            r#"<sequenceFlow id="{id}" sourceRef="{from}" targetRef="{to}">{condition}</sequenceFlow>"#
        )
        .unwrap();
        id
    }

    fn scope(&mut self, block: &Block, start: &str, end: &str) {
        self.put(&format!(r#"<startEvent id="{start}"/><endEvent id="{end}"/>"#));
        let (into, out) = self.block(block);
        self.flow(start, &into);
        self.flow(&out, end);
    }

    fn one(&mut self, word: &str, tag: &str, inside: &str) -> (String, String) {
        let id = self.id(word);
        self.put(&format!(r#"<{tag} id="{id}">{inside}</{tag}>"#));
        (id.clone(), id)
    }

    /// Draws a block; says where it is entered and where it is left.
    fn block(&mut self, block: &Block) -> (String, String) {
        match block {
            Block::Pass => self.one("pass", "task", ""),
            Block::User => self.one("user", "userTask", ""),
            Block::Script => {
                self.one("script", "scriptTask", "<script>count = coalesce(count, 0) + 1</script>")
            }
            Block::Timer => {
                self.one("timer", "intermediateCatchEvent", &timer("timeDuration", "PT1H"))
            }
            Block::Receive => {
                let id = self.id("receive");
                self.put(&format!(r#"<receiveTask id="{id}" messageRef="m0"/>"#));
                (id.clone(), id)
            }
            Block::CatchSignal(n) => {
                let definition = format!(r#"<signalEventDefinition signalRef="s{n}"/>"#);
                self.one("catch", "intermediateCatchEvent", &definition)
            }
            Block::ThrowSignal(n) => {
                let definition = format!(r#"<signalEventDefinition signalRef="s{n}"/>"#);
                self.one("throw", "intermediateThrowEvent", &definition)
            }
            Block::ThrowMessage(n) => {
                let definition = format!(r#"<messageEventDefinition messageRef="m{n}"/>"#);
                self.one("throw", "intermediateThrowEvent", &definition)
            }
            Block::Undoable(waits) => self.undoable(*waits),
            Block::Undo => {
                self.one("undo", "intermediateThrowEvent", "<compensateEventDefinition/>")
            }
            Block::Row(blocks) => self.row(blocks),
            Block::Parallel(blocks) => {
                let blocks = blocks.iter().map(|it| (None, it)).collect::<Vec<_>>();
                self.fork("parallelGateway", &blocks)
            }
            Block::Inclusive(blocks) => {
                let word = |it: &bool| Some(if *it { "true" } else { "false" });
                let blocks = blocks.iter().map(|(it, block)| (word(it), block)).collect::<Vec<_>>();
                self.fork("inclusiveGateway", &blocks)
            }
            Block::Exclusive(blocks, chosen) => {
                let chosen = usize::from(*chosen) % blocks.len();
                let word = |ix| Some(if ix == chosen { "true" } else { "false" });
                let blocks =
                    blocks.iter().enumerate().map(|(ix, it)| (word(ix), it)).collect::<Vec<_>>();
                self.fork("exclusiveGateway", &blocks)
            }
            Block::Race => self.race(),
            Block::Bordered(border) => {
                let id = self.one("user", "userTask", "").0;
                self.bordered(id, *border)
            }
            Block::Sub(block, border) => self.sub(block, *border),
            Block::Reacting(block, on, then) => self.reacting(block, *on, then),
            Block::Failing(block) => {
                self.broken(block, "subProcess", r#"<errorEventDefinition errorRef="e"/>"#)
            }
            Block::Cancelled(block) => {
                self.broken(block, "transaction", "<cancelEventDefinition/>")
            }
            Block::Multi { many, sequential, inside } => {
                self.multi(*many, *sequential, inside.as_deref())
            }
            Block::Loop(many) => {
                let id = self.id("user");
                self.put(&format!(
                    r#"<userTask id="{id}"><standardLoopCharacteristics loopMaximum="{many}"><loopCondition>true</loopCondition></standardLoopCharacteristics></userTask>"#
                ));
                (id.clone(), id)
            }
            Block::Call => {
                let id = self.id("call");
                self.put(&format!(r#"<callActivity id="{id}" calledElement="second"/>"#));
                (id.clone(), id)
            }
        }
    }

    fn row(&mut self, blocks: &[Block]) -> (String, String) {
        let drawn = blocks.iter().map(|it| self.block(it)).collect::<Vec<_>>();
        for pair in drawn.windows(2) {
            self.flow(&pair[0].1, &pair[1].0);
        }
        (drawn[0].0.clone(), drawn[drawn.len() - 1].1.clone())
    }

    fn fork(&mut self, tag: &str, blocks: &[(Option<&str>, &Block)]) -> (String, String) {
        let (into, out) = (self.id("fork"), self.id("join"));
        let mut default = String::new();
        let conditional = blocks.iter().any(|(condition, _)| condition.is_some());
        let mut drawn = Vec::new();
        for (condition, block) in blocks {
            drawn.push((*condition, self.block(block)));
        }
        for (condition, (first, last)) in &drawn {
            match condition {
                Some(condition) => {
                    self.flow_if(&into, first, condition);
                }
                None => self.flow(&into, first),
            }
            self.flow(last, &out);
        }
        if conditional {
            let pass = self.one("pass", "task", "").0;
            let id = self.id("f");
            writeln!(
                self.text,
                r#"<sequenceFlow id="{id}" sourceRef="{into}" targetRef="{pass}"/>"#
            )
            .unwrap();
            self.flow(&pass, &out);
            default = format!(r#" default="{id}""#);
        }
        self.put(&format!(r#"<{tag} id="{into}"{default}/><{tag} id="{out}"/>"#));
        (into, out)
    }

    fn race(&mut self) -> (String, String) {
        let (into, out) = (self.id("race"), self.id("join"));
        self.put(&format!(r#"<eventBasedGateway id="{into}"/><exclusiveGateway id="{out}"/>"#));
        let definitions = [
            timer("timeDuration", "PT1H"),
            r#"<messageEventDefinition messageRef="m0"/>"#.into(),
            r#"<signalEventDefinition signalRef="s0"/>"#.into(),
        ];
        for definition in definitions {
            let event = self.one("catch", "intermediateCatchEvent", &definition).0;
            self.flow(&into, &event);
            self.flow(&event, &out);
        }
        (into, out)
    }

    fn undoable(&mut self, waits: bool) -> (String, String) {
        let (task, event, undo) = (self.id("pass"), self.id("beside"), self.id("undoing"));
        let tag = if waits { "userTask" } else { "task" };
        self.put(&format!(
            r#"<task id="{task}"/><{tag} id="{undo}" isForCompensation="true"/>
<boundaryEvent id="{event}" attachedToRef="{task}"><compensateEventDefinition/></boundaryEvent>
<association id="a{event}" associationDirection="One" sourceRef="{event}" targetRef="{undo}"/>"#
        ));
        (task.clone(), task)
    }

    /// What an element of its own scope holds.
    fn inside(&mut self, block: &Block) {
        let (start, end) = (self.id("start"), self.id("end"));
        self.scope(block, &start, &end);
    }

    fn sub(&mut self, block: &Block, border: Option<Border>) -> (String, String) {
        let id = self.id("sub");
        self.put(&format!(r#"<subProcess id="{id}">"#));
        self.inside(block);
        self.put("</subProcess>");
        match border {
            Some(border) => self.bordered(id, border),
            None => (id.clone(), id),
        }
    }

    /// An activity that is left by its border, too.
    fn bordered(&mut self, id: String, border: Border) -> (String, String) {
        let (event, out) = (self.id("beside"), self.id("merge"));
        self.put(&format!(
            r#"<boundaryEvent id="{event}" attachedToRef="{id}" cancelActivity="{}">{}</boundaryEvent>
<exclusiveGateway id="{out}"/>"#,
            border.interrupts(),
            border.definition()
        ));
        self.flow(&id, &out);
        if border.interrupts() {
            self.flow(&event, &out);
        } else {
            let end = self.id("end");
            self.put(&format!(r#"<endEvent id="{end}"/>"#));
            self.flow(&event, &end);
        }
        (id, out)
    }

    fn reacting(&mut self, block: &Block, on: Border, then: &Block) -> (String, String) {
        let (id, handler, event, end) =
            (self.id("sub"), self.id("sub"), self.id("beside"), self.id("end"));
        self.put(&format!(r#"<subProcess id="{id}">"#));
        self.inside(block);
        self.put(&format!(
            r#"<subProcess id="{handler}" triggeredByEvent="true">
<startEvent id="{event}" isInterrupting="{}">{}</startEvent><endEvent id="{end}"/>"#,
            on.interrupts(),
            on.definition()
        ));
        let (into, out) = self.block(then);
        self.flow(&event, &into);
        self.flow(&out, &end);
        self.put("</subProcess></subProcess>");
        (id.clone(), id)
    }

    /// A sub-process that is left by its border when it has gone through the block.
    fn broken(&mut self, block: &Block, tag: &str, definition: &str) -> (String, String) {
        let (id, start, end, event) =
            (self.id("sub"), self.id("start"), self.id("end"), self.id("border"));
        self.put(&format!(
            r#"<{tag} id="{id}"><startEvent id="{start}"/><endEvent id="{end}">{definition}</endEvent>"#
        ));
        let (into, out) = self.block(block);
        self.flow(&start, &into);
        self.flow(&out, &end);
        let never = self.id("end");
        self.put(&format!(
            r#"</{tag}><boundaryEvent id="{event}" attachedToRef="{id}">{definition}</boundaryEvent><endEvent id="{never}"/>"#
        ));
        self.flow(&id, &never);
        (id, event)
    }

    fn multi(&mut self, many: u8, sequential: bool, inside: Option<&Block>) -> (String, String) {
        let id = self.id(if inside.is_some() { "sub" } else { "user" });
        let tag = if inside.is_some() { "subProcess" } else { "userTask" };
        self.put(&format!(
            r#"<{tag} id="{id}"><multiInstanceLoopCharacteristics isSequential="{sequential}"><loopCardinality>{many}</loopCardinality></multiInstanceLoopCharacteristics>"#
        ));
        if let Some(block) = inside {
            self.inside(block);
        }
        self.put(&format!("</{tag}>"));
        (id.clone(), id)
    }
}
