//! One case of a scenario: what is done, step by step, and what must be seen in between.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::corpus::{Scenario, ScenarioCase, Variables};
use crate::driver::{Driver, History, Task, same};
use crate::render;

/// A performance over HTTP sees effects a moment later; how often it looks again before it says no.
const LOOKS: u32 = 50;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// How a scenario is performed.
pub struct Performance<'d> {
    /// The engine.
    pub driver: &'d mut dyn Driver,
    /// The suffix of names.
    pub suffix: &'d str,
    /// What durations are multiplied with.
    pub scale: f64,
    /// Whether an expectation may come true a little later.
    pub patient: bool,
}

type Step = BTreeMap<String, Value>;

/// Performs the steps; what is wrong, or nothing.
pub fn perform(
    mut performance: Performance<'_>,
    test: &Scenario,
    case: &ScenarioCase,
) -> Vec<String> {
    let mut order = None;
    for (index, step) in case.steps.iter().enumerate() {
        let result = match (word(step, "do"), word(step, "expect")) {
            (Some(action), _) => performance.act(action, step, test, &mut order),
            (None, Some(what)) => performance.look(what, step, order.as_deref()),
            (None, None) => Err("neither do nor expect".to_owned()),
        };
        if let Err(why) = result {
            return vec![format!("step {}: {why}", index + 1)];
        }
    }
    Vec::new()
}

fn word<'s>(step: &'s Step, name: &str) -> Option<&'s str> {
    step.get(name).and_then(Value::as_str)
}

fn named<'s>(step: &'s Step, name: &str) -> Result<&'s str, String> {
    word(step, name).ok_or_else(|| format!("the step has no {name}"))
}

fn variables(step: &Step) -> Variables {
    let object = step.get("variables").and_then(Value::as_object);
    object.into_iter().flatten().map(|(name, it)| (name.clone(), it.clone())).collect()
}

fn counts(step: &Step, name: &str) -> Result<BTreeMap<String, u64>, String> {
    let object = step.get(name).and_then(Value::as_object);
    let object = object.ok_or_else(|| format!("the step has no {name}"))?;
    Ok(object.iter().map(|(name, it)| (name.clone(), it.as_u64().unwrap_or(0))).collect())
}

impl Performance<'_> {
    fn act(
        &mut self,
        action: &str,
        step: &Step,
        test: &Scenario,
        order: &mut Option<String>,
    ) -> Result<(), String> {
        let suffix = self.suffix;
        let given = variables(step);
        let current = || order.clone().ok_or_else(|| "no order yet".to_owned());
        match action {
            "start" => {
                let process = word(step, "process").unwrap_or(&test.main_process);
                let started = self.driver.start(&format!("{process}{suffix}"), &given);
                // An order that got stuck at once is an order: its state says so.
                *order = Some(started.map_err(|why| format!("start: {why}"))?);
                Ok(())
            }
            "start_by_message" => {
                self.driver.message(&format!("{}{suffix}", named(step, "name")?), &given)?;
                let history = self.driver.history()?;
                *order = history.orders.last().map(|it| it.id.clone()).or(order.take());
                Ok(())
            }
            "message" => self.driver.message(&format!("{}{suffix}", named(step, "name")?), &given),
            "trigger" => {
                let activity = named(step, "activity")?;
                self.driver.message(&format!("trigger_{activity}{suffix}"), &given)
            }
            "signal" => self.driver.signal(&format!("{}{suffix}", named(step, "name")?), &given),
            "complete" => {
                let times = step.get("times").and_then(Value::as_u64).unwrap_or(1);
                for _ in 0..times {
                    let task = self.task(named(step, "activity")?)?;
                    self.driver.complete(&task, &given, None)?;
                }
                Ok(())
            }
            "bpmn_error" => {
                let task = self.task(named(step, "activity")?)?;
                self.driver.complete(&task, &given, Some(named(step, "code")?))
            }
            "advance" => {
                let length =
                    render::length(named(step, "duration")?).map_err(|err| err.to_string())?;
                let length =
                    if self.scale == 1.0 { length } else { render::scaled(length, self.scale) };
                self.driver.pass(length.to_std().map_err(|err| err.to_string())?)
            }
            "set_variables" => self.driver.set_variables(&current()?, &given),
            "cancel" => self.driver.cancel(&current()?),
            other => Err(format!("the runner cannot do {other}")),
        }
    }

    /// The oldest open task of an activity.
    fn task(&mut self, activity: &str) -> Result<Task, String> {
        let tasks = self.driver.tasks()?;
        let mut of_it: Vec<_> = tasks.into_iter().filter(|it| it.activity == activity).collect();
        of_it.sort_by_key(|task| task.created);
        of_it.into_iter().next().ok_or_else(|| format!("{activity} is not open"))
    }

    fn look(&mut self, what: &str, step: &Step, order: Option<&str>) -> Result<(), String> {
        let mut result = self.look_once(what, step, order);
        for _ in 0..if self.patient { LOOKS } else { 0 } {
            if result.is_ok() {
                break;
            }
            self.driver.pass(BETWEEN_LOOKS)?;
            result = self.look_once(what, step, order);
        }
        result
    }

    fn look_once(&mut self, what: &str, step: &Step, order: Option<&str>) -> Result<(), String> {
        match what {
            "open" => {
                let mut open: BTreeMap<String, u64> = BTreeMap::new();
                for task in self.driver.tasks()? {
                    *open.entry(task.activity).or_default() += 1;
                }
                let mut expected = counts(step, "activities")?;
                expected.retain(|_, count| *count > 0);
                unless(open == expected, || format!("open {open:?}, expected {expected:?}"))
            }
            "state" => {
                let (expected, history) = (named(step, "value")?, self.driver.history()?);
                let found = order.and_then(|id| history.order(id));
                let state = found.map_or("unknown", |it| it.final_state());
                let stuck = found.and_then(|it| it.stuck.as_deref()).unwrap_or_default();
                unless(state == expected, || format!("state {state} {stuck}, expected {expected}"))
            }
            "variables" => {
                let found = self.driver.variables(order.ok_or("no order yet")?)?;
                let wanted = step.get("values").and_then(Value::as_object).ok_or("no values")?;
                let wrong = wanted.iter().find(|(name, value)| !same(found.get(*name), value));
                unless(wrong.is_none(), || format!("variables {found:?}, expected {wanted:?}"))
            }
            "completed_counts" => {
                let expected = counts(step, "counts")?;
                let found = completed(&self.driver.history()?, &expected);
                unless(found == expected, || format!("completed {found:?}, expected {expected:?}"))
            }
            "instances" => {
                let orders = self.driver.history()?.orders;
                let wanted = ["value", "count"].iter().find_map(|it| step.get(*it)?.as_u64());
                match wanted {
                    Some(count) => unless(orders.len() as u64 == count, || {
                        format!("{} orders, expected {count}", orders.len())
                    }),
                    None => {
                        let found = |process: &str| {
                            let name = format!("{process}{}", self.suffix);
                            orders.iter().filter(|it| it.process == name).count() as u64
                        };
                        let expected = counts(step, "counts")?;
                        let wrong =
                            expected.iter().find(|(process, count)| found(process) != **count);
                        unless(wrong.is_none(), || {
                            format!("orders {orders:?}, expected {expected:?}")
                        })
                    }
                }
            }
            other => Err(format!("the runner cannot look at {other}")),
        }
    }
}

fn unless(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

/// How often each of the listed activities was completed.
fn completed(history: &History, listed: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let count = |activity: &String| {
        let of_it =
            |it: &&crate::driver::Record| it.event == "completed" && it.activity == *activity;
        history.records.iter().filter(of_it).count() as u64
    };
    listed.keys().map(|activity| (activity.clone(), count(activity))).collect()
}
