//! Repeated activities: standard loops and multiple instances, in parallel or one after another.

use crate::instance::{Resume, Role, Rounds};
use crate::process::{Await, Multi, NodeIx, Repeat, Throw, What};
use crate::trail::Happened;
use crate::value::{Value, Variables};
use crate::work::{Spot, Work};

/// The most iterations one activity may have.
const MAX_ITERATIONS: usize = 1_000;

impl Work<'_> {
    /// A repeated activity begins: how often, and the first iterations.
    pub(super) fn begin_rounds(&mut self, id: u64, spot: &Spot) {
        let begun = match spot.node().repeat.as_ref() {
            Some(Repeat::Standard { test_before: true, condition: Some(condition), .. }) => self
                .holds(id, condition)
                .map(|holds| (Rounds { total: u32::from(holds), ..Rounds::default() }, 1)),
            Some(Repeat::Multi(multi)) => self.rounds(id, multi).map(|rounds| {
                let first = if multi.sequential { 1 } else { rounds.total };
                (rounds, first)
            }),
            Some(Repeat::Standard { .. }) | None => {
                Ok((Rounds { total: 1, ..Rounds::default() }, 1))
            }
        };
        let (rounds, first) = match begun {
            Ok(begun) => begun,
            Err(reason) => return self.incident(id, Resume::Begin, reason),
        };
        let total = rounds.total;
        if let Some(activation) = self.instance.find_mut(id) {
            activation.more_mut().rounds = Some(rounds);
        }
        self.allow_iterations(total);
        self.count_rounds(id, spot);
        if total == 0 {
            return self.complete(id);
        }
        for _ in 0..first {
            self.next_iteration(id, spot);
        }
    }

    fn rounds(&self, id: u64, multi: &Multi) -> Result<Rounds, String> {
        let items = match &multi.collection {
            Some(collection) => match self.eval(id, collection)? {
                Value::List(items) => items,
                Value::Null => return Err("多实例的集合为空值".into()),
                _ => return Err("多实例的集合不是列表".into()),
            },
            None => Vec::new(),
        };
        let total = match &multi.cardinality {
            Some(cardinality) => match self.eval(id, cardinality)? {
                Value::Number(number) => whole(number).ok_or("多实例的次数不是非负整数")?,
                Value::Text(text) => text.trim().parse().ok().ok_or("多实例的次数不是非负整数")?,
                _ => return Err("多实例的次数不是非负整数".into()),
            },
            None => items.len(),
        };
        if total > MAX_ITERATIONS {
            return Err(format!("多实例超过 {MAX_ITERATIONS} 次"));
        }
        let results = vec![Value::Null; if multi.output.is_some() { total } else { 0 }];
        Ok(Rounds { total: total as u32, items, results, ..Rounds::default() })
    }

    fn next_iteration(&mut self, body: u64, spot: &Spot) {
        let Some(activation) = self.instance.find_mut(body) else { return };
        let Some(rounds) = activation.more_mut().rounds.as_mut() else { return };
        let index = rounds.started;
        rounds.started += 1;
        let mut variables = Variables::new();
        variables.insert("loopCounter".into(), Value::Number(index.into()));
        if let Some(element) = multi(spot).and_then(|it| it.element.as_ref()) {
            let item = rounds.items.get(index as usize).cloned().unwrap_or_default();
            variables.insert(element.clone(), item);
        }
        self.add_token(body);
        let id = self.spawn(spot.ix, body, spot.run, Role::Iteration, 0);
        if let Some(activation) = self.instance.find_mut(id) {
            activation.index = Some(index);
            activation.variables = variables;
        }
        if let Some(iteration) = self.spot(id) {
            self.record(&iteration, Happened::Started);
        }
        self.begin(id);
    }

    /// One iteration is done.
    pub(super) fn complete_iteration(&mut self, id: u64, spot: &Spot) {
        if let Some((_, output)) = multi(spot).and_then(|it| it.output.as_ref()) {
            let result = match self.eval(id, output) {
                Ok(result) => result,
                Err(reason) => return self.incident(id, Resume::Leave, reason),
            };
            let body = self.instance.find_mut(spot.parent);
            let rounds = body.and_then(|it| it.more_mut().rounds.as_mut());
            let place = rounds.zip(spot.index);
            if let Some(place) = place.and_then(|(it, index)| it.results.get_mut(index as usize)) {
                *place = result;
            }
        }
        self.close_waits(id);
        self.remember(id, spot);
        self.iterated(id, spot);
        self.remove(id);
        self.end_token(spot.parent);
        let body = self.instance.find_mut(spot.parent);
        if let Some(rounds) = body.and_then(|it| it.more_mut().rounds.as_mut()) {
            rounds.completed += 1;
        }
        self.later_round(spot.parent);
    }

    /// A repeated activity looks how to go on; so does whatever else was stuck half way.
    pub(crate) fn look_at_round(&mut self, id: u64) {
        let Some(spot) = self.spot(id) else { return };
        if spot.role != Role::Body {
            return match &spot.node().what {
                What::Call(_) => self.finish_call_again(id),
                _ => {
                    self.add_token(id);
                    self.look_at_ad_hoc(id);
                    self.end_token(id);
                }
            };
        }
        self.count_rounds(id, &spot);
        match self.is_enough(id, &spot) {
            Err(reason) => self.incident(id, Resume::Round, reason),
            Ok(true) => self.end_rounds(id, &spot),
            Ok(false) => {
                self.throw_behavior(id, &spot);
                let running = self.instance.find(id).map(|it| it.live);
                if running == Some(0) {
                    self.next_iteration(id, &spot);
                }
            }
        }
    }

    /// Whether a repeated activity is done.
    fn is_enough(&self, id: u64, spot: &Spot) -> Result<bool, String> {
        let rounds = self.instance.find(id).and_then(|it| it.more.as_ref()?.rounds.as_ref());
        let Some(rounds) = rounds else { return Ok(true) };
        match spot.node().repeat.as_ref() {
            Some(Repeat::Standard { maximum, condition, .. }) => {
                if maximum.is_some_and(|maximum| rounds.completed >= maximum) {
                    return Ok(true);
                }
                match condition {
                    Some(condition) => self.holds(id, condition).map(|again| !again),
                    None => Ok(maximum.is_none()),
                }
            }
            Some(Repeat::Multi(multi)) => {
                if rounds.completed >= rounds.total {
                    return Ok(true);
                }
                match &multi.completion {
                    Some(condition) => self.holds(id, condition),
                    None => Ok(false),
                }
            }
            None => Ok(true),
        }
    }

    fn end_rounds(&mut self, id: u64, spot: &Spot) {
        self.throw_behavior(id, spot);
        if !self.is_there(id) {
            return;
        }
        self.cancel_inside(id);
        if let Some((variable, _)) = multi(spot).and_then(|it| it.output.as_ref()) {
            let body = self.instance.find_mut(id);
            let rounds = body.and_then(|it| it.more_mut().rounds.as_mut());
            let results = rounds.map(|it| std::mem::take(&mut it.results)).unwrap_or_default();
            self.set_one(spot.parent, variable.clone(), Value::List(results));
        }
        self.complete(id);
    }

    /// The counters that conditions of multiple instances see.
    fn count_rounds(&mut self, id: u64, spot: &Spot) {
        let Some(activation) = self.instance.find_mut(id) else { return };
        let running = activation.live;
        let Some(rounds) = activation.more.as_ref().and_then(|more| more.rounds.as_ref()) else {
            return;
        };
        let (total, completed) = (rounds.total, rounds.completed);
        let mut count = |name: &str, count: u32| match activation.variables.get_mut(name) {
            Some(value) => *value = Value::Number(count.into()),
            None => {
                activation.variables.insert(name.to_owned(), Value::Number(count.into()));
            }
        };
        match spot.node().repeat.as_ref() {
            Some(Repeat::Multi(_)) => {
                count("nrOfInstances", total);
                count("nrOfCompletedInstances", completed);
                count("nrOfActiveInstances", running);
            }
            Some(Repeat::Standard { .. }) => count("loopCounter", completed),
            None => {}
        }
    }

    /// Events that the end of an iteration throws to the border of the activity.
    fn throw_behavior(&mut self, id: u64, spot: &Spot) {
        let Some(multi) = multi(spot) else { return };
        let rounds = self.instance.find(id).and_then(|it| it.more.as_ref()?.rounds.as_ref());
        let first = rounds.is_some_and(|rounds| rounds.completed == 1);
        for (only_first, condition, thrown) in &multi.signals {
            let applies = match condition {
                Some(condition) => self.holds(id, condition).unwrap_or(false),
                None => first || !only_first,
            };
            let event =
                spot.node().boundaries.iter().find(|&&it| catches(spot, it, thrown)).copied();
            let Some(event) = event.filter(|_| applies) else { continue };
            if let What::Boundary { interrupting, .. } = spot.process.graph.node(event).what {
                self.fire_boundary(id, event, interrupting, Variables::new());
            }
            if !self.is_there(id) {
                return;
            }
        }
    }
}

/// What an activity says of its multiple instances.
fn multi(spot: &Spot) -> Option<&Multi> {
    match spot.node().repeat.as_ref()? {
        Repeat::Multi(multi) => Some(multi),
        Repeat::Standard { .. } => None,
    }
}

fn catches(spot: &Spot, event: NodeIx, thrown: &Throw) -> bool {
    let What::Boundary { awaits, .. } = &spot.process.graph.node(event).what else { return false };
    awaits.of.iter().any(|awaited| match (awaited, thrown) {
        (Await::Signal(a), Throw::Signal(b)) | (Await::Message(a), Throw::Message(b)) => a == b,
        (Await::Error(a), Throw::Error(b)) | (Await::Escalation(a), Throw::Escalation(b)) => {
            a.is_none() || a == b
        }
        _ => false,
    })
}

fn whole(number: rust_decimal::Decimal) -> Option<usize> {
    (number.fract().is_zero()).then(|| usize::try_from(number.trunc()).ok()).flatten()
}
