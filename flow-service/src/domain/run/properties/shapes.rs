//! Random drawings of pieces with one way in and one way out.

use proptest::prelude::*;

use super::{CROWD, name};

/// A piece of a drawing, with one way in and one way out.
#[derive(Clone, Debug)]
pub(super) enum Block {
    Task(Words),
    Row(Vec<Block>),
    Parallel(Vec<Block>),
    /// Whether each way is taken.
    Inclusive(Vec<(bool, Block)>),
    /// Again, as long as its last task is refused.
    Loop(Box<Block>, Words),
    Sub(Box<Block>),
    Multi(usize, bool, Words),
    MultiSub(usize, bool, Box<Block>),
}

/// What a task says.
#[derive(Clone, Debug)]
pub(super) struct Words {
    mode: u8,
    people: Vec<usize>,
    on_reject: u8,
    timeout: u8,
}

fn words() -> impl Strategy<Value = Words> {
    let people = prop::collection::vec(0..CROWD, 1..4);
    (0_u8..4, people, 0_u8..8, 0_u8..6).prop_map(|(mode, people, on_reject, timeout)| Words {
        mode,
        people,
        on_reject,
        timeout,
    })
}

pub(super) fn block() -> impl Strategy<Value = Block> {
    let task = words().prop_map(Block::Task);
    let multi = (1_usize..4, any::<bool>(), words())
        .prop_map(|(count, in_turn, words)| Block::Multi(count, in_turn, words));
    prop_oneof![4 => task, 1 => multi].prop_recursive(3, 9, 3, |inner| {
        let some = |inner: &BoxedStrategy<Block>| prop::collection::vec(inner.clone(), 2..4);
        let ways = prop::collection::vec((any::<bool>(), inner.clone()), 2..4);
        prop_oneof![
            3 => some(&inner.clone().boxed()).prop_map(Block::Row),
            3 => some(&inner.clone().boxed()).prop_map(Block::Parallel),
            2 => ways.prop_map(Block::Inclusive),
            1 => (inner.clone(), words()).prop_map(|(inner, words)| Block::Loop(Box::new(inner), words)),
            2 => inner.clone().prop_map(|inner| Block::Sub(Box::new(inner))),
            1 => (1_usize..3, any::<bool>(), inner)
                .prop_map(|(count, in_turn, inner)| Block::MultiSub(count, in_turn, Box::new(inner))),
        ]
    })
}

/// Writes drawings.
#[derive(Default)]
struct Pen {
    text: String,
    count: usize,
}

impl Pen {
    fn id(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}{}", self.count)
    }

    fn flow(&mut self, from: &str, to: &str, condition: Option<&str>) -> String {
        let id = self.id("f");
        let inside = condition.map_or_else(String::new, |text| {
            format!(
                "<conditionExpression xsi:type='tFormalExpression'>{text}</conditionExpression>"
            )
        });
        let flow = format!(
            "<sequenceFlow id='{id}' sourceRef='{from}' targetRef='{to}'>{inside}</sequenceFlow>"
        );
        self.text.push_str(&flow);
        id
    }

    fn task(&mut self, words: &Words, repeat: &str) -> String {
        let id = self.id("t");
        let mode = ["any", "all", "sequence", "vote"][usize::from(words.mode)];
        let ratio = if mode == "vote" { "aiflow:ratio='60'" } else { "" };
        let on_reject = ["end", "continue", "starter", "previous"]
            .get(usize::from(words.on_reject))
            .unwrap_or(&"previous");
        let people: Vec<String> = words.people.iter().map(|number| name(*number)).collect();
        let timeout = match words.timeout {
            0 => "<aiflow:timeout after='PT8H' action='pass' times='5'/>",
            1 => "<aiflow:timeout after='PT8H' action='reject' times='5'/>",
            2 => "<aiflow:timeout after='PT8H' action='superior' times='5'/>",
            _ => "",
        };
        let task = format!(
            "<userTask id='{id}' aiflow:mode='{mode}' {ratio} aiflow:onReject='{on_reject}'><extensionElements>\
             <aiflow:approvers><aiflow:users codes='{}'/></aiflow:approvers>{timeout}</extensionElements>{repeat}</userTask>",
            people.join(",")
        );
        self.text.push_str(&task);
        id
    }

    fn fork(&mut self, kind: &str, ways: &[(Option<&str>, &Block)]) -> (String, String) {
        let (fork, join) = (self.id("g"), self.id("g"));
        let mut default = None;
        let gateway_at = self.text.len();
        for (condition, block) in ways {
            let (first, last) = self.block(block);
            let way = self.flow(&fork, &first, *condition);
            if condition.is_none() {
                default = Some(way);
            }
            self.flow(&last, &join, None);
        }
        let default = default.filter(|_| kind == "inclusiveGateway");
        let default = default.map_or_else(String::new, |id| format!("default='{id}'"));
        let gateways = format!("<{kind} id='{fork}' {default}/><{kind} id='{join}'/>");
        self.text.insert_str(gateway_at, &gateways);
        (fork, join)
    }

    /// Its first and its last element.
    fn block(&mut self, block: &Block) -> (String, String) {
        match block {
            Block::Task(words) => {
                let id = self.task(words, "");
                (id.clone(), id)
            }
            Block::Multi(count, in_turn, words) => {
                let id = self.task(words, &repeat(*count, *in_turn));
                (id.clone(), id)
            }
            Block::Row(blocks) => {
                let ends: Vec<_> = blocks.iter().map(|block| self.block(block)).collect();
                for pair in ends.windows(2) {
                    self.flow(&pair[0].1, &pair[1].0, None);
                }
                (ends[0].0.clone(), ends[ends.len() - 1].1.clone())
            }
            Block::Parallel(blocks) => {
                let ways: Vec<_> = blocks.iter().map(|block| (None, block)).collect();
                self.fork("parallelGateway", &ways)
            }
            Block::Inclusive(blocks) => {
                let mut ways: Vec<_> = blocks
                    .iter()
                    .map(|(taken, block)| {
                        (Some(if *taken { "${true}" } else { "${false}" }), block)
                    })
                    .collect();
                ways[0].0 = None;
                self.fork("inclusiveGateway", &ways)
            }
            Block::Loop(inner, words) => {
                let (merge, again) = (self.id("g"), self.id("g"));
                let (first, last) = self.block(inner);
                let task = self.task(&Words { on_reject: 1, ..words.clone() }, "");
                self.flow(&merge, &first, None);
                self.flow(&last, &task, None);
                self.flow(&task, &again, None);
                self.flow(&again, &merge, Some("${approved == false}"));
                let end = self.id("g");
                let out = self.flow(&again, &end, None);
                let gateways = format!(
                    "<exclusiveGateway id='{merge}'/><exclusiveGateway id='{again}' default='{out}'/>\
                     <exclusiveGateway id='{end}'/>"
                );
                self.text.push_str(&gateways);
                (merge, end)
            }
            Block::Sub(inner) => self.sub(inner, ""),
            Block::MultiSub(count, in_turn, inner) => self.sub(inner, &repeat(*count, *in_turn)),
        }
    }

    fn sub(&mut self, inner: &Block, repeat: &str) -> (String, String) {
        let (id, begin, done) = (self.id("s"), self.id("b"), self.id("e"));
        let outside = std::mem::take(&mut self.text);
        let (first, last) = self.block(inner);
        self.flow(&begin, &first, None);
        self.flow(&last, &done, None);
        let inside = std::mem::replace(&mut self.text, outside);
        let sub = format!(
            "<subProcess id='{id}'><startEvent id='{begin}'/><endEvent id='{done}'/>{inside}{repeat}</subProcess>"
        );
        self.text.push_str(&sub);
        (id.clone(), id)
    }
}

fn repeat(count: usize, in_turn: bool) -> String {
    format!(
        "<multiInstanceLoopCharacteristics isSequential='{in_turn}'><loopCardinality>{count}</loopCardinality>\
         </multiInstanceLoopCharacteristics>"
    )
}

pub(super) fn drawing(block: &Block) -> String {
    let mut pen = Pen::default();
    let (first, last) = pen.block(block);
    pen.flow("start", &first, None);
    pen.flow(&last, "end", None);
    format!(
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' xmlns:aiflow='http://aiflow/bpmn' \
         xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' targetNamespace='t'><process id='p' isExecutable='true'>\
         <startEvent id='start'/><endEvent id='end'/>{}</process></definitions>",
        pen.text
    )
}
